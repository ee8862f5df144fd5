//! Messages that come in a ZIP archive: the SdI sends an attestation (AT) as `IT01234567897_00001_AT_001.zip`, with the invoice beside it.

use super::super::document::Document;
use super::super::finding::Phrase;
use super::super::unreadable::{Unreadable, excerpt};
use super::super::zip::{self, InvalidArchive, InvalidEntry, Limits};
use super::{Receipt, ReceiptKind};

/// Why a ZIP archive is not read in a document's place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableArchive {
    /// One document is wanted.
    #[error("")]
    NotADocument,
    /// It cannot be opened.
    #[error("{0}")]
    Invalid(InvalidArchive),
    /// There is no message in it.
    #[error("it holds no message of the SdI that can be read (files in it: {files}){}", after_colon(why.as_ref()))]
    NoMessage {
        /// How many files there are.
        files: usize,
        /// The first file that cannot be taken out, and why.
        why: Option<InvalidFile>,
    },
    /// There are several, and it cannot be told which one is meant.
    #[error("there are several messages of the SdI in it")]
    SeveralMessages,
}

impl UnreadableArchive {
    /// The same in Italian.
    pub(in crate::fatturapa) fn in_italian(&self) -> String {
        match self {
            Self::NotADocument => String::new(),
            Self::Invalid(why) => why.in_italian(),
            Self::NoMessage { files, why } => {
                let why = why.as_ref().map(|InvalidFile { name, why }| format!(": {name}: {}", why.in_italian())).unwrap_or_default();
                format!("non contiene un messaggio dello SdI leggibile (file contenuti: {files}){why}")
            }
            Self::SeveralMessages => "contiene più messaggi dello SdI".to_owned(),
        }
    }

    /// What to do about it, where there is more to do than to get it anew.
    pub(in crate::fatturapa) const fn remedy(&self) -> Option<Phrase> {
        match self {
            Self::NotADocument => {
                Some(Phrase::new("estrarre i file e usarli uno per uno", "unpack it and take the files in it one by one"))
            }
            Self::SeveralMessages | Self::Invalid(InvalidArchive::TooManyEntries { .. } | InvalidArchive::TooLarge { .. }) => {
                Some(Phrase::new("estrarre le ricevute e inviarle una per una", "unpack it and send the receipts one by one"))
            }
            Self::Invalid(InvalidArchive::Damaged { .. } | InvalidArchive::Overlapping) | Self::NoMessage { .. } => None,
        }
    }
}

fn after_colon(why: Option<&InvalidFile>) -> String {
    why.map(|why| format!(": {why}")).unwrap_or_default()
}

/// A file that cannot be taken out of an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {why}")]
pub struct InvalidFile {
    /// Its name, or the beginning of it.
    pub name: String,
    /// What is wrong with it.
    pub why: InvalidEntry,
}

/// The only message in an archive. The invoice that may be beside it, and whatever else there is, is passed over.
pub(super) fn read(archive: &[u8]) -> Result<Receipt, Unreadable> {
    let refused = |why| Unreadable::Archive { why };
    let entries = zip::entries(archive, Limits::MESSAGE).map_err(|why| refused(UnreadableArchive::Invalid(why)))?;
    let files = entries.len();
    let mut message = None;
    let mut invalid = None;
    for entry in entries {
        match entry.content {
            Ok(content) => {
                if let Some(found) = message_in(&content)
                    && message.replace(found).is_some()
                {
                    return Err(refused(UnreadableArchive::SeveralMessages));
                }
            }
            Err(why) => drop(invalid.get_or_insert_with(|| InvalidFile { name: excerpt(&entry.name), why })),
        }
    }
    message.unwrap_or(Err(refused(UnreadableArchive::NoMessage { files, why: invalid })))
}

/// What a file says if it is a message.
fn message_in(file: &[u8]) -> Option<Result<Receipt, Unreadable>> {
    let document = Document::open(file).ok()?;
    let tree = document.tree().ok()?;
    let kind = ReceiptKind::of(tree.root()).ok()?;
    Some(super::receipt(tree.root(), kind))
}
