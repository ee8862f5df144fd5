//! The end of documents: of deleted accounts only, in a file first, and with a tombstone for each.

mod commands;
mod returning;
mod stopped;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use data_encoding::HEXLOWER;
use futures_util::future::{join, join_all, join3};
use ring::digest::{SHA256, digest};
use sea_orm::ConnectionTrait as _;
use spazio::app;
use spazio::archive::{Archive, Purpose};
use spazio::config::Retention;
use spazio::demo::invoices::receipt;
use spazio::fatturapa::ReceiptKind;
use spazio::invoices::retire::{Due, Export, Removal, RetireError, Retired, Retirement, tombstones};
use tokio::time::timeout;

use crate::support::pb::AccountState;
use crate::support::{Customer, Engine, TestApp, in_a_bucket, pb, request_id, unpacked};

on_both_databases!(
    documents_of_a_deleted_account_are_handed_out_and_leave_a_tombstone_each,
    an_account_that_is_not_deleted_keeps_everything,
    an_account_that_has_paid_or_may_still_pay_keeps_everything,
    an_order_after_the_export_keeps_the_documents,
    ten_years_are_kept_and_receipts_hold_their_invoice,
    an_export_that_was_cut_short_is_made_again_before_anything_goes,
    what_is_damaged_stays_with_all_of_its_invoice,
    an_export_is_never_replaced_by_a_poorer_one,
    what_is_no_longer_in_its_file_is_not_removed,
    words_that_came_after_the_export_go_too,
    an_account_that_cannot_be_exported_keeps_no_other_from_its_turn,
    many_documents_go_in_several_transactions,
    nothing_goes_where_nothing_was_said_to,
    a_purchase_that_races_the_removal_leaves_each_document_in_one_place,
);

/// 16 March 2027 and 90 days are 14 June.
const DELETED: &str = "2027-06-15";

const PATIENCE: Duration = Duration::from_secs(30);

/// Where something stands of an invoice.
const TABLES: [&str; 6] = ["document", "invoice", "receipt", "judgement", "issued", "invoice_word"];

fn exports(app: &TestApp) -> PathBuf {
    app.folder().join("exports")
}

/// Exports the first that is due of an account, and removes nothing.
async fn exported(retirement: &Retirement, ann: &Customer) -> Export {
    let batch = retirement.first(ann.account).await.unwrap_or_else(|error| panic!("{error}")).expect("one is due");
    retirement.export(batch).await.unwrap_or_else(|error| panic!("{error}"))
}

async fn damage(app: &TestApp, file_name: &str) {
    let damage = format!("UPDATE document SET content = substr(content, 1, length(content) - 1) WHERE file_name = '{file_name}'");
    assert!(app.database.execute(&damage).await.expect("it is damaged") > 0);
}

/// What the command opens, on the day of the server's clock.
async fn retirement(app: &TestApp, retention: Retention) -> Retirement {
    let archive = Archive::open(&app.config.archive, app.db().clone(), Purpose::Storing).await.unwrap_or_else(|errors| panic!("{errors}"));
    let due = Due::on(spazio::clock::CalendarDay::of(app.now()), retention);
    let thresholds = app::thresholds(&app.config).unwrap_or_else(|error| panic!("{error}"));
    Retirement { db: app.db().clone(), archive, thresholds, due, folder: exports(app) }
}

async fn retired(app: &TestApp, retention: Retention) -> Retired {
    let tried = retirement(app, retention).await.dry_run(None, &|_| {}).await.unwrap_or_else(|error| panic!("{error}"));
    let retired = retirement(app, retention).await.run(None, &|_| {}).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((tried.documents, tried.bytes > 0), (retired.documents + retired.left, tried.documents > 0), "what a dry run tells");
    retired
}

/// Everything that was handed out, by path; the indexes one behind the other.
fn handed_out(app: &TestApp, ann: &Customer) -> BTreeMap<String, Vec<u8>> {
    unpacked_in(&exports(app).join(ann.account.to_string()))
}

