//! ExportInvoices: the documents of a period as ZIP files, each a part that can be sent again from any byte.
//!
//! | file | what it holds |
//! |---|---|
//! | `part.rs` | which documents a part holds, and where the next one begins |
//! | `entries.rs` | the paths and the lines of the index under which they stand in it |
//! | `index.rs` | a line of the index |
//! | `pack.rs` | the ZIP, written as it is read |

mod convert;
mod entries;
mod index;
mod pack;
mod part;

use std::io;

use data_encoding::HEXLOWER;
use prost::bytes::Bytes;
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use tonic::Status;

pub(super) use self::convert::asked;
use self::entries::{Added, Entry};
use self::pack::Pack;
use self::part::{Known, Part, Period};
use super::{InvoiceError, InvoicesApi};
use crate::db::Fault;
use crate::ids::AccountId;
use crate::pb::spazio::v1 as pb;
use crate::pb::spazio::v1::export_invoices_response::Part as Message;
use crate::quota::DocumentKind;
use crate::streams::{Cut, MAX_CHUNK, Outlet};

/// A part that is asked for.
pub(super) struct Asked {
    pub account: AccountId,
    pub period: Period,
    pub known: Known,
    pub from_byte: u64,
    /// When the call's time is over.
    pub deadline: Instant,
    /// What its tokens are good for.
    pub question: String,
}

/// Finds the part, or tells that it is no longer what it was when it was begun.
pub(super) async fn find(api: &InvoicesApi, asked: &Asked) -> Result<Part, InvoiceError> {
    let part = part::part(api.db.reader(), asked.account, asked.period, asked.known.start).await?;
    match &asked.known.fingerprint {
        Some(fingerprint) if *fingerprint != part.fingerprint() => Err(InvoiceError::PartChanged),
        _ => Ok(part),
    }
}

/// Sends a part: what it is, its bytes, and how it ended.
pub(super) async fn send(api: InvoicesApi, asked: Asked, part: Part, outlet: Outlet<pb::ExportInvoicesResponse>) -> Result<(), Cut> {
    let message = |part| pb::ExportInvoicesResponse { part: Some(part) };
    outlet.send(message(Message::Description(described(&api, &asked, &part)))).await?;
    let mut pack = Pack::from_byte(asked.from_byte);
    let mut index = index::line(&index::HEADING);
    let mut damaged = Vec::new();
    let stored = part.stored_time();
    for entry in entries::entries(part) {
        let (added, packed) = add(&api, &asked, &entry, pack).await.map_err(Status::from)?;
        pack = packed;
        index.push_str(&entry.line(&added));
        if matches!(added, Added::Damaged) {
            damaged.push(entry.id().to_owned());
        }
        flow(&outlet, pack.take()).await?;
    }
    let packed = blocking(move || {
        pack.add("index.csv", stored, index.as_bytes())?;
        pack.finish()
    });
    let packed = packed.await.map_err(Status::from)?;
    if asked.from_byte > packed.size {
        return Err(Cut::from(Status::from(InvoiceError::from(convert::beyond(asked.from_byte, packed.size)))));
    }
    flow(&outlet, packed.rest).await?;
    let end = pb::ExportEnd { size_bytes: packed.size, sha256: packed.sha256, damaged };
    outlet.send(message(Message::End(end))).await
}

fn described(api: &InvoicesApi, asked: &Asked, part: &Part) -> pb::ExportDescription {
    let token = |known: &Known| api.seal.token(&asked.question, known);
    let this = Known { start: asked.known.start, fingerprint: Some(part.fingerprint()) };
    let next = part.next.map(|start| token(&Known { start, fingerprint: None }));
    let receipts = part.receipts.len() + part.invoices.iter().map(|(_, receipts)| receipts.len()).sum::<usize>();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    pb::ExportDescription {
        invoices: count(part.invoices.len()),
        receipts: count(receipts),
        part_token: token(&this),
        next_part_token: next.unwrap_or_default(),
    }
}

/// Packs a document, or tells what is the matter with it: one that is damaged must not keep the others from their owner.
async fn add(api: &InvoicesApi, asked: &Asked, entry: &Entry, mut pack: Pack) -> Result<(Added, Pack), InvoiceError> {
    let kinds = [DocumentKind::Sent, DocumentKind::Received, DocumentKind::Receipt];
    let (document, file) = match api.archive.original(asked.account, entry.document(), &kinds, asked.deadline).await {
        Ok(Some(found)) => found,
        // A draft was deleted meanwhile.
        Ok(None) => return Err(InvoiceError::PartChanged),
        Err(fault @ Fault::Damaged { .. }) => {
            tracing::error!(document = %entry.id(), "left out of an export: {fault}");
            return Ok((Added::Damaged, pack));
        }
        Err(fault) => return Err(fault.into()),
    };
    let (path, stored) = (entry.path().to_owned(), entry.stored());
    let pack = blocking(move || {
        pack.add(&path, stored, &file)?;
        Ok(pack)
    });
    Ok((Added::Packed { sha256: HEXLOWER.encode(document.digest()) }, pack.await?))
}

/// Work that keeps a processor busy, away from the threads that serve calls.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Fault> {
    let done = spawn_blocking(work).await.map_err(|ended| Fault::Broken(ended.to_string()))?;
    done.map_err(|error| Fault::Broken(format!("a file could not be packed: {error}")))
}

async fn flow(outlet: &Outlet<pb::ExportInvoicesResponse>, packed: Vec<u8>) -> Result<(), Cut> {
    let mut rest = Bytes::from(packed);
    while !rest.is_empty() {
        let chunk = Bytes::copy_from_slice(&rest.split_to(rest.len().min(MAX_CHUNK)));
        outlet.send(pb::ExportInvoicesResponse { part: Some(Message::Chunk(chunk)) }).await?;
    }
    Ok(())
}
