//! `spazio archive`: moves, verifies and cleans up where the bytes of documents rest, and ends those whose time is over.

use std::io::{IsTerminal as _, stderr};
use std::time::Duration;

use chrono::TimeDelta;
use clap::{Args, Subcommand};

use super::{Failure, Settings, ended, retire};
use crate::app;
use crate::archive::{Archive, Cleaning, Moved, OpenError, Purpose, Verified};
use crate::config::Config;
use crate::db::{Db, Fault, Trouble};
use crate::terminal::{Output, complain, counted};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Bring every document to where and into the form that the settings say: store, compression, key.
    ///
    /// Each is read, verified, put, read back, and only then switched. May be cut and run again, and run while serving (PostgreSQL).
    #[command(after_help = "Example:\n  spazio archive move --config spazio.toml --set archive.store=s3")]
    Move(Settings),
    /// Read every document and explain every object of the bucket; changes nothing. Exit code 4 when something is missing, damaged or orphaned.
    Verify(Settings),
    /// Delete objects of the bucket that no document needs. The server does so itself; this also finds what a restored database has forgotten.
    #[command(after_help = "Example:\n  spazio archive clean --dry-run --config spazio.toml")]
    Clean(CleanArguments),
    /// Remove documents of deleted accounts as archive.retention says: exported to files first, each then leaves a tombstone.
    ///
    /// Nothing is removed that does not rest in a file which was read back. May be cut and run again, and run while serving (PostgreSQL).
    #[command(
        after_help = "Example:\n  spazio archive retire --config spazio.toml --set archive.retention=ten_years --dry-run --export-to /srv/exports"
    )]
    Retire(retire::Arguments),
    /// Print what tells of removed documents, as CSV: what was there, when it went, and the file that it was handed out in.
    Tombstones(retire::TombstoneArguments),
}

#[derive(Debug, Args)]
pub(super) struct CleanArguments {
    /// Only tell what would be deleted.
    #[arg(long)]
    dry_run: bool,
    /// The age from which on what nobody needs is deleted, instead of archive.clean_after_hours. A call that uploads lasts minutes at most.
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(i64).range(1..=87_600))]
    older_than: Option<i64>,
    #[command(flatten)]
    settings: Settings,
}

impl Command {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Move(settings) => moved(&settings).await,
            Self::Verify(settings) => verified(&settings).await,
            Self::Clean(arguments) => cleaned(&arguments).await,
            Self::Retire(arguments) => arguments.run().await,
            Self::Tombstones(arguments) => arguments.run().await,
        }
    }
}

/// The database and the archive that the settings name, for a command that may take long.
pub(super) async fn opened(mut config: Config, purpose: Purpose) -> Result<(Db, Archive, Config), Failure> {
    // In a large archive the search for the next document that is not yet moved may take its time.
    config.database.statement_timeout = Duration::ZERO;
    let db = app::open_as_it_is(&config, app::clock(&config)?).await?;
    let archive = Archive::open(&config.archive, db.clone(), purpose).await.map_err(|error| match error {
        OpenError::Settings(errors) => errors.into(),
        OpenError::Fault(fault) => stopped(&db, fault),
    })?;
    Ok((db, archive, config))
}

/// What stopped a command, in words for the person at the terminal.
pub(super) fn stopped(db: &Db, fault: Fault) -> Failure {
    match fault {
        Fault::Database(error) => Trouble::of(db.url(), &error).into(),
        fault @ (Fault::OutcomeUnknown(_)
        | Fault::NoTurn
        | Fault::Overtaken
        | Fault::StoreUnavailable(_)
        | Fault::Sealed { .. }
        | Fault::Damaged { .. }
        | Fault::Broken(_)) => Failure::Failed(format!("{fault}; what was done is done, run the command again")),
    }
}

/// Progress, for whoever watches.
fn progress(text: &str) {
    if stderr().is_terminal() {
        complain(format_args!("{text}\n"));
    }
}

