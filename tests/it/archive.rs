//! Documents in an object store: nothing is lost, nothing is charged without being stored, and what nobody needs is deleted.

use std::time::Duration;

use chrono::TimeDelta;
use data_encoding::{BASE64, HEXLOWER};
use spazio::archive::{Archive, Cleaned, Cleaning, Verified};
use spazio::call::ActsAs;
use spazio::clock::Clock;
use spazio::config::{Compression, Store};
use tokio::time::timeout;
use tonic::{Code, Request, Status};

use crate::support::{Bucket, Customer, Engine, Mishap, Site, TestApp, in_a_bucket, pb, refused, request_id};

on_both_databases!(with super::in_a_bucket;
    a_document_rests_in_the_bucket_and_comes_back_as_it_was,
    the_same_bytes_are_one_object_however_often_they_come,
    what_a_draft_leaves_is_cleaned_up_when_it_is_old_enough_and_not_before,
    bytes_that_a_received_invoice_still_needs_outlive_the_draft,
    deleted_bytes_that_come_again_are_another_object,
    a_missing_or_damaged_object_is_data_loss_and_never_wrong_bytes,
    a_store_that_is_down_stores_nothing_and_charges_nothing,
    a_store_that_stumbles_is_asked_again,
    a_store_that_is_too_slow_ends_the_call_in_its_time,
    a_damaged_object_is_put_right_by_the_same_bytes,
    an_upload_that_has_begun_is_never_cleaned_away,
    an_upload_that_was_cleaned_away_is_not_committed,
    a_row_of_a_replica_of_before_is_read_and_moved,
    a_deletion_on_its_way_never_meets_the_bytes_that_come_again,
    a_clean_up_that_was_cut_short_is_taken_up_again,
    what_a_restored_database_has_forgotten_is_found_by_listing,
    an_object_makes_the_moves_of_the_list_and_no_others,
    drafts_that_come_and_go_while_it_is_cleaned_up_lose_nothing,
    documents_that_are_moved_to_and_fro_while_serving_are_always_there,
    a_key_that_is_missing_is_told_as_that_and_not_as_damage,
);

/// Longer than the age limit of the clean-up.
const LONG: Duration = Duration::from_secs(3 * 24 * 3_600);
const PATIENCE: Duration = Duration::from_secs(30);

fn bucket(app: &TestApp) -> Bucket {
    Bucket::of(app.folder())
}

/// The archive of the server's settings, as a command opens it.
fn archive(app: &TestApp) -> Archive {
    Archive::open(&app.config.archive, app.db().clone()).unwrap_or_else(|errors| panic!("{errors}"))
}

async fn cleaned(app: &TestApp) -> Cleaned {
    let how = Cleaning { older_than: TimeDelta::hours(48), dry_run: false };
    archive(app).clean(how, &|_| {}).await.unwrap_or_else(|fault| panic!("{fault}"))
}

async fn verified(app: &TestApp) -> Verified {
    archive(app).verify(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}"))
}

/// The bucket's own clock is that of the machine: from here on what was put is old for both.
fn long_after_everything(app: &TestApp) {
    app.clock().set(Clock::system().now() + LONG);
}

async fn deletes(ann: &Customer, invoice: &pb::Invoice) {
    let request =
        pb::DeleteSentInvoiceRequest { request_id: request_id(), invoice_id: invoice.invoice_id.clone(), etag: invoice.etag.clone() };
    ann.panel.invoices().delete_sent_invoice(request).await.expect("a draft can be deleted");
}

async fn downloaded(ann: &Customer, invoice: &pb::Invoice) -> Result<(), Status> {
    let request = pb::DownloadInvoiceRequest { invoice_id: invoice.invoice_id.clone() };
    ann.panel.invoices().download_invoice(request).await.map(|_| ())
}

async fn state(app: &TestApp) -> (String, i64) {
    let rows = app.database.rows("SELECT state, generation FROM blob").await;
    assert_eq!(rows.len(), 1);
    (rows[0].try_get_by_index(0).expect("a state"), rows[0].try_get_by_index(1).expect("a generation"))
}

