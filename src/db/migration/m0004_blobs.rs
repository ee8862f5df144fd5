//! Documents may rest in an object store: where each is, how it is sealed, and the life of each object.
//!
//! Replicas of before go on writing rows of `document` without the new columns: their bytes are in the database, as the defaults say.

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
        let dialect = Dialect::of(manager.get_database_backend());
        for sql in [PLACE, GENERATION, SEALING, BLOBS, WAITING] {
            connection.execute_unprepared(&dialect::column_types(dialect, sql)).await?;
        }
        let (name, event, table, condition, message) = MOVES;
        connection.execute_unprepared(&dialect::guard(dialect, name, event, table, condition, message)).await?;
        Ok(())
    }
}

const PLACE: &str = "ALTER TABLE document ADD COLUMN place text NOT NULL DEFAULT 'database'
    CONSTRAINT document_place CHECK (place IN ('database', 'object'))";
// Which life of the bytes' object it is; none for bytes in the database.
const GENERATION: &str = "ALTER TABLE document ADD COLUMN generation bigint";
// In which form the bytes were sealed, as `archive move` compares it; the bytes themselves say how they are opened.
const SEALING: &str = "ALTER TABLE document ADD COLUMN sealing text NOT NULL DEFAULT 'zstd'";

// One row for each account and digest, which every change of its object passes: its lock puts those who upload and those who clean up in a
// row. 'deleted' is a tombstone: it keeps the generation, so that none is used twice.
const BLOBS: &str = "CREATE TABLE blob (
    account_id {uuid} NOT NULL REFERENCES account (id),
    sha256 {bytes} NOT NULL,
    generation bigint NOT NULL CONSTRAINT blob_generation CHECK (generation >= 0),
    state text NOT NULL CONSTRAINT blob_state CHECK (state IN ('uploading', 'stored', 'released', 'deleting', 'deleted')),
    lease_time {time} NOT NULL,
    created_time {time} NOT NULL,
    PRIMARY KEY (account_id, sha256)
)";
const WAITING: &str = "CREATE INDEX blob_waiting ON blob (lease_time) WHERE state IN ('uploading', 'released', 'deleting')";

const MOVES: (&str, &str, &str, &str, &str) = (
    "blob_moves",
    "UPDATE",
    "blob",
    "(NEW.generation = OLD.generation AND OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN ('uploading>stored', \
     'uploading>deleting', 'stored>released', 'released>stored', 'released>deleting', 'deleting>deleted')) \
     OR (NEW.generation <> OLD.generation AND (NEW.generation <> OLD.generation + 1 \
     OR OLD.state || '>' || NEW.state NOT IN ('deleting>uploading', 'deleted>uploading')))",
    "this change of an object is not allowed",
);
