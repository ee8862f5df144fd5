//! Downloads: one that is being sent keeps its place among the calls, which bounds the files in memory, and gives it back at its end.

use std::time::Duration;

use spazio::call::ActsAs;
use spazio::config::Config;
use tokio::time::timeout;
use tonic::transport::Endpoint;
use tonic::{Code, Request, Status, Streaming};

use crate::support::pb::{DownloadInvoiceResponse, ErrorReason};
use crate::support::{Customer, Front, Refusal, TestApp, pb, refused};

on_both_databases!(
    with super::one_call_at_a_time;
    a_download_that_is_being_read_keeps_its_place_to_its_end,
    a_download_whose_reader_goes_away_gives_its_place_back,
    a_download_that_nobody_reads_ends_with_its_time,
);

/// More than what is buffered between the server and a reader that does not read.
const FILE_BYTES: usize = 4_000_000;
/// What a reader that does not read lets through: the smallest window that HTTP/2 begins with.
const WINDOW: u32 = 65_535;
/// How long a download may take that nobody reads.
const BRIEFLY: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(20);

fn one_call_at_a_time(config: &mut Config) {
    config.limits.concurrent_calls = 1;
}

/// A customer with a large document, and its id.
async fn with_a_large_document(app: &TestApp) -> (Customer, String) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.receives(vec![b'x'; FILE_BYTES], "large.xml").await;
    (ann, invoice.invoice_id)
}

/// A download that has begun and is not read, over a connection of its own.
async fn begun(app: &TestApp, ann: &Customer, invoice_id: &str, time: Duration) -> Streaming<DownloadInvoiceResponse> {
    let endpoint = Endpoint::from_shared(format!("http://{}", app.address())).expect("an address makes a URI");
    let channel = endpoint.initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW).connect_lazy();
    let panel = Front::over(channel, app.folder(), app.clock().clone()).caller(ActsAs::Customer(ann.account));
    let mut request = Request::new(pb::DownloadInvoiceRequest { invoice_id: invoice_id.to_owned(), ..Default::default() });
    request.set_timeout(time);
    panel.invoices().download_invoice(request).await.unwrap_or_else(|status| panic!("{status}")).into_inner()
}

/// Reads to the end: how many bytes of the file came, and how it ended.
async fn read(download: &mut Streaming<DownloadInvoiceResponse>) -> (usize, Result<(), Status>) {
    let mut bytes = 0;
    loop {
        match download.message().await {
            Ok(Some(message)) => {
                if let Some(pb::download_invoice_response::Part::Chunk(chunk)) = message.part {
                    bytes += chunk.len();
                }
            }
            Ok(None) => return (bytes, Ok(())),
            Err(status) => return (bytes, Err(status)),
        }
    }
}

async fn asks(ann: &Customer) -> Result<pb::GetSpaceResponse, Status> {
    Ok(ann.panel.quota().get_space(pb::GetSpaceRequest {}).await?.into_inner())
}

async fn is_refused_a_place(ann: &Customer) {
    let refusal = refused(asks(ann).await);
    assert_eq!((refusal.code, refusal.reason), (Code::Unavailable, ErrorReason::Overloaded));
}

/// Waits until there is a place.
async fn is_served_again(ann: &Customer) {
    let served = async {
        while let Err(status) = asks(ann).await {
            assert_eq!(Refusal::of(&status).reason, ErrorReason::Overloaded, "{status}");
        }
    };
    timeout(PATIENCE, served).await.expect("the place was never given back");
}

async fn a_download_that_is_being_read_keeps_its_place_to_its_end(app: &TestApp) {
    let (ann, invoice_id) = with_a_large_document(app).await;
    let mut download = begun(app, &ann, &invoice_id, PATIENCE).await;
    is_refused_a_place(&ann).await;
    // Its first part was read, and it goes on.
    download.message().await.expect("a message").expect("the description");
    is_refused_a_place(&ann).await;

    let (bytes, end) = read(&mut download).await;
    end.unwrap_or_else(|status| panic!("{status}"));
    assert_eq!(bytes, FILE_BYTES);
    asks(&ann).await.unwrap_or_else(|status| panic!("its place is free once the file has ended: {status}"));
}

async fn a_download_whose_reader_goes_away_gives_its_place_back(app: &TestApp) {
    let (ann, invoice_id) = with_a_large_document(app).await;
    let download = begun(app, &ann, &invoice_id, PATIENCE).await;
    is_refused_a_place(&ann).await;
    drop(download);
    is_served_again(&ann).await;
}

async fn a_download_that_nobody_reads_ends_with_its_time(app: &TestApp) {
    let (ann, invoice_id) = with_a_large_document(app).await;
    let mut download = begun(app, &ann, &invoice_id, BRIEFLY).await;
    is_refused_a_place(&ann).await;
    is_served_again(&ann).await;

    // Who reads now must not take what is there for the whole file.
    let (bytes, end) = read(&mut download).await;
    assert!(bytes < FILE_BYTES, "all {bytes} bytes came");
    let refusal = refused(end);
    assert_eq!((refusal.code, refusal.reason), (Code::DeadlineExceeded, ErrorReason::DeadlineExceeded));
}
