//! The plans of lists: whatever is asked, the databases walk an account's own stretches of the indexes, and no list of any length is sorted.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Mutex;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use sea_orm_migration::prelude::async_trait;
use spazio::invoices::{Bounds, listed};
use spazio::paging::Seal;

use crate::support::{Engine, TestApp, on, pb};

on_both_databases!(every_list_looks_at_its_own_part_of_an_index);

/// In one account; another one has fewer.
const CROWD: u32 = 20_000;

type Asks = fn(&mut pb::ListInvoicesRequest);

/// So that a hundred invoices are many.
const BOUNDS: Bounds = Bounds { gathered: 60, window: 128, walked: 15_000, merged: 8 };

/// How a list is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// The order's index keeps to the filter by itself.
    InOrder,
    /// A filter's few rows are gathered and sorted.
    Gathered,
    /// A filter's many rows are walked, and no others.
    ByFilter,
    /// The order's index is walked.
    Walked,
}

impl How {
    /// How many statements a page takes: the order's own index alone one; else one that counts, and one that gathers, or one that tells the
    /// values of beginnings and ranges, one that compares several filters, and one for each window.
    fn statements(self) -> RangeInclusive<usize> {
        match self {
            Self::InOrder => 1..=1,
            Self::Gathered => 2..=2,
            Self::ByFilter => 2..=4,
            Self::Walked => 2..=9,
        }
    }

    /// How many rows and lines one statement looks at, at most, on a page of 50.
    fn looks_at(self) -> u64 {
        let Bounds { gathered, window, walked, merged } = BOUNDS;
        u64::from(match self {
            Self::InOrder => 51,
            Self::Gathered => 8 * (gathered + 1),
            // A window and its end, of each value.
            Self::ByFilter => 2 * merged * window + window,
            Self::Walked => 2 * walked,
        })
    }
}

