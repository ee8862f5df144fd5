//! What lists are found and sorted by, and the key that seals their page tokens.
//!
//! Older replicas go on writing meanwhile: the day is reckoned by the database, and rows without words get them from a background job.

use ring::rand::{SecureRandom as _, SystemRandom};
use sea_orm::{ConnectionTrait, DbErr, Statement};
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
            let sql = dialect::column_types(dialect, sql)
                .replace("{reckoned}", &dialect::day_or_day_of(dialect, "issue_day", "created_time"))
                .replace("{only_a_key}", dialect::only_a_key(dialect));
            connection.execute_unprepared(&sql).await?;
        }
        let mut key = [0; 32];
        SystemRandom::new().fill(&mut key).map_err(|_| DbErr::Custom("the operating system gives no random bytes".to_owned()))?;
        let insert = "INSERT INTO page_key (id, content) VALUES (1, $1)";
        let statement = Statement::from_sql_and_values(manager.get_database_backend(), insert, [key.to_vec().into()]);
        connection.execute_raw(statement).await.map(|_| ())
    }
}

const STATEMENTS: &[&str] = &[
    // The day an invoice is listed under: its own, or where none could be read the day of its arrival.
    "ALTER TABLE invoice ADD COLUMN listed_day {reckoned}",
    "CREATE INDEX invoice_by_day ON invoice (account_id, listed_day, id)",
    // A state tells the direction too: only received invoices are in the state received.
    "CREATE INDEX invoice_by_state ON invoice (account_id, state, id)",
    "CREATE INDEX invoice_by_total ON invoice (account_id, total_cents, id)",
    // What it is found by besides its counterpart. NULL until a program that knows words has looked at the row.
    "ALTER TABLE invoice ADD COLUMN words text",
    "CREATE INDEX invoice_wordless ON invoice (id) WHERE words IS NULL",
    // The words of both columns, to be found by their beginnings. What a list shows is decided by the columns: a line too many here costs
    // a look and shows nothing.
    "CREATE TABLE invoice_word (
        account_id {uuid} NOT NULL,
        word {word} NOT NULL,
        invoice_id {uuid} NOT NULL,
        PRIMARY KEY (account_id, word, invoice_id)
    ){only_a_key}",
    "CREATE TABLE page_key (
        id bigint PRIMARY KEY CONSTRAINT page_key_only CHECK (id = 1),
        content {bytes} NOT NULL
    )",
];
