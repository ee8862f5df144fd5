//! What the keys of documents are known by: another key under a known id is refused before anything is stored with it.

use sea_orm::{ConnectionTrait as _, DbErr};
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
        let dialect = Dialect::of(manager.get_database_backend());
        let keys = dialect::column_types(dialect, KEYS);
        for sql in dialect::without_hurry(dialect).into_iter().chain([keys.as_str(), ENCRYPTED]) {
            connection.execute_unprepared(sql).await?;
        }
        Ok(())
    }
}

// check_value is derived from the key, tells nothing of it, and is good for nothing else.
const KEYS: &str = "CREATE TABLE archive_key (
    id text PRIMARY KEY,
    check_value {bytes} NOT NULL
)";
// Which keys are in use is asked at every start. Plain documents are not in it.
const ENCRYPTED: &str = "CREATE INDEX document_encrypted ON document (sealing) WHERE sealing LIKE '%, key %'";
