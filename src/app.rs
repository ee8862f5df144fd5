//! Puts everything together. Production, demo and tests start the same way: [`start`].

mod error;
mod health;
mod keys;
mod scrape;

use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub use error::StartError;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tonic::transport::server::{Router, TcpIncoming};
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tower::layer::util::{Identity as LayerIdentity, Stack};

use crate::account::AccountApi;
use crate::archive::{self, Archive, OpenError, Purpose};
use crate::cart::CartApi;
use crate::catalogue::Catalogue;
use crate::clock::Clock;
use crate::config::{ChargedBy, Config, ConfigError, ConfigErrors, Delivery, Tls};
use crate::db::migration::{self, Standing};
use crate::db::{Db, Fault, Trouble, Url};
use crate::edge::token::{KeySet, Tokens};
use crate::edge::{Edge, EdgeLayer, Limits, Places, connections};
use crate::invoices::{Imports, Intake, InvoicesApi};
use crate::notify::transport::Transport;
use crate::order::{OrderApi, Rules, Terms};
use crate::paging::Seal;
use crate::payment::Payee;
use crate::payment::gateway::{Gateway, NoGateway};
use crate::payment::simulator::Simulator;
use crate::pb::spazio::v1::account_service_server::AccountServiceServer;
use crate::pb::spazio::v1::cart_service_server::CartServiceServer;
use crate::pb::spazio::v1::invoices_service_server::InvoicesServiceServer;
use crate::pb::spazio::v1::order_service_server::OrderServiceServer;
use crate::pb::spazio::v1::quota_service_server::QuotaServiceServer;
use crate::quota::QuotaApi;
use crate::quota::level::Thresholds;
use crate::work::Worker;
use crate::{DESCRIPTORS, policy};

/// A server that runs.
pub struct App {
    /// Where it listens; with port 0 in the configuration, the port that the system chose.
    pub address: SocketAddr,
    /// Where its counters are read, if they are.
    pub metrics: Option<SocketAddr>,
    /// Its database.
    pub db: Db,
    /// Its background work, to be run at once where a test or the demo does not want to wait.
    pub worker: Arc<Worker>,
    health: health::Health,
    limits: Limits,
    stop: CancellationToken,
    serving: JoinHandle<Result<(), tonic::transport::Error>>,
    background: Vec<JoinHandle<()>>,
    /// Served to the end, so that a drain can be watched.
    _metrics_page: Option<AbortOnDropHandle<()>>,
    drain: Duration,
}

/// The clock that the configuration asks for.
pub fn clock(config: &Config) -> Result<Clock, ConfigErrors> {
    match &config.development.clock_file {
        Some(path) => Ok(Clock::from_file(path).map_err(|error| ConfigError::unusable("development.clock_file", error))?),
        None => Ok(Clock::system()),
    }
}

/// The catalogue that the configuration asks for.
pub fn catalogue(config: &Config) -> Result<Catalogue, ConfigErrors> {
    const SETTING: &str = "catalogue.file";
    let Some(path) = &config.catalogue.file else { return Ok(Catalogue::shipped()) };
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::unreadable(SETTING, path, &error))?;
    let wrong = |error| ConfigError::unusable(SETTING, format_args!("{}: {error}", path.display()));
    Catalogue::parse(&text).map_err(|errors| ConfigErrors(errors.into_iter().map(wrong).collect()))
}

/// Opens the database and sees to its schema: an embedded one is brought up to date, a shared one must be.
pub async fn open(config: &Config, clock: Clock) -> Result<Db, StartError> {
    match &config.database.url {
        Url::Sqlite(_) => open_up_to_date(config, clock).await.map(|(db, _)| db),
        Url::Postgres(_) => current(Db::open(&config.database, clock).await?).await,
    }
}

/// Opens the database and brings its schema up to date, unless a newer program made it; tells how many migrations that took.
pub async fn open_up_to_date(config: &Config, clock: Clock) -> Result<(Db, usize), StartError> {
    let db = Db::open(&config.database, clock).await?;
    let failed = |error| Trouble::of(&config.database.url, &error);
    let applied = match migration::standing(&db).await.map_err(failed)? {
        Standing::Behind(_) => migration::migrate(&db).await.map_err(failed)?,
        Standing::Current | Standing::Ahead(_) => 0,
    };
    Ok((current(db).await?, applied))
}

