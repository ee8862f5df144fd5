//! The commands of the program, and what its exit codes mean.

mod archive;
mod render;
mod retire;
mod serve;
mod source;
mod tokens;
mod validate;

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::TimeDelta;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::app::{self, StartError};
use crate::audit;
use crate::config::{self, Config, ConfigErrors, Sources};
use crate::db::Trouble;
use crate::demo;
use crate::ids::AccountId;
use crate::terminal::{Output, counted};

/// Spazio archives Italian e-invoices and sells the space they need by the gigabyte.
///
/// `spazio demo` plays the whole story in some seconds. `spazio serve` runs the service; its defaults run on SQLite.
#[derive(Debug, Parser)]
#[command(version, about, long_about, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes:
  0  done
  1  failed: the message says why; for validate: there are findings
  2  wrong usage or configuration: every error is listed; for validate and render: a file cannot be read
  3  the database cannot be used: not reachable, in use by another process, or its schema is behind or ahead
  4  the audit found differences; archive verify, move or retire found what is missing, damaged or orphaned";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service until Ctrl-C or SIGTERM, then finish what is under way.
    ///
    /// Settings come from the defaults, the file, variables SPAZIO_<SECTION>_<KEY> and --set, each stronger than the one before.
    /// Without a key set (identity.jwks_file) it listens on this machine only, with a key of its own in the data folder.
    #[command(
        after_help = "Example:\n  spazio serve --database sqlite://spazio.db\n  spazio serve --config /etc/spazio/spazio.toml --set server.listen=0.0.0.0:50051"
    )]
    Serve(Settings),
    /// Bring the schema of a database up to date. Replicas may do so at the same time.
    Migrate(Settings),
    /// Print a token signed with the development key. Refused when a production key set is configured.
    #[command(
        after_help = "Example:\n  spazio token operator\n  spazio token customer --account acc_0198...\n  grpcurl -plaintext -H \"authorization: Bearer $(spazio token service)\" ..."
    )]
    Token(TokenArguments),
    /// Print the settings in force and where each comes from, secrets hidden; or everything that is wrong with them.
    CheckConfig(Settings),
    /// Check that the books of every account agree: usage, ledger and stored documents; services, orders and payments. Reads only.
    Audit(Settings),
    /// Where the bytes of documents rest: move them, verify them, clean up, and end those whose time is over.
    #[command(subcommand)]
    Archive(archive::Command),
    /// Judge invoice files as the SdI would, without a server: structure, and with --content all that a file alone can show.
    ///
    /// Files are told in the order in which they are named, those of a folder by name. What cannot be read keeps nothing else from being
    /// judged. Of receipts of the SdI it is told whether they can be read. Exit code 0: nothing is wrong with what was judged; 1: there are
    /// findings, be it advice (an old format, 1.0 or 1.1, is one); 2: a file cannot be read as an invoice or receipt, or a folder holds none.
    #[command(
        after_help = "Example:\n  spazio validate --content IT01234567897_00001.xml\n  spazio validate --content --fail-on refused archive/\n  spazio validate --format json archive/ > report.jsonl"
    )]
    Validate(validate::Arguments),
    /// Write invoices and receipts of the SdI as pages to read and print (HTML, in Italian), without a server.
    ///
    /// A page shows at its top what is wrong with its invoice. One that is there already is not written over without --force. An invoice that
    /// cannot be read keeps none of the others from being written. Exit code 0: every page is written, findings or not; 1: a page is there
    /// already or cannot be written; 2: an invoice cannot be read, or two pages would go into one place.
    #[command(
        after_help = "Example:\n  spazio render IT01234567897_00001.xml.p7m --output invoice.html\n  spazio render archive/*.xml --output pages/\n  spazio render - < invoice.xml > invoice.html"
    )]
    Render(render::Arguments),
    /// Play the guide's story against a real server and check every step; the server then stays until Ctrl-C or SIGTERM.
    Demo(demo::Arguments),
}

/// What every command that needs settings takes.
#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// A TOML file with settings; spazio.example.toml lists them all.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The database: sqlite://PATH or postgres://USER@HOST:PORT/NAME. Short for --set database.url=URL.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// A setting, stronger than file and environment; may be repeated.
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    assignments: Vec<String>,
}

impl Settings {
    fn sources(&self) -> Sources {
        Sources::of_process(self.config.clone(), self.assignments.clone(), self.database.clone())
    }

    fn load(&self) -> Result<Config, Failure> {
        Ok(Config::load(&self.sources())?)
    }

    /// Looks at the files that the settings name too.
    fn load_with_files(&self) -> Result<Config, Failure> {
        let (config, _) = Config::load_explained(&self.sources(), app::look_at_files)?;
        Ok(config)
    }
}