fn unpacked_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let Ok(files) = fs::read_dir(folder) else { return all };
    let files = files.map(|file| file.expect("an entry").path());
    for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "zip")) {
        for (path, content) in unpacked(&fs::read(file).expect("a file")) {
            let index = path == "index.csv";
            let before = all.entry(path).or_insert_with(Vec::new);
            if index || before.is_empty() {
                before.extend(content);
            } else {
                assert!(*before == content, "what was handed out twice is the same");
            }
        }
    }
    all
}

async fn told(app: &TestApp, ann: &Customer) -> Vec<String> {
    let lines = Mutex::new(Vec::new());
    let tell = |line: &str| lines.lock().expect("no panic").push(line.to_owned());
    tombstones(app.db(), Some(ann.account), &tell).await.expect("they can be read");
    lines.into_inner().expect("no panic")
}

async fn rows_of(app: &TestApp, ann: &Customer, table: &str) -> i64 {
    app.database.number(&format!("SELECT COUNT(*) FROM {table} WHERE account_id = {}", app.database.id(ann.account.0))).await
}

async fn stored(app: &TestApp, ann: &Customer) -> i64 {
    rows_of(app, ann, "document").await
}

async fn documents_of_a_deleted_account_are_handed_out_and_leave_a_tombstone_each(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").create().await, app.customer("bob").create().await);
    let (sent, draft) = (ann.invoice(), ann.invoice());
    let queued = ann.sends(&sent).await;
    let delivered = receipt(ReceiptKind::Delivered, &sent.file_name, app.now()).expect("a name of the SdI");
    let recorded = ann.records(delivered.bytes.clone(), &delivered.file_name).await.receipt.expect("the receipt");
    ann.creates(&draft).await;
    let rejected = ann.rejected().await;
    let request = pb::CopyRejectedInvoiceRequest { request_id: request_id(), invoice_id: rejected.invoice_id };
    ann.panel.invoices().copy_rejected_invoice(request).await.expect("it is copied");
    ann.receives(b"not even XML".to_vec(), "odd.xml").await;
    let unknown = receipt(ReceiptKind::Delivered, "IT01234567897_0ZZZZ.xml", app.now()).expect("a name of the SdI");
    ann.records(unknown.bytes.clone(), &unknown.file_name).await;
    let bobs = bob.sends(&bob.invoice()).await;
    let bytes = ann.space().await.usage_bytes;
    let before = join_all(TABLES.map(|table| rows_of(app, &ann, table))).await;

    app.day_comes("2027-03-01").await;
    bob.buys(1).await;
    app.day_comes(DELETED).await;
    assert_eq!(retired(app, Retention::NinetyDays).await, Retired { documents: 8, bytes, ..Retired::default() });

    let files = handed_out(app, &ann);
    for original in [&sent.bytes, &draft.bytes, &delivered.bytes, &unknown.bytes, &b"not even XML".to_vec()] {
        assert!(files.values().any(|file| file == original), "each is handed out as it came");
    }
    let lines = told(app, &ann).await;
    assert_eq!(lines.len(), 1 + 8);
    let sha256 = HEXLOWER.encode(digest(&SHA256, &sent.bytes).as_ref());
    let of_sent = lines.iter().find(|line| line.contains(&queued.invoice_id)).expect("a line for each");
    for part in [&ann.account.to_string(), &sent.file_name, &queued.number, &sha256, "2026-03-05", "2026-03-16T09:00:00Z", ".zip"] {
        assert!(of_sent.contains(part), "{part} in {of_sent}");
    }
    assert!(lines.iter().any(|line| line.contains(&recorded.receipt_id) && line.contains(&delivered.file_name)));

    for (table, before) in TABLES.iter().zip(before) {
        assert!(before > 0, "{table} was not empty");
        assert_eq!(rows_of(app, &ann, table).await, 0, "{table}");
    }
    assert_eq!(ann.space().await.usage_bytes, 0);
    assert_eq!(told(app, &bob).await.len(), 1, "the heading");
    assert_eq!(bob.downloads(&bobs.invoice_id).await.0.sha256, bobs.sha256);
    assert_eq!(retired(app, Retention::NinetyDays).await, Retired::default(), "nothing twice");
    for sql in ["UPDATE tombstone SET size = size + 1", "DELETE FROM tombstone"] {
        let error = app.database.execute(sql).await.expect_err("the database refuses it");
        assert!(error.to_string().contains("tombstones are kept as they are"), "{error}");
    }
}

