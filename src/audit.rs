//! The audit: whether the books of every account agree. usage = sum of the ledger = sum of the stored documents, always (S1).

use sea_orm::{DbErr, FromQueryResult, Statement};

use crate::db::Db;
use crate::ids::AccountId;

/// What an audit found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many accounts were looked at.
    pub accounts: usize,
    /// How many documents they store.
    pub documents: i64,
    /// How many bytes these have.
    pub bytes: i64,
    /// Every difference, in words.
    pub differences: Vec<String>,
}

/// The books of one account.
#[derive(Debug, FromQueryResult)]
struct Books {
    account: AccountId,
    used: i64,
    sequence: i64,
    sent: i64,
    received: i64,
    receipts: i64,
    ledger: i64,
    entries: i64,
    last_sequence: i64,
    last_used: Option<i64>,
    stored: i64,
    stored_sent: i64,
    stored_received: i64,
    stored_receipts: i64,
    documents: i64,
    unlisted: i64,
}

const BOOKS: &str = "
    SELECT space.account_id AS account, space.used, space.sequence, space.sent, space.received, space.receipts,
        (SELECT CAST(COALESCE(SUM(delta), 0) AS bigint) FROM ledger WHERE ledger.account_id = space.account_id) AS ledger,
        (SELECT COUNT(*) FROM ledger WHERE ledger.account_id = space.account_id) AS entries,
        (SELECT COALESCE(MAX(sequence), 0) FROM ledger WHERE ledger.account_id = space.account_id) AS last_sequence,
        (SELECT used_after FROM ledger WHERE ledger.account_id = space.account_id AND ledger.sequence = space.sequence) AS last_used,
        (SELECT CAST(COALESCE(SUM(size), 0) AS bigint) FROM document WHERE document.account_id = space.account_id) AS stored,
        (SELECT CAST(COALESCE(SUM(size), 0) AS bigint) FROM document WHERE document.account_id = space.account_id AND kind = 'sent')
            AS stored_sent,
        (SELECT CAST(COALESCE(SUM(size), 0) AS bigint) FROM document WHERE document.account_id = space.account_id AND kind = 'received')
            AS stored_received,
        (SELECT CAST(COALESCE(SUM(size), 0) AS bigint) FROM document WHERE document.account_id = space.account_id AND kind = 'receipt')
            AS stored_receipts,
        (SELECT COUNT(*) FROM document WHERE document.account_id = space.account_id) AS documents,
        (SELECT COUNT(*) FROM document LEFT JOIN invoice ON invoice.id = document.id LEFT JOIN receipt ON receipt.id = document.id
            WHERE document.account_id = space.account_id AND invoice.id IS NULL AND receipt.id IS NULL) AS unlisted
    FROM space ORDER BY space.account_id";

impl Books {
    fn differences(&self) -> Vec<String> {
        let pairs = [
            ("the usage", self.used, "the sum of the ledger", self.ledger),
            ("the usage", self.used, "the sum of the stored documents", self.stored),
            ("the usage of sent invoices", self.sent, "their sum", self.stored_sent),
            ("the usage of received invoices", self.received, "their sum", self.stored_received),
            ("the usage of receipts", self.receipts, "their sum", self.stored_receipts),
            ("the space's sequence", self.sequence, "the ledger's last", self.last_sequence),
            ("the number of ledger entries", self.entries, "the ledger's last sequence", self.last_sequence),
            ("the usage", self.used, "the last ledger entry's", self.last_used.unwrap_or(0)),
            ("the number of documents that are neither invoice nor receipt", self.unlisted, "none", 0),
        ];
        let differ = pairs.into_iter().filter(|(_, one, _, other)| one != other);
        differ.map(|(what, one, whose, other)| format!("{}: {what} is {one}, {whose} is {other}", self.account)).collect()
    }
}

/// Looks at the books of every account. Reads only; may run while serving, on PostgreSQL at one snapshot per statement.
pub async fn audit(db: &Db) -> Result<Report, DbErr> {
    let statement = Statement::from_string(db.backend(), BOOKS);
    let books = Books::find_by_statement(statement).all(db.reader()).await?;
    let sum = |number: fn(&Books) -> i64| books.iter().map(number).sum();
    Ok(Report {
        accounts: books.len(),
        documents: sum(|books| books.documents),
        bytes: sum(|books| books.stored),
        differences: books.iter().flat_map(Books::differences).collect(),
    })
}
