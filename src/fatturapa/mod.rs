//! The document engine: FatturaPA files in, typed documents out. Knows none of the other rooms.
//!
//! | file | what it holds |
//! |---|---|
//! | `document.rs` | [`Document`]: a file opened once; [`Judgement`]: all that is to be said of it |
//! | `envelope.rs`, `signed/` | [`unwrapped`]: signed files are opened, and their [`Signature`]s told |
//! | `encoding.rs` | bytes become text: size, declared encoding |
//! | `xml.rs`, `xml/`, `tree.rs` | text becomes a [`Tree`] of elements: the only XML reader, bounded in everything |
//! | `format.rs` | [`Format`]: FPR12, FPA12, FSM10, and how they are told apart |
//! | `schema/` | everything in which a file differs from the official schema |
//! | `checks/` | what the SdI would refuse in the content, and advice |
//! | `look.rs` | [`Look`]: judgement, reading and identities from one look at a file |
//! | `identity.rs` | [`Identity`]: what makes an invoice the one it is, for archives, which can compare |
//! | `issuer.rs` | [`Issuers`]: who may have issued it, for archives, which know whose they are |
//! | `finding.rs` | [`Finding`]: what is wrong, where, and what to do, in Italian and English |
//! | `invoice.rs`, `party.rs` | [`read`]: what a list shows of an invoice file, as an [`Invoice`] |
//! | `content/` | [`Content`]: all that an invoice file says, without loss |
//! | `page/` | [`page`]: an invoice as a page to read and print; [`summary`]: as one line |
//! | `reception.rs` | [`Reception`]: when the SdI receives a file, which dates and certificates are held against |
//! | `receipt/` | [`read_receipt`]: a message of the SdI becomes a [`Receipt`] |
//! | `zip/` | [`zip::entries`]: the files in a ZIP archive, within limits |
//! | `document_type.rs` | [`DocumentType`]: the code list TD01 to TD29 |
//! | `file_name.rs` | [`SdiFileName`]: how the SdI demands that files be named |
//! | `unreadable.rs`, `unreadable/` | [`Unreadable`]: why a file could not be read, and where |
//! | `looks.rs` | [`Looks`]: what a file is that is no XML |
//! | `reading.rs`, `values.rs` | values picked out of a tree, with a note of all that is missing or wrong |
//!
//! Files come from strangers. Whatever they hold, reading takes time linear in their size and memory of a few
//! times their size, reads no other file and never panics.

mod checks;
pub mod content;
mod document;
mod document_type;
mod encoding;
mod envelope;
mod file_name;
mod finding;
mod format;
mod identity;
mod invoice;
mod issuer;
#[cfg(test)]
mod languages;
mod look;
mod looks;
mod page;
mod party;
mod reading;
mod receipt;
mod reception;
mod schema;
mod signed;
mod tree;
mod unreadable;
mod values;
mod xml;
pub mod zip;

pub use checks::MOST_FINDINGS;
pub use content::Content;
pub use document::{Document, FileKind, Judgement};
pub use document_type::DocumentType;
pub use encoding::MAX_FILE_BYTES;
pub use envelope::unwrapped;
pub use file_name::{InvalidFileName, SdiFileName};
pub use finding::{Finding, Phrase, Severity, Words, italian_day};
pub use format::Format;
pub use identity::{Identity, Linked};
pub use invoice::{Invoice, read};
pub use issuer::{Issuers, Taxpayer};
pub use look::Look;
pub use looks::Looks;
pub use page::{page, summary};
pub use party::Party;
pub use receipt::{
    ArchiveReference, InvalidFile, InvoiceReference, Outcome, Receipt, ReceiptKind, Recipient, RejectionReason, UnreadableArchive,
    read_receipt,
};
pub use reception::Reception;
pub use schema::TOO_MANY_STRUCTURAL;
pub use signed::{Form, Integrity, Signature, Signer, Tampering, Trust, Unopenable, Unverified};
pub use tree::{Element, Tree};
pub use unreadable::{Position, Problem, Unreadable, WrongRoot};