/// What is asked, the indexes that answer, and how.
const LISTS: &[(&str, Asks, &[&str], How)] = {
    use How::{ByFilter, Gathered, InOrder, Walked};
    const ARRIVAL: &[&str] = &["invoice_arrival"];
    const DAY: &[&str] = &["invoice_by_day"];
    const STATE: &[&str] = &["invoice_by_state"];
    const BY_DAY: &[&str] = &["invoice_arrival", "invoice_by_day"];
    const STATE_AND_DAY: &[&str] = &["invoice_by_state_and_day"];
    const WORD: &[&str] = &["invoice_arrival", "invoice_word_pkey"];
    const WORD_AND_DAY: &[&str] = &["invoice_arrival", "invoice_word_by_day", "invoice_word_pkey"];
    &[
        ("all", |_| {}, ARRIVAL, InOrder),
        ("all, the earliest first", |r| r.set_sort(pb::InvoiceSort::ArrivalEarliestFirst), ARRIVAL, InOrder),
        ("all by date", |r| r.set_sort(pb::InvoiceSort::DateLatestFirst), DAY, InOrder),
        ("all by date, the earliest first", |r| r.set_sort(pb::InvoiceSort::DateEarliestFirst), DAY, InOrder),
        ("a period by date", period_by_date, DAY, InOrder),
        ("received", |r| r.set_direction(pb::Direction::Received), STATE, InOrder),
        ("delivered", |r| r.set_state(pb::InvoiceState::Delivered), STATE, InOrder),
        ("rejected", |r| r.set_state(pb::InvoiceState::Rejected), STATE, InOrder),
        ("sent", |r| r.set_direction(pb::Direction::Sent), &["invoice_arrival", "invoice_by_state"], ByFilter),
        ("received by date", received_by_date, STATE_AND_DAY, InOrder),
        ("sent by date", sent_by_date, &["invoice_arrival", "invoice_by_state", "invoice_by_state_and_day"], ByFilter),
        ("sent in a period by date", sent_in_a_period, &["invoice_arrival", "invoice_by_state", "invoice_by_state_and_day"], ByFilter),
        ("rejected by date", rejected_by_date, STATE_AND_DAY, InOrder),
        ("a day", |r| (r.issued_from, r.issued_through) = (on("2024-05-02"), on("2024-05-02")), BY_DAY, Gathered),
        ("five days", |r| (r.issued_from, r.issued_through) = (on("2024-05-02"), on("2024-05-06")), BY_DAY, ByFilter),
        ("five days, the earliest first", days_earliest_first, BY_DAY, ByFilter),
        ("years", |r| r.issued_from = on("2024-01-02"), BY_DAY, Walked),
        ("a number", |r| r.number = "FT/17".to_owned(), &["invoice_arrival", "invoice_number"], Gathered),
        ("a usual number", |r| r.number = "12".to_owned(), &["invoice_number"], ByFilter),
        ("a usual number by date", number_by_date, &["invoice_by_number_and_day", "invoice_number"], ByFilter),
        ("a rare type", |r| r.document_type = "TD16".to_owned(), WORD, Gathered),
        ("a usual type", |r| r.document_type = "TD01".to_owned(), WORD, ByFilter),
        ("a rare amount", |r| r.amount_from = "100000".to_owned(), &["invoice_arrival", "invoice_by_total"], Gathered),
        ("a usual amount", |r| r.amount_from = "10".to_owned(), &["invoice_arrival", "invoice_by_total"], Walked),
        ("a rare counterpart", |r| r.counterpart = "zanzi".to_owned(), WORD, Gathered),
        ("a thin counterpart", |r| r.counterpart = "quaglia".to_owned(), WORD, ByFilter),
        ("a thin counterpart, the earliest first", thin_earliest_first, WORD, ByFilter),
        ("a thin counterpart by date", thin_by_date, WORD_AND_DAY, ByFilter),
        ("a thin counterpart in a period by date", thin_in_a_period, WORD_AND_DAY, ByFilter),
        ("some counterparts by date, the earliest first", some_by_date, WORD_AND_DAY, ByFilter),
        ("a usual type by date", type_by_date, WORD_AND_DAY, ByFilter),
        ("a usual text by date", text_by_date, &["invoice_by_day", "invoice_word_pkey"], Walked),
        ("some counterparts", |r| r.counterpart = "cliente99".to_owned(), WORD, ByFilter),
        ("many counterparts", |r| r.counterpart = "cliente".to_owned(), WORD, Walked),
        ("a rare text", |r| r.text = "fornitura ornito".to_owned(), WORD, Gathered),
        ("a usual text", |r| r.text = "fornitura".to_owned(), WORD, ByFilter),
        ("a text of nobody", |r| r.text = "nobody".to_owned(), WORD, Gathered),
        ("received and a usual text", received_with_text, &["invoice_by_state", "invoice_word_pkey"], ByFilter),
        ("received from a thin counterpart", received_from_thin, &["invoice_arrival", "invoice_by_state", "invoice_word_pkey"], ByFilter),
        (
            "received from a thin counterpart by date",
            received_from_thin_by_date,
            &["invoice_arrival", "invoice_by_state", "invoice_by_state_and_day", "invoice_word_by_day", "invoice_word_pkey"],
            ByFilter,
        ),
        (
            "everything at once",
            everything,
            &["invoice_arrival", "invoice_by_state", "invoice_by_total", "invoice_number", "invoice_word_pkey"],
            Gathered,
        ),
    ]
};

fn period_by_date(request: &mut pb::ListInvoicesRequest) {
    request.set_sort(pb::InvoiceSort::DateLatestFirst);
    (request.issued_from, request.issued_through) = (on("2024-05-01"), on("2024-06-30"));
}

fn sent_by_date(request: &mut pb::ListInvoicesRequest) {
    request.set_sort(pb::InvoiceSort::DateLatestFirst);
    request.set_direction(pb::Direction::Sent);
}

fn rejected_by_date(request: &mut pb::ListInvoicesRequest) {
    request.set_sort(pb::InvoiceSort::DateEarliestFirst);
    request.set_state(pb::InvoiceState::Rejected);
}

fn days_earliest_first(request: &mut pb::ListInvoicesRequest) {
    request.set_sort(pb::InvoiceSort::ArrivalEarliestFirst);
    (request.issued_from, request.issued_through) = (on("2024-05-02"), on("2024-05-06"));
}

fn thin_earliest_first(request: &mut pb::ListInvoicesRequest) {
    request.set_sort(pb::InvoiceSort::ArrivalEarliestFirst);
    request.counterpart = "quaglia".to_owned();
}

fn thin_by_date(request: &mut pb::ListInvoicesRequest) {
    request.set_sort(pb::InvoiceSort::DateLatestFirst);
    request.counterpart = "quaglia".to_owned();
}

fn thin_in_a_period(request: &mut pb::ListInvoicesRequest) {
    period_by_date(request);
    request.counterpart = "quaglia".to_owned();
}

