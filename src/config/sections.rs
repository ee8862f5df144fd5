//! The sections: each setting's key, default, meaning and form, once.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::Mailbox;
use secrecy::SecretString;

use super::form::{address, bic, digits, log_filter, parsed, path, scheme_alone, seconds, smtp_url, switch, text, version, whole, word};
use super::reader::Reader;
use crate::db;
use crate::payment::reference::{EpcTransfer, Iban, SlipPrefix};
use crate::words::words;

/// The example's account, which is nobody's: production refuses it.
pub(super) const EXAMPLE_IBAN: &str = "IT60X0542811101000000123456";

/// What is listened on, and how the server ends.
#[derive(Clone, Debug)]
pub struct Server {
    /// The address to listen on; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Whether the reflection service tells the contract.
    pub reflection: bool,
    /// TLS, if this process ends it itself.
    pub tls: Option<Tls>,
    /// How long calls under way may take to finish once the process was told to end.
    pub drain: Duration,
    /// How long a connection lives, so that clients find new replicas.
    pub max_connection_age: Duration,
}

/// The server's identity, as PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authorities whose clients may connect; None lets every client connect.
    pub client_ca: Option<PathBuf>,
}

impl Tls {
    /// The settings with the files they name: certificate, key, and authorities if there are any.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let always = [("server.tls_certificate", self.certificate.as_path()), ("server.tls_key", self.key.as_path())];
        always.into_iter().chain(self.client_ca.iter().map(|path| ("server.tls_client_ca", path.as_path())))
    }
}

impl Server {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut s = reader.section("server", "What is listened on, and how the server ends");
        let listen = s.value("listen", "127.0.0.1:50051", "address and port to listen on; port 0 lets the system choose", &address());
        let reflection = s.value("reflection", "true", "tell the contract to tools such as grpcurl", &switch());
        let certificate =
            s.optional("tls_certificate", "/etc/spazio/tls.crt", "certificate chain (PEM); with tls_key it turns TLS on", &path());
        let key = s.optional("tls_key", "/etc/spazio/tls.key", "private key of the certificate (PEM)", &path());
        let client_ca =
            s.optional("tls_client_ca", "/etc/spazio/ca.crt", "authorities whose clients may connect (PEM): mutual TLS", &path());
        s.require(
            &["server.tls_certificate", "server.tls_key"],
            certificate.is_none() || key.is_some(),
            "a certificate is of no use without its key: set server.tls_key too, or neither",
        );
        s.require(
            &["server.tls_key", "server.tls_certificate"],
            key.is_none() || certificate.is_some(),
            "a key is of no use without its certificate: set server.tls_certificate too, or neither",
        );
        s.require(
            &["server.tls_client_ca", "server.tls_certificate"],
            client_ca.is_none() || certificate.is_some(),
            "clients can prove who they are only over TLS: set server.tls_certificate and server.tls_key too",
        );
        let drain = s.value("drain_seconds", "20", "how long calls under way may take to finish after SIGTERM", &seconds(0..=600));
        let max_connection_age = s.value(
            "max_connection_age_seconds",
            "1800",
            "how long a connection lives, so that clients find new replicas",
            &seconds(10..=86_400),
        );
        let tls = certificate.zip(key).map(|(certificate, key)| Tls { certificate, key, client_ca });
        Self { listen, reflection, tls, drain, max_connection_age }
    }
}

/// How much is done at once, and for how long.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections open at once; more are closed at once.
    pub connections: usize,
    /// Calls served at once; more are refused at once.
    pub concurrent_calls: usize,
    /// Streams open at once on one connection.
    pub concurrent_streams: u32,
    /// The longest any call may take, whatever deadline it brings.
    pub request: Duration,
    /// Threads that read documents; the next one waits.
    pub parser_threads: usize,
}

impl Limits {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut s = reader.section("limits", "How much is done at once, and for how long");
        Self {
            connections: s.value("connections", "512", "connections open at once; more are closed at once", &whole(1..=100_000)),
            concurrent_calls: s.value("concurrent_calls", "256", "calls served at once; more are refused at once", &whole(1..=100_000)),
            concurrent_streams: s.value("concurrent_streams", "100", "calls at once on one connection", &whole(1..=10_000)),
            request: s.value("request_seconds", "30", "the longest any call may take, whatever deadline it brings", &seconds(1..=300)),
            parser_threads: s.value("parser_threads", "2", "documents read at once; reading one keeps a processor busy", &whole(1..=256)),
        }
    }
}

