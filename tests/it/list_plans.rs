//! The plans of lists: whatever is asked, the databases walk an account's own stretches of the indexes, and no list of any length is sorted.

use std::collections::BTreeSet;
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

/// What is asked, the indexes that answer, and whether rows are gathered and so sorted, a bounded number of them.
const LISTS: &[(&str, Asks, &[&str], bool)] = {
    const ARRIVAL: &[&str] = &["invoice_arrival"];
    const DAY: &[&str] = &["invoice_by_day"];
    const STATE: &[&str] = &["invoice_by_state"];
    &[
        ("all", |_| {}, ARRIVAL, false),
        ("all, the earliest first", |r| r.set_sort(pb::InvoiceSort::ArrivalEarliestFirst), ARRIVAL, false),
        ("all by date", |r| r.set_sort(pb::InvoiceSort::DateLatestFirst), DAY, false),
        ("all by date, the earliest first", |r| r.set_sort(pb::InvoiceSort::DateEarliestFirst), DAY, false),
        ("a period by date", period_by_date, DAY, false),
        ("received", |r| r.set_direction(pb::Direction::Received), STATE, false),
        ("delivered", |r| r.set_state(pb::InvoiceState::Delivered), STATE, false),
        ("rejected", |r| r.set_state(pb::InvoiceState::Rejected), STATE, false),
        ("sent", |r| r.set_direction(pb::Direction::Sent), &["invoice_arrival", "invoice_by_state"], false),
        ("sent by date", sent_by_date, &["invoice_arrival", "invoice_by_day", "invoice_by_state"], false),
        ("rejected by date", rejected_by_date, &["invoice_arrival", "invoice_by_state"], true),
        (
            "a day",
            |r| (r.issued_from, r.issued_through) = (on("2024-05-02"), on("2024-05-02")),
            &["invoice_arrival", "invoice_by_day"],
            true,
        ),
        ("years", |r| r.issued_from = on("2024-01-02"), &["invoice_arrival", "invoice_by_day"], false),
        ("a number", |r| r.number = "FT/17".to_owned(), &["invoice_arrival", "invoice_number"], true),
        ("a rare type", |r| r.document_type = "TD16".to_owned(), &["invoice_arrival", "invoice_word_pkey"], true),
        ("a usual type", |r| r.document_type = "TD01".to_owned(), &["invoice_arrival", "invoice_word_pkey"], false),
        ("a rare amount", |r| r.amount_from = "100000".to_owned(), &["invoice_arrival", "invoice_by_total"], true),
        ("a usual amount", |r| r.amount_from = "10".to_owned(), &["invoice_arrival", "invoice_by_total"], false),
        ("a rare counterpart", |r| r.counterpart = "zanzi".to_owned(), &["invoice_arrival", "invoice_word_pkey"], true),
        ("many counterparts", |r| r.counterpart = "cliente".to_owned(), &["invoice_arrival", "invoice_word_pkey"], false),
        ("a rare text", |r| r.text = "fornitura ornito".to_owned(), &["invoice_arrival", "invoice_word_pkey"], true),
        ("a usual text", |r| r.text = "fornitura".to_owned(), &["invoice_arrival", "invoice_word_pkey"], false),
        ("a text of nobody", |r| r.text = "nobody".to_owned(), &["invoice_arrival", "invoice_word_pkey"], true),
        ("received and a usual text", received_with_text, &["invoice_arrival", "invoice_by_state", "invoice_word_pkey"], false),
        (
            "everything at once",
            everything,
            &["invoice_arrival", "invoice_by_state", "invoice_by_total", "invoice_number", "invoice_word_pkey"],
            true,
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
    for (what, ask, indexes, gathered) in LISTS {
        let mut request = pb::ListInvoicesRequest::default();
        ask(&mut request);
        // The second page too, where there is one.
        for page in ["first", "second"] {
            let recorder = Recorder::of(app.db().reader());
            let answer = listed(&recorder, &seal, Bounds::default(), ann.account, &request).await.expect("a list");
            let asked = recorder.asked.into_inner().expect("nobody panicked");
            // The order's own index alone: one statement. Else one that counts, and one that gathers, or one for each window.
            let fewest = if indexes.len() == 1 {
                1..=1
            } else if *gathered {
                2..=2
            } else {
                2..=8
            };
            assert!(fewest.contains(&asked.len()), "{what}, the {page} page: {} statements", asked.len());
            let mut used = BTreeSet::new();
            for statement in asked {
                used.extend(look(app, statement, indexes.len() > 1, &format!("{what}, the {page} page")).await);
            }
            assert_eq!(used.iter().map(String::as_str).collect::<Vec<_>>(), *indexes, "{what}, the {page} page");
            request.page_token = answer.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
    }
}

/// The indexes that a statement uses. Nothing else may be read, and nothing sorted but what was gathered, or one window.
async fn look(app: &TestApp, statement: Statement, filtered: bool, what: &str) -> Vec<String> {
    match app.database.engine {
        Engine::Sqlite => {
            let rows = app.db().reader().query_all_raw(explained("EXPLAIN QUERY PLAN", &statement)).await.expect("a plan");
            rows.iter().filter_map(|row| step(&row.try_get::<String>("", "detail").expect("a detail"), filtered, what)).collect()
        }
        Engine::Postgres => {
            let explain = explained("EXPLAIN (ANALYZE, FORMAT JSON)", &statement);
            let row = app.db().reader().query_one_raw(explain).await.expect("a plan").expect("a plan");
            let plan: serde_json::Value = row.try_get_by_index(0).expect("JSON");
            let mut nodes = Nodes { filtered, what, indexes: Vec::new(), looked_at: 0 };
            nodes.visit(&plan[0]["Plan"]);
            let Bounds { gathered, walked, .. } = Bounds::default();
            assert!(nodes.looked_at <= u64::from(walked + 2 * gathered), "{what} looks at {} rows: {plan:#}", nodes.looked_at);
            nodes.indexes
        }
    }
}

fn explained(explain: &str, statement: &Statement) -> Statement {
    Statement { sql: format!("{explain} {}", statement.sql), ..statement.clone() }
}

/// A step of SQLite's plan: the index it searches, if it is a search. Queries inside are scanned: what is in them was searched for.
fn step(detail: &str, filtered: bool, what: &str) -> Option<String> {
    const INSIDE: [&str; 9] =
        ["CO-ROUTINE", "MATERIALIZE", "SCALAR SUBQUERY", "COMPOUND QUERY", "LEFT", "RIGHT", "UNION ALL", "MERGE (UNION ALL)", "SCAN "];
    if let Some((_, found)) = detail.strip_prefix("SEARCH ").and_then(|search| search.split_once(" USING ")) {
        let (index, range) = found.split_once(" (").unwrap_or((found, ""));
        assert!(range.trim_start_matches('(').starts_with("account_id"), "{what}: {detail}");
        let index = index.trim_start_matches("COVERING ").trim_start_matches("INDEX ");
        return Some(if index == "PRIMARY KEY" { "invoice_word_pkey".to_owned() } else { index.to_owned() });
    }
    assert!(!detail.starts_with("SCAN invoice"), "{what}: {detail}");
    let sorted = detail.starts_with("USE TEMP B-TREE");
    assert!(if sorted { filtered } else { INSIDE.iter().any(|inside| detail.starts_with(inside)) }, "{what}: {detail}");
    None
}

/// What was seen of PostgreSQL's plan.
struct Nodes<'a> {
    filtered: bool,
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
                assert!(self.filtered && looked_at <= u64::from(Bounds::default().gathered), "{what}: {node:#}");
            }
            "Limit" | "Subquery Scan" | "Aggregate" | "Append" | "Nested Loop" | "Result" => {}
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
