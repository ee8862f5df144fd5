//! Filters in lists by day: in each index of theirs the rows of one value stand in the order of their days too.
//!
//! Older replicas go on writing meanwhile: the database reckons a row's day, but not that of its words. A background job gives them one, and
//! until it has, lists of such an account go without the index of words by day.

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
    "CREATE INDEX invoice_by_state_and_day ON invoice (account_id, state, listed_day, id)",
    "CREATE INDEX invoice_by_number_and_day ON invoice (account_id, number, listed_day, id)",
    // The day its invoice is listed under, for the words that tell the counterpart and the type. The other words have none: each line costs.
    "ALTER TABLE invoice_word ADD COLUMN listed_day {day}",
    "CREATE INDEX invoice_word_by_day ON invoice_word (account_id, word, listed_day, invoice_id) WHERE listed_day IS NOT NULL",
    // The day that its words have. None, or another than its own, where a program wrote the row that knows nothing of it.
    "ALTER TABLE invoice ADD COLUMN words_day {day}",
    "CREATE INDEX invoice_misdated ON invoice (account_id, words_day, id) WHERE words_day IS NULL OR words_day <> listed_day",
];