async fn an_account_that_is_not_deleted_keeps_everything(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    ann.sends(&ann.invoice()).await;
    app.day_comes("2027-06-14").await;
    assert_eq!(ann.space().await.account_state(), AccountState::Expired);
    assert_eq!(retired(app, Retention::NinetyDays).await, Retired::default());
    app.day_comes(DELETED).await;
    assert_eq!(ann.space().await.account_state(), AccountState::Deleted);
    assert_eq!(retired(app, Retention::NinetyDays).await.documents, 1);
}

/// What one account alone is told instead of being retired.
async fn why_kept(app: &TestApp, ann: &Customer) -> String {
    let lines = Mutex::new(Vec::new());
    let tell = |line: &str| lines.lock().expect("no panic").push(line.to_owned());
    let ran = retirement(app, Retention::NinetyDays).await.run(Some(ann.account), &tell).await;
    assert_eq!(ran.unwrap_or_else(|error| panic!("{error}")), Retired::default());
    lines.into_inner().expect("no panic").join("; ")
}

async fn an_account_that_has_paid_or_may_still_pay_keeps_everything(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").create().await, app.customer("bob").create().await);
    for customer in [&ann, &bob] {
        customer.sends(&customer.invoice()).await;
    }
    let cart = ann.sets_extension(&ann.sets_term(&ann.opens_cart().await, 3).await, false).await;
    let order = ann.confirms(&ann.places(&cart).await, pb::PaymentMethod::BankTransfer).await;
    ann.pays(&order).await;
    app.day_comes("2027-06-10").await;
    let order = bob.confirms(&bob.places(&bob.opens_cart().await).await, pb::PaymentMethod::BankTransfer).await;

    app.day_comes(DELETED).await;
    assert_eq!(retired(app, Retention::NinetyDays).await, Retired::default());
    assert!(why_kept(app, &ann).await.contains("something it has paid for is not over"));
    assert!(why_kept(app, &bob).await.contains("an order of it may still be paid"));

    app.day_comes("2027-07-15").await;
    assert_eq!(bob.order(&order).await.state(), pb::OrderState::Lapsed);
    assert!(why_kept(app, &bob).await.contains("might have been within 90 days"), "money may be on its way");
    bob.try_record(Customer::payment_of(&order, "CRO 1")).await.expect("it is kept for review");
    app.day_comes("2027-10-12").await;
    assert!(why_kept(app, &bob).await.contains("under review"));
    app.day_comes("2027-10-14").await;
    assert_eq!((retired(app, Retention::NinetyDays).await.documents, stored(app, &ann).await), (1, 1), "bob's, after 90 days");

    // The pack ends on 16 March 2029, and 90 days later is 14 June.
    app.day_comes("2029-06-14").await;
    assert_eq!(retired(app, Retention::NinetyDays).await, Retired::default());
    app.day_comes("2029-06-15").await;
    assert_eq!(retired(app, Retention::NinetyDays).await.documents, 1);
}

async fn an_order_after_the_export_keeps_the_documents(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    ann.sends(&ann.invoice()).await;
    app.day_comes(DELETED).await;
    let retirement = retirement(app, Retention::NinetyDays).await;
    let exported = exported(&retirement, &ann).await.exported.expect("a file");
    ann.places(&ann.opens_cart().await).await;
    let (removed, ended) = retirement.remove(exported).await;
    assert_eq!((removed, ended.unwrap_or_else(|error| panic!("{error}"))), (Retired::default(), Removal::AccountReturned));
    assert_eq!(stored(app, &ann).await, 1);
}

