//! The only way to a table's rows: by account, or by saying aloud that every account is meant.
//!
//! sea-orm's own `find`, `find_by_id`, `update_many` and `delete_many` are forbidden elsewhere by clippy.toml, so a query that forgets
//! its account cannot be written by accident.

#![expect(clippy::disallowed_methods, reason = "the forms that are forbidden elsewhere are wrapped here")]

use sea_orm::{ColumnTrait, Delete, DeleteMany, EntityTrait, QueryFilter, Select, Update, UpdateMany};

use crate::ids::AccountId;

/// A table whose rows each belong to one account.
pub trait Tenant: EntityTrait {
    /// The column that names the account.
    fn account_column() -> Self::Column;
}

/// Rows of one account.
#[must_use]
pub fn of<E: Tenant>(account: AccountId) -> Select<E> {
    E::find().filter(E::account_column().eq(account))
}

/// An update of rows of one account.
#[must_use]
pub fn update_of<E: Tenant>(account: AccountId) -> UpdateMany<E> {
    Update::many(E::default()).filter(E::account_column().eq(account))
}

/// A deletion of rows of one account.
#[must_use]
pub fn delete_of<E: Tenant>(account: AccountId) -> DeleteMany<E> {
    Delete::many(E::default()).filter(E::account_column().eq(account))
}

/// Rows of every account: for operators, jobs and audits only.
#[must_use]
pub fn every<E: EntityTrait>() -> Select<E> {
    E::find()
}

/// An update of rows of every account: for jobs only.
#[must_use]
pub fn update_every<E: EntityTrait>() -> UpdateMany<E> {
    Update::many(E::default())
}

/// A deletion of rows of every account: for jobs only.
#[must_use]
pub fn delete_every<E: EntityTrait>() -> DeleteMany<E> {
    Delete::many(E::default())
}
