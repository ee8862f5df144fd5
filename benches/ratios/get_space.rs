//! GetSpace against a bare tonic call with the same answer: what the stack, the token and the account's row cost.

use std::net::SocketAddr;

use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

use spazio::call::ActsAs;

use crate::comparison::{headline, in_turn, rate};
use crate::support::{Bearer, Caller, Engine, TestApp, pb};
use pb::quota_service_client::QuotaServiceClient;
use pb::quota_service_server::{QuotaService, QuotaServiceServer};

const CALLS: usize = 2_000;
const CALLERS: [usize; 2] = [1, 32];

/// Compares the server on this database.
pub async fn compare(engine: Engine) {
    headline(&format!("GetSpace on {engine:?} against a bare tonic call that gives the same answer"));
    let app = TestApp::start(engine).await;
    let ann = app.customer("ann").one_gb().create().await;
    let bearer = Bearer::Token(app.token(ActsAs::Customer(ann.account), app.now(), "spazio"));
    let stop = CancellationToken::new();
    let bare = Bare(ann.space().await).serve(stop.clone());
    for callers in CALLERS {
        let calls = CALLS / callers;
        // A connection each, on both sides.
        let panels: Vec<Caller> = (0..callers).map(|_| app.connect().bearing(bearer.clone())).collect();
        let channels: Vec<Channel> = (0..callers).map(|_| connect(bare)).collect();
        in_turn(
            &format!("{callers} callers"),
            async || rate(callers, calls, |number| ask(panels[number].clone(), calls)).await,
            async || rate(callers, calls, |number| ask_bare(channels[number].clone(), calls)).await,
        )
        .await;
    }
    stop.cancel();
    drop(ann);
    app.finish().await;
}

async fn ask(panel: Caller, calls: usize) {
    let mut client = panel.quota();
    for _ in 0..calls {
        client.get_space(pb::GetSpaceRequest {}).await.expect("the space");
    }
}

async fn ask_bare(channel: Channel, calls: usize) {
    let mut client = QuotaServiceClient::new(channel);
    for _ in 0..calls {
        client.get_space(pb::GetSpaceRequest {}).await.expect("the space");
    }
}

fn connect(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).expect("an address makes a URI").connect_lazy()
}

/// Answers at once, whoever asks.
struct Bare(pb::Space);

impl Bare {
    fn serve(self, stop: CancellationToken) -> SocketAddr {
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().expect("an address")).expect("a free port").with_nodelay(Some(true));
        let address = incoming.local_addr().expect("its address");
        let router = Server::builder().add_service(QuotaServiceServer::new(self));
        tokio::spawn(router.serve_with_incoming_shutdown(incoming, stop.cancelled_owned()));
        address
    }
}

#[tonic::async_trait]
impl QuotaService for Bare {
    async fn get_space(&self, _: Request<pb::GetSpaceRequest>) -> Result<Response<pb::GetSpaceResponse>, Status> {
        Ok(Response::new(pb::GetSpaceResponse { space: Some(self.0.clone()) }))
    }

    async fn recommend_quantity(
        &self,
        _: Request<pb::RecommendQuantityRequest>,
    ) -> Result<Response<pb::RecommendQuantityResponse>, Status> {
        Err(Status::unimplemented("nobody asks"))
    }
}