/// Opens the database for a look: whatever its kind, its schema must be the one of this program.
pub async fn open_as_it_is(config: &Config, clock: Clock) -> Result<Db, StartError> {
    if let Url::Sqlite(path) = &config.database.url
        && !path.exists()
    {
        return Err(Trouble::no_file(&config.database.url, path).into());
    }
    current(Db::open(&config.database, clock).await?).await
}

async fn current(db: Db) -> Result<Db, StartError> {
    let url = db.url().to_string();
    match migration::standing(&db).await.map_err(|error| Trouble::of(db.url(), &error))? {
        Standing::Current => Ok(db),
        Standing::Ahead(names) => Err(StartError::Ahead { url, names }),
        Standing::Behind(missing) => Err(StartError::Behind { url, missing }),
    }
}

/// Looks at every file and folder that the configuration names, and tells all that would keep a server from starting. Touches neither
/// database nor data folder.
pub fn look_at_files(config: &Config) -> Result<(), ConfigErrors> {
    let keys = config.identity.jwks_file.as_ref().map(|path| keys::production(path));
    let tls = config.server.tls.as_ref().map(tls_config);
    let archive = archive::check(&config.archive);
    let files = [tls.and_then(Result::err), keys.and_then(Result::err), archive.err(), catalogue(config).err(), clock(config).err()];
    let errors: Vec<_> = files.into_iter().flatten().flat_map(|errors| errors.0).chain(folders(config)).collect();
    if errors.is_empty() { Ok(()) } else { Err(ConfigErrors(errors)) }
}

fn folders(config: &Config) -> impl Iterator<Item = ConfigError> {
    let mails = match &config.mail.delivery {
        Delivery::Files(folder) => Some((folder.clone(), "mail.folder")),
        Delivery::Smtp(_) => None,
    };
    let folders = [Some((config.data.folder.clone(), "data.folder")), mails].into_iter().flatten();
    folders.filter(|(path, _)| path.exists() && !path.is_dir()).map(|(path, setting)| {
        let reason = format_args!("{} is not a folder; correct it", path.display()).to_string();
        ConfigError::unusable(setting, reason)
    })
}

/// Starts a server with the gateway that the configuration asks for.
pub async fn start(config: &Config, clock: Clock) -> Result<App, StartError> {
    // Before the database is touched: a server that cannot start should leave nothing behind.
    look_at_files(config)?;
    let db = open(config, clock).await?;
    let gateway: Arc<dyn Gateway> = match config.payments.charged_by {
        ChargedBy::Simulator => Arc::new(Simulator::new(db.clone())),
        ChargedBy::None => Arc::new(NoGateway),
    };
    start_with(config, db, gateway).await
}

/// Starts a server on an open database with this gateway.
pub async fn start_with(config: &Config, db: Db, gateway: Arc<dyn Gateway>) -> Result<App, StartError> {
    let rules = rules(config)?;
    let key_set = keys::key_set(config)?;
    let wake = Arc::new(Notify::new());
    let transport = transport(config)?;
    let archive = Archive::open(&config.archive, db.clone(), Purpose::Storing).await.map_err(|error| match error {
        OpenError::Settings(errors) => StartError::Files(errors),
        OpenError::Fault(Fault::Database(error)) => Trouble::of(db.url(), &error).into(),
        OpenError::Fault(fault) => StartError::Archive(fault),
    })?;
    let worker = Arc::new(Worker::new(db.clone(), rules.clone(), gateway, transport, archive.clone(), wake.clone()));
    let health = health::Health::serving(db.clone()).await;
    let (incoming, address) = listen(config.server.listen)?;
    let scraped = match config.metrics.listen {
        Some(address) => Some(scrape::listen(address).await?),
        None => None,
    };
    let metrics = scraped.as_ref().map(|(_, address)| *address);
    let limits = Limits::new(config.limits.concurrent_calls, config.limits.request);
    let seal = Seal::of(&db).await.map_err(|error| Trouble::of(db.url(), &error))?;
    let router = router(config, &db, (rules, archive, seal), wake, &key_set, &health, &limits)?;

    let stop = CancellationToken::new();
    // After its age a connection is asked to go; calls on it, which take at most as long as the longest, may still end.
    let longest = config.server.max_connection_age + config.limits.request + GOING;
    let incoming = connections(incoming, Places::new(config.limits.connections, longest, db.meters().clone()));
    let serving = tokio::spawn(router.serve_with_incoming_shutdown(incoming, stop.clone().cancelled_owned()));
    let background = vec![
        tokio::spawn({
            let (worker, stop) = (worker.clone(), stop.clone());
            async move { worker.run(stop).await }
        }),
        tokio::spawn(health.clone().follow(stop.clone())),
        tokio::spawn(keys::follow(key_set, stop.clone())),
    ];
    let metrics_page =
        scraped.map(|(listener, _)| AbortOnDropHandle::new(tokio::spawn(scrape::serve(listener, db.meters().clone(), limits.clone()))));
    Ok(App {
        address,
        metrics,
        _metrics_page: metrics_page,
        db,
        worker,
        health,
        limits,
        stop,
        serving,
        background,
        drain: config.server.drain,
    })
}