fn some_by_date(request: &mut pb::ListInvoicesRequest) {
    request.set_sort(pb::InvoiceSort::DateEarliestFirst);
    request.counterpart = "cliente99".to_owned();
}

fn type_by_date(request: &mut pb::ListInvoicesRequest) {
    request.set_sort(pb::InvoiceSort::DateLatestFirst);
    request.document_type = "TD01".to_owned();
}

fn text_by_date(request: &mut pb::ListInvoicesRequest) {
    request.set_sort(pb::InvoiceSort::DateLatestFirst);
    request.text = "fornitura".to_owned();
}

fn number_by_date(request: &mut pb::ListInvoicesRequest) {
    request.set_sort(pb::InvoiceSort::DateLatestFirst);
    request.number = "12".to_owned();
}

fn received_by_date(request: &mut pb::ListInvoicesRequest) {
    request.set_sort(pb::InvoiceSort::DateLatestFirst);
    request.set_direction(pb::Direction::Received);
}

fn received_from_thin_by_date(request: &mut pb::ListInvoicesRequest) {
    received_by_date(request);
    request.counterpart = "quaglia".to_owned();
}

fn sent_in_a_period(request: &mut pb::ListInvoicesRequest) {
    period_by_date(request);
    request.set_direction(pb::Direction::Sent);
}

fn received_from_thin(request: &mut pb::ListInvoicesRequest) {
    request.set_direction(pb::Direction::Received);
    request.counterpart = "quaglia".to_owned();
}

fn received_with_text(request: &mut pb::ListInvoicesRequest) {
    request.set_direction(pb::Direction::Received);
    request.text = "fornitura".to_owned();
}

fn everything(request: &mut pb::ListInvoicesRequest) {
    request.set_sort(pb::InvoiceSort::DateLatestFirst);
    request.set_direction(pb::Direction::Sent);
    (request.issued_from, request.issued_through) = (on("2024-01-01"), on("2025-12-31"));
    request.number = "FT/1000".to_owned();
    request.document_type = "TD16".to_owned();
    (request.amount_from, request.amount_through) = ("100".to_owned(), "1000000".to_owned());
    (request.counterpart, request.text) = ("zanzibar".to_owned(), "fornitura ornitorinco".to_owned());
}

async fn every_list_looks_at_its_own_part_of_an_index(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let bob = app.customer("bob").create().await;
    app.database.crowd(ann.account, CROWD).await;
    app.database.crowd(bob.account, CROWD / 20).await;
    let seal = Seal::of(app.db()).await.expect("the key");
    for (what, ask, indexes, how) in LISTS {
        let mut request = pb::ListInvoicesRequest::default();
        ask(&mut request);
        // The second page too, where there is one.
        for page in ["first", "second"] {
            let recorder = Recorder::of(app.db().reader());
            let answer = listed(&recorder, &seal, BOUNDS, ann.account, &request).await.expect("a list");
            let asked = recorder.asked.into_inner().expect("nobody panicked");
            assert!(how.statements().contains(&asked.len()), "{what}, the {page} page: {} statements", asked.len());
            let mut used = BTreeSet::new();
            for statement in asked {
                used.extend(look(app, statement, *how, &format!("{what}, the {page} page")).await);
            }
            // Whether words stand under their days is asked where rows are counted.
            assert_eq!(used.remove("invoice_misdated"), *how != How::InOrder, "{what}, the {page} page");
            assert_eq!(used.iter().map(String::as_str).collect::<Vec<_>>(), *indexes, "{what}, the {page} page");
            request.page_token = answer.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
    }
}

/// The indexes that a statement uses. Nothing else may be read, and nothing sorted but what was gathered, or one window.
async fn look(app: &TestApp, statement: Statement, how: How, what: &str) -> Vec<String> {
    match app.database.engine {
        Engine::Sqlite => {
            let rows = app.db().reader().query_all_raw(explained("EXPLAIN QUERY PLAN", &statement)).await.expect("a plan");
            rows.iter().filter_map(|row| step(&row.try_get::<String>("", "detail").expect("a detail"), how, what)).collect()
        }
        Engine::Postgres => {
            let explain = explained("EXPLAIN (ANALYZE, FORMAT JSON)", &statement);
            let row = app.db().reader().query_one_raw(explain).await.expect("a plan").expect("a plan");
            let plan: serde_json::Value = row.try_get_by_index(0).expect("JSON");
            let mut nodes = Nodes { how, what, indexes: Vec::new(), looked_at: 0 };
            nodes.visit(&plan[0]["Plan"]);
            assert!(nodes.looked_at <= how.looks_at(), "{what} looks at {} rows: {plan:#}", nodes.looked_at);
            nodes.indexes
        }
    }
}

fn explained(explain: &str, statement: &Statement) -> Statement {
    Statement { sql: format!("{explain} {}", statement.sql), ..statement.clone() }
}

/// A step of SQLite's plan: the index it searches, if it is a search. Queries inside are scanned: what is in them was searched for.
fn step(detail: &str, how: How, what: &str) -> Option<String> {
    const INSIDE: [&str; 10] = [
        "CO-ROUTINE",
        "MATERIALIZE",
        "SCALAR SUBQUERY",
        "CORRELATED SCALAR SUBQUERY",
        "COMPOUND QUERY",
        "LEFT",
        "UNION",
        "SETUP",
        "RECURSIVE STEP",
        "SCAN ",
    ];
    if let Some((_, found)) = detail.strip_prefix("SEARCH ").and_then(|search| search.split_once(" USING ")) {
        let (index, range) = found.split_once(" (").unwrap_or((found, ""));
        assert!(range.trim_start_matches('(').starts_with("account_id"), "{what}: {detail}");
        let index = index.trim_start_matches("COVERING ").trim_start_matches("INDEX ");
        return Some(if index == "PRIMARY KEY" { "invoice_word_pkey".to_owned() } else { index.to_owned() });
    }
    assert!(!detail.starts_with("SCAN invoice"), "{what}: {detail}");
    let sorted = detail.starts_with("USE TEMP B-TREE");
    assert!(if sorted { how != How::InOrder } else { INSIDE.iter().any(|inside| detail.starts_with(inside)) }, "{what}: {detail}");
    None
}

/// What was seen of PostgreSQL's plan.
struct Nodes<'a> {
    how: How,
    what: &'a str,
    indexes: Vec<String>,
    looked_at: u64,
}

