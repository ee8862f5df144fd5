//! `spazio serve`: runs until it is told to stop, then finishes what is under way.

use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::app::{self, Ended};
use crate::config::{Config, Log, LogFormat};
use crate::terminal::{EndSignals, Output, in_colour};

pub(super) async fn serve(config: Config) -> Result<(), Failure> {
    log(&config.log);
    let teller = Teller(config.log.format);
    let clock = app::clock(&config)?;
    let keys = match &config.identity.jwks_file {
        Some(path) => format!("keys from {}", path.display()),
        None => format!("with the development key in {}", config.data.folder.display()),
    };
    let drain = config.server.drain;
    let mut signals = EndSignals::listen().map_err(|error| Failure::Failed(error.to_string()))?;
    let mut app = tokio::select! {
        started = app::start(&config, clock) => started?,
        reason = signals.told() => {
            teller.tell(&format!("{reason}: ended before it listened"));
            return Ok(());
        }
    };
    teller.tell(&format!("spazio listens on {}, database {}, {keys}", app.address, app.db.url()));
    if let Some(address) = app.metrics {
        teller.tell(&format!("metrics on http://{address}/metrics"));
    }
    let reason = tokio::select! {
        reason = signals.told() => reason,
        failure = app.failed() => return Err(Failure::Failed(failure)),
    };
    teller.tell(&format!("{reason}: draining, at most {} seconds", drain.as_secs()));
    match app.stop().await {
        Ended::Clean => {
            teller.tell("stopped: every call and every write was finished");
            Ok(())
        }
        Ended::CutOff => Err(Failure::Failed("stopped before everything was finished: callers that got no answer will repeat".to_owned())),
    }
}

/// Tells whoever started the server what becomes of it.
struct Teller(LogFormat);

impl Teller {
    /// A machine that reads the log as JSON must not meet a plain line between its own, and finds these on standard output whatever
    /// `log.filter` keeps out of the log.
    fn tell(&self, text: &str) {
        match self.0 {
            LogFormat::Text => Output::default().line(text),
            LogFormat::Json => tracing::subscriber::with_default(
                tracing_subscriber::fmt().json().with_max_level(tracing::Level::INFO).with_writer(std::io::stdout).finish(),
                || tracing::info!("{text}"),
            ),
        }
    }
}

/// The log goes to standard error; standard output tells the person at the terminal.
fn log(settings: &Log) {
    let filter = EnvFilter::new(&settings.filter);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(in_colour(&std::io::stderr()));
    match settings.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}
