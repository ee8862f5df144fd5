//! Received invoices: kept whatever they look like (I2), never refused for space (S4).

use super::kept::Kept;
use super::sent::NewInvoice;
use super::state::{Direction, InvoiceState};
use super::store::Beginning;
use super::{InvoiceError, findings, receipts, store};
use crate::archive::{self, Stored};
use crate::db::Tx;
use crate::ids::{AccountId, InvoiceId};
use crate::quota::DocumentKind;
use crate::quota::level::Thresholds;

/// Stores a received invoice. The same bytes again are the same invoice (I4), and cost nothing.
pub(super) async fn keep(tx: &Tx, account: AccountId, new: &NewInvoice) -> Result<Kept<store::Row>, InvoiceError> {
    let id = match archive::store(tx, account, DocumentKind::Received, &new.file_name, &new.file).await? {
        Stored::New(id) => id,
        Stored::Before(id) => return Ok(Kept::before(store::get(tx, account, InvoiceId(id)).await?)),
    };
    let beginning = Beginning { state: InvoiceState::Received, copied_from: None };
    let row = store::insert(tx, account, InvoiceId(id), Direction::Received, beginning, new).await?;
    findings::insert(tx, account, InvoiceId(id), &new.found).await?;
    Ok(Kept::new(row, id, &new.file))
}

/// Stores a received invoice, charges it, and gives it the receipts that waited for it; tells whether the same bytes were stored before.
pub(super) async fn receive(
    tx: &Tx,
    account: AccountId,
    thresholds: Thresholds,
    new: &NewInvoice,
) -> Result<(store::Row, bool), InvoiceError> {
    let (row, already_stored) = keep(tx, account, new).await?.charged(tx, account, thresholds, DocumentKind::Received).await?;
    let row = if already_stored { row } else { receipts::apply(tx, row).await? };
    Ok((row, already_stored))
}
