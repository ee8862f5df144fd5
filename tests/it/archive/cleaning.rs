//! The clean-up: what nobody needs is deleted when it is old enough, and nothing that somebody needs, or is on the way of needing.

use std::time::Duration;

use chrono::TimeDelta;
use data_encoding::HEXLOWER;
use spazio::archive::{Cleaned, Cleaning, Verified};
use tokio::time::timeout;
use tonic::Code;

use super::{LONG, PATIENCE, archive, bucket, cleaned, deletes, downloaded, long_after_everything, verified};
use crate::support::{Customer, Engine, TestApp, in_a_bucket, pb, refused, request_id};

on_both_databases!(with super::in_a_bucket;
    what_a_draft_leaves_is_cleaned_up_when_it_is_old_enough_and_not_before,
    bytes_that_a_received_invoice_still_needs_outlive_the_draft,
    deleted_bytes_that_come_again_are_another_object,
    an_upload_that_has_begun_is_never_cleaned_away,
    an_upload_that_was_cleaned_away_is_not_committed,
    a_deletion_on_its_way_never_meets_the_bytes_that_come_again,
    a_clean_up_that_was_cut_short_is_taken_up_again,
    what_a_restored_database_has_forgotten_is_found_by_listing,
    an_object_makes_the_moves_of_the_list_and_no_others,
    drafts_that_come_and_go_while_it_is_cleaned_up_lose_nothing,
);

async fn state(app: &TestApp) -> (String, i64) {
    let rows = app.database.rows("SELECT state, generation FROM blob").await;
    assert_eq!(rows.len(), 1);
    (rows[0].try_get_by_index(0).expect("a state"), rows[0].try_get_by_index(1).expect("a generation"))
}

async fn what_a_draft_leaves_is_cleaned_up_when_it_is_old_enough_and_not_before(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let draft = ann.creates(&ann.invoice()).await;
    let other = ann.invoice();
    let request = pb::UpdateSentInvoiceRequest {
        request_id: request_id(),
        invoice_id: draft.invoice_id.clone(),
        etag: draft.etag.clone(),
        file: other.bytes.clone(),
        file_name: other.file_name.clone(),
    };
    let replaced = ann.panel.invoices().update_sent_invoice(request).await.expect("a draft can be replaced");
    let replaced = replaced.into_inner().invoice.expect("the invoice");
    assert_eq!(bucket(app).objects().len(), 2);
    app.passes(Duration::from_secs(47 * 3_600)).await;
    assert_eq!(bucket(app).objects().len(), 2, "too young");
    app.passes(Duration::from_secs(2 * 3_600)).await;
    let left = bucket(app).object();
    assert!(ann.downloads(&replaced.invoice_id).await.1 == other.bytes);

    deletes(&ann, &replaced).await;
    app.passes(LONG).await;
    assert_eq!(bucket(app).objects(), Vec::<String>::new(), "{left} was deleted too");
    assert_eq!(app.database.number("SELECT COUNT(*) FROM blob WHERE state = 'deleted'").await, 2, "the tombstones stay");
}

async fn bytes_that_a_received_invoice_still_needs_outlive_the_draft(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let draft = ann.creates(&invoice).await;
    let received = ann.receives(invoice.bytes.clone(), &invoice.file_name).await;
    deletes(&ann, &draft).await;
    assert_eq!(state(app).await.0, "released");
    app.passes(LONG).await;
    assert_eq!(state(app).await, ("stored".to_owned(), 0));
    assert!(ann.downloads(&received.invoice_id).await.1 == invoice.bytes);
}

async fn deleted_bytes_that_come_again_are_another_object(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    deletes(&ann, &ann.creates(&invoice).await).await;
    app.passes(LONG).await;
    assert_eq!(state(app).await, ("deleted".to_owned(), 0));
    let again = ann.creates(&invoice).await;
    assert_eq!(state(app).await, ("stored".to_owned(), 1));
    assert!(bucket(app).object().ends_with(".1"));
    assert!(ann.downloads(&again.invoice_id).await.1 == invoice.bytes);
}

/// The bytes of a draft that was deleted long ago are uploaded again, and cleaned up at the same time.
async fn an_upload_that_has_begun_is_never_cleaned_away(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    deletes(&ann, &ann.creates(&invoice).await).await;
    long_after_everything(app);
    let gate = bucket(app).wire.holds_before("PUT");
    let upload = async { ann.creates(&invoice).await };
    let clean_up = async {
        gate.arrived().await;
        assert_eq!(cleaned(app).await, Cleaned::default(), "the intent to upload is newer than the age limit");
        gate.opens();
    };
    let (draft, ()) = timeout(PATIENCE, async { tokio::join!(upload, clean_up) }).await.expect("both end");
    assert!(ann.downloads(&draft.invoice_id).await.1 == invoice.bytes);
    assert_eq!(state(app).await, ("stored".to_owned(), 0));
}