impl Nodes<'_> {
    fn visit(&mut self, node: &serde_json::Value) {
        let (kind, what) = (node["Node Type"].as_str().expect("a kind"), self.what);
        let looked_at = rows(node, "Actual Rows") + rows(node, "Rows Removed by Filter") + rows(node, "Rows Removed by Index Recheck");
        match kind {
            "Index Scan" | "Index Only Scan" => {
                let range = node["Index Cond"].as_str().unwrap_or_default();
                let index = node["Index Name"].as_str().expect("a name");
                // One row has the id that is looked up, in one index as in the other.
                let index = if index == "invoice_pkey" && range == "(id = found.found)" { "invoice_arrival" } else { index };
                assert!(index == "invoice_arrival" || range.contains("account_id"), "{what}: {node:#}");
                self.indexes.push(index.to_owned());
                self.looked_at += looked_at * rows(node, "Actual Loops");
            }
            "Sort" | "Incremental Sort" | "Unique" | "HashAggregate" => {
                assert!(self.how != How::InOrder && looked_at <= u64::from(BOUNDS.merged * BOUNDS.window), "{what}: {node:#}");
            }
            "Limit" | "Subquery Scan" | "Aggregate" | "Append" | "Nested Loop" | "Memoize" | "Result" => {}
            // One value after the other.
            "Recursive Union" | "WorkTable Scan" | "CTE Scan" => assert!(self.how != How::InOrder, "{what}: {node:#}"),
            other => panic!("{what} has a {other}: {node:#}"),
        }
        for inner in node["Plans"].as_array().into_iter().flatten() {
            self.visit(inner);
        }
    }
}

/// A number of rows in a node.
fn rows(node: &serde_json::Value, key: &str) -> u64 {
    node[key].as_u64().unwrap_or(0)
}

/// A connection that remembers what it was asked.
struct Recorder<'a> {
    connection: &'a DatabaseConnection,
    asked: Mutex<Vec<Statement>>,
}

impl<'a> Recorder<'a> {
    fn of(connection: &'a DatabaseConnection) -> Self {
        Self { connection, asked: Mutex::default() }
    }

    fn record(&self, statement: &Statement) {
        self.asked.lock().expect("nobody panicked").push(statement.clone());
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Recorder<'_> {
    fn get_database_backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        panic!("a list executes {statement}")
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        panic!("a list executes {sql}")
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.record(&statement);
        self.connection.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.record(&statement);
        self.connection.query_all_raw(statement).await
    }
}
