//! What stops the end of an account's documents, and of no others'.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::join;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use spazio::config::Retention;
use spazio::demo::invoices::receipt;
use spazio::fatturapa::ReceiptKind;
use spazio::invoices::retire::{RetireError, Retired};
use tokio::time::timeout;

use super::{DELETED, PATIENCE, exported, exports, retired, retirement, rows_of, stored};
use crate::support::{Customer, Engine, TestApp};

on_both_databases!(
    what_is_the_matter_with_one_account_keeps_no_other_from_its_turn,
    a_run_without_its_folder_stops_and_tells_what_it_did,
    the_slower_of_two_runs_says_what_happened,
);

/// Retires everything that is due.
async fn run(app: &TestApp) -> (Result<Retired, RetireError>, String) {
    run_hearing(app, |_| {}).await
}

/// The same, told line by line.
async fn run_hearing(app: &TestApp, hears: impl Fn(&str) + Sync) -> (Result<Retired, RetireError>, String) {
    let lines = Mutex::new(Vec::new());
    let tell = |line: &str| {
        hears(line);
        lines.lock().expect("no panic").push(line.to_owned());
    };
    let retired = retirement(app, Retention::NinetyDays).await.run(None, &tell).await;
    (retired, lines.into_inner().expect("no panic").join("\n"))
}

async fn customer_with_an_invoice(app: &TestApp, name: &str) -> Customer {
    let customer = app.customer(name).create().await;
    customer.receives(name.as_bytes().to_vec(), "small.xml").await;
    customer
}

fn folder_of(app: &TestApp, customer: &Customer) -> PathBuf {
    exports(app).join(customer.account.to_string())
}

async fn usage_becomes(app: &TestApp, ann: &Customer, bytes: usize) {
    let id = app.database.id(ann.account.0);
    let change = format!("UPDATE space SET used = {bytes}, received = {bytes} WHERE account_id = {id}");
    assert_eq!(app.database.execute(&change).await.expect("it is changed"), 1);
}

async fn what_is_the_matter_with_one_account_keeps_no_other_from_its_turn(app: &TestApp) {
    let [miscounted, file, link, folder] = ["miscounted", "file", "link", "folder"].map(|name| customer_with_an_invoice(app, name));
    let [miscounted, file, link, folder] = [miscounted.await, file.await, link.await, folder.await];
    let bob = customer_with_an_invoice(app, "bob").await;
    app.day_comes(DELETED).await;
    let export = exported(&retirement(app, Retention::NinetyDays).await, &folder).await.exported.expect("a file").path().to_owned();
    fs::remove_file(&export).expect("it is there");
    fs::create_dir(&export).expect("a folder stands where the file would");
    fs::write(folder_of(app, &file), "no folder").expect("it is written");
    fs::create_dir_all(folder_of(app, &bob)).expect("it is made");
    symlink(folder_of(app, &bob), folder_of(app, &link)).expect("a link that leads to what another account is handed");
    usage_becomes(app, &miscounted, 1).await;

    let (retired, said) = run(app).await;
    let retired = retired.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((retired.documents, retired.stopped), (1, 4), "{said}");
    for ann in [&miscounted, &file, &link, &folder] {
        assert_eq!((stored(app, ann).await, rows_of(app, ann, "tombstone").await), (1, 0));
    }
    assert_eq!(stored(app, &bob).await, 0);
    let line_of = |customer: &Customer| said.lines().find(|line| line.starts_with(&format!("{}: stopped: ", customer.account)));
    for ann in [&file, &link, &folder] {
        assert!(line_of(ann).is_some_and(|line| line.contains(&folder_of(app, ann).display().to_string())), "{said}");
    }
    assert!(line_of(&miscounted).is_some_and(|line| line.contains("spazio audit")) && !said.contains("database.url"), "{said}");
    usage_becomes(app, &miscounted, "miscounted".len()).await;
}

async fn a_run_without_its_folder_stops_and_tells_what_it_did(app: &TestApp) {
    let ann = customer_with_an_invoice(app, "ann").await;
    let others = [customer_with_an_invoice(app, "bob").await, customer_with_an_invoice(app, "cyd").await];
    app.day_comes(DELETED).await;
    let (exports, elsewhere) = (exports(app), app.folder().join("elsewhere"));
    let (ended, said) = run_hearing(app, |line| {
        if line.contains("retired, in") {
            fs::rename(&exports, &elsewhere).expect("it is there");
            fs::write(&exports, "no folder").expect("it is written");
        }
    })
    .await;
    assert!(matches!(ended, Err(RetireError::File { path, .. }) if path == exports), "{said}");
    assert_eq!(said.lines().last(), Some("1 document (3 bytes) retired"), "{said}");
    assert_eq!(said.lines().filter(|line| line.contains("stopped")).count(), 1, "{said}");
    assert_eq!(stored(app, &ann).await, 0);
    for other in &others {
        assert_eq!(stored(app, other).await, 1);
    }
}

async fn the_slower_of_two_runs_says_what_happened(app: &TestApp) {
    let ann = customer_with_an_invoice(app, "ann").await;
    app.day_comes(DELETED).await;
    let slow = retirement(app, Retention::NinetyDays).await;
    let found = exported(&slow, &ann).await.exported.expect("a file");
    assert_eq!(retired(app, Retention::NinetyDays).await.documents, 1);
    let (removed, ended) = slow.remove(found).await;
    assert_eq!(removed, Retired::default());
    let said = ended.expect_err("they are gone").to_string();
    assert!(said.contains("changed or went") && said.contains("another run"), "{said}");
}