async fn a_document_rests_in_the_bucket_and_comes_back_as_it_was(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let sent = ann.invoice();
    let draft = ann.creates(&sent).await;
    let object = bucket(app).object();
    let (description, file) = ann.downloads(&draft.invoice_id).await;
    assert!(file == sent.bytes, "byte for byte");
    assert_eq!(object, format!("of/ours/{}/{}.0", ann.account, description.sha256));
    assert!(bucket(app).read(&object).len() * 5 < sent.bytes.len(), "it is compressed");
    let in_rows = "SELECT COUNT(*) FROM document WHERE length(content) > 0 OR place <> 'object'";
    assert_eq!(app.database.number(in_rows).await, 0);

    let received = ann.receives(b"not even XML".to_vec(), "odd.xml").await;
    assert_eq!(ann.downloads(&received.invoice_id).await.1, b"not even XML");
    let receipt = spazio::demo::invoices::receipt(spazio::fatturapa::ReceiptKind::Delivered, &sent.file_name, app.now());
    let receipt = receipt.expect("the generator's names are the SdI's");
    ann.records(receipt.bytes, &receipt.file_name).await;
    assert_eq!(bucket(app).objects().len(), 3);
    assert_eq!(verified(app).await, Verified { documents: 3, objects: 3, ..Verified::default() });
}

