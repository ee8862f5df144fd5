//! Documents whose time is over may be removed, each with a tombstone that tells what was there. Without one the database lets none go.

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
        let kept_away = match dialect {
            Dialect::Sqlite => "DROP TRIGGER invoice_kept",
            Dialect::Postgres => "DROP TRIGGER invoice_kept ON invoice",
        };
        for sql in [TOMBSTONES, OF_ACCOUNT, kept_away] {
            connection.execute_unprepared(&dialect::column_types(dialect, sql)).await?;
        }
        for (name, event, table, condition, message) in GUARDS {
            connection.execute_unprepared(&dialect::guard(dialect, name, event, table, condition, message)).await?;
        }
        for (name, table, condition, message) in KEPT {
            for sql in dialect::guard_unless_found(dialect, name, "DELETE", table, condition, BURIED, message) {
                connection.execute_unprepared(&sql).await?;
            }
        }
        Ok(())
    }
}

// account_id and document_id as the document had them; `day` is the one it was listed under, of a receipt the day of its arrival.
const TOMBSTONES: &str = "CREATE TABLE tombstone (
    document_id {uuid} PRIMARY KEY,
    account_id {uuid} NOT NULL REFERENCES account (id),
    kind text NOT NULL CONSTRAINT tombstone_kind CHECK (kind IN ('sent', 'received', 'receipt')),
    file_name text NOT NULL,
    sha256 {bytes} NOT NULL,
    size bigint NOT NULL CONSTRAINT tombstone_size CHECK (size > 0),
    number text,
    day {day} NOT NULL,
    stored_time {time} NOT NULL,
    retired_time {time} NOT NULL,
    export_file text NOT NULL,
    export_sha256 text NOT NULL
)";
const OF_ACCOUNT: &str = "CREATE UNIQUE INDEX tombstone_account ON tombstone (account_id, document_id)";

/// The row that is about to go has a tombstone.
const BURIED: &str = "SELECT 1 FROM tombstone WHERE tombstone.document_id = OLD.id";

/// Name, table, condition under which a tombstone is asked for, message.
const KEPT: &[(&str, &str, &str, &str)] = &[
    ("invoice_kept", "invoice", "OLD.state <> 'draft'", "only drafts can be deleted, and what has a tombstone"),
    ("receipt_kept", "receipt", "1 = 1", "receipts are kept, but for what has a tombstone"),
];

/// Name, event, table, condition under which it is refused, message.
const GUARDS: &[(&str, &str, &str, &str, &str)] = &[
    ("tombstone_kept", "UPDATE", "tombstone", "1 = 1", "tombstones are kept as they are"),
    ("tombstone_kept_whole", "DELETE", "tombstone", "1 = 1", "tombstones are kept as they are"),
];