const OPEN_THE_SEALED: &str =
    "what cannot be opened is not lost: put the keys that are named back into archive.keys_file, or run the newer program that is named";
const RESTORE_THE_DAMAGED: &str = "how damaged documents come back docs/operations.md tells under \"a document is damaged\"";
const LOOK_AT_THE_ORPHANED: &str = "what to do with orphans docs/operations.md tells under \"orphans are found\"";

/// What was found, and what to do about each kind of it.
fn to_be_done(found: &str, kinds: &[(u64, &str)]) -> Failure {
    let advice: Vec<_> = kinds.iter().filter(|(count, _)| *count > 0).map(|(_, advice)| *advice).collect();
    Failure::Findings(format!("{found}: {}", advice.join("; ")))
}

async fn moved(settings: &Settings) -> Result<(), Failure> {
    let (db, archive, _) = opened(settings.load_with_files()?, Purpose::Storing).await?;
    let out = Output::default();
    let tell = |what: &str, so_far: &Moved| match what {
        "" => progress(&format!("{} moved", counted(so_far.moved, "document"))),
        what => out.line(what),
    };
    let moved = archive.move_all(&tell).await.map_err(|fault| stopped(&db, fault))?;
    let (documents, bytes) = (counted(moved.moved, "document"), moved.bytes);
    out.line(format_args!("{documents} moved ({bytes} bytes), {} changed meanwhile, {} not movable", moved.overtaken, moved.failed()));
    let all = match moved.failed() {
        0 => Ok(()),
        failed => {
            let found = format!("{} could not be moved", counted(failed, "document"));
            Err(to_be_done(&found, &[(moved.sealed, OPEN_THE_SEALED), (moved.damaged, RESTORE_THE_DAMAGED)]))
        }
    };
    ended(out, all)
}

async fn verified(settings: &Settings) -> Result<(), Failure> {
    let (db, archive, _) = opened(settings.load_with_files()?, Purpose::Looking).await?;
    let out = Output::default();
    let tell = |what: &str, so_far: &Verified| match what {
        "" => progress(&format!("{} and {} looked at", counted(so_far.documents, "document"), counted(so_far.objects, "object"))),
        what => out.line(what),
    };
    let verified = archive.verify(&tell).await.map_err(|fault| stopped(&db, fault))?;
    let (documents, objects) = (counted(verified.documents, "document"), counted(verified.objects, "object"));
    let Verified { damaged, sealed, orphaned, .. } = verified;
    out.line(format_args!("{documents}, {objects}: {damaged} damaged, {sealed} sealed, {orphaned} orphaned"));
    let sound = match verified.findings() {
        0 => Ok(()),
        findings => {
            let found = format!("the archive has {}", counted(findings, "finding"));
            Err(to_be_done(&found, &[(sealed, OPEN_THE_SEALED), (damaged, RESTORE_THE_DAMAGED), (orphaned, LOOK_AT_THE_ORPHANED)]))
        }
    };
    ended(out, sound)
}

async fn cleaned(arguments: &CleanArguments) -> Result<(), Failure> {
    let (db, archive, config) = opened(arguments.settings.load_with_files()?, Purpose::Looking).await?;
    let older_than = TimeDelta::from_std(config.archive.clean_after).unwrap_or(TimeDelta::MAX);
    let older_than = arguments.older_than.map_or(older_than, TimeDelta::hours);
    let how = Cleaning { older_than, dry_run: arguments.dry_run };
    let out = Output::default();
    let cleaned = archive.clean(how, &|what| out.line(what)).await.map_err(|fault| stopped(&db, fault))?;
    let deleted = if arguments.dry_run { "would be deleted" } else { "deleted" };
    let objects = counted(cleaned.deleted, "object");
    out.line(format_args!("{objects} {deleted}, {} kept, {} left alone", cleaned.kept, cleaned.unexplained));
    ended(out, Ok(()))
}
