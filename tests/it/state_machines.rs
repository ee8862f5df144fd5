//! State machines and books hold in the database itself: what the code never does is tried past it, on a second connection.

use std::collections::BTreeSet;

use spazio::account::state::ALLOWED_MOVES;
use spazio::demo::invoices::receipt;
use spazio::fatturapa::ReceiptKind;
use spazio::invoices::state::MOVES as INVOICE_MOVES;
use spazio::order::state::MOVES as ORDER_MOVES;

use crate::support::{Customer, Engine, TestApp, pb};

on_both_databases!(
    an_account_makes_the_moves_of_the_list_and_no_others,
    an_invoice_makes_the_moves_of_the_list_and_no_others,
    an_order_makes_the_moves_of_the_list_and_no_others,
    the_ledger_is_append_only,
    usage_is_always_the_sum_of_its_kinds,
    an_order_is_frozen,
    a_queued_document_is_immutable_and_only_drafts_are_deleted,
    payments_are_kept_and_applied_once,
);

/// Every allowed move of an account, written out by hand from the drawing in the house's rules.
const ACCOUNT: [&str; 8] = [
    "active>suspended",
    "suspended>active",
    "active>expired",
    "suspended>expired",
    "expired>active",
    "expired>suspended",
    "expired>deleted",
    "deleted>active",
];

/// I1: draft -> queued -> sent -> delivered | not delivered | rejected. Receipts may overtake the news that it was sent, one that
/// could not be delivered may be delivered after all, and one whose file was transmitted twice may be rejected before it is delivered.
const INVOICE: [&str; 11] = [
    "draft>queued",
    "queued>sent",
    "queued>delivered",
    "queued>not_delivered",
    "queued>rejected",
    "sent>delivered",
    "sent>not_delivered",
    "sent>rejected",
    "not_delivered>delivered",
    "rejected>not_delivered",
    "rejected>delivered",
];

/// B8 to B10: placed, then awaiting its payment, then completed; given up or lapsed before that.
const ORDER: [&str; 6] = [
    "placed>awaiting_payment",
    "placed>cancelled",
    "placed>lapsed",
    "awaiting_payment>completed",
    "awaiting_payment>cancelled",
    "awaiting_payment>lapsed",
];

const ACCOUNT_STATES: [&str; 4] = ["active", "suspended", "expired", "deleted"];
const INVOICE_STATES: [&str; 6] = ["draft", "queued", "sent", "delivered", "not_delivered", "rejected"];
const ORDER_STATES: [&str; 5] = ["placed", "awaiting_payment", "completed", "cancelled", "lapsed"];

#[test]
fn the_code_knows_exactly_the_moves_that_are_written_out_here() {
    assert_eq!(written(ALLOWED_MOVES), set(&ACCOUNT));
    assert_eq!(written(INVOICE_MOVES), set(&INVOICE));
    assert_eq!(written(ORDER_MOVES), set(&ORDER));
}

fn written<S: ToString>(moves: &[(S, S)]) -> BTreeSet<String> {
    moves.iter().map(|(from, to)| format!("{}>{}", from.to_string(), to.to_string())).collect()
}

fn set(moves: &[&str]) -> BTreeSet<String> {
    moves.iter().map(ToString::to_string).collect()
}

/// A row of a table that has states: how it is found, and what other columns must say in a state.
struct Subject<'a> {
    app: &'a TestApp,
    table: &'a str,
    id: String,
    beside: fn(&str) -> String,
}

impl Subject<'_> {
    /// Tries every pair of states. Returns the moves that the database allowed.
    async fn allowed(&self, states: &[&str]) -> BTreeSet<String> {
        let mut allowed = BTreeSet::new();
        for from in states {
            for to in states.iter().filter(|to| *to != from) {
                self.force(from).await;
                if self.update(to).await.is_ok() {
                    allowed.insert(format!("{from}>{to}"));
                }
            }
        }
        allowed
    }

    async fn update(&self, state: &str) -> Result<u64, sea_orm::DbErr> {
        let Self { app, table, id, beside } = self;
        app.database.execute(&format!("UPDATE {table} SET state = '{state}'{} WHERE id = {id}", beside(state))).await
    }

    /// Puts the row into a state, guards or not.
    async fn force(&self, state: &str) {
        let (off, on) = guards(self.app, self.table, &format!("{}_moves", self.table)).await;
        self.app.database.execute(&off).await.expect("the guard can be taken away");
        assert_eq!(self.update(state).await.expect("without its guard every state can be set"), 1);
        self.app.database.execute(&on).await.expect("the guard can be put back");
    }
}

/// The statements that take a guard away and put it back.
async fn guards(app: &TestApp, table: &str, guard: &str) -> (String, String) {
    match app.database.engine {
        Engine::Postgres => (format!("ALTER TABLE {table} DISABLE TRIGGER {guard}"), format!("ALTER TABLE {table} ENABLE TRIGGER {guard}")),
        Engine::Sqlite => {
            let rows = app.database.rows(&format!("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = '{guard}'")).await;
            let sql = rows.first().unwrap_or_else(|| panic!("there is no guard {guard}")).try_get_by_index(0).expect("its SQL");
            (format!("DROP TRIGGER {guard}"), sql)
        }
    }
}

