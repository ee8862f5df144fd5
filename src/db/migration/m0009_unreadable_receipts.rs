//! Why a receipt could not be read stands beside it.
//!
//! Replicas of before go on without the column: of what they record, and of what was recorded before, no reason is told.

use sea_orm::{ConnectionTrait as _, DbErr};
use sea_orm_migration::prelude::{DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};
use sea_orm_migration::sea_orm;

use crate::db::dialect::{self, Dialect};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let dialect = Dialect::of(manager.get_database_backend());
        // Findings, as the contract tells them; none of one that could be read.
        let sql = dialect::column_types(dialect, "ALTER TABLE receipt ADD COLUMN reading_problems {bytes}");
        manager.get_connection().execute_unprepared(&sql).await.map(|_| ())
    }
}
