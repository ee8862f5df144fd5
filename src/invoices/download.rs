//! Downloads: a stored file as it came, or what can be made of it.

use std::borrow::Cow;
use std::iter;

use data_encoding::HEXLOWER;
use prost::bytes::Bytes;
use ring::digest::{SHA256, digest};

use super::InvoiceError;
use super::harmless::harmless;
use crate::call::Call;
use crate::fatturapa::content::{Attachment, Content};
use crate::fatturapa::{self, Document, Judgement, MAX_FILE_BYTES, Reception, Unreadable};
use crate::pb::spazio::v1 as pb;
use crate::streams::{self, MAX_CHUNK, Outgoing};

/// What of an invoice is downloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The file as it came.
    Original,
    /// What is made of it.
    Made(Made),
}

/// What can be made of an invoice's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// The XML inside a signed file.
    Xml,
    /// A page to read and print.
    Page,
    /// One of the files attached to it, from 1 on.
    Attachment(usize),
}

/// A file that is ready to be sent.
#[derive(Debug)]
pub(super) struct Download {
    description: pb::FileDescription,
    content: Bytes,
}

impl Download {
    /// A stored file, whose digest was verified when it was read. Its name was a stranger's: it is told so that no file system obeys it.
    pub(super) fn stored(file_name: &str, sha256: &[u8], content: Vec<u8>) -> Self {
        Self::described(harmless(file_name), sha256, content)
    }

    fn described(file_name: String, sha256: &[u8], content: Vec<u8>) -> Self {
        let description = pb::FileDescription { file_name, size_bytes: content.len() as u64, sha256: HEXLOWER.encode(sha256) };
        Self { description, content: content.into() }
    }

    fn made(file_name: String, content: Vec<u8>) -> Self {
        let sha256 = digest(&SHA256, &content);
        Self::described(file_name, sha256.as_ref(), content)
    }

    /// What is made of an invoice's file, which the SdI receives or received then. It keeps a processor busy for a while.
    pub(super) fn made_of(file_name: &str, file: &[u8], made: Made, received: Reception) -> Result<Self, InvoiceError> {
        let plain_name = harmless(file_name.strip_suffix(".p7m").unwrap_or(file_name));
        match made {
            Made::Xml => {
                let (xml, _) = fatturapa::unwrapped(file)?;
                Ok(Self::made(plain_name, Cow::into_owned(xml)))
            }
            Made::Page => Ok(Self::made(format!("{plain_name}.html"), page(file, received)?.into_bytes())),
            Made::Attachment(number) => attachment(file, number),
        }
    }

    /// Answers a call with it: first what it is, then its bytes.
    pub(super) fn answer<T: From<Piece> + Send + 'static>(self, call: Call) -> Outgoing<T> {
        let Self { description, content: mut rest } = self;
        let chunks = iter::from_fn(move || (!rest.is_empty()).then(|| rest.split_to(rest.len().min(MAX_CHUNK))));
        let pieces = iter::once(Piece::Description(description)).chain(chunks.map(Piece::Chunk));
        streams::at_hand(call, pieces.map(T::from))
    }
}

/// A message of a download.
pub(super) enum Piece {
    Description(pb::FileDescription),
    Chunk(Bytes),
}

impl From<Piece> for pb::DownloadInvoiceResponse {
    fn from(piece: Piece) -> Self {
        use pb::download_invoice_response::Part;
        Self {
            part: Some(match piece {
                Piece::Description(first) => Part::Description(first),
                Piece::Chunk(next) => Part::Chunk(next),
            }),
        }
    }
}

impl From<Piece> for pb::DownloadReceiptResponse {
    fn from(piece: Piece) -> Self {
        use pb::download_receipt_response::Part;
        Self {
            part: Some(match piece {
                Piece::Description(first) => Part::Description(first),
                Piece::Chunk(next) => Part::Chunk(next),
            }),
        }
    }
}

/// The attachments of all documents of the file, counted through.
fn attachment(file: &[u8], number: usize) -> Result<Download, InvoiceError> {
    let content = Content::read(file)?;
    let attachments: Vec<_> = content.bodies.iter().flat_map(|body| &body.attachments).collect();
    let name = |attachment: &Attachment, number: usize| attachment_name(attachment.name.as_deref(), number);
    let Some(attachment) = number.checked_sub(1).and_then(|place| attachments.get(place)) else {
        let names = attachments.iter().zip(1..).map(|(attachment, number)| name(attachment, number));
        return Err(InvoiceError::AttachmentNotFound(names.collect()));
    };
    Ok(Download::made(name(attachment, number), attachment.content(MAX_FILE_BYTES)?))
}

/// What an attachment is called outside of its invoice.
pub(super) fn attachment_name(name: Option<&str>, number: usize) -> String {
    name.map_or_else(|| format!("attachment-{number}"), harmless)
}

fn page(file: &[u8], received: Reception) -> Result<String, Unreadable> {
    let document = Document::open(file)?;
    let tree = document.tree()?;
    let judged = Judgement::of_tree(&document, &tree, Some(received))?;
    Ok(fatturapa::page(&tree, &judged.findings, received))
}
