//! Queries over invoices and receipts. Every one takes the account first.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, ExprTrait, IdenStatic as _, Iterable as _, QueryFilter,
    QuerySelect,
};

use super::InvoiceError;
use super::index::{self, Found};
use super::intake::File;
use super::state::{Direction, InvoiceState, Move, sources};
use crate::clock::CalendarDay;
use crate::db::entity::{invoice, receipt};
use crate::db::{Tx, tenant};
use crate::fatturapa::{Invoice, Receipt, Unreadable};
use crate::ids::{AccountId, InvoiceId, ReceiptId};

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

/// Stores what is shown of a new invoice.
pub(super) async fn insert(
    tx: &Tx,
    account: AccountId,
    id: InvoiceId,
    direction: Direction,
    file_name: &str,
    file: &File,
    read: invoice::ActiveModel,
) -> Result<Row, DbErr> {
    let state = match direction {
        Direction::Sent => InvoiceState::Draft,
        Direction::Received => InvoiceState::Received,
    };
    let row = invoice::ActiveModel {
        id: Set(id),
        account_id: Set(account),
        direction: Set(direction),
        state: Set(state),
        file_name: Set(file_name.to_owned()),
        size: Set(file.size),
        sha256: Set(file.sha256.clone()),
        version: Set(1),
        created_time: Set(tx.now()),
        updated_time: Set(tx.now()),
        ..index::with_file_name(read, file_name)
    };
    let row = row.insert(tx).await?;
    index::insert(tx, &row).await?;
    Ok(row)
}

/// One of the account's invoices.
pub(super) async fn get(connection: &impl ConnectionTrait, account: AccountId, id: InvoiceId) -> Result<Row, InvoiceError> {
    let found = tenant::of::<invoice::Entity>(account).filter(invoice::Column::Id.eq(id)).one(connection).await?;
    found.ok_or(InvoiceError::NotFound)
}

/// One of the account's drafts, held until the commit: nobody else changes it meanwhile.
pub(super) async fn hold_draft(
    tx: &Tx,
    account: AccountId,
    id: InvoiceId,
    version: Option<i64>,
    wanted: &'static str,
) -> Result<Row, InvoiceError> {
    let found = tenant::of::<invoice::Entity>(account)
        .filter(invoice::Column::Id.eq(id))
        .filter(invoice::Column::Direction.eq(Direction::Sent))
        .lock_exclusive()
        .one(tx)
        .await?;
    let row = found.ok_or(InvoiceError::NotFound)?;
    if row.state != InvoiceState::Draft {
        return Err(InvoiceError::State { wanted, current: row.state });
    }
    match version {
        Some(version) if version != row.version => Err(InvoiceError::EtagMismatch),
        _ => Ok(row),
    }
}

/// Replaces what is shown of a draft that is held.
pub(super) async fn replace(tx: &Tx, draft: &Row, file_name: &str, file: &File, read: invoice::ActiveModel) -> Result<Row, InvoiceError> {
    let row = invoice::ActiveModel {
        file_name: Set(file_name.to_owned()),
        size: Set(file.size),
        sha256: Set(file.sha256.clone()),
        version: Set(draft.version + 1),
        updated_time: Set(tx.now()),
        ..index::with_file_name(read, file_name)
    };
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

/// Moves an invoice, if it is where the move is allowed.
pub(super) async fn advance(
    tx: &Tx,
    account: AccountId,
    id: InvoiceId,
    to: InvoiceState,
    sdi_identifier: Option<&str>,
) -> Result<(Move<InvoiceState>, Row), InvoiceError> {
    let version = invoice::Column::Version;
    let mut change = invoice::ActiveModel { state: Set(to), updated_time: Set(tx.now()), ..Default::default() };
    if let Some(identifier) = sdi_identifier {
        change.sdi_identifier = Set(Some(identifier.to_owned()));
    }
    let moved = tenant::update_of::<invoice::Entity>(account)
        .set(change)
        .col_expr(version, Expr::col(version).add(1))
        .filter(invoice::Column::Id.eq(id))
        .filter(invoice::Column::State.is_in(sources(to)))
        .exec_with_returning(tx)
        .await?;
    if let Some(row) = moved.into_iter().next() {
        return Ok((Move::Moved, row));
    }
    let row = get(tx, account, id).await?;
    let outcome = if row.state == to { Move::AlreadyThere } else { Move::Illegal { current: row.state } };
    Ok((outcome, row))
}

/// The account's sent invoice with this file name.
pub(super) async fn by_file_name(connection: &impl ConnectionTrait, account: AccountId, name: &str) -> Result<Option<Row>, DbErr> {
    // The unique index over sent names is on the documents.
    let document = tenant::of::<crate::db::entity::document::Entity>(account)
        .filter(crate::db::entity::document::Column::Kind.eq(crate::quota::DocumentKind::Sent))
        .filter(crate::db::entity::document::Column::FileName.eq(name))
        .select_only()
        .column(crate::db::entity::document::Column::Id)
        .into_tuple::<uuid::Uuid>()
        .one(connection)
        .await?;
    match document {
        Some(id) => tenant::of::<invoice::Entity>(account).filter(invoice::Column::Id.eq(id)).one(connection).await,
        None => Ok(None),
    }
}

/// Stores what is shown of a receipt.
pub(super) async fn insert_receipt(
    tx: &Tx,
    account: AccountId,
    id: ReceiptId,
    file_name: &str,
    file: &File,
    read: Option<&Receipt>,
    invoice: Option<InvoiceId>,
) -> Result<ReceiptRow, DbErr> {
    let row = receipt::ActiveModel {
        id: Set(id),
        account_id: Set(account),
        kind: Set(read.map(|receipt| receipt.kind.code().to_owned())),
        file_name: Set(file_name.to_owned()),
        invoice_file_name: Set(read.map(|receipt| receipt.file_name.clone())),
        invoice_id: Set(invoice),
        sdi_identifier: Set(read.map(|receipt| receipt.sdi_identifier.clone())),
        size: Set(file.size),
        created_time: Set(tx.now()),
    };
    row.insert(tx).await
}

/// One of the account's receipts.
pub(super) async fn get_receipt(connection: &impl ConnectionTrait, account: AccountId, id: ReceiptId) -> Result<ReceiptRow, InvoiceError> {
    let found = tenant::of::<receipt::Entity>(account).filter(receipt::Column::Id.eq(id)).one(connection).await?;
    found.ok_or(InvoiceError::NotFound)
}
