//! Copies of rejected invoices: a new draft with the very same bytes, to be corrected and sent again (I1, I4).

use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};

use super::sent::{self, NewInvoice};
use super::state::{Direction, InvoiceState};
use super::store::Beginning;
use super::{InvoiceError, receipts, store};
use crate::archive::{self, File, Stored};
use crate::db::entity::invoice::{Column, Entity};
use crate::db::{Fault, Tx, tenant};
use crate::ids::{AccountId, InvoiceId};
use crate::quota::DocumentKind;
use crate::quota::level::Thresholds;

/// Makes the draft, or finds the one that was made before.
pub(super) async fn copy(
    tx: &Tx,
    account: AccountId,
    thresholds: Thresholds,
    source: InvoiceId,
    new: &NewInvoice,
) -> Result<(store::Row, bool), InvoiceError> {
    // Held until the commit: a second call waits, and finds the first one's draft.
    let held = tenant::of::<Entity>(account).filter(Column::Id.eq(source)).filter(Column::Direction.eq(Direction::Sent));
    let held = held.lock_exclusive().one(tx).await?.ok_or(InvoiceError::NotFound)?;
    if !receipts::over(&held) {
        return Err(InvoiceError::NotRejected { current: held.state });
    }
    if let Some(before) = tenant::of::<Entity>(account).filter(Column::CopiedFrom.eq(source)).one(tx).await? {
        return Ok((before, true));
    }
    let file = new.file.clone().as_copy_of(Some(source.0));
    match archive::store(tx, account, DocumentKind::Sent, "", &file).await? {
        Stored::New(id) => {
            let beginning = Beginning { state: InvoiceState::Draft, copied_from: Some(source) };
            sent::insert(tx, account, InvoiceId(id), beginning, new).await?.charged(tx, account, thresholds, DocumentKind::Sent).await
        }
        // A copy's bytes are known by what it was copied from: without the draft nothing can hold them.
        Stored::Before(id) => Err(Fault::Broken(format!("{id} holds the bytes of a copy of {source} and is none")).into()),
    }
}

/// A new file for a draft, known by what the draft was copied from when a rejected invoice holds the same bytes.
pub(super) async fn known_by(
    connection: &impl ConnectionTrait,
    account: AccountId,
    draft: &store::Row,
    file: &File,
) -> Result<File, InvoiceError> {
    let plain = file.clone().as_copy_of(None);
    let Some(source) = draft.copied_from else { return Ok(plain) };
    let Some(holder) = archive::find(connection, account, DocumentKind::Sent, &plain).await? else { return Ok(plain) };
    let over = holder != draft.id.0 && receipts::over(&store::get(connection, account, InvoiceId(holder)).await?);
    Ok(plain.as_copy_of(over.then_some(source.0)))
}
