//! Typed configuration: one struct for each concern, defaults that run, every error at once.
//!
//! Each setting is described once, where it is read (sections.rs): its key, default, meaning and allowed values. The
//! listing of `check-config`, the example file and the README's table are drawn from the same description (show.rs).
//!
//! Sources, the later ones winning: default, TOML file, variable `SPAZIO_<SECTION>_<KEY>`, `--set SECTION.KEY=VALUE`.

mod archive;
mod error;
mod form;
mod nearest;
mod reader;
mod sections;
mod show;
mod sources;

use std::net::SocketAddr;
use std::path::Path;

pub use archive::{Archive, Compression, Retention, S3, Store};
pub use error::{ConfigError, ConfigErrors};
pub use reader::{Setting, Usual};
pub use sections::{
    Catalogue, ChargedBy, Data, Delivery, Development, Identity, Limits, Log, LogFormat, Mail, Metrics, Payments, Server, Space, Terms, Tls,
};
pub use show::{effective_listing, example_file, markdown_table};
pub(crate) use sources::toml_fault;
pub use sources::{Origin, Sources};

use crate::db;
use crate::invoices::Bounds;
use reader::Reader;

/// All settings, valid each by itself and together.
#[derive(Clone, Debug)]
pub struct Config {
    /// What is listened on, and how the server ends.
    pub server: Server,
    /// How much is done at once, and for how long.
    pub limits: Limits,
    /// How far a list looks in one call. No setting: only tests make it smaller.
    pub lists: Bounds,
    /// Where things rest.
    pub database: db::Settings,
    /// Where the bytes of documents rest.
    pub archive: Archive,
    /// Whose tokens are believed.
    pub identity: Identity,
    /// The folder for what is no database.
    pub data: Data,
    /// How mail leaves.
    pub mail: Mail,
    /// Where customers send their money (B10).
    pub payments: Payments,
    /// The terms that customers accept.
    pub terms: Terms,
    /// When an account is warned (S5).
    pub space: Space,
    /// What is sold, for how much (B5).
    pub catalogue: Catalogue,
    /// What is logged.
    pub log: Log,
    /// Where the counters are read.
    pub metrics: Metrics,
    /// What helps while developing and has no place in production.
    pub development: Development,
}

impl Config {
    /// Reads the settings. Nothing is used unless all of them are right, and all that is wrong is told at once.
    pub fn load(sources: &Sources) -> Result<Self, ConfigErrors> {
        Self::load_explained(sources, |_| Ok(())).map(|(config, _)| config)
    }

    /// Like [`Config::load`], with each setting's value and where it came from; and `look` is asked whether what the settings name is of
    /// use, such as files. It sees the default in place of each setting that is wrong, so that one error hides none of the others.
    pub fn load_explained(
        sources: &Sources,
        look: impl FnOnce(&Self) -> Result<(), ConfigErrors>,
    ) -> Result<(Self, Vec<Setting>), ConfigErrors> {
        let mut reader = Reader::new(sources);
        let config = Self::read(&mut reader);
        config.check(&mut reader);
        let found = look(&config).err().map_or_else(Vec::new, |ConfigErrors(errors)| errors);
        let settings = reader.finish(found)?;
        Ok((config, settings))
    }

    /// The defaults, on a port the system chooses, with everything else in `folder`.
    ///
    /// # Panics
    /// If the URL is none, or the folder's path is not UTF-8: the test that asked for it is wrong.
    #[must_use]
    pub fn for_testing(database_url: &str, folder: &Path) -> Self {
        let folder = folder.to_str().expect("a test's folder has a UTF-8 path");
        let flags = vec!["server.listen=127.0.0.1:0".to_owned(), format!("database.url={database_url}"), format!("data.folder={folder}")];
        Self::load(&Sources { flags, ..Sources::default() }).unwrap_or_else(|errors| panic!("{errors}"))
    }

    fn read(reader: &mut Reader) -> Self {
        let data = Data::read(reader);
        Self {
            server: Server::read(reader),
            limits: Limits::read(reader),
            lists: Bounds::default(),
            database: sections::database(reader),
            archive: Archive::read(reader),
            identity: Identity::read(reader),
            mail: Mail::read(reader, &data),
            data,
            payments: Payments::read(reader),
            terms: Terms::read(reader),
            space: Space::read(reader),
            catalogue: Catalogue::read(reader),
            log: Log::read(reader),
            metrics: Metrics::read(reader),
            development: Development::read(reader),
        }
    }

    /// What must hold between settings.
    fn check(&self, reader: &mut Reader) {
        let production = self.identity.jwks_file.is_some();
        reader.require(
            &["server.listen", "identity.jwks_file"],
            production || self.server.listen.ip().is_loopback(),
            "without identity.jwks_file anybody who can reach the development key is any customer, so only a loopback address \
             may be listened on: set identity.jwks_file, or listen on 127.0.0.1",
        );
        reader.require(
            &["development.clock_file", "identity.jwks_file"],
            !production || self.development.clock_file.is_none(),
            "a clock that can be moved must not decide on production tokens and expiries: remove one of the two",
        );
        reader.require(
            &["payments.charged_by", "identity.jwks_file"],
            !production || self.payments.charged_by != ChargedBy::Simulator,
            "the simulator grants what nobody paid for: set payments.charged_by to none, which offers bank transfer and postal slip only",
        );
        reader.require(
            &["payments.iban", "identity.jwks_file"],
            !production || self.payments.iban.compact() != sections::EXAMPLE_IBAN,
            "the account is still the example's, and customers would pay into nowhere: set payments.iban to your own",
        );
        reader.require(
            &["server.listen", "metrics.listen"],
            self.metrics.listen.is_none_or(|metrics| !overlap(self.server.listen, metrics)),
            "one port cannot serve both calls and counters: set metrics.listen to another port",
        );
        reader.require(
            &["space.warning_percent", "space.critical_percent"],
            self.space.warning_percent < self.space.critical_percent,
            "the warning must come before the critical level: make space.warning_percent the smaller",
        );
        reader.require(
            &["database.lock_seconds", "database.statement_seconds"],
            self.database.lock_timeout <= self.database.statement_timeout,
            "a statement ends before it has waited that long for a lock: make database.lock_seconds at most database.statement_seconds",
        );
    }
}

/// Whether whoever listens at the one cannot listen at the other too. Port 0 is a new one each time.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let same_host = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() == other.port() && one.port() != 0 && same_host
}

/// Every setting with its default, in the order of the example file.
///
/// # Panics
/// Never: a test reads the defaults.
#[must_use]
pub fn default_settings() -> Vec<Setting> {
    let (_, settings) = Config::load_explained(&Sources::default(), |_| Ok(())).expect("the defaults run: a test reads them");
    settings
}

#[cfg(test)]
mod tests;