/// The id of a table's only row with this condition, as SQL.
async fn only_id(app: &TestApp, table: &str, condition: &str) -> String {
    let (text, begin, end) = match app.database.engine {
        Engine::Sqlite => ("hex(id)", "x'", "'"),
        Engine::Postgres => ("id::text", "'", "'"),
    };
    let rows = app.database.rows(&format!("SELECT {text} FROM {table} WHERE {condition}")).await;
    assert_eq!(rows.len(), 1, "{table} where {condition}");
    format!("{begin}{}{end}", rows[0].try_get_by_index::<String>(0).expect("an id"))
}

async fn an_account_makes_the_moves_of_the_list_and_no_others(app: &TestApp) {
    app.customer("ann").create().await;
    let account = Subject { app, table: "account", id: only_id(app, "account", "1 = 1").await, beside: |_| String::new() };
    assert_eq!(account.allowed(&ACCOUNT_STATES).await, set(&ACCOUNT));
}

async fn an_invoice_makes_the_moves_of_the_list_and_no_others(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    ann.creates(&ann.invoice()).await;
    let invoice = Subject { app, table: "invoice", id: only_id(app, "invoice", "1 = 1").await, beside: |_| String::new() };
    assert_eq!(invoice.allowed(&INVOICE_STATES).await, set(&INVOICE));
    // A sent invoice never becomes a received one, nor the other way round.
    assert!(invoice.update("received").await.is_err());
}

async fn an_order_makes_the_moves_of_the_list_and_no_others(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let order = ann.places(&ann.opens_cart().await).await;
    ann.confirms(&order, pb::PaymentMethod::BankTransfer).await;
    let beside = |state: &str| {
        // A completed order says when, and only a completed one.
        let completed = if state == "completed" { "confirmed_time" } else { "NULL" };
        format!(", completed_time = {completed}")
    };
    let order = Subject { app, table: "purchase", id: only_id(app, "purchase", "1 = 1").await, beside };
    assert_eq!(order.allowed(&ORDER_STATES).await, set(&ORDER));
}

/// Each statement must be refused by the database, with this in its words.
async fn refused_by_the_database(app: &TestApp, why: &str, statements: &[&str]) {
    for sql in statements {
        match app.database.execute(sql).await {
            Ok(rows) => panic!("{sql} changed {rows} rows"),
            Err(error) => assert!(error.to_string().contains(why), "{sql}: {error}"),
        }
    }
}

async fn with_everything(app: &TestApp) -> Customer {
    let ann = app.customer("ann").create().await;
    ann.sends(&ann.invoice()).await;
    ann.receives(b"delivered".to_vec(), "delivered.xml").await;
    ann.buys(1).await;
    ann
}

async fn the_ledger_is_append_only(app: &TestApp) {
    with_everything(app).await;
    assert_eq!(app.database.number("SELECT COUNT(*) FROM ledger").await, 2);
    let statements = ["UPDATE ledger SET delta = delta + 1", "UPDATE ledger SET sequence = sequence + 9", "DELETE FROM ledger"];
    refused_by_the_database(app, "the ledger is append-only", &statements).await;
}

async fn usage_is_always_the_sum_of_its_kinds(app: &TestApp) {
    with_everything(app).await;
    let statements = ["UPDATE space SET used = used + 1", "UPDATE space SET sent = sent + 1", "UPDATE space SET received = received - 1"];
    refused_by_the_database(app, "space_sum", &statements).await;
    refused_by_the_database(app, "space_sent", &["UPDATE space SET used = used - sent - 1, sent = -1"]).await;
}

async fn an_order_is_frozen(app: &TestApp) {
    with_everything(app).await;
    let statements = [
        "UPDATE purchase SET net_cents = net_cents - 1",
        "UPDATE purchase SET total_cents = total_cents + 1",
        "UPDATE purchase SET term_years = 9",
        "UPDATE purchase SET number = '000000000000'",
        "UPDATE purchase_line SET net_cents = 0",
        "UPDATE purchase_line SET quantity = quantity + 1",
    ];
    refused_by_the_database(app, "an order is frozen when it is placed", &statements).await;
    refused_by_the_database(app, "purchase_completed", &["UPDATE purchase SET completed_time = NULL"]).await;
}

async fn a_queued_document_is_immutable_and_only_drafts_are_deleted(app: &TestApp) {
    let ann = with_everything(app).await;
    let statements = ["UPDATE invoice SET size = size + 1", "UPDATE invoice SET number = 'another'"];
    refused_by_the_database(app, "only drafts can be changed", &statements).await;
    refused_by_the_database(app, "only drafts can be deleted", &["DELETE FROM invoice"]).await;
    let receipt = receipt(ReceiptKind::Delivered, "IT01234567897_0ZZZZ.xml", app.now()).expect("a name of the SdI");
    ann.records(receipt.bytes, &receipt.file_name).await;
    refused_by_the_database(app, "receipts are kept", &["DELETE FROM receipt"]).await;
}

async fn payments_are_kept_and_applied_once(app: &TestApp) {
    with_everything(app).await;
    refused_by_the_database(app, "payments are kept", &["DELETE FROM payment"]).await;
    refused_by_the_database(app, "payment_reviewed", &["UPDATE payment SET outcome = 'under_review'"]).await;
}
