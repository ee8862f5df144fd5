//! What was delivered: kept whatever it looks like (I2), never refused for space (S4).

use super::archive::{self, Stored};
use super::intake::File;
use super::kept::Kept;
use super::state::{Direction, InvoiceState, Move, target};
use super::{InvoiceError, store};
use crate::db::Tx;
use crate::fatturapa::{Invoice, Receipt, Unreadable};
use crate::ids::{AccountId, InvoiceId, ReceiptId};
use crate::quota::DocumentKind;
use crate::quota::level::Thresholds;

/// A file that was delivered, and what could be read of it.
#[derive(Clone, Debug)]
pub(super) struct Delivered<T> {
    pub file_name: String,
    pub file: File,
    pub read: Result<T, Unreadable>,
}

/// Stores a received invoice. The same bytes again are the same invoice (I4), and cost nothing.
pub(super) async fn keep(tx: &Tx, account: AccountId, delivered: &Delivered<Invoice>) -> Result<Kept<store::Row>, InvoiceError> {
    let Delivered { file_name, file, read } = delivered;
    let id = match archive::store(tx, account, DocumentKind::Received, file_name, file).await? {
        Stored::New(id) => id,
        Stored::Before(id) => return Ok(Kept::before(store::get(tx, account, InvoiceId(id)).await?)),
    };
    let shown = store::reading(Direction::Received, read.as_ref());
    let row = store::insert(tx, account, InvoiceId(id), Direction::Received, InvoiceState::Received, file_name, file, shown).await?;
    Ok(Kept::new(row, id, file))
}

/// Stores a received invoice and charges it; tells whether the same bytes were stored before.
pub(super) async fn receive(
    tx: &Tx,
    account: AccountId,
    thresholds: Thresholds,
    delivered: &Delivered<Invoice>,
) -> Result<(store::Row, bool), InvoiceError> {
    keep(tx, account, delivered).await?.charged(tx, account, thresholds, DocumentKind::Received).await
}

/// A receipt, and the invoice it speaks of if one is known.
pub(super) struct Recorded {
    pub receipt: store::ReceiptRow,
    pub invoice: Option<store::Row>,
}

/// Stores a receipt and moves the invoice it speaks of. One that comes late or twice moves nothing back.
pub(super) async fn keep_receipt(tx: &Tx, account: AccountId, delivered: &Delivered<Receipt>) -> Result<Kept<Recorded>, InvoiceError> {
    let Delivered { file_name, file, read } = delivered;
    let id = match archive::store(tx, account, DocumentKind::Receipt, file_name, file).await? {
        Stored::New(id) => id,
        Stored::Before(id) => {
            let receipt = store::get_receipt(tx, account, ReceiptId(id)).await?;
            let invoice = match receipt.invoice_id {
                Some(invoice) => Some(store::get(tx, account, invoice).await?),
                None => None,
            };
            return Ok(Kept::before(Recorded { receipt, invoice }));
        }
    };
    let read = read.as_ref().ok();
    let invoice = match read {
        Some(receipt) => advanced(tx, account, receipt).await?,
        None => None,
    };
    let spoken_of = invoice.as_ref().map(|row| row.id);
    let receipt = store::insert_receipt(tx, account, ReceiptId(id), file_name, file, read, spoken_of).await?;
    Ok(Kept::new(Recorded { receipt, invoice }, id, file))
}

/// Stores a receipt and charges it; tells whether it was recorded before.
pub(super) async fn record(
    tx: &Tx,
    account: AccountId,
    thresholds: Thresholds,
    delivered: &Delivered<Receipt>,
) -> Result<(Recorded, bool), InvoiceError> {
    keep_receipt(tx, account, delivered).await?.charged(tx, account, thresholds, DocumentKind::Receipt).await
}

async fn advanced(tx: &Tx, account: AccountId, receipt: &Receipt) -> Result<Option<store::Row>, InvoiceError> {
    let Some(name) = &receipt.file_name else { return Ok(None) };
    let Some(found) = store::by_file_name(tx, account, name).await? else { return Ok(None) };
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
