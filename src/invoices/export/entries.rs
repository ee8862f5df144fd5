//! The documents of a part as they stand in its ZIP: a path for each, and a line of the index.

use chrono::{DateTime, SecondsFormat, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::super::harmless::harmless;
use super::super::state::Direction;
use super::super::store::{ReceiptRow, Row};
use super::index;
use super::part::Part;

/// A document of a part.
pub(in crate::invoices) struct Entry {
    document: Uuid,
    path: String,
    stored: DateTime<Utc>,
    /// The line's cells, from the fourth on.
    cells: Vec<String>,
}

impl Entry {
    /// Its id in the archive.
    pub(in crate::invoices) fn document(&self) -> Uuid {
        self.document
    }

    /// Its id as others know it.
    pub(super) fn id(&self) -> &str {
        &self.cells[0]
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
        let [path, problem, sha256] = match added {
            Added::Packed { sha256 } => [&self.path, "", sha256.as_str()],
            Added::Damaged => ["", "damaged", ""],
        };
        let cells = [path, problem, sha256].into_iter().chain(self.cells.iter().map(String::as_str));
        index::line(&cells.collect::<Vec<_>>())
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
    let cells = vec![
        row.id.to_string(),
        row.direction.to_string(),
        row.state.to_string(),
        row.listed_day.to_string(),
        text(&row.number),
        text(&row.document_type),
        text(&row.seller_name),
        text(&row.seller_vat),
        text(&row.buyer_name),
        text(&row.buyer_vat),
        row.total_cents.map(|cents| Decimal::new(cents, 2).to_string()).unwrap_or_default(),
        text(&row.currency),
        text(&row.sdi_identifier),
        row.file_name.clone(),
        row.size.get().to_string(),
        time(row.created_time),
    ];
    // A draft has no name yet.
    let name = if row.file_name.is_empty() { format!("{}.xml", row.id) } else { harmless(&row.file_name) };
    Entry { document: row.id.0, path: format!("{folder}/{name}"), stored: row.created_time, cells }
}

fn of_receipt(row: &ReceiptRow, folder: &str) -> Entry {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut cells = vec![String::new(); index::HEADING.len() - 3];
    cells[0] = row.id.to_string();
    "receipt".clone_into(&mut cells[1]);
    cells[2] = text(&row.kind);
    cells[12] = text(&row.sdi_identifier);
    cells[13].clone_from(&row.file_name);
    cells[14] = row.size.get().to_string();
    cells[15] = time(row.created_time);
    let path = format!("{folder}/{}_{}", row.id, harmless(&row.file_name));
    Entry { document: row.id.0, path, stored: row.created_time, cells }
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
