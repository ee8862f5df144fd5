//! Queries over carts. Every one takes the account first.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::CartError;
use super::pricing::Selection;
use crate::catalogue::ProductCode;
use crate::db::entity::cart;
use crate::db::{Tx, tenant};
use crate::ids::{AccountId, CartId, OrderId};
use crate::space::Gigabytes;

pub(super) type Row = cart::Model;

/// What the row says is to be bought.
pub(super) fn selection(row: &Row) -> Selection {
    let number = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    Selection {
        pack: Gigabytes::new(number(row.quantity_gb)),
        term_years: number(row.term_years),
        extension: row.extension,
        modules: row.modules.split(',').filter_map(|code| code.parse::<ProductCode>().ok()).collect(),
        additional_users: number(row.additional_users),
    }
}

fn columns(selection: &Selection) -> cart::ActiveModel {
    let modules: Vec<_> = selection.modules.iter().map(ProductCode::as_str).collect();
    cart::ActiveModel {
        quantity_gb: Set(i64::from(selection.pack.get())),
        term_years: Set(i64::from(selection.term_years)),
        extension: Set(selection.extension),
        additional_users: Set(i64::from(selection.additional_users)),
        modules: Set(modules.join(",")),
        ..Default::default()
    }
}

/// Stores a new cart.
pub(super) async fn insert(tx: &Tx, account: AccountId, selection: &Selection) -> Result<Row, DbErr> {
    let row = cart::ActiveModel {
        id: Set(tx.id()),
        account_id: Set(account),
        order_id: Set(None),
        version: Set(1),
        created_time: Set(tx.now()),
        updated_time: Set(tx.now()),
        ..columns(selection)
    };
    row.insert(tx).await
}

/// Discards the oldest open carts beyond the number an account keeps.
pub(super) async fn discard_beyond(tx: &Tx, account: AccountId, kept: u64) -> Result<(), DbErr> {
    let open = tenant::of::<cart::Entity>(account).filter(cart::Column::OrderId.is_null());
    if open.clone().count(tx).await? <= kept {
        return Ok(());
    }
    let newest: Vec<CartId> =
        open.order_by_desc(cart::Column::Id).limit(kept).select_only().column(cart::Column::Id).into_tuple().all(tx).await?;
    tenant::delete_of::<cart::Entity>(account)
        .filter(cart::Column::OrderId.is_null())
        .filter(cart::Column::Id.is_not_in(newest))
        .exec(tx)
        .await
        .map(|_| ())
}

/// One of the account's carts.
pub(super) async fn get(connection: &impl ConnectionTrait, account: AccountId, id: CartId) -> Result<Row, CartError> {
    let found = tenant::of::<cart::Entity>(account).filter(cart::Column::Id.eq(id)).one(connection).await?;
    found.ok_or(CartError::NotFound)
}

/// One of the account's open carts, held until the commit: nobody else changes or orders it meanwhile.
pub(super) async fn hold_open(tx: &Tx, account: AccountId, id: CartId) -> Result<Row, CartError> {
    let found = tenant::of::<cart::Entity>(account).filter(cart::Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    let row = found.ok_or(CartError::NotFound)?;
    match row.order_id {
        Some(order) => Err(CartError::Ordered(order)),
        None => Ok(row),
    }
}

/// Changes what a held cart buys.
pub(super) async fn update(tx: &Tx, held: &Row, selection: &Selection) -> Result<Row, CartError> {
    let change = cart::ActiveModel { version: Set(held.version + 1), updated_time: Set(tx.now()), ..columns(selection) };
    let updated = tenant::update_of::<cart::Entity>(held.account_id).set(change).filter(cart::Column::Id.eq(held.id));
    updated.exec_with_returning(tx).await?.into_iter().next().ok_or(CartError::NotFound)
}

/// Makes a held cart an order's, or open again.
pub(super) async fn set_order(tx: &Tx, account: AccountId, id: CartId, order: Option<OrderId>) -> Result<(), DbErr> {
    let change = cart::ActiveModel { order_id: Set(order), updated_time: Set(tx.now()), ..Default::default() };
    tenant::update_of::<cart::Entity>(account)
        .set(change)
        .col_expr(cart::Column::Version, Expr::col(cart::Column::Version).add(1))
        .filter(cart::Column::Id.eq(id))
        .exec(tx)
        .await
        .map(|_| ())
}
