//! What was delivered: kept whatever it looks like (I2), never refused for space (S4).

use super::state::{Direction, Move, target};
use super::{InvoiceError, store};
use crate::archive::{self, File, Stored};
use crate::db::Tx;
use crate::fatturapa::{Invoice, Receipt, Unreadable};
use crate::ids::{AccountId, InvoiceId, ReceiptId};
use crate::quota::level::Thresholds;
use crate::quota::{self, Charge, DocumentKind};

/// A file that was delivered, and what could be read of it.
#[derive(Clone, Debug)]
pub(super) struct Delivered<T> {
    pub file_name: String,
    pub file: File,
    pub read: Result<T, Unreadable>,
}

/// Stores a received invoice. The same bytes again are the same invoice (I4), and cost nothing.
pub(super) async fn receive(
    tx: &Tx,
    account: AccountId,
    thresholds: Thresholds,
    delivered: &Delivered<Invoice>,
) -> Result<(store::Row, bool), InvoiceError> {
    let Delivered { file_name, file, read } = delivered;
    let id = match archive::store(tx, account, DocumentKind::Received, file_name, file).await? {
        Stored::New(id) => id,
        Stored::Before(id) => return Ok((store::get(tx, account, InvoiceId(id)).await?, true)),
    };
    let shown = store::reading(Direction::Received, read.as_ref());
    let row = store::insert(tx, account, InvoiceId(id), Direction::Received, file_name, file, shown).await?;
    let charge = Charge { kind: DocumentKind::Received, delta: file.size.as_i64(), document: id };
    quota::post(tx, account, thresholds, charge).await?;
    Ok((row, false))
}

/// A receipt, the invoice it speaks of if one is known, and whether it was recorded before.
pub(super) struct Recorded {
    pub receipt: store::ReceiptRow,
    pub invoice: Option<store::Row>,
    pub already_stored: bool,
}

/// Stores a receipt and moves the invoice it speaks of. One that comes late or twice moves nothing back.
pub(super) async fn record(
    tx: &Tx,
    account: AccountId,
    thresholds: Thresholds,
    delivered: &Delivered<Receipt>,
) -> Result<Recorded, InvoiceError> {
    let Delivered { file_name, file, read } = delivered;
    let id = match archive::store(tx, account, DocumentKind::Receipt, file_name, file).await? {
        Stored::New(id) => id,
        Stored::Before(id) => {
            let receipt = store::get_receipt(tx, account, ReceiptId(id)).await?;
            let invoice = match receipt.invoice_id {
                Some(invoice) => Some(store::get(tx, account, invoice).await?),
                None => None,
            };
            return Ok(Recorded { receipt, invoice, already_stored: true });
        }
    };
    let read = read.as_ref().ok();
    let invoice = match read {
        Some(receipt) => advanced(tx, account, receipt).await?,
        None => None,
    };
    let spoken_of = invoice.as_ref().map(|row| row.id);
    let receipt = store::insert_receipt(tx, account, ReceiptId(id), file_name, file, read, spoken_of).await?;
    let charge = Charge { kind: DocumentKind::Receipt, delta: file.size.as_i64(), document: id };
    quota::post(tx, account, thresholds, charge).await?;
    Ok(Recorded { receipt, invoice, already_stored: false })
}

async fn advanced(tx: &Tx, account: AccountId, receipt: &Receipt) -> Result<Option<store::Row>, InvoiceError> {
    let Some(found) = store::by_file_name(tx, account, &receipt.file_name).await? else { return Ok(None) };
    let Some(to) = target(receipt.kind) else { return Ok(Some(found)) };
    let (moved, row) = store::advance(tx, account, found.id, to, Some(&receipt.sdi_identifier)).await?;
    match moved {
        Move::Moved | Move::AlreadyThere => {}
        Move::Illegal { current } => {
            tracing::info!(invoice = %row.id, %current, receipt = receipt.kind.code(), "receipt kept, nothing moved");
        }
    }
    Ok(Some(row))
}