fn listen(address: SocketAddr) -> Result<(TcpIncoming, SocketAddr), StartError> {
    let failed = |error| StartError::listen("server.listen", address, &error);
    let incoming = TcpIncoming::bind(address).map_err(failed)?.with_nodelay(Some(true)).with_keepalive(Some(KEEPALIVE));
    let address = incoming.local_addr().map_err(failed)?;
    Ok((incoming, address))
}

/// How long a connection that was asked to go may take beyond its calls.
const GOING: Duration = Duration::from_secs(5);
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_ANSWER: Duration = Duration::from_secs(10);
/// Streams that a peer opens and resets, and that we reset, before its connection is closed (rapid reset).
const PENDING_RESETS: usize = 64;
const LOCAL_RESETS: usize = 256;
const LARGEST_HEADERS: u32 = 32 * 1024;

/// tonic with its open defaults closed.
fn server(config: &Config) -> Result<Server, StartError> {
    let streams = config.limits.concurrent_streams;
    let server = Server::builder()
        .max_concurrent_streams(streams)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_ANSWER))
        .http2_max_pending_accept_reset_streams(Some(PENDING_RESETS))
        .http2_max_local_error_reset_streams(Some(LOCAL_RESETS))
        .http2_max_header_list_size(LARGEST_HEADERS)
        .max_connection_age(config.server.max_connection_age)
        .accept_http1(false);
    let Some(tls) = &config.server.tls else { return Ok(server) };
    server.tls_config(tls_config(tls)?).map_err(|error| ConfigErrors::from(unusable_tls(tls, &error)).into())
}

/// Every service, with the stack round them.
fn router(
    config: &Config,
    db: &Db,
    (rules, archive, seal): (Rules, Archive, Seal),
    wake: Arc<Notify>,
    key_set: &Arc<KeySet>,
    health: &health::Health,
    limits: &Limits,
) -> Result<Router<Stack<EdgeLayer, LayerIdentity>>, StartError> {
    let identity = &config.identity;
    let edge = Arc::new(Edge {
        db: db.clone(),
        tokens: Arc::new(Tokens::new(key_set.clone(), &identity.issuer, &identity.audience, identity.leeway)),
        limits: limits.clone(),
    });
    let (catalogue, thresholds) = (rules.catalogue.clone(), rules.thresholds);
    let intake = Intake::new(config.limits.parser_threads, archive.clone());
    let invoices = InvoicesServiceServer::new(InvoicesApi {
        db: db.clone(),
        intake,
        archive,
        thresholds,
        seal: seal.clone(),
        bounds: config.lists,
        imports: Imports::default(),
    });
    let router = server(config)?
        .layer(EdgeLayer(edge))
        .add_service(health.service())
        .add_service(AccountServiceServer::new(AccountApi { db: db.clone(), catalogue: catalogue.clone(), seal: seal.clone() }))
        .add_service(QuotaServiceServer::new(QuotaApi { db: db.clone(), thresholds }))
        .add_service(invoices.max_decoding_message_size(largest_request()))
        .add_service(CartServiceServer::new(CartApi { db: db.clone(), catalogue }))
        .add_service(OrderServiceServer::new(OrderApi { db: db.clone(), rules, wake, seal: seal.clone() }));
    if !config.server.reflection {
        return Ok(router);
    }
    Ok(router.add_service(reflection().build_v1().expect(DECODED)).add_service(reflection().build_v1alpha().expect(DECODED)))
}

