//! The document engine: FatturaPA files in, typed documents out. Knows none of the other rooms.
//!
//! | file | what it holds |
//! |---|---|
//! | `invoice.rs` | [`read`]: an invoice file becomes an [`Invoice`] |
//! | `format.rs` | [`Format`]: FPR12, FPA12, FSM10, and how they are told apart |
//! | `party.rs` | [`Party`]: seller and buyer |
//! | `receipt.rs` | [`read_receipt`]: a message of the SdI becomes a [`Receipt`] |
//! | `document_type.rs` | [`DocumentType`]: the code list TD01 to TD29 |
//! | `file_name.rs` | [`SdiFileName`]: how the SdI demands that files be named |
//! | `unreadable.rs` | [`Unreadable`]: why a file could not be read, and where |
//! | `encoding.rs` | bytes become text: size, signature, declared encoding |
//! | `xml.rs` | the only XML reader: streaming, and bounded in everything |
//! | `reading.rs` | values picked out of the XML, with a note of all that is missing or wrong |
//! | `values.rs` | the lexical forms of dates, amounts and codes |
//!
//! Files come from strangers. Whatever they hold, reading takes time linear in their size and memory of a few
//! times their size, reads no other file and never panics.

mod document_type;
mod encoding;
mod file_name;
mod format;
mod invoice;
mod party;
mod reading;
mod receipt;
mod unreadable;
mod values;
mod xml;

pub use document_type::DocumentType;
pub use encoding::MAX_FILE_BYTES;
pub use file_name::{InvalidFileName, SdiFileName};
pub use format::Format;
pub use invoice::{Invoice, read};
pub use party::Party;
pub use receipt::{Outcome, Receipt, ReceiptKind, RejectionReason, read_receipt};
pub use unreadable::{Position, Problem, Unreadable};