#[derive(Debug, Args)]
struct TokenArguments {
    /// What the bearer is.
    role: RoleArgument,
    /// The customer's account.
    #[arg(long, required_if_eq("role", "customer"), value_name = "acc_...")]
    account: Option<AccountId>,
    /// Who the bearer is, for the log.
    #[arg(long, default_value = "developer")]
    subject: String,
    /// For how many hours it is good.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(i64).range(1..=24 * 365))]
    hours: i64,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RoleArgument {
    /// A customer's panel: acts for one account.
    Customer,
    /// Another service of the provider: names the account in the metadata account-id.
    Service,
    /// A person of the provider's staff.
    Operator,
}

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// Something failed; the text says what.
    Failed(String),
    /// The settings are wrong: all errors.
    Settings(String),
    /// The database cannot be used.
    Database(String),
    /// The audit found differences.
    Differences(usize),
    /// The archive is not as it should be; the text says how much.
    Findings(String),
    /// A file that was named cannot be read.
    Unreadable(String),
}

impl Failure {
    /// The exit code that goes with it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) => 1,
            Self::Settings(_) | Self::Unreadable(_) => 2,
            Self::Database(_) => 3,
            Self::Differences(_) | Self::Findings(_) => 4,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(text) | Self::Settings(text) | Self::Database(text) | Self::Unreadable(text) | Self::Findings(text) => {
                f.write_str(text)
            }
            Self::Differences(count) => write!(f, "the audit found {}", counted(*count, "difference")),
        }
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::Settings(errors.to_string())
    }
}

impl From<Trouble> for Failure {
    fn from(error: Trouble) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let text = error.to_string();
        if error.is_database() {
            Self::Database(text)
        } else if error.is_configuration() {
            Self::Settings(text)
        } else {
            Self::Failed(text)
        }
    }
}

impl Cli {
    /// Runs the command to its end.
    pub fn run(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::Failed(format!("the runtime cannot be started: {error}")))?;
        runtime.block_on(async {
            match self.command {
                Command::Serve(settings) => serve::serve(settings.load_with_files()?).await,
                Command::Migrate(settings) => migrate(settings.load()?).await,
                Command::Token(arguments) => tokens::print(&arguments),
                Command::CheckConfig(settings) => check_config(&settings),
                Command::Audit(settings) => audit(settings.load()?).await,
                Command::Archive(command) => command.run().await,
                Command::Validate(arguments) => validate::validate(&arguments),
                Command::Render(arguments) => render::render(&arguments),
                Command::Demo(arguments) => demo::run(arguments).await.map_err(Failure::Failed),
            }
        })
    }
}

/// How a command ended that has told all it had to tell. What it found weighs more than that it could not be told.
fn ended(out: Output, result: Result<(), Failure>) -> Result<(), Failure> {
    result.and_then(|()| out.end().map_err(|error| Failure::Failed(format!("what there is to tell cannot be written: {error}"))))
}

async fn migrate(mut config: Config) -> Result<(), Failure> {
    // A migration may take its time, and waits for another one that is under way.
    config.database.statement_timeout = std::time::Duration::ZERO;
    config.database.lock_timeout = std::time::Duration::ZERO;
    config.database.max_connections = config.database.max_connections.max(2);
    let (db, applied) = app::open_up_to_date(&config, app::clock(&config)?).await?;
    let out = Output::default();
    match applied {
        0 => out.line(format_args!("{} was up to date already", db.url())),
        applied => out.line(format_args!("{} applied: {} is up to date", counted(applied, "migration"), db.url())),
    }
    ended(out, Ok(()))
}

fn check_config(settings: &Settings) -> Result<(), Failure> {
    let (_, explained) = Config::load_explained(&settings.sources(), app::look_at_files)?;
    let out = Output::default();
    out.tell(config::effective_listing(&explained));
    ended(out, Ok(()))
}

async fn audit(config: Config) -> Result<(), Failure> {
    let db = app::open_as_it_is(&config, app::clock(&config)?).await?;
    let report = audit::audit(&db).await.map_err(|error| Trouble::of(db.url(), &error))?;
    let audit::Report { accounts, documents, bytes, services, orders, .. } = report;
    let (accounts, documents) = (counted(accounts, "account"), counted(documents, "document"));
    let out = Output::default();
    out.line(format_args!("{accounts}, {documents}, {bytes} bytes, {}, {}", counted(services, "service"), counted(orders, "order")));
    for difference in &report.differences {
        out.line(difference);
    }
    let agree = match report.differences.len() {
        0 => {
            out.line("usage, ledger and documents agree; services, orders and payments agree");
            Ok(())
        }
        count => Err(Failure::Differences(count)),
    };
    ended(out, agree)
}

impl TokenArguments {
    fn lifetime(&self) -> TimeDelta {
        TimeDelta::hours(self.hours)
    }
}
