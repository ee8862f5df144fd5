//! The audit: whether the books of every account agree. usage = sum of the ledger = sum of the stored documents, always (S1);
//! and what an account has beyond its base plan was granted by an order, and the order was paid (B9).

use sea_orm::{DbErr, FromQueryResult, Statement};

use crate::account::ServiceKind;
use crate::clock::CalendarDay;
use crate::db::Db;
use crate::ids::{AccountId, OrderId, ServiceId};
use crate::money::Euro;
use crate::order::state::OrderState;
use crate::space::{Bytes, Gigabytes};

/// What an audit found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many accounts were looked at.
    pub accounts: usize,
    /// How many documents they store.
    pub documents: i64,
    /// How many bytes these have.
    pub bytes: i64,
    /// How many services the accounts have, base plans included.
    pub services: usize,
    /// How many orders they placed, whatever became of them.
    pub orders: usize,
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

/// A service, beside what completed orders granted to it.
#[derive(Debug, FromQueryResult)]
struct Owned {
    account: AccountId,
    service: ServiceId,
    kind: ServiceKind,
    quantity: i64,
    space: i64,
    expiry: CalendarDay,
    ordered: Option<i64>,
    granted: Option<CalendarDay>,
}

const SERVICES: &str = "
    SELECT service.account_id AS account, service.id AS service, kind, quantity, space_bytes AS space, expiry_day AS expiry,
        (SELECT MAX(purchase_line.quantity) FROM granted JOIN purchase ON purchase.id = granted.purchase_id
            JOIN purchase_line ON purchase_line.purchase_id = granted.purchase_id AND purchase_line.line = granted.line
            WHERE granted.service_id = service.id AND purchase.state = 'completed') AS ordered,
        (SELECT MAX(granted.expiry_after) FROM granted JOIN purchase ON purchase.id = granted.purchase_id
            WHERE granted.service_id = service.id AND purchase.state = 'completed') AS granted
    FROM service ORDER BY service.account_id, service.id";

impl Owned {
    fn differences(&self) -> Vec<String> {
        let Self { account, service, kind, quantity, space, expiry, .. } = self;
        let mut found = Vec::new();
        // A base plan comes with the account, and its space is the catalogue's of that day; orders only prolong it.
        if self.granted.is_none() && *kind != ServiceKind::BasePlan {
            found.push(format!("{account}: {service} is a {kind}, the completed orders that granted it are none"));
        }
        if let Some(granted) = self.granted.filter(|granted| granted != expiry) {
            found.push(format!("{account}: the expiry of {service} is {expiry}, the latest granted to it is {granted}"));
        }
        if let Some(ordered) = self.ordered.filter(|ordered| ordered != quantity) {
            found.push(format!("{account}: the quantity of {service} is {quantity}, the ordered one is {ordered}"));
        }
        let of_quantity = quantity.saturating_mul(Bytes::from(Gigabytes::ONE).as_i64());
        if *kind == ServiceKind::SpacePack && *space != of_quantity {
            found.push(format!("{account}: the space of {service} is {space}, that of its quantity is {of_quantity}"));
        }
        found
    }
}

/// An order, beside the payment that was applied to it.
#[derive(Debug, FromQueryResult)]
struct Ordered {
    account: AccountId,
    id: OrderId,
    state: OrderState,
    total: Euro,
    paid: Option<Euro>,
}

const ORDERS: &str = "
    SELECT purchase.account_id AS account, purchase.id, purchase.state, purchase.total_cents AS total, payment.amount_cents AS paid
    FROM purchase LEFT JOIN payment ON payment.purchase_id = purchase.id AND payment.outcome = 'applied'
    ORDER BY purchase.account_id, purchase.id";

impl Ordered {
    fn difference(&self) -> Option<String> {
        let Self { account, id, state, total, paid } = self;
        // What costs nothing is completed without a payment.
        let due = (*state == OrderState::Completed && *total > Euro::ZERO).then_some(*total);
        let paid_words = paid.map_or_else(|| "none".to_owned(), |paid| paid.to_string());
        (*paid != due).then(|| format!("{account}: {id} is {state} and its total is {total}, the payment applied to it is {paid_words}"))
    }
}

/// Looks at the books of every account. Reads only; may run while serving, on PostgreSQL at one snapshot per statement.
pub async fn audit(db: &Db) -> Result<Report, DbErr> {
    let books: Vec<Books> = all(db, BOOKS).await?;
    let services: Vec<Owned> = all(db, SERVICES).await?;
    let orders: Vec<Ordered> = all(db, ORDERS).await?;
    let sum = |number: fn(&Books) -> i64| books.iter().map(number).sum();
    let kept = books.iter().flat_map(Books::differences);
    let granted = services.iter().flat_map(Owned::differences);
    let paid = orders.iter().filter_map(Ordered::difference);
    Ok(Report {
        accounts: books.len(),
        documents: sum(|books| books.documents),
        bytes: sum(|books| books.stored),
        services: services.len(),
        orders: orders.len(),
        differences: kept.chain(granted).chain(paid).collect(),
    })
}

async fn all<T: FromQueryResult>(db: &Db, sql: &str) -> Result<Vec<T>, DbErr> {
    T::find_by_statement(Statement::from_string(db.backend(), sql)).all(db.reader()).await
}
