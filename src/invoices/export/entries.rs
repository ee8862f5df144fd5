//! The documents of a part as they stand in its ZIP: a path for each, and a line of the index.

use chrono::{DateTime, SecondsFormat, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::super::harmless::harmless;
use super::super::state::Direction;
use super::super::store::{ReceiptRow, Row};
use super::index::Described;
use super::part::Part;

/// A document of a part.
pub(in crate::invoices) struct Entry {
    document: Uuid,
    path: String,
    stored: DateTime<Utc>,
    described: Described,
}

impl Entry {
    /// Its id in the archive.
    pub(in crate::invoices) fn document(&self) -> Uuid {
        self.document
    }

    /// Its id as others know it.
    pub(super) fn id(&self) -> &str {
        &self.described.id
    }

    /// Where it stands in the ZIP.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// When it was stored.
    pub(super) fn stored(&self) -> DateTime<Utc> {
        self.stored
    }

    /// Its line of the index: under its path with its digest, or with what is the matter with it.
    pub(super) fn line(&self, added: &Added) -> String {
        match added {
            Added::Packed { sha256 } => self.described.line(&self.path, "", sha256),
            Added::Damaged => self.described.line("", "damaged", ""),
        }
    }
}

/// What became of a document.
pub(super) enum Added {
    /// It is in the ZIP.
    Packed {
        /// SHA-256 of the file, lower-case hexadecimal.
        sha256: String,
    },
    /// It is not: what is stored of it is not what was stored.
    Damaged,
}

/// The documents of a part, in their order: each invoice before its receipts.
pub(in crate::invoices) fn entries(part: Part) -> impl Iterator<Item = Entry> {
    let invoices = part.invoices.into_iter().flat_map(|(row, receipts)| {
        let folder = folder(&row);
        let receipts: Vec<_> = receipts.iter().map(|receipt| of_receipt(receipt, &format!("{folder}/receipts"))).collect();
        std::iter::once(of_invoice(&row, &folder)).chain(receipts)
    });
    invoices.chain(part.receipts.into_iter().map(|receipt| of_receipt(&receipt, "receipts")))
}

/// A folder for each invoice: its day, so that folders stand in their order, and its id, so that no two are the same.
fn folder(row: &Row) -> String {
    let direction = match row.direction {
        Direction::Sent => "sent",
        Direction::Received => "received",
    };
    format!("{direction}/{}_{}", row.listed_day, row.id)
}

fn of_invoice(row: &Row, folder: &str) -> Entry {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let described = Described {
        id: row.id.to_string(),
        kind: row.direction.to_string(),
        state: row.state.to_string(),
        day: row.listed_day.to_string(),
        number: text(&row.number),
        document_type: text(&row.document_type),
        seller: text(&row.seller_name),
        seller_vat_number: text(&row.seller_vat),
        seller_fiscal_code: text(&row.seller_fiscal_code),
        buyer: text(&row.buyer_name),
        buyer_vat_number: text(&row.buyer_vat),
        buyer_fiscal_code: text(&row.buyer_fiscal_code),
        invoices_in_file: row.documents.to_string(),
        total: row.total_cents.map(|cents| Decimal::new(cents, 2).to_string()).unwrap_or_default(),
        currency: text(&row.currency),
        sdi_identifier: text(&row.sdi_identifier),
        invoice_id: String::new(),
        file_name: row.file_name.clone(),
        size_bytes: row.size.get().to_string(),
        stored_time: time(row.created_time),
    };
    // A draft has no name yet.
    let name = if row.file_name.is_empty() { format!("{}.xml", row.id) } else { harmless(&row.file_name) };
    Entry { document: row.id.0, path: format!("{folder}/{name}"), stored: row.created_time, described }
}

fn of_receipt(row: &ReceiptRow, folder: &str) -> Entry {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let described = Described {
        id: row.id.to_string(),
        kind: "receipt".to_owned(),
        state: text(&row.kind),
        sdi_identifier: text(&row.sdi_identifier),
        invoice_id: row.invoice_id.map(|id| id.to_string()).unwrap_or_default(),
        file_name: row.file_name.clone(),
        size_bytes: row.size.get().to_string(),
        stored_time: time(row.created_time),
        ..Described::default()
    };
    let path = format!("{folder}/{}_{}", row.id, harmless(&row.file_name));
    Entry { document: row.id.0, path, stored: row.created_time, described }
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