async fn ten_years_are_kept_and_receipts_hold_their_invoice(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    ann.receives(b"of 2026".to_vec(), "first.xml").await;
    let sent = ann.sends(&ann.invoice()).await;
    let drafted_in_2026 = ann.creates(&ann.invoice()).await;
    app.day_comes("2027-01-04").await;
    ann.try_queue(&drafted_in_2026).await.expect("it is queued");
    ann.is_told(&sent, ReceiptKind::Delivered).await;
    ann.receives(ann.invoice().bytes, "of-2026-that-came-in-2027.xml").await;
    app.day_comes("2036-12-31").await;
    assert_eq!(retired(app, Retention::TenYears).await, Retired::default());
    app.day_comes("2037-01-01").await;
    assert_eq!(retired(app, Retention::TenYears).await.documents, 1);
    assert!(told(app, &ann).await[1].contains("first.xml"));
    app.day_comes("2037-12-31").await;
    assert_eq!(retired(app, Retention::TenYears).await, Retired::default());
    app.day_comes("2038-01-01").await;
    assert_eq!(retired(app, Retention::TenYears).await.documents, 4);
}

async fn an_export_that_was_cut_short_is_made_again_before_anything_goes(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    ann.sends(&invoice).await;
    app.day_comes(DELETED).await;
    let first = retirement(app, Retention::NinetyDays).await;
    let file = exported(&first, &ann).await.exported.expect("a file").path().to_owned();
    fs::write(&file, b"half of it").expect("it can be written");
    assert_eq!(stored(app, &ann).await, 1, "an export alone removes nothing");

    // Where the file cannot be written, nothing goes.
    fs::remove_file(&file).expect("it is there");
    fs::create_dir(&file).expect("a folder stands where the file would");
    let batch = first.first(ann.account).await.unwrap_or_else(|error| panic!("{error}")).expect("one is due");
    assert!(first.export(batch).await.is_err());
    assert_eq!(fs::read_dir(file.parent().expect("a folder")).expect("it is there").count(), 1, "nothing unfinished is left");
    assert_eq!(stored(app, &ann).await, 1);
    fs::remove_dir(&file).expect("it is empty");

    assert_eq!(retired(app, Retention::NinetyDays).await.documents, 1);
    assert!(file.is_file(), "the same documents have the same file");
    assert!(handed_out(app, &ann).values().any(|content| *content == invoice.bytes));
    let sha256 = HEXLOWER.encode(digest(&SHA256, &fs::read(&file).expect("the file")).as_ref());
    assert!(told(app, &ann).await[1].contains(&sha256), "the tombstone knows the file");
}

async fn what_is_damaged_stays_with_all_of_its_invoice(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let (good, bad) = (ann.invoice(), ann.invoice());
    ann.sends(&good).await;
    let sent = ann.sends(&bad).await;
    let recorded = ann.is_told(&sent, ReceiptKind::Delivered).await.receipt.expect("the receipt");
    app.day_comes(DELETED).await;
    damage(app, &recorded.file_name).await;
    let retired = retired(app, Retention::NinetyDays).await;
    assert_eq!((retired.documents, retired.left), (1, 2));
    assert_eq!(stored(app, &ann).await, 2);
    let index = String::from_utf8(handed_out(app, &ann)["index.csv"].clone()).expect("an index is UTF-8");
    assert!(index.lines().any(|line| line.contains("\"damaged\"") && line.contains(&recorded.receipt_id)), "{index}");
}