/// An upload that takes longer than the age limit, which no call may in life.
async fn an_upload_that_was_cleaned_away_is_not_committed(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let request = Customer::create_request(&ann.invoice());
    let gate = bucket(app).wire.holds_after("PUT");
    let upload = async { ann.panel.invoices().create_sent_invoice(request.clone()).await };
    let clean_up = async {
        gate.arrived().await;
        long_after_everything(app);
        assert_eq!(cleaned(app).await.deleted, 1);
        gate.opens();
    };
    let (refusal, ()) = timeout(PATIENCE, async { tokio::join!(upload, clean_up) }).await.expect("both end");
    assert_eq!(refused(refusal).code, Code::Unavailable);
    assert_eq!((ann.space().await.usage_bytes, bucket(app).objects().len()), (0, 0));
    let again = ann.panel.invoices().create_sent_invoice(request).await.expect("it is repeated").into_inner();
    downloaded(&ann, &again.invoice.expect("the invoice")).await.expect("it is there");
}

async fn a_deletion_on_its_way_never_meets_the_bytes_that_come_again(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    deletes(&ann, &ann.creates(&invoice).await).await;
    long_after_everything(app);
    let gate = bucket(app).wire.holds_before("DELETE");
    let upload = async {
        gate.arrived().await;
        let draft = ann.creates(&invoice).await;
        gate.opens();
        draft
    };
    let (draft, cleaned) = timeout(PATIENCE, async { tokio::join!(upload, cleaned(app)) }).await.expect("both end");
    assert_eq!(cleaned.deleted, 1);
    assert!(ann.downloads(&draft.invoice_id).await.1 == invoice.bytes);
    assert_eq!(state(app).await, ("stored".to_owned(), 1));
    assert!(bucket(app).object().ends_with(".1"));
}

async fn a_clean_up_that_was_cut_short_is_taken_up_again(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    deletes(&ann, &ann.creates(&ann.invoice()).await).await;
    long_after_everything(app);
    let how = Cleaning { older_than: TimeDelta::hours(48), dry_run: false };
    let archive = archive(app).await;
    let gate = bucket(app).wire.holds_before("DELETE");
    let cut = async {
        tokio::select! {
            _ = archive.clean(how, &|_| {}) => panic!("the deletion is held"),
            () = gate.arrived() => {}
        }
    };
    timeout(PATIENCE, cut).await.expect("it comes to the deletion");
    assert_eq!(state(app).await.0, "deleting");
    app.clock().advance(Duration::from_secs(3_600));
    assert_eq!(cleaned(app).await.deleted, 1);
    assert_eq!((state(app).await.0.as_str(), bucket(app).objects().len()), ("deleted", 0));
}

async fn what_a_restored_database_has_forgotten_is_found_by_listing(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let kept = ann.creates(&ann.invoice()).await;
    let known = bucket(app).object();
    let (base, _) = known.rsplit_once('.').expect("a generation");
    let forgotten = format!("of/ours/{}/{}.3", ann.account, HEXLOWER.encode(&[7; 32]));
    let foreign = "of/ours/readme.txt".to_owned();
    let newer = format!("{base}.9");
    for object in [&forgotten, &foreign, &newer] {
        bucket(app).write(object, b"bytes");
    }
    assert_eq!(verified(app).await.findings(), 0, "what is young may be on its way");
    assert_eq!(cleaned(app).await, Cleaned::default());
    long_after_everything(app);
    assert_eq!(verified(app).await, Verified { documents: 1, objects: 4, orphaned: 3, ..Verified::default() });

    let dry = Cleaning { older_than: TimeDelta::hours(48), dry_run: true };
    let would = archive(app).await.clean(dry, &|_| {}).await.unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!((would, bucket(app).objects().len()), (Cleaned { deleted: 1, kept: 0, unexplained: 2 }, 4));
    assert_eq!(cleaned(app).await, would);
    let mut left = vec![foreign, known, newer];
    left.sort();
    assert_eq!(bucket(app).objects(), left);
    downloaded(&ann, &kept).await.expect("what a document needs stays");
}

/// The moves of an object in one generation, and from one to the next, written out by hand.
const MOVES: [&str; 6] =
    ["uploading>stored", "uploading>deleting", "stored>released", "released>stored", "released>deleting", "deleting>deleted"];
const TO_THE_NEXT: [&str; 2] = ["deleting>uploading", "deleted>uploading"];
const STATES: [&str; 5] = ["uploading", "stored", "released", "deleting", "deleted"];