/// How many statements wait for a row.
const WAITING: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// A transaction that holds some rows.
async fn holds(app: &TestApp, rows: &str) -> DatabaseConnection {
    let gate = app.database.connect().await;
    gate.execute_unprepared("BEGIN").await.expect("a transaction");
    gate.execute_unprepared(&format!("SELECT * FROM {rows} FOR UPDATE")).await.expect("the rows can be locked");
    gate
}

async fn lets_go(gate: DatabaseConnection) {
    gate.execute_unprepared("ROLLBACK").await.expect("the transaction ends");
    gate.close().await.expect("the connection closes");
}

/// Whether it waits for the account, or later for a row: what it has read may be gone when its turn comes.
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_what_is_deleted_while_the_removal_waits_is_not_removed() {
    let app = TestApp::start(Engine::Postgres).await;
    let ann = customer_with_an_invoice(&app, "ann").await;
    app.day_comes(DELETED).await;
    for rows in ["space", "invoice"] {
        let gate = holds(&app, rows).await;
        let deletes = async {
            while app.database.number(WAITING).await == 0 {}
            fs::remove_dir_all(folder_of(&app, &ann)).expect("it is there");
            lets_go(gate).await;
        };
        let ((retired, said), ()) = timeout(PATIENCE, Box::pin(join(run(&app), deletes))).await.expect("each ends");
        let retired = retired.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((retired.documents, retired.stopped), (0, 1), "{rows}: {said}");
        assert!(said.contains(&folder_of(&app, &ann).display().to_string()), "{said}");
        assert_eq!((stored(&app, &ann).await, rows_of(&app, &ann, "tombstone").await), (1, 0), "{rows}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_an_account_that_is_held_keeps_no_other_from_its_turn() {
    let at_once = |config: &mut spazio::config::Config| config.database.lock_timeout = Duration::from_millis(100);
    let app = TestApp::start_with(Engine::Postgres, at_once).await;
    let (ann, bob) = (customer_with_an_invoice(&app, "ann").await, customer_with_an_invoice(&app, "bob").await);
    app.day_comes(DELETED).await;
    let gate = holds(&app, &format!("space WHERE account_id = {}", app.database.id(ann.account.0))).await;
    let (retired, said) = run(&app).await;
    let retired = retired.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((retired.documents, retired.stopped), (1, 1), "{said}");
    assert_eq!((stored(&app, &ann).await, stored(&app, &bob).await), (1, 0));
    assert!(said.contains(&format!("{}: stopped: it did not finish in time", ann.account)), "{said}");
    lets_go(gate).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_run_without_its_database_stops_and_tells_what_it_did() {
    let app = TestApp::start(Engine::Postgres).await;
    let customers = [customer_with_an_invoice(&app, "ann").await, customer_with_an_invoice(&app, "bob").await];
    customer_with_an_invoice(&app, "cyd").await;
    app.day_comes(DELETED).await;
    let (ended, said) = run_hearing(&app, |line| {
        if line.contains("retired, in") {
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(app.database.goes_away()));
        }
    })
    .await;
    app.database.comes_back().await;
    assert!(matches!(ended, Err(RetireError::Fault(_))), "{said}");
    assert_eq!(said.lines().last(), Some("1 document (3 bytes) retired"), "{said}");
    assert_eq!(said.lines().filter(|line| line.contains("stopped")).count(), 1, "{said}");
    assert_eq!((stored(&app, &customers[0]).await, stored(&app, &customers[1]).await), (0, 1));
    app.finish().await;
}

/// So many that their tombstones, and their rows in the ledger, are more values than a statement of SQLite binds. PostgreSQL binds twice as many.
#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_an_invoice_of_thousands_of_receipts_goes_with_all_of_them() {
    const MORE: i64 = 4_200;
    let app = TestApp::start(Engine::Sqlite).await;
    let ann = app.customer("ann").create().await;
    let sent = ann.sends(&ann.invoice()).await;
    let told = receipt(ReceiptKind::Delivered, &sent.file_name, app.now()).expect("a name of the SdI");
    ann.records(told.bytes.clone(), &told.file_name).await;
    // The same receipt again and again: a document is known by its digest and what may follow that.
    let again = format!(
        "WITH RECURSIVE more (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < {MORE}), \
         ids AS (SELECT CAST(printf('%016d', n) AS blob) AS new FROM more)"
    );
    let size = told.bytes.len();
    for sql in [
        format!(
            "{again} INSERT INTO document (id, account_id, kind, file_name, sha256, size, created_time, content, place, sealing) \
             SELECT new, account_id, kind, file_name, CAST(sha256 || new AS blob), size, created_time, content, place, sealing \
             FROM ids, document WHERE kind = 'receipt'"
        ),
        format!(
            "{again} INSERT INTO receipt (id, account_id, kind, file_name, invoice_file_name, invoice_id, sdi_identifier, size, created_time) \
             SELECT new, account_id, kind, file_name, invoice_file_name, invoice_id, sdi_identifier, size, created_time FROM ids, receipt"
        ),
        format!("UPDATE space SET used = used + {MORE} * {size}, receipts = receipts + {MORE} * {size}, sequence = sequence + 1"),
        format!(
            "INSERT INTO ledger (account_id, sequence, delta, used_after, capacity, kind, document_id, created_time) \
             SELECT space.account_id, space.sequence, {MORE} * {size}, space.used, 0, 'receipt', receipt.id, receipt.created_time \
             FROM space, receipt LIMIT 1"
        ),
    ] {
        app.database.execute(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    app.day_comes(DELETED).await;
    let (retired, said) = run(&app).await;
    let retired = retired.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((i64::try_from(retired.documents), retired.stopped), (Ok(2 + MORE), 0), "{said}");
    assert_eq!((stored(&app, &ann).await, rows_of(&app, &ann, "tombstone").await), (0, 2 + MORE));
    app.finish().await;
}