async fn an_export_is_never_replaced_by_a_poorer_one(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let (good, bad) = (ann.invoice(), ann.invoice());
    ann.sends(&good).await;
    ann.sends(&bad).await;
    app.day_comes(DELETED).await;
    let first = exported(&retirement(app, Retention::NinetyDays).await, &ann).await.exported.expect("a file");
    let content = fs::read(first.path()).expect("the file");
    damage(app, &bad.file_name).await;
    let retired = retired(app, Retention::NinetyDays).await;
    assert_eq!((retired.documents, retired.left), (1, 1));
    assert!(fs::read(first.path()).expect("the file") == content, "it may be the only place of what is damaged");
    let left = retirement(app, Retention::NinetyDays).await.run(None, &|_| {}).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((left.documents, left.left), (0, 1));
    assert_eq!(fs::read_dir(first.path().parent().expect("a folder")).expect("it is there").count(), 2, "no file of nothing");
}

async fn what_is_no_longer_in_its_file_is_not_removed(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    ann.sends(&ann.invoice()).await;
    app.day_comes(DELETED).await;
    let retirement = retirement(app, Retention::NinetyDays).await;
    for spoil in [|file: &Path| fs::write(file, b"another"), |file: &Path| fs::remove_file(file)] {
        let exported = exported(&retirement, &ann).await.exported.expect("a file");
        spoil(exported.path()).expect("it is there");
        assert!(matches!(retirement.remove(exported).await, (_, Err(RetireError::File { .. }))));
        assert_eq!((stored(app, &ann).await, told(app, &ann).await.len()), (1, 1));
    }
}

async fn words_that_came_after_the_export_go_too(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    ann.sends(&ann.invoice()).await;
    app.day_comes(DELETED).await;
    let retirement = retirement(app, Retention::NinetyDays).await;
    let exported = exported(&retirement, &ann).await.exported.expect("a file");
    // As when the words of what an older program stored are found anew: without a new version.
    let index = "INSERT INTO invoice_word (account_id, word, invoice_id) SELECT account_id, 'later', id FROM invoice";
    for sql in [index, "UPDATE invoice SET words = words || ' later'"] {
        assert_eq!(app.database.execute(sql).await.expect("it is written"), 1, "{sql}");
    }
    assert!(matches!(retirement.remove(exported).await, (_, Ok(Removal::Done))));
    assert_eq!(rows_of(app, &ann, "invoice_word").await, 0);
}

async fn an_account_that_cannot_be_exported_keeps_no_other_from_its_turn(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").create().await, app.customer("bob").create().await);
    ann.sends(&ann.invoice()).await;
    let keys = app.folder().join("keys");
    fs::write(&keys, "2026-a AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").expect("the key is written");
    let mut encrypted = app.config.archive.clone();
    encrypted.keys_file = Some(keys);
    encrypted.key = Some("2026-a".parse().expect("a key's id"));
    let encrypting = Archive::open(&encrypted, app.db().clone(), Purpose::Storing).await.unwrap_or_else(|errors| panic!("{errors}"));
    encrypting.move_all(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}"));
    bob.sends(&bob.invoice()).await;
    app.day_comes(DELETED).await;

    let lines = Mutex::new(Vec::new());
    let tell = |line: &str| lines.lock().expect("no panic").push(line.to_owned());
    let retired = retirement(app, Retention::NinetyDays).await.run(None, &tell).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((retired.documents, retired.stopped), (1, 1));
    assert_eq!((stored(app, &ann).await, stored(app, &bob).await), (1, 0));
    let said = lines.into_inner().expect("no panic").join("\n");
    assert!(said.contains(&format!("{}: stopped: ", ann.account)) && said.contains("the key 2026-a"), "{said}");
}

async fn many_documents_go_in_several_transactions(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    for number in 0..230 {
        ann.receives(format!("invoice {number}").into_bytes(), "small.xml").await;
    }
    app.day_comes(DELETED).await;
    assert_eq!(retired(app, Retention::NinetyDays).await.documents, 230);
    assert_eq!((stored(app, &ann).await, told(app, &ann).await.len()), (0, 1 + 230));
}