pub(super) fn database(reader: &mut Reader) -> db::Settings {
    let mut s = reader.section("database", "Where things rest");
    let url = parsed("sqlite://PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE; in a password / is %2F, ? is %3F, # is %23")
        .shown_as(shown_database_url);
    db::Settings {
        url: s.value("url", "sqlite://spazio.db", "the database; its password is never shown", &url),
        max_connections: s.value(
            "max_connections",
            "16",
            "connections for writes, and as many again for reads (PostgreSQL)",
            &whole(1..=1000),
        ),
        statement_timeout: s.value("statement_seconds", "10", "the longest a statement may run (PostgreSQL)", &seconds(1..=300)),
        lock_timeout: s.value("lock_seconds", "5", "the longest a statement waits for a lock", &seconds(1..=300)),
        idle_in_transaction_timeout: s.value(
            "idle_in_transaction_seconds",
            "15",
            "the longest a transaction may sit idle before it is undone (PostgreSQL)",
            &seconds(1..=300),
        ),
    }
}

/// Without its password. Of what cannot be read as a URL only the scheme is shown: it may hold one all the same.
fn shown_database_url(text: &str) -> String {
    text.parse::<db::Url>().map_or_else(|_| scheme_alone(text), |url| url.to_string())
}

/// Whose tokens are believed.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The public keys of the issuer (JWK set). None is for development: the key in the data folder signs.
    pub jwks_file: Option<PathBuf>,
    /// The `iss` that tokens must have.
    pub issuer: String,
    /// The `aud` that tokens must have.
    pub audience: String,
    /// How far the issuer's clock may be off.
    pub leeway: Duration,
}

impl Identity {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut s = reader.section("identity", "Whose tokens are believed");
        Self {
            jwks_file: s.optional(
                "jwks_file",
                "/etc/spazio/jwks.json",
                "public keys of the issuer (JWK set), read again when changed; without it a development key is made",
                &path(),
            ),
            issuer: s.value("issuer", "spazio", "the `iss` that tokens must have", &text(255)),
            audience: s.value("audience", "spazio", "the `aud` that tokens must have", &text(255)),
            leeway: s.value("leeway_seconds", "30", "how far the issuer's clock may be off", &seconds(0..=300)),
        }
    }
}

/// The folder for what is no database.
#[derive(Clone, Debug)]
pub struct Data {
    /// Holds the development key, and mail that is written to files.
    pub folder: PathBuf,
}

impl Data {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut s = reader.section("data", "The folder for what is no database");
        Self { folder: s.value("folder", ".", "holds the development key, and mail that is written to files", &path()) }
    }
}

words! {
    /// The word for how mail leaves.
    pub enum MailTransport {
        /// One file for each mail.
        Files = "files",
        /// A mail server.
        Smtp = "smtp",
    }
}

/// How mail leaves.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The sender.
    pub from: Mailbox,
    /// Who is told of payments to review (B11).
    pub operators: Mailbox,
    /// By which way it leaves.
    pub delivery: Delivery,
}

/// By which way mail leaves.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// One `.eml` file for each mail, in this folder.
    Files(PathBuf),
    /// The mail server at this URL, which may hold a password.
    Smtp(SecretString),
}

impl Mail {
    pub(super) fn read(reader: &mut Reader, data: &Data) -> Self {
        let mut s = reader.section("mail", "How mail leaves");
        let transport = s.value("transport", "files", "write each mail to a file, or hand it to a mail server", &word(MailTransport::ALL));
        let mailbox = || parsed("an e-mail address, for example fatture@provider.example or Fatture <fatture@provider.example>");
        let from = s.value("from", "fatture@provider.example", "the sender", &mailbox());
        let operators = s.value("operators", "pagamenti@provider.example", "who is told of payments to review", &mailbox());
        let folder = s.optional("folder", "/var/lib/spazio/mail", "where mail is written to files; otherwise mail in data.folder", &path());
        let smtp_url = s.optional("smtp_url", "smtps://user:password@mail.provider.example", "the mail server; never shown", &smtp_url());
        s.require(
            &["mail.transport", "mail.smtp_url"],
            transport != MailTransport::Smtp || smtp_url.is_some(),
            "the transport smtp needs the mail server's address: set mail.smtp_url",
        );
        let delivery = match (transport, smtp_url) {
            (MailTransport::Smtp, Some(url)) => Delivery::Smtp(url),
            // Smtp without a URL was just refused.
            (MailTransport::Files, _) | (MailTransport::Smtp, None) => Delivery::Files(folder.unwrap_or_else(|| data.folder.join("mail"))),
        };
        Self { from, operators, delivery }
    }
}

words! {
    /// The word for what charges cards and PayPal.
    pub enum ChargedBy {
        /// A simulator, which grants what nobody paid for: for development and tests.
        Simulator = "simulator",
        /// Nothing: cards and PayPal are not offered.
        None = "none",
    }
}

