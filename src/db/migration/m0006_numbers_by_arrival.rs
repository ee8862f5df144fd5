//! Invoices of one number stand in the order of their arrival, as those of one state or one word do: a list of them needs no sorting.
//!
//! Older replicas go on using the index under the same name: they want nothing of the order within a number.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::prelude::{DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};
use sea_orm_migration::sea_orm;

use crate::db::dialect::{self, Dialect};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        if let Some(sql) = dialect::without_hurry(Dialect::of(manager.get_database_backend())) {
            connection.execute_unprepared(sql).await?;
        }
        for sql in ["DROP INDEX invoice_number", "CREATE INDEX invoice_number ON invoice (account_id, number, id)"] {
            connection.execute_unprepared(sql).await?;
        }
        Ok(())
    }
}