/// tonic's own limit is one for all methods; each method's own is held by the edge.
fn largest_request() -> usize {
    policy::methods().iter().map(|method| method.max_request_bytes).max().unwrap_or(0)
}

fn transport(config: &Config) -> Result<Transport, StartError> {
    let from = config.mail.from.clone();
    Ok(match &config.mail.delivery {
        Delivery::Files(folder) => Transport::files(from, folder.clone()),
        Delivery::Smtp(url) => Transport::smtp(from, url)?,
    })
}

const DECODED: &str = "the descriptors were encoded by the build";

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        // So that grpcurl can show the details of a refusal.
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET)
        .include_reflection_service(false)
}

/// What orders are made by.
fn rules(config: &Config) -> Result<Rules, StartError> {
    let payments = &config.payments;
    let payee = Payee {
        beneficiary: payments.beneficiary.clone(),
        iban: payments.iban.clone(),
        bic: payments.bic.clone(),
        slip_account: payments.slip_account.clone(),
        slip_code_prefix: payments.slip_code_prefix,
    };
    let terms =
        Terms { general: config.terms.general.clone(), clauses: config.terms.clauses.clone(), privacy: config.terms.privacy.clone() };
    Ok(Rules {
        catalogue: Arc::new(catalogue(config)?),
        terms: Arc::new(terms),
        payee: Arc::new(payee),
        charges: payments.charged_by != ChargedBy::None,
        operators: Arc::from(config.mail.operators.email.to_string()),
        lapse_days: payments.lapse_days,
        thresholds: thresholds(config)?,
    })
}

/// From which usage on an account is told.
pub fn thresholds(config: &Config) -> Result<Thresholds, StartError> {
    Ok(Thresholds::new(config.space.warning_percent, config.space.critical_percent)?)
}

fn tls_config(tls: &Tls) -> Result<ServerTlsConfig, ConfigErrors> {
    let mut unreadable = Vec::new();
    let files = tls.files().map(|(setting, path)| {
        let content = std::fs::read(path).map_err(|error| unreadable.push(ConfigError::unreadable(setting, path, &error)));
        content.unwrap_or_default()
    });
    let files: Vec<_> = files.collect();
    if !unreadable.is_empty() {
        return Err(ConfigErrors(unreadable));
    }
    let config = ServerTlsConfig::new().identity(Identity::from_pem(&files[0], &files[1])).timeout(Duration::from_secs(10));
    let config = match files.get(2) {
        Some(client_ca) => config.client_ca_root(Certificate::from_pem(client_ca)),
        None => config,
    };
    // What the files hold is looked at only here.
    Server::builder().tls_config(config.clone()).map_err(|error| unusable_tls(tls, &error))?;
    Ok(config)
}

fn unusable_tls(tls: &Tls, error: &tonic::transport::Error) -> ConfigError {
    // The error itself says no more than that it is one of the transport.
    let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let paths = tls.files().map(|(_, path)| path.display().to_string()).collect::<Vec<_>>().join(", ");
    let keys = tls.files().map(|(setting, _)| setting).collect();
    ConfigError::Unusable { keys, reason: format!("{paths} cannot be used together: {reason}; correct them") }
}

/// For the last answers to leave.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every call and every write under way was finished.
    Clean,
    /// The time to drain was over first; what was not acknowledged will be repeated by its caller.
    CutOff,
}

impl App {
    /// Stops taking calls, finishes those under way and every write, within the configured time.
    pub async fn stop(self) -> Ended {
        let drained = timeout(self.drain, async {
            self.health.leave().await;
            self.stop.cancel();
            // A connection on which nothing happens may stay open for ever: what counts is that no call is served any more.
            let served = tokio::select! {
                served = self.serving => matches!(served, Ok(Ok(()))),
                () = async { self.limits.idle().await; tokio::time::sleep(LAST_ANSWERS).await } => true,
            };
            for task in self.background {
                let _ = task.await;
            }
            let closed = self.db.close().await;
            served && closed.is_ok()
        });
        match drained.await {
            Ok(true) => Ended::Clean,
            Ok(false) | Err(_) => Ended::CutOff,
        }
    }

    /// Waits until the server ends by itself, which it does only on an error.
    pub async fn failed(&mut self) -> String {
        match (&mut self.serving).await {
            Ok(Ok(())) => "the server ended".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        }
    }
}
