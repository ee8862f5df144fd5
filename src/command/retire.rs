//! `spazio archive retire` and `spazio archive tombstones`: the end of documents, and what is told of them afterwards.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;

use super::archive::{opened, stopped};
use super::{Failure, Settings, ended};
use crate::app;
use crate::archive::Purpose;
use crate::clock::CalendarDay;
use crate::config::{ConfigError, ConfigErrors, Retention};
use crate::db::{Db, Trouble};
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
        let (db, archive, config) = opened(config, Purpose::Looking).await?;
        let out = Output::default();
        let now = db.clock().now();
        match &config.development.clock_file {
            Some(file) => out.line(format_args!("today is {}, as development.clock_file {} says", CalendarDay::of(now), file.display())),
            None => agreed(now, db.time_there().await.map_err(|error| Trouble::of(db.url(), &error))?)?,
        }
        let due = Due::on(CalendarDay::of(now), config.archive.retention);
        let retirement = Retirement { db: db.clone(), archive, thresholds: app::thresholds(&config)?, due, folder: self.export_to };
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

/// The most that two clocks may differ by where one decides that years are over.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::days(1);

/// A clock that is wrong by years would end what is paid for: there are two, and both must say so.
fn agreed(here: DateTime<Utc>, there: DateTime<Utc>) -> Result<(), Failure> {
    if (here - there).abs() <= CLOCKS_DIFFER {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "this machine's clock says {}, the database's {}: nothing was removed; put the wrong one right",
        CalendarDay::of(here),
        CalendarDay::of(there)
    )))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_clock_alone_says_ends_nothing() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = time("2036-12-31T12:00:00Z");
        for (there, agree) in [
            ("2036-12-30T12:00:00Z", true),
            ("2037-01-01T12:00:00Z", true),
            ("2037-01-01T12:00:01Z", false),
            ("2034-12-31T12:00:00Z", false),
        ] {
            let agreed = agreed(now, time(there));
            assert_eq!(agreed.is_ok(), agree, "{there}");
            assert!(
                agreed.err().is_none_or(|failure| failure.to_string().starts_with("this machine's clock says 2036-12-31, the database's"))
            );
        }
    }
}