async fn an_object_makes_the_moves_of_the_list_and_no_others(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    ann.creates(&ann.invoice()).await;
    for from in STATES {
        for to in STATES {
            for (step, allowed) in [(0, MOVES.as_slice()), (1, TO_THE_NEXT.as_slice()), (2, &[]), (-1, &[])] {
                app.database.execute("DELETE FROM blob").await.expect("it can be emptied");
                let row = format!("INSERT INTO blob SELECT account_id, sha256, 5, '{from}', created_time, created_time FROM document");
                app.database.execute(&row).await.expect("a row can be in any state");
                let moved = app.database.execute(&format!("UPDATE blob SET state = '{to}', generation = generation + {step}")).await;
                let may = allowed.contains(&format!("{from}>{to}").as_str()) || (from == to && step == 0);
                assert_eq!(moved.is_ok(), may, "{from} to {to}, generation + {step}");
            }
        }
    }
    app.database.execute("DELETE FROM blob").await.expect("it can be emptied");
    let row = "INSERT INTO blob SELECT account_id, sha256, generation, 'stored', created_time, created_time FROM document";
    app.database.execute(row).await.expect("it is as it was");
}

/// Rounds of drafts that come, go and come again with the same bytes, while two clean up all the time with the clock running ahead.
async fn drafts_that_come_and_go_while_it_is_cleaned_up_lose_nothing(app: &TestApp) {
    const ROUNDS: usize = 25;
    let ann = app.customer("ann").create().await;
    let bytes = [ann.invoice(), ann.invoice(), ann.invoice()];
    let comes_and_goes = async {
        for round in 0..ROUNDS {
            let invoice = &bytes[round % bytes.len()];
            let draft = ann.creates(invoice).await;
            assert!(ann.downloads(&draft.invoice_id).await.1 == invoice.bytes, "round {round}");
            if round + bytes.len() < ROUNDS {
                deletes(&ann, &draft).await;
                app.clock().advance(Duration::from_secs(30 * 3_600));
            }
        }
    };
    let cleans = async || {
        let archive = archive(app).await;
        loop {
            let how = Cleaning { older_than: TimeDelta::hours(48), dry_run: false };
            archive.clean(how, &|_| {}).await.unwrap_or_else(|fault| panic!("{fault}"));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = comes_and_goes => {}
        () = cleans() => unreachable!("it cleans for ever"),
        () = cleans() => unreachable!("it cleans for ever"),
    }
    let verified = verified(app).await;
    assert_eq!((verified.documents, verified.damaged), (bytes.len() as u64, 0));
    assert!(app.database.number("SELECT MAX(generation) FROM blob").await > 0, "some were deleted and came again");
}

/// Of a row that is released, stored by one transaction and released by another while the clean-up waits for it, the clean-up sees the newest
/// version, but looks for documents at the moment it began: the lease is all that tells it.
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_clean_up_that_waited_for_the_row_believes_the_lease() {
    use sea_orm::ConnectionTrait as _;

    let app = TestApp::start_with(Engine::Postgres, in_a_bucket).await;
    let ann = app.customer("ann").create().await;
    let draft = ann.creates(&ann.invoice()).await;
    let copy = "INSERT INTO document (id, account_id, kind, file_name, sha256, size, created_time, content, place, generation, sealing)
        SELECT gen_random_uuid(), account_id, 'received', file_name, sha256, size, created_time, content, place, generation, sealing FROM document";
    app.database.execute("CREATE TABLE before AS SELECT * FROM document").await.expect("it is copied");
    deletes(&ann, &draft).await;
    long_after_everything(&app);

    let now = app.now().to_rfc3339();
    let (one, other) = (app.database.connect().await, app.database.connect().await);
    one.execute_unprepared("BEGIN").await.expect("it begins");
    one.execute_unprepared(&copy.replace("FROM document", "FROM before")).await.expect("a document is stored");
    let with_its_object = format!("UPDATE blob SET state = 'stored', lease_time = '{now}'");
    one.execute_unprepared(&with_its_object).await.expect("with its object");
    // Without the condition on the state, so that it takes its place before the clean-up; in life it slips in when the first one commits.
    let release = format!("UPDATE blob SET state = 'released', lease_time = '{now}'");
    let second = async { other.execute_unprepared(&release).await.expect("another document is deleted").rows_affected() };
    let clean_up = async {
        waiting(&app, 1).await;
        cleaned(&app).await
    };
    let commits = async {
        waiting(&app, 2).await;
        one.execute_unprepared("COMMIT").await.expect("it is committed");
    };
    let ended = timeout(PATIENCE, Box::pin(async { tokio::join!(second, clean_up, commits) })).await;
    let (rows, cleaned, ()) = ended.expect("all end");
    assert_eq!((rows, cleaned.deleted), (1, 0));
    assert_eq!(state(&app).await.0, "released");
    assert_eq!(verified(&app).await.damaged, 0);
    app.database.execute("DELETE FROM document").await.expect("the books agree again");
    app.finish().await;
}

/// Waits until so many statements of this database wait for a row.
async fn waiting(app: &TestApp, statements: i64) {
    let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while app.database.number(sql).await < statements {
        tokio::task::yield_now().await;
    }
}