/// Where customers send their money (B10).
#[derive(Clone, Debug)]
pub struct Payments {
    /// What charges cards and PayPal.
    pub charged_by: ChargedBy,
    /// Who is paid, at most 70 characters.
    pub beneficiary: String,
    /// The account for bank transfers.
    pub iban: Iban,
    /// Its bank.
    pub bic: String,
    /// The postal account for slips.
    pub slip_account: String,
    /// What the 18-digit codes of our slips begin with.
    pub slip_code_prefix: SlipPrefix,
    /// After how many days an unpaid order lapses.
    pub lapse_days: u32,
}

impl Payments {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut s = reader.section("payments", "Where customers send their money");
        let charged_by = "what charges cards and PayPal: simulator takes no money and is refused in production, none offers neither";
        Self {
            charged_by: s.value("charged_by", "simulator", charged_by, &word(ChargedBy::ALL)),
            beneficiary: s.value("beneficiary", "Provider Esempio S.p.A.", "who is paid", &text(EpcTransfer::LONGEST_NAME)),
            iban: s.value(
                "iban",
                EXAMPLE_IBAN,
                "the account for bank transfers; the example's is refused in production",
                &parsed("an IBAN whose check digits fit"),
            ),
            bic: s.value("bic", "BLOPIT22", "the bank of that account", &bic()),
            slip_account: s.value("slip_account", "000000123456", "the postal account for slips", &digits(1..=12)),
            slip_code_prefix: s.value("slip_code_prefix", "8960", "what the codes of our slips begin with", &parsed("4 digits")),
            lapse_days: s.value("lapse_days", "30", "after how many days an unpaid order lapses", &whole(1..=365)),
        }
    }
}

/// The terms that customers accept, in the versions in force (B8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The general terms of the service.
    pub general: String,
    /// The clauses to be approved separately (articles 1341 and 1342 of the civil code).
    pub clauses: String,
    /// The privacy notice.
    pub privacy: String,
}

impl Terms {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut s = reader.section("terms", "The versions of the terms in force: orders are confirmed with these and no others");
        Self {
            general: s.value("general", "2026-01", "the general terms of the service", &version()),
            clauses: s.value("clauses", "2026-01", "the clauses to be approved separately (articles 1341 and 1342 c.c.)", &version()),
            privacy: s.value("privacy", "2026-01", "the privacy notice", &version()),
        }
    }
}

/// When an account is warned (S5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// From which percentage of its capacity on an account is warned.
    pub warning_percent: u8,
    /// From which percentage on the warning is urgent.
    pub critical_percent: u8,
}

impl Space {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut s = reader.section("space", "When an account is warned; at 100% it is suspended whatever stands here");
        Self {
            warning_percent: s.value("warning_percent", "70", "from which percentage of its capacity an account is warned", &whole(1..=99)),
            critical_percent: s.value("critical_percent", "90", "from which percentage the warning is urgent", &whole(1..=99)),
        }
    }
}

/// What is sold, for how much (B5).
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// The price list; None takes the one that comes with the program.
    pub file: Option<PathBuf>,
}

impl Catalogue {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut s = reader.section("catalogue", "What is sold, for how much");
        Self { file: s.optional("file", "/etc/spazio/catalogue.toml", "the price list; without it the one in the program", &path()) }
    }
}

words! {
    /// How the log is written.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line, for machines.
        Json = "json",
    }
}

/// What is logged.
#[derive(Clone, Debug)]
pub struct Log {
    /// How it is written.
    pub format: LogFormat,
    /// Which events are logged, in the notation of tracing's EnvFilter.
    pub filter: String,
}

impl Log {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut s = reader.section("log", "What is logged");
        Self {
            format: s.value("format", "text", "text for people, json for machines", &word(LogFormat::ALL)),
            filter: s.value("filter", "info,sea_orm_migration=warn", "which events are logged", &log_filter()),
        }
    }
}

/// Where the counters are read.
#[derive(Clone, Copy, Debug)]
pub struct Metrics {
    /// The address of the page; None serves none.
    pub listen: Option<SocketAddr>,
}

impl Metrics {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut s = reader.section("metrics", "Where the counters are read");
        let doc = "address of the page /metrics (OpenMetrics, plain HTTP, no token): keep it inside; without it there is none";
        Self { listen: s.optional("listen", "127.0.0.1:9464", doc, &address()) }
    }
}

/// What helps while developing and has no place in production.
#[derive(Clone, Debug)]
pub struct Development {
    /// A file whose number of seconds is added to the clock.
    pub clock_file: Option<PathBuf>,
}

impl Development {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut s = reader.section("development", "What helps while developing and has no place in production");
        Self {
            clock_file: s.optional(
                "clock_file",
                "clock-offset",
                "file, which must be there, with seconds to add to the clock; refused together with identity.jwks_file",
                &path(),
            ),
        }
    }
}
