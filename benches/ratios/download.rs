//! DownloadInvoice against a bare stream of the same bytes: what the archive and the stack cost; and against one that verifies their digest
//! before it sends them, as every download must.

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream;
use prost::bytes::Bytes;
use ring::digest::{Digest, SHA256, digest};
use spazio::call::ActsAs;
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, ServerStreamingService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use crate::comparison::{headline, in_turn, rate};
use crate::support::{Bearer, Engine, TestApp, pb};
use pb::download_invoice_response::Part;
use pb::invoices_service_client::InvoicesServiceClient;

const CHUNK: usize = 64 * 1024;

/// Compares the server on this database, with files of several sizes.
pub async fn compare(engine: Engine) {
    headline(&format!("DownloadInvoice on {engine:?} against a bare stream of the same bytes"));
    let app = TestApp::start(engine).await;
    let ann = app.customer("ann").one_gb().create().await;
    let bearer = Bearer::Token(app.token(ActsAs::Customer(ann.account), app.now(), "spazio"));
    for (size, downloads) in [(10_000, 200), (100_000, 100), (4_900_000, 10)] {
        let file = ann.invoice_of(size).bytes;
        let stored = ann.receives(file.clone(), "IT01234567897_00001.xml").await;
        let stop = CancellationToken::new();
        let panel = app.connect().bearing(bearer.clone());
        let contenders = [("", None), (", verified", Some(digest(&SHA256, &file)))];
        for (what, sha256) in contenders {
            let bare = connect(Bare { file: file.clone().into(), sha256 }.serve(stop.clone()));
            for callers in [1, 8] {
                let calls = downloads / callers + 1;
                in_turn(
                    &format!("{size} bytes{what}, {callers} callers"),
                    async || rate(callers, calls, |_| fetch(panel.invoices(), stored.invoice_id.clone(), calls)).await,
                    async || rate(callers, calls, |_| fetch(InvoicesServiceClient::new(bare.clone()), String::new(), calls)).await,
                )
                .await;
            }
        }
        stop.cancel();
    }
    drop(ann);
    app.finish().await;
}

async fn fetch<C>(mut client: InvoicesServiceClient<C>, invoice_id: String, calls: usize)
where
    C: tonic::client::GrpcService<Body> + Send,
    C::ResponseBody: tonic::codegen::Body<Data = Bytes> + Send + 'static,
    C::Future: Send,
    C::Error: Into<tonic::codegen::StdError>,
    <C::ResponseBody as tonic::codegen::Body>::Error: Into<tonic::codegen::StdError> + Send,
{
    for _ in 0..calls {
        let request = pb::DownloadInvoiceRequest { invoice_id: invoice_id.clone(), ..Default::default() };
        let mut messages = client.download_invoice(request).await.expect("a download").into_inner();
        while messages.message().await.expect("the next message").is_some() {}
    }
}

fn connect(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).expect("an address makes a URI").connect_lazy()
}

/// Streams a file that it has in memory, whoever asks; where it knows a digest, after verifying it.
#[derive(Clone)]
struct Bare {
    file: Bytes,
    sha256: Option<Digest>,
}

impl Bare {
    fn serve(self, stop: CancellationToken) -> SocketAddr {
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().expect("an address")).expect("a free port").with_nodelay(Some(true));
        let address = incoming.local_addr().expect("its address");
        tokio::spawn(Server::builder().add_service(self).serve_with_incoming_shutdown(incoming, stop.cancelled_owned()));
        address
    }
}

impl NamedService for Bare {
    const NAME: &'static str = "spazio.v1.InvoicesService";
}

impl Service<http::Request<Body>> for Bare {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let bare = self.clone();
        Box::pin(async move { Ok(Grpc::new(ProstCodec::default()).server_streaming(bare, request).await) })
    }
}

impl ServerStreamingService<pb::DownloadInvoiceRequest> for Bare {
    type Response = pb::DownloadInvoiceResponse;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<pb::DownloadInvoiceResponse, Status>> + Send>>;
    type Future = std::future::Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, _: Request<pb::DownloadInvoiceRequest>) -> Self::Future {
        let mut file = self.file.clone();
        assert!(self.sha256.is_none_or(|sha256| digest(&SHA256, &file).as_ref() == sha256.as_ref()), "its bytes are right");
        let description = Part::Description(pb::FileDescription { size_bytes: file.len() as u64, ..Default::default() });
        let chunks = std::iter::from_fn(move || (!file.is_empty()).then(|| Part::Chunk(file.split_to(file.len().min(CHUNK)))));
        let messages = std::iter::once(description).chain(chunks).map(|part| Ok(pb::DownloadInvoiceResponse { part: Some(part) }));
        ready(Ok(Response::new(Box::pin(stream::iter(messages)))))
    }
}
