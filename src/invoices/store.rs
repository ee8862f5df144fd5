//! Queries over invoices and receipts. Every one takes the account first.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, IdenStatic as _, Iterable as _, QueryFilter, QuerySelect,
};

use super::InvoiceError;
use super::error::Wanted;
use super::index::{self, Found};
use super::sent::NewInvoice;
use super::state::{Direction, InvoiceState, sources};
use crate::clock::CalendarDay;
use crate::db::entity::{invoice, receipt};
use crate::db::{Fault, Tx, tenant};
use crate::fatturapa::{Invoice, Unreadable};
use crate::ids::{AccountId, InvoiceId};

pub(super) type Row = invoice::Model;
pub(super) type ReceiptRow = receipt::Model;

/// The columns of a row, one by one: what a statement that was prepared before another column came still answers with.
pub(super) fn columns() -> String {
    invoice::Column::iter().map(|column| column.as_str().to_owned()).collect::<Vec<_>>().join(", ")
}

/// What the list shows of a file: what was read of it, or why it could not be read.
pub(super) fn reading(direction: Direction, reading: Result<&Invoice, &Unreadable>) -> invoice::ActiveModel {
    match reading {
        Ok(invoice) => {
            let counterpart = match direction {
                Direction::Sent => &invoice.buyer,
                Direction::Received => &invoice.seller,
            };
            let counterpart = [Some(&counterpart.name), counterpart.vat.as_ref(), counterpart.fiscal_code.as_ref()];
            let document_type = invoice.document_type.to_string();
            let said = [&document_type, &invoice.number].into_iter().chain(&invoice.texts);
            let found = Found::by(counterpart.into_iter().flatten().map(String::as_str), said.map(String::as_str));
            invoice::ActiveModel {
                format: Set(Some(invoice.format.code().to_owned())),
                document_type: Set(Some(document_type)),
                number: Set(Some(invoice.number.clone())),
                issue_day: Set(<CalendarDay as TryFrom<_>>::try_from(invoice.date).ok()),
                seller_name: Set(Some(invoice.seller.name.clone())),
                seller_vat: Set(invoice.seller.vat.clone()),
                seller_fiscal_code: Set(invoice.seller.fiscal_code.clone()),
                buyer_name: Set(Some(invoice.buyer.name.clone())),
                buyer_vat: Set(invoice.buyer.vat.clone()),
                buyer_fiscal_code: Set(invoice.buyer.fiscal_code.clone()),
                counterpart: Set(found.counterpart),
                words: Set(Some(found.words)),
                total_cents: Set(invoice.total.and_then(crate::db::cents)),
                currency: Set(Some(invoice.currency.clone())),
                documents: Set(i64::try_from(invoice.documents).unwrap_or(i64::MAX)),
                problems: Set(String::new()),
                ..Default::default()
            }
        }
        Err(unreadable) => invoice::ActiveModel {
            counterpart: Set(String::new()),
            words: Set(Some(String::new())),
            documents: Set(0),
            problems: Set(unreadable.messages().join("\n")),
            ..Default::default()
        },
    }
}

/// How an invoice begins here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    /// Where it is in its life.
    pub state: InvoiceState,
    /// The rejected or refused invoice that it is a copy of.
    pub copied_from: Option<InvoiceId>,
}

/// Stores what is shown of a new invoice.
pub(super) async fn insert(
    tx: &Tx,
    account: AccountId,
    id: InvoiceId,
    direction: Direction,
    beginning: Beginning,
    new: &NewInvoice,
) -> Result<Row, DbErr> {
    let NewInvoice { file_name, file, read, found } = new;
    let Beginning { state, copied_from } = beginning;
    let row = invoice::ActiveModel {
        id: Set(id),
        account_id: Set(account),
        direction: Set(direction),
        state: Set(state),
        file_name: Set(file_name.clone()),
        size: Set(file.size),
        sha256: Set(file.sha256.clone()),
        version: Set(1),
        created_time: Set(tx.now()),
        updated_time: Set(tx.now()),
        copied_from: Set(copied_from),
        ..index::with_file_name(found.counted(reading(direction, read.as_ref())), file_name)
    };
    let row = index::with_day(row, tx.now()).insert(tx).await?;
    index::insert(tx, &row).await?;
    Ok(row)
}

/// One of the account's invoices.
pub(super) async fn get(connection: &impl ConnectionTrait, account: AccountId, id: InvoiceId) -> Result<Row, InvoiceError> {
    let found = tenant::of::<invoice::Entity>(account).filter(invoice::Column::Id.eq(id)).one(connection).await?;
    found.ok_or(InvoiceError::NotFound)
}

/// One of the account's drafts, held until the commit: nobody else changes it meanwhile. What it received is told to be none.
pub(super) async fn hold_draft(
    tx: &Tx,
    account: AccountId,
    id: InvoiceId,
    version: Option<i64>,
    wanted: Wanted,
) -> Result<Row, InvoiceError> {
    let found = tenant::of::<invoice::Entity>(account).filter(invoice::Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    let row = found.ok_or(InvoiceError::NotFound)?;
    if row.state != InvoiceState::Draft {
        return Err(InvoiceError::NoDraft { wanted, current: row.state, file_name: row.file_name, since: row.updated_time });
    }
    match version {
        Some(version) if version != row.version => Err(InvoiceError::EtagMismatch { current: row.version }),
        _ => Ok(row),
    }
}

/// Replaces what is shown of a draft that is held.
pub(super) async fn replace(tx: &Tx, draft: &Row, file_name: &str, new: &NewInvoice) -> Result<Row, InvoiceError> {
    let NewInvoice { file, read, found, .. } = new;
    let row = invoice::ActiveModel {
        file_name: Set(file_name.to_owned()),
        size: Set(file.size),
        sha256: Set(file.sha256.clone()),
        version: Set(draft.version + 1),
        updated_time: Set(tx.now()),
        ..index::with_file_name(found.counted(reading(draft.direction, read.as_ref())), file_name)
    };
    let row = index::with_day(row, draft.created_time);
    let updated = tenant::update_of::<invoice::Entity>(draft.account_id).set(row).filter(invoice::Column::Id.eq(draft.id));
    let row = updated.exec_with_returning(tx).await?.into_iter().next().ok_or(InvoiceError::NotFound)?;
    index::replace(tx, draft, &row).await?;
    Ok(row)
}

/// Deletes what is shown of a draft that is held.
pub(super) async fn delete(tx: &Tx, draft: &Row) -> Result<(), DbErr> {
    index::delete(tx, draft).await?;
    tenant::delete_of::<invoice::Entity>(draft.account_id).filter(invoice::Column::Id.eq(draft.id)).exec(tx).await.map(|_| ())
}

/// Changes an invoice that was read, and moves it to `to` if it is not there: only where the move is allowed.
pub(super) async fn advance(tx: &Tx, row: &Row, to: InvoiceState, change: invoice::ActiveModel) -> Result<Row, InvoiceError> {
    let stays = (row.state == to).then_some(to);
    let change = invoice::ActiveModel { state: Set(to), version: Set(row.version + 1), updated_time: Set(tx.now()), ..change };
    let changed = tenant::update_of::<invoice::Entity>(row.account_id)
        .set(change)
        .filter(invoice::Column::Id.eq(row.id))
        .filter(invoice::Column::Version.eq(row.version))
        .filter(invoice::Column::State.is_in(sources(to).chain(stays)))
        .exec_with_returning(tx)
        .await?;
    changed.into_iter().next().ok_or_else(|| Fault::Overtaken.into())
}
