//! Documents in an object store: nothing is lost, nothing is charged without being stored, and what nobody needs is deleted.

mod cleaning;
mod keys;
mod killed;
mod moving;

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use spazio::archive::{Archive, Cleaned, Cleaning, Purpose, Verified};
use spazio::clock::Clock;
use tonic::{Code, Request, Status};

use crate::support::{Bucket, Customer, Mishap, TestApp, in_a_bucket, pb, refused, request_id};

on_both_databases!(with super::in_a_bucket;
    a_document_rests_in_the_bucket_and_comes_back_as_it_was,
    the_same_bytes_are_one_object_however_often_they_come,
    of_many_that_bring_the_same_bytes_at_once_one_stores_them,
    a_missing_or_damaged_object_is_data_loss_and_never_wrong_bytes,
    a_store_that_is_down_stores_nothing_and_charges_nothing,
    a_store_that_stumbles_is_asked_again,
    a_store_that_is_too_slow_ends_the_call_in_its_time,
    a_damaged_object_is_put_right_by_the_same_bytes,
);

/// Longer than the age limit of the clean-up.
const LONG: Duration = Duration::from_secs(3 * 24 * 3_600);
const PATIENCE: Duration = Duration::from_secs(30);

fn bucket(app: &TestApp) -> Bucket {
    Bucket::of(app.folder())
}

/// The archive of the server's settings, as a command opens it.
async fn archive(app: &TestApp) -> Archive {
    Archive::open(&app.config.archive, app.db().clone(), Purpose::Storing).await.unwrap_or_else(|errors| panic!("{errors}"))
}

async fn cleaned(app: &TestApp) -> Cleaned {
    let how = Cleaning { older_than: TimeDelta::hours(48), dry_run: false };
    archive(app).await.clean(how, &|_| {}).await.unwrap_or_else(|fault| panic!("{fault}"))
}

async fn verified(app: &TestApp) -> Verified {
    archive(app).await.verify(&|_, _| {}).await.unwrap_or_else(|fault| panic!("{fault}"))
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
    let request = pb::DownloadInvoiceRequest { invoice_id: invoice.invoice_id.clone(), ..Default::default() };
    ann.panel.invoices().download_invoice(request).await.map(|_| ())
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

async fn of_many_that_bring_the_same_bytes_at_once_one_stores_them(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let file = ann.invoice().bytes;
    let bring = async |number: usize| {
        let request = pb::ReceiveInvoiceRequest { request_id: request_id(), file: file.clone(), file_name: format!("{number}.xml") };
        ann.service.invoices().receive_invoice(request).await.expect("it is kept").into_inner()
    };
    let answers = join_all((0..16).map(bring)).await;
    assert_eq!(answers.iter().filter(|answer| !answer.already_stored).count(), 1);
    assert_eq!(ann.space().await.usage_bytes, file.len() as u64, "charged once");
    assert_eq!(bucket(app).objects().len(), 1);
    assert_eq!(verified(app).await.findings(), 0);
}

async fn a_missing_or_damaged_object_is_data_loss_and_never_wrong_bytes(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let draft = ann.creates(&invoice).await;
    let object = bucket(app).object();
    let sealed = bucket(app).read(&object);
    let of_the_same_size = vec![b'x'; invoice.bytes.len()];
    let damages = [
        None,
        Some(sealed[..sealed.len() / 2].to_vec()),
        Some(zstd::bulk::compress(&of_the_same_size, 3).expect("it compresses")),
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
    let page = app.db().meters().page(0).expect("the page can be written");
    assert!(page.contains("spazio_documents_damaged_total 8\n"), "each was met by a download and by a verification: {page}");
    bucket(app).write(&object, &sealed);
    downloaded(&ann, &draft).await.expect("it is as it was");

    let mut elsewhere = app.config.archive.clone();
    elsewhere.s3.as_mut().expect("a bucket").bucket = "no-such-bucket".to_owned();
    let archive = Archive::open(&elsewhere, app.db().clone(), Purpose::Storing).await.unwrap_or_else(|errors| panic!("{errors}"));
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
    // One that is not answered at all is given up when its own time is over.
    wire.holds_before("PUT");
    ann.creates(&ann.invoice()).await;
    assert_eq!(bucket(app).objects().len(), 4);
    assert!(wire.requests("PUT") >= 8, "each was asked for twice");
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