async fn nothing_goes_where_nothing_was_said_to(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    ann.sends(&ann.invoice()).await;
    app.day_comes("2060-01-01").await;
    assert_eq!(app.config.archive.retention, Retention::Keep, "unless the configuration says otherwise");
    assert_eq!(retired(app, app.config.archive.retention).await, Retired::default());
    assert_eq!(stored(app, &ann).await, 1);
}

async fn a_purchase_that_races_the_removal_leaves_each_document_in_one_place(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    for number in 0..230 {
        ann.receives(format!("invoice {number}").into_bytes(), "small.xml").await;
    }
    app.day_comes(DELETED).await;
    let retirement = retirement(app, Retention::NinetyDays).await;
    let buys = async {
        ann.buys(1).await;
        stored(app, &ann).await
    };
    let (retired, bought_with) = join(retirement.run(None, &|_| {}), buys).await;
    let retired = i64::try_from(retired.unwrap_or_else(|error| panic!("{error}")).documents).expect("few");
    let tombs = rows_of(app, &ann, "tombstone").await;
    assert_eq!((stored(app, &ann).await + tombs, tombs), (230, retired), "each is stored, or has a tombstone");
    assert_eq!(stored(app, &ann).await, bought_with, "nothing goes once the purchase is paid");
    assert_eq!(ann.space().await.account_state(), AccountState::Active);
}

/// SQLite needs none of this: its one writer does one after the other.
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_purchase_waits_for_a_removal_that_has_begun() {
    const WAITING: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let app = TestApp::start(Engine::Postgres).await;
    let ann = app.customer("ann").create().await;
    ann.sends(&ann.invoice()).await;
    app.day_comes(DELETED).await;
    let gate = app.database.connect().await;
    gate.execute_unprepared("BEGIN").await.expect("a transaction");
    gate.execute_unprepared("SELECT * FROM invoice FOR UPDATE").await.expect("the rows can be locked");
    let waits = async |number: i64, bought: &AtomicBool| {
        while app.database.number(WAITING).await < number && !bought.load(Ordering::Relaxed) {}
    };

    let (retirement, bought) = (retirement(&app, Retention::NinetyDays).await, AtomicBool::new(false));
    let buys = async {
        waits(1, &bought).await;
        ann.buys(1).await;
        let stored = stored(&app, &ann).await;
        bought.store(true, Ordering::Relaxed);
        stored
    };
    let opens = async {
        waits(2, &bought).await;
        gate.execute_unprepared("ROLLBACK").await.expect("the transaction ends");
        gate.close().await.expect("the connection closes");
    };
    let all = Box::pin(join3(retirement.run(None, &|_| {}), buys, opens));
    let (retired, bought_with, ()) = timeout(PATIENCE, all).await.expect("each ends");
    assert_eq!(retired.unwrap_or_else(|error| panic!("{error}")).documents, 1);
    assert_eq!(bought_with, 0, "who has paid sees what will stay");
    app.finish().await;
}

mod in_the_bucket {
    use super::{DELETED, Retention, TestApp, handed_out, in_a_bucket, retired};
    use crate::support::Bucket;

    on_both_databases!(with super::in_a_bucket;
        objects_of_removed_documents_are_deleted_too,
    );

    async fn objects_of_removed_documents_are_deleted_too(app: &TestApp) {
        let ann = app.customer("ann").create().await;
        let invoice = ann.invoice();
        ann.sends(&invoice).await;
        // The same bytes as another document: one object.
        ann.receives(invoice.bytes.clone(), "the-same.xml").await;
        app.day_comes(DELETED).await;
        assert_eq!(retired(app, Retention::NinetyDays).await.documents, 2);
        assert!(handed_out(app, &ann).values().any(|file| *file == invoice.bytes));
        assert_eq!(Bucket::of(app.folder()).objects().len(), 1, "they may still be on the way");
        app.day_comes("2027-06-20").await;
        assert_eq!(Bucket::of(app.folder()).objects(), Vec::<String>::new());
    }
}