async fn the_same_bytes_are_one_object_however_often_they_come(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let bob = app.customer("bob").create().await;
    let invoice = ann.invoice();
    let first = ann.creates(&invoice).await;
    assert_eq!(ann.creates(&invoice).await.invoice_id, first.invoice_id);
    ann.receives(invoice.bytes.clone(), &invoice.file_name).await;
    assert_eq!(bucket(app).objects().len(), 1);
    bob.receives(invoice.bytes.clone(), &invoice.file_name).await;
    assert_eq!(bucket(app).objects().len(), 2, "nothing is shared between accounts");
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

async fn a_missing_or_damaged_object_is_data_loss_and_never_wrong_bytes(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let draft = ann.creates(&ann.invoice()).await;
    let object = bucket(app).object();
    let sealed = bucket(app).read(&object);
    let damages: [Option<Vec<u8>>; 4] = [
        None,
        Some(sealed[..sealed.len() / 2].to_vec()),
        Some(zstd::bulk::compress(b"another file", 3).expect("it compresses")),
        Some(vec![]),
    ];
    for damage in damages {
        match &damage {
            Some(bytes) => bucket(app).write(&object, bytes),
            None => bucket(app).remove(&object),
        }
        let refusal = refused(downloaded(&ann, &draft).await);
        assert_eq!((refusal.code, refusal.reason), (Code::DataLoss, pb::ErrorReason::DocumentDamaged), "{damage:?}");
        assert_eq!(verified(app).await.damaged, 1);
    }
    bucket(app).write(&object, &sealed);
    downloaded(&ann, &draft).await.expect("it is as it was");

    let mut elsewhere = app.config.archive.clone();
    elsewhere.s3.as_mut().expect("a bucket").bucket = "no-such-bucket".to_owned();
    let archive = Archive::open(&elsewhere, app.db().clone()).unwrap_or_else(|errors| panic!("{errors}"));
    let told = archive.verify(&|_, _| {}).await.expect_err("nothing can be said of documents in a bucket that is not there");
    assert!(told.to_string().contains("NoSuchBucket"), "{told}");
    assert_eq!(verified(app).await.findings(), 0);
}

async fn a_store_that_is_down_stores_nothing_and_charges_nothing(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let kept = ann.creates(&ann.invoice()).await;
    let used = ann.space().await.usage_bytes;
    bucket(app).wire.is_down(true);
    let request = Customer::create_request(&ann.invoice());
    let attempt = async || {
        let mut call = Request::new(request.clone());
        call.set_timeout(Duration::from_secs(4));
        ann.panel.invoices().create_sent_invoice(call).await
    };
    let refusal = refused(attempt().await);
    assert_eq!((refusal.code, refusal.reason), (Code::Unavailable, pb::ErrorReason::DocumentStoreUnavailable), "{refusal:?}");
    assert!(refusal.retry_after.is_some());
    assert_eq!(ann.space().await.usage_bytes, used, "nothing was charged");
    assert_eq!(app.database.number("SELECT COUNT(*) FROM document").await, 1);
    let read = ann.panel.invoices().get_invoice(pb::GetInvoiceRequest { invoice_id: kept.invoice_id }).await;
    read.expect("what needs no bytes is served");

    bucket(app).wire.is_down(false);
    let mut call = Request::new(request.clone());
    call.set_timeout(PATIENCE);
    let stored = ann.panel.invoices().create_sent_invoice(call).await.expect("it is up again").into_inner();
    assert!(!stored.already_stored);
    assert_eq!(ann.space().await.usage_bytes, used + request.file.len() as u64);
}

async fn a_store_that_stumbles_is_asked_again(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let wire = bucket(app).wire;
    for mishap in [Mishap::Busy, Mishap::CutOnTheWay, Mishap::CutOnTheWayBack] {
        wire.plans("PUT", mishap.clone());
        let invoice = ann.invoice();
        let draft = ann.creates(&invoice).await;
        wire.plans("GET", mishap);
        assert!(ann.downloads(&draft.invoice_id).await.1 == invoice.bytes);
    }
    assert_eq!(bucket(app).objects().len(), 3);
    assert!(wire.requests("PUT") >= 6, "each was asked for twice");
}

async fn a_store_that_is_too_slow_ends_the_call_in_its_time(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let gate = bucket(app).wire.holds_before("PUT");
    let request = Customer::create_request(&ann.invoice());
    let mut call = Request::new(request.clone());
    call.set_timeout(Duration::from_millis(500));
    let status = ann.panel.invoices().create_sent_invoice(call).await.expect_err("nobody answers");
    assert!(matches!(status.code(), Code::DeadlineExceeded | Code::Unavailable | Code::Cancelled), "{status}");
    assert_eq!(ann.space().await.usage_bytes, 0);
    gate.opens();
    ann.panel.invoices().create_sent_invoice(request).await.expect("it can be repeated");
    assert_eq!(bucket(app).objects().len(), 1);
}

async fn a_damaged_object_is_put_right_by_the_same_bytes(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let received = ann.receives(invoice.bytes.clone(), &invoice.file_name).await;
    bucket(app).write(&bucket(app).object(), b"rotten");
    let draft = ann.creates(&invoice).await;
    for id in [draft.invoice_id, received.invoice_id] {
        assert!(ann.downloads(&id).await.1 == invoice.bytes, "a document is never tied to bytes that do not open");
    }
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

async fn a_row_of_a_replica_of_before_is_read_and_moved(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let file = b"<FatturaElettronica/>".repeat(50);
    let received = ann.receives(file.clone(), "before.xml").await;
    let frame = HEXLOWER.encode(&zstd::bulk::compress(&file, 3).expect("it compresses"));
    let content = match app.database.engine {
        Engine::Sqlite => format!("x'{frame}'"),
        Engine::Postgres => format!("decode('{frame}', 'hex')"),
    };
    // What such a replica does not write has the defaults of the migration.
    let row = format!("UPDATE document SET content = {content}, place = 'database', generation = NULL, sealing = 'zstd'");
    app.database.execute(&row).await.expect("it is changed");
    assert!(ann.downloads(&received.invoice_id).await.1 == file);
    assert_eq!(archive(app).move_all(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}")).moved, 1);
    assert!(ann.downloads(&received.invoice_id).await.1 == file);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM document WHERE place = 'object' AND length(content) = 0").await, 1);
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
    let archive = archive(app);
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
    let would = archive(app).clean(dry, &|_| {}).await.unwrap_or_else(|fault| panic!("{fault}"));
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
        let archive = archive(app);
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

/// What is written, changed, deleted and read while two move everything from place to place and form to form.
async fn documents_that_are_moved_to_and_fro_while_serving_are_always_there(app: &TestApp) {
    const ROUNDS: usize = 12;
    let ann = app.customer("ann").create().await;
    let serves = async {
        let mut kept = Vec::new();
        for round in 0..ROUNDS {
            let (first, second) = (ann.invoice(), ann.invoice());
            let draft = ann.creates(&first).await;
            let request = pb::UpdateSentInvoiceRequest {
                request_id: request_id(),
                invoice_id: draft.invoice_id.clone(),
                file: second.bytes.clone(),
                file_name: second.file_name.clone(),
                etag: String::new(),
            };
            let replaced = ann.panel.invoices().update_sent_invoice(request).await.expect("a draft can be replaced");
            kept.push((replaced.into_inner().invoice.expect("the invoice"), second));
            if round % 3 == 2 {
                deletes(&ann, &kept.remove(0).0).await;
            }
            for (invoice, generated) in &kept {
                assert!(ann.downloads(&invoice.invoice_id).await.1 == generated.bytes, "round {round}");
            }
        }
        kept
    };
    let moves = async |mut step: usize| {
        loop {
            let mut settings = app.config.archive.clone();
            settings.store = if step.is_multiple_of(2) { Store::Database } else { Store::S3 };
            settings.compression = if step.is_multiple_of(3) { Compression::Zstd } else { Compression::Dictionary };
            let archive = Archive::open(&settings, app.db().clone()).unwrap_or_else(|errors| panic!("{errors}"));
            let moved = archive.move_all(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}"));
            assert_eq!(moved.failed, 0);
            step += 1;
            tokio::task::yield_now().await;
        }
    };
    let kept = tokio::select! {
        kept = serves => kept,
        () = moves(0) => unreachable!("it moves for ever"),
        () = moves(1) => unreachable!("it moves for ever"),
    };
    assert_eq!(verified(app).await.findings(), 0);
    let moved = archive(app).move_all(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(moved.overtaken + moved.failed, 0);
    assert_eq!(app.database.number("SELECT COUNT(DISTINCT sealing) + COUNT(DISTINCT place) FROM document").await, 2, "all are in one form");
    long_after_everything(app);
    cleaned(app).await;
    assert_eq!(bucket(app).objects().len(), kept.len(), "an object for each document and no other");
    assert_eq!(verified(app).await.findings(), 0);
}

async fn a_key_that_is_missing_is_told_as_that_and_not_as_damage(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let draft = ann.creates(&invoice).await;
    let mut settings = app.config.archive.clone();
    settings.keys_file = Some(app.folder().join("keys"));
    settings.key = Some("2026-a".parse().expect("an id"));
    std::fs::write(app.folder().join("keys"), keys(&["2026-a", "2026-b"])).expect("the keys are written");
    let encrypts = Archive::open(&settings, app.db().clone()).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(encrypts.move_all(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}")).moved, 1);

    let refusal = refused(downloaded(&ann, &draft).await);
    assert_eq!((refusal.code, refusal.reason), (Code::Unavailable, pb::ErrorReason::DocumentSealed), "{refusal:?}");
    let found = verified(app).await;
    assert_eq!((found.sealed, found.damaged), (1, 0));
    let said = std::sync::Mutex::new(String::new());
    let moved = archive(app).move_all(&|what, _| said.lock().expect("nobody panicked").push_str(what)).await;
    assert_eq!(moved.unwrap_or_else(|fault| panic!("{fault}")).failed, 1);
    let said = said.into_inner().expect("nobody panicked");
    assert!(said.contains("the key 2026-a, which is not in archive.keys_file"), "{said}");

    // With both keys the other one takes its place: the rotation of keys is a move.
    settings.key = Some("2026-b".parse().expect("an id"));
    let rotates = Archive::open(&settings, app.db().clone()).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(rotates.move_all(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}")).moved, 1);
    std::fs::write(app.folder().join("keys"), keys(&["2026-b"])).expect("the old key is taken out");
    let without_the_old = Archive::open(&settings, app.db().clone()).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(without_the_old.verify(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}")).findings(), 0);
}

/// A file with keys of these ids, each another.
fn keys(ids: &[&str]) -> String {
    let key = |id: &str| BASE64.encode(ring::digest::digest(&ring::digest::SHA256, id.as_bytes()).as_ref());
    ids.iter().map(|id| format!("{id} {}\n", key(id))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_documents_are_moved_encrypted_verified_and_moved_back_by_commands() {
    documents_are_moved_encrypted_verified_and_moved_back_by_commands(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_documents_are_moved_encrypted_verified_and_moved_back_by_commands() {
    documents_are_moved_encrypted_verified_and_moved_back_by_commands(Engine::Postgres).await;
}

async fn documents_are_moved_encrypted_verified_and_moved_back_by_commands(engine: Engine) {
    let (site, bucket) = (Site::fresh(engine).await, Bucket::fresh());
    let process = site.serve();
    let ann = process.customer("ann").one_gb().create().await;
    let (account, invoice) = (ann.account, ann.invoice());
    let draft = ann.creates(&invoice).await;
    let odd = ann.receives(b"not even XML".to_vec(), "odd.xml").await;
    drop(ann);
    process.stops();
    let comes_back = async |flags: &[String]| {
        let process = site.serve_with(flags);
        let panel = process.returning(account, String::new());
        assert!(panel.downloads(&draft.invoice_id).await.1 == invoice.bytes);
        assert_eq!(panel.downloads(&odd.invoice_id).await.1, b"not even XML");
        drop(panel);
        process.stops();
    };
    let command = async |words: &[&str], flags: &[String]| tokio::task::block_in_place(|| site.command(words, flags));

    let in_s3 = bucket.flags();
    let (code, said) = command(&["archive", "move"], &in_s3).await;
    assert!(code == Some(0) && said.starts_with("2 documents moved"), "{code:?} {said}");
    assert_eq!(bucket.objects().len(), 2);
    comes_back(&in_s3).await;
    let (code, said) = command(&["archive", "verify"], &in_s3).await;
    assert!(code == Some(0) && said.contains("2 documents, 2 objects: 0 damaged, 0 sealed, 0 orphaned"), "{code:?} {said}");
    let (code, said) = command(&["archive", "move"], &in_s3).await;
    assert!(code == Some(0) && said.starts_with("0 documents moved"), "{code:?} {said}");

    let keys_file = site.folder().join("keys");
    std::fs::write(&keys_file, keys(&["2026-a"])).expect("the keys are written");
    let mut encrypted = bucket.flags();
    for setting in ["store=database".to_owned(), format!("keys_file={}", keys_file.display()), "key=2026-a".to_owned()] {
        encrypted.extend(["--set".to_owned(), format!("archive.{setting}")]);
    }
    let (code, said) = command(&["archive", "move"], &encrypted).await;
    assert!(code == Some(0) && said.starts_with("2 documents moved"), "{code:?} {said}");
    comes_back(&encrypted).await;
    let (code, said) = command(&["archive", "verify"], &[]).await;
    assert!(code == Some(4) && said.contains("encrypted with the key 2026-a"), "{code:?} {said}");

    let clock = site.folder().join("clock");
    std::fs::write(&clock, LONG.as_secs().to_string()).expect("the clock is set");
    let mut later = encrypted;
    later.extend(["--set".to_owned(), format!("development.clock_file={}", clock.display())]);
    let (code, said) = command(&["archive", "clean", "--dry-run"], &later).await;
    assert!(code == Some(0) && said.contains("2 objects would be deleted"), "{code:?} {said}");
    let (code, said) = command(&["archive", "clean"], &later).await;
    assert!(code == Some(0) && said.contains("2 objects deleted"), "{code:?} {said}");
    assert_eq!(bucket.objects(), Vec::<String>::new());
    site.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_a_process_that_is_killed_between_object_and_row_loses_nothing_and_leaves_nothing() {
    a_process_that_is_killed_between_object_and_row_loses_nothing_and_leaves_nothing(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_process_that_is_killed_between_object_and_row_loses_nothing_and_leaves_nothing() {
    a_process_that_is_killed_between_object_and_row_loses_nothing_and_leaves_nothing(Engine::Postgres).await;
}

async fn a_process_that_is_killed_between_object_and_row_loses_nothing_and_leaves_nothing(engine: Engine) {
    const KILLS: usize = 8;
    let (site, bucket) = (Site::fresh(engine).await, Bucket::fresh());
    let flags = bucket.flags();
    let mut process = site.serve_with(&flags);
    let ann = process.customer("ann").one_gb().create().await;
    let mut stored = Vec::new();
    for kill in 0..KILLS {
        let request = Customer::create_request(&ann.invoice());
        let gate = if kill % 2 == 0 { bucket.wire.holds_after("PUT") } else { bucket.wire.holds_before("PUT") };
        let panel = site.connect(&process).caller(ActsAs::Customer(ann.account));
        let call = tokio::spawn({
            let request = request.clone();
            async move { panel.invoices().create_sent_invoice(request).await }
        });
        timeout(PATIENCE, gate.arrived()).await.expect("the bytes are on their way");
        process.dies();
        gate.opens();
        call.await.expect("it ends").expect_err("nobody is there to answer");
        let report = site.audited().await;
        assert_eq!((report.documents, report.differences), (i64::try_from(stored.len()).expect("few"), vec![]), "nothing was charged");

        process = site.serve_with(&flags);
        // Half of the callers give up.
        if kill % 4 < 2 {
            let panel = site.connect(&process).caller(ActsAs::Customer(ann.account));
            let again = panel.invoices().create_sent_invoice(request.clone()).await.expect("it is repeated").into_inner();
            stored.push((again.invoice.expect("the invoice").invoice_id, request.file));
        }
    }
    let panel = process.returning(ann.account, String::new());
    for (id, file) in &stored {
        assert!(panel.downloads(id).await.1 == *file);
    }
    process.stops();
    assert_eq!(bucket.objects().len(), KILLS, "what was given up is still there, also what arrived after the process had died");
    let clock = site.folder().join("clock");
    std::fs::write(&clock, LONG.as_secs().to_string()).expect("the clock is set");
    let mut later = flags;
    later.extend(["--set".to_owned(), format!("development.clock_file={}", clock.display())]);
    let (code, said) = tokio::task::block_in_place(|| site.command(&["archive", "clean"], &later));
    assert!(code == Some(0), "{said}");
    assert_eq!(bucket.objects().len(), stored.len(), "nothing that nobody needs is older than the age limit: {said}");
    let (code, said) = tokio::task::block_in_place(|| site.command(&["archive", "verify"], &later));
    assert!(code == Some(0), "{said}");
    site.finish().await;
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
    let (stores, releases) = (app.database.connect().await, app.database.connect().await);
    stores.execute_unprepared("BEGIN").await.expect("it begins");
    stores.execute_unprepared(&copy.replace("FROM document", "FROM before")).await.expect("a document is stored");
    let stored = format!("UPDATE blob SET state = 'stored', lease_time = '{now}'");
    stores.execute_unprepared(&stored).await.expect("with its object");
    // Without the condition on the state, so that it takes its place before the clean-up; in life it slips in when the first one commits.
    let released = format!("UPDATE blob SET state = 'released', lease_time = '{now}'");
    let second = async { releases.execute_unprepared(&released).await.expect("another document is deleted").rows_affected() };
    let clean_up = async {
        waiting(&app, 1).await;
        cleaned(&app).await
    };
    let commits = async {
        waiting(&app, 2).await;
        stores.execute_unprepared("COMMIT").await.expect("it is committed");
    };
    let ended = timeout(PATIENCE, async { tokio::join!(second, clean_up, commits) }).await;
    let (released, cleaned, ()) = ended.expect("all end");
    assert_eq!((released, cleaned.deleted), (1, 0));
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
