//! `spazio archive retire` and `spazio archive tombstones`: the end of documents, and what is told of them afterwards.

use std::path::PathBuf;

use clap::Args;

use super::archive::{opened, stopped};
use super::{Failure, Settings, ended};
use crate::app;
use crate::clock::CalendarDay;
use crate::config::{ConfigError, ConfigErrors, Retention};
use crate::db::Db;
use crate::ids::AccountId;
use crate::invoices::retire::{Due, RetireError, Retirement, tombstones};
use crate::terminal::{Output, counted};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder for the exports, a folder in it for each account. They are the only copies afterwards: hand them out, and back them up.
    #[arg(long, value_name = "FOLDER")]
    export_to: PathBuf,
    /// This account only.
    #[arg(long, value_name = "acc_...")]
    account: Option<AccountId>,
    /// Only tell what would be removed.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Args)]
pub(super) struct TombstoneArguments {
    /// This account only.
    #[arg(long, value_name = "acc_...")]
    account: Option<AccountId>,
    #[command(flatten)]
    settings: Settings,
}

impl Arguments {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = self.settings.load_with_files()?;
        if config.archive.retention == Retention::Keep {
            let why = "it is keep, so that nothing is ever removed; ten_years or ninety_days say what may be";
            return Err(ConfigErrors(vec![ConfigError::unusable("archive.retention", why)]).into());
        }
        let (db, archive, config) = opened(config).await?;
        let due = Due::on(CalendarDay::of(db.clock().now()), config.archive.retention);
        let retirement = Retirement { db: db.clone(), archive, thresholds: app::thresholds(&config)?, due, folder: self.export_to };
        let out = Output::default();
        let tell = |what: &str| out.line(what);
        let retired = if self.dry_run { retirement.dry_run(self.account, &tell).await } else { retirement.run(self.account, &tell).await };
        let retired = retired.map_err(|error| failed(&db, error))?;
        let all = match (retired.left, retired.stopped) {
            (0, 0) => Ok(()),
            (left, 0) => Err(Failure::Findings(format!("{} could not be retired; see spazio archive verify", counted(left, "document")))),
            (_, stopped) => Err(Failure::Findings(format!("{} could not be finished", counted(stopped, "account")))),
        };
        ended(out, all)
    }
}

impl TombstoneArguments {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = self.settings.load()?;
        let db = app::open_as_it_is(&config, app::clock(&config)?).await?;
        let out = Output::default();
        let told = tombstones(&db, self.account, &|line| out.tell(line)).await;
        ended(out, told.map_err(|error| failed(&db, error)))
    }
}

fn failed(db: &Db, error: RetireError) -> Failure {
    match error {
        RetireError::Fault(fault) => stopped(db, fault),
        unknown @ RetireError::NoAccount(_) => Failure::Settings(unknown.to_string()),
        overtaken @ RetireError::Overtaken => Failure::Failed(format!("{overtaken} what was done is done, run the command again")),
        file @ RetireError::File { .. } => {
            Failure::Failed(format!("{file}; nothing more was removed: put that right, and run the command again"))
        }
    }
}
