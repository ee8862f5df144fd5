//! All that an invoice file says, each thing under its name and as what it is.
//!
//! | file | what it holds |
//! |---|---|
//! | `parties.rs` | who has to do with the invoice, and how it travels |
//! | `body.rs`, `lines.rs`, `payment.rs`, `attachment.rs` | a document of the file |
//! | `written.rs` | [`Written`]: a value that is kept as it is written, whether or not it can be read |
//! | `rest.rs` | [`Unplaced`]: what has no place in any of these |
//! | `search.rs` | what a search looks through |
//! | `record.rs` | how records are declared and read |
//!
//! Nothing is judged and nothing is required: whatever the file, what it holds is found here, in its place or in the rest. An element in
//! which there is nothing leaves nothing.

mod attachment;
mod body;
mod lines;
mod parties;
mod payment;
mod record;
mod rest;
mod search;
#[cfg(test)]
mod tests;
mod written;

pub use attachment::{Attached, Attachment, UnreadableAttachment};
pub(super) use attachment::{attached, bytes_in, is_hollow};
pub use body::{Body, CorrectedInvoice, DeliveryNote, Link, MainInvoice, PensionFund, Transport, Vehicle, Withholding};
pub use lines::{Article, Discount, Line, OtherData, SimplifiedLine, Summary};
pub use parties::{Address, CompanyRegister, FiscalId, Header, Party, Profession, Transmission};
pub use payment::{Payment, PaymentTerms};
pub use rest::Unplaced;
pub use written::{Count, Day, Number, Written};

use super::document::Document;
use super::format::{Format, Kind};
use super::tree::Tree;
use super::unreadable::Unreadable;
use record::{Field, Reader};

/// All that an invoice file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The format that it says it is in (the attribute versione).
    pub format: Option<Written<Format>>,
    /// The program that made it (the attribute SistemaEmittente).
    pub software: Option<String>,
    /// What stands once in it.
    pub header: Header,
    /// Its documents, in their order: those in which there is anything.
    pub bodies: Vec<Body>,
    /// What has no place in these, from the root down; none if everything has. Signatures are told of by
    /// [`Document::signatures`](super::Document::signatures).
    pub rest: Option<Unplaced>,
}

impl Content {
    /// Reads an invoice file, plain or signed, of at most 5 MB.
    ///
    /// # Errors
    /// [`Unreadable`], if it is no invoice. What is missing or wrong in it is no error.
    pub fn read(file: &[u8]) -> Result<Self, Unreadable> {
        let document = Document::open(file)?;
        Self::of_tree(&document.tree()?)
    }

    /// The same of a tree. Takes time linear in its size, and a few times the file's size in memory.
    ///
    /// # Errors
    /// [`Unreadable`], if its root is not an invoice's.
    pub fn of_tree(tree: &Tree<'_>) -> Result<Self, Unreadable> {
        let root = tree.root();
        Kind::of(root)?;
        let mut reader = Reader::new(tree);
        let attribute = |name| root.attribute(name).map(str::trim).filter(|text| !text.is_empty());
        let header: Option<Header> = Field::read(&mut reader, root, &["FatturaElettronicaHeader"]);
        let bodies = Field::read(&mut reader, root, &["FatturaElettronicaBody"]);
        Ok(Self {
            format: attribute("versione").map(written::written),
            software: attribute("SistemaEmittente").map(str::to_owned),
            header: header.unwrap_or_default(),
            bodies,
            rest: rest::rest(&reader, root),
        })
    }
}
