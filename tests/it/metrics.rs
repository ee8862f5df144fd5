//! The page of counters: calls and writes are on it, by how they ended.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{MIB, TestApp, pb, request_id};

on_both_databases!(with |config| config.metrics.listen = Some("127.0.0.1:0".parse().expect("an address"));
    calls_are_counted_by_their_code_and_writes_by_how_they_ended,
    the_page_is_served_in_the_format_of_scrapers_and_alone,
    what_a_stranger_asks_for_becomes_no_label,
);

/// What is answered to `GET path`, head and body.
async fn got(app: &TestApp, path: &str) -> String {
    let mut stream = TcpStream::connect(app.metrics()).await.expect("the page is served");
    let request = format!("GET {path} HTTP/1.1\r\nhost: spazio\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it is text");
    answer
}

/// The value of a series, or 0 if it is not there.
async fn counted(app: &TestApp, series: &str) -> u64 {
    let page = got(app, "/metrics").await;
    let value = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    value.map_or(0, |value| value.parse().expect("a whole number"))
}

async fn calls_are_counted_by_their_code_and_writes_by_how_they_ended(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    ann.fill_but(MIB / 2).await;
    let (fits, too_large) = (ann.invoice(), ann.invoice_of(MIB / 2 + 1));
    ann.try_create(&too_large).await.expect_err("it does not fit");
    let request = pb::CreateSentInvoiceRequest { request_id: request_id(), file: fits.bytes, file_name: fits.file_name };
    for _ in 0..2 {
        ann.panel.invoices().create_sent_invoice(request.clone()).await.expect("it fits");
    }
    let expected = [
        (r#"spazio_calls_total{method="spazio.v1.InvoicesService/CreateSentInvoice",code="OK"}"#, 2),
        (r#"spazio_calls_total{method="spazio.v1.InvoicesService/CreateSentInvoice",code="RESOURCE_EXHAUSTED"}"#, 1),
        (r#"spazio_call_seconds_count{method="spazio.v1.InvoicesService/CreateSentInvoice"}"#, 3),
        (r#"spazio_writes_total{op="CreateSentInvoice",outcome="committed"}"#, 1),
        (r#"spazio_writes_total{op="CreateSentInvoice",outcome="repeated"}"#, 1),
        (r#"spazio_writes_total{op="CreateSentInvoice",outcome="refused"}"#, 1),
        (r#"spazio_write_seconds_count{op="CreateSentInvoice"}"#, 3),
        ("spazio_calls_under_way", 0),
    ];
    for (series, count) in expected {
        assert_eq!(counted(app, series).await, count, "{series}");
    }
}

async fn the_page_is_served_in_the_format_of_scrapers_and_alone(app: &TestApp) {
    let page = got(app, "/metrics").await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.contains("application/openmetrics-text; version=1.0.0"), "{page}");
    assert!(page.ends_with("# EOF\n"), "{page}");
    assert!(got(app, "/").await.starts_with("HTTP/1.1 404"));
}

async fn what_a_stranger_asks_for_becomes_no_label(app: &TestApp) {
    let mut stream = tonic::client::Grpc::new(app.channel());
    stream.ready().await.expect("the server takes calls");
    let path = http::uri::PathAndQuery::from_static("/spazio.v1.QuotaService/Nonsense");
    let codec = tonic_prost::ProstCodec::<pb::GetSpaceRequest, pb::GetSpaceResponse>::default();
    stream.unary(tonic::Request::new(pb::GetSpaceRequest {}), path, codec).await.expect_err("no token, no call");
    assert_eq!(counted(app, r#"spazio_calls_total{method="unknown",code="UNAUTHENTICATED"}"#).await, 1);
    assert!(!got(app, "/metrics").await.contains("Nonsense"));
}
