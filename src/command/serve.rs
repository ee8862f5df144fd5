//! `spazio serve`: runs until it is told to stop, then finishes what is under way.

use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::app::{self, Ended};
use crate::config::{Config, Log, LogFormat};
use crate::terminal::{EndSignals, in_colour};

pub(super) async fn serve(config: Config) -> Result<(), Failure> {
    log(&config.log);
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
            println!("{reason}: ended before it listened");
            return Ok(());
        }
    };
    println!("spazio listens on {}, database {}, {keys}", app.address, app.db.url());
    if let Some(address) = app.metrics {
        println!("metrics on http://{address}/metrics");
    }
    let reason = tokio::select! {
        reason = signals.told() => reason,
        failure = app.failed() => return Err(Failure::Failed(failure)),
    };
    println!("{reason}: draining, at most {} seconds", drain.as_secs());
    match app.stop().await {
        Ended::Clean => {
            println!("stopped: every call and every write was finished");
            Ok(())
        }
        Ended::CutOff => Err(Failure::Failed("stopped before everything was finished: callers that got no answer will repeat".to_owned())),
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
