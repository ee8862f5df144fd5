//! A network that goes silent: connections to PostgreSQL on which nothing comes back, and nobody says so, are given up; new ones serve.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use secrecy::ExposeSecret as _;
use spazio::config::Config;
use spazio::db::Url;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tonic::Request;

use crate::support::{Customer, Engine, TestApp, pb};

/// A way to the database whose open connections can be made silent.
struct Wire {
    address: SocketAddr,
    silence: watch::Sender<()>,
}

impl Wire {
    async fn to(database: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (silence, silenced) = watch::channel(());
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                // Before it is carried: one that is being opened when the silence falls is silent too.
                let mut silenced = silenced.clone();
                silenced.mark_unchanged();
                tokio::spawn(carried(caller, database.clone(), silenced));
            }
        });
        Self { address, silence }
    }

    /// On every connection that is open now nothing moves any more, in either direction, and none is closed.
    fn falls_silent(&self) {
        self.silence.send_replace(());
    }
}

async fn carried(mut caller: TcpStream, database: String, mut silenced: watch::Receiver<()>) {
    let mut database = TcpStream::connect(database).await.expect("the database listens");
    tokio::select! {
        _ = copy_bidirectional(&mut caller, &mut database) => {}
        _ = silenced.changed() => std::future::pending().await,
    }
}

/// The host and port of a URL, and the URL with another in its place.
fn rerouted(url: &str, to: &str) -> (String, String) {
    let (login, rest) = url.split_once('@').expect("a user");
    let (place, name) = rest.split_once('/').expect("a database");
    (place.to_owned(), format!("{login}@{to}/{name}"))
}

/// Of the reads that the silence meets, so many give up while they wait.
const READERS: usize = 12;
const PATIENCE: Duration = Duration::from_secs(60);

async fn read(ann: &Customer, within: Duration) -> bool {
    let mut request = Request::new(pb::GetSpaceRequest {});
    request.set_timeout(within);
    ann.panel.quota().get_space(request).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_connections_that_went_silent_are_given_up_and_new_ones_serve() {
    let maintenance = std::env::var("SPAZIO_TEST_POSTGRES").expect("`./run-tests` sets it");
    let wire = Wire::to(rerouted(&maintenance, "").0).await;
    let over_the_wire = |config: &mut Config| {
        let Url::Postgres(url) = &config.database.url else { unreachable!("the test asked for PostgreSQL") };
        let url = rerouted(url.expose_secret(), &wire.address.to_string()).1;
        config.database.url = url.parse().expect("a URL");
        config.database.max_connections = 4;
    };
    let app = TestApp::start_with(Engine::Postgres, over_the_wire).await;
    let ann = app.customer("ann").create().await;
    assert!(read(&ann, PATIENCE).await);
    // What the first round of background work writes would be awaited to its end.
    app.settled().await;

    wire.falls_silent();
    let impatient = Duration::from_millis(500);
    assert!(join_all((0..READERS).map(|_| read(&ann, impatient))).await.contains(&false), "the silence is heard");
    let recovered = async {
        while !read(&ann, Duration::from_secs(2)).await {}
        while ann.try_create(&ann.invoice()).await.is_err() {}
    };
    timeout(PATIENCE, recovered).await.expect("it reads and writes again without a restart");
    app.finish().await;
}
