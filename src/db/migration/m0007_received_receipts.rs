//! Receipts may speak of received invoices: what tells which one, and what was answered.
//!
//! Replicas of before go on without the new columns: what they record finds its invoice by name and identifier alone. The indexes that go are
//! replaced by wider ones; what those replicas ask of `document` is answered from `document_sent_name` meanwhile.

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
        if let Some(sql) = dialect::without_hurry(dialect) {
            connection.execute_unprepared(sql).await?;
        }
        for sql in STATEMENTS {
            connection.execute_unprepared(&dialect::column_types(dialect, sql)).await?;
        }
        Ok(())
    }
}

const STATEMENTS: &[&str] = &[
    // The digest of the invoice's file, as the SdI's message tells it: it tells files of one name apart.
    "ALTER TABLE receipt ADD COLUMN invoice_sha256 {bytes}",
    // The buyer's identifier of its answer: an SE tells by it which EC it refuses.
    "ALTER TABLE receipt ADD COLUMN buyer_message_id text",
    // Both those that wait and those that have their invoice: another invoice of that name makes both be looked at anew.
    "CREATE INDEX receipt_named ON receipt (account_id, upper(invoice_file_name))",
    "DROP INDEX receipt_waiting",
    // Sent and received files, whose names the SdI's messages may write in another case.
    "CREATE INDEX invoice_named ON invoice (account_id, upper(file_name))",
    "DROP INDEX document_sent_upper",
];
