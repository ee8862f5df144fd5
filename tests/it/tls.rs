//! TLS and mutual TLS, by configuration.

use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use spazio::config::Tls;
use tonic::Status;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use crate::support::{Engine, Front, TestApp, pb, served};

/// An authority of the test's own.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate"))
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate and its key, as PEM.
    fn issue(&self) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }
}

fn written(folder: &Path, name: &str, content: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).expect("the folder can be written");
    path
}

/// A server with a certificate of `authority`; with `clients` only those with one of theirs may connect.
async fn server(folder: &Path, authority: &Authority, clients: Option<&Authority>) -> TestApp {
    let (certificate, key) = authority.issue();
    let tls = Tls {
        certificate: written(folder, "server.crt", &certificate),
        key: written(folder, "server.key", &key),
        client_ca: clients.map(|clients| written(folder, "clients.crt", &clients.pem())),
    };
    TestApp::start_with(Engine::Sqlite, |config| config.server.tls = Some(tls)).await
}

fn trusting(authority: &Authority) -> ClientTlsConfig {
    ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem())).domain_name("localhost")
}

fn channel(app: &TestApp, tls: ClientTlsConfig) -> Channel {
    let endpoint = Endpoint::from_shared(format!("https://{}", app.address())).expect("an address makes a URI");
    endpoint.tls_config(tls).expect("the configuration is whole").connect_lazy()
}

async fn is_served(app: &TestApp, tls: ClientTlsConfig) {
    let front = Front::over(channel(app, tls), app.folder(), app.clock().clone());
    served(front.operator().accounts().list_accounts(pb::ListAccountsRequest::default()).await);
}

async fn is_turned_away(app: &TestApp, tls: ClientTlsConfig) {
    let front = Front::over(channel(app, tls), app.folder(), app.clock().clone());
    let status = front.operator().accounts().list_accounts(pb::ListAccountsRequest::default()).await.expect_err("no handshake");
    assert!(never_arrived(&status), "{status}");
}

/// Whether a call failed on its way: the server itself said nothing.
fn never_arrived(status: &Status) -> bool {
    status.source().is_some_and(|source| source.is::<tonic::transport::Error>())
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_clients_know_the_server_and_plain_calls_are_turned_away() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let authority = Authority::new();
    let app = server(folder.path(), &authority, None).await;
    is_served(&app, trusting(&authority)).await;
    is_turned_away(&app, trusting(&Authority::new())).await;
    let plain = app.operator().accounts().list_accounts(pb::ListAccountsRequest::default()).await;
    assert!(never_arrived(&plain.expect_err("the server speaks TLS")));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_mutual_tls_the_server_knows_its_clients_too() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (authority, clients) = (Authority::new(), Authority::new());
    let app = server(folder.path(), &authority, Some(&clients)).await;
    let identity = |authority: &Authority| {
        let (certificate, key) = authority.issue();
        Identity::from_pem(certificate, key)
    };
    is_served(&app, trusting(&authority).identity(identity(&clients))).await;
    is_turned_away(&app, trusting(&authority)).await;
    is_turned_away(&app, trusting(&authority).identity(identity(&Authority::new()))).await;
    app.finish().await;
}
