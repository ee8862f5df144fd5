//! Received invoices: kept whatever they look like (I2), never refused for space (S4).

use super::archive::{self, Stored};
use super::sent::NewInvoice;
use super::state::Direction;
use super::{InvoiceError, findings, store};
use crate::db::Tx;
use crate::ids::{AccountId, InvoiceId};
use crate::quota::level::Thresholds;
use crate::quota::{self, Charge, DocumentKind};

/// Stores a received invoice. The same bytes again are the same invoice (I4), and cost nothing.
pub(super) async fn receive(
    tx: &Tx,
    account: AccountId,
    thresholds: Thresholds,
    new: &NewInvoice,
) -> Result<(store::Row, bool), InvoiceError> {
    let id = match archive::store(tx, account, DocumentKind::Received, &new.file_name, &new.file).await? {
        Stored::New(id) => id,
        Stored::Before(id) => return Ok((store::get(tx, account, InvoiceId(id)).await?, true)),
    };
    let row = store::insert(tx, account, InvoiceId(id), Direction::Received, None, new).await?;
    findings::insert(tx, account, InvoiceId(id), &new.found).await?;
    let charge = Charge { kind: DocumentKind::Received, delta: new.file.size.as_i64(), document: id };
    quota::post(tx, account, thresholds, charge).await?;
    Ok((row, false))
}
