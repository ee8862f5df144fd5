//! Opening a database by its URL, with every setting that matters said explicitly.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::sqlx::{
    self, Connection,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::dialect::{self, Dialect};
use super::trouble::Trouble;
use crate::clock::Clock;
use crate::ids::Ids;
use crate::meters::Meters;

/// Which database, and where.
#[derive(Clone, Debug)]
pub enum Url {
    /// A file on this machine, opened by one process at a time.
    Sqlite(PathBuf),
    /// A PostgreSQL server, shared by any number of replicas. The URL may hold a password.
    Postgres(SecretString),
}

/// Text that is not the URL of a database that can be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be sqlite://PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
pub struct UrlError;

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        match text.split_once("://") {
            // In memory each connection would have a database of its own.
            Some(("sqlite", path)) if !path.is_empty() && path != ":memory:" && !path.ends_with('/') && !path.contains('\0') => {
                Ok(Self::Sqlite(PathBuf::from(path)))
            }
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() && PgConnectOptions::from_str(text).is_ok() => {
                Ok(Self::Postgres(text.to_owned().into()))
            }
            _ => Err(UrlError),
        }
    }
}

impl fmt::Display for Url {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => {
                let url = url.expose_secret();
                // A password may also stand in the query, as `?password=`.
                let url = url.split('?').next().unwrap_or(url);
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
                match rest.rsplit_once('@') {
                    Some((login, place)) => {
                        let user = login.split(':').next().unwrap_or_default();
                        write!(f, "{scheme}://{user}@{place}")
                    }
                    None => write!(f, "{scheme}://{rest}"),
                }
            }
        }
    }
}

/// How a database is opened.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which database, and where.
    pub url: Url,
    /// Connections for writes on PostgreSQL, and as many again for reads. SQLite has one writer and four readers.
    pub max_connections: u32,
    /// The longest a statement may run on PostgreSQL.
    pub statement_timeout: Duration,
    /// The longest a statement waits for a lock.
    pub lock_timeout: Duration,
    /// The longest a PostgreSQL transaction may sit idle before the server ends it.
    pub idle_in_transaction_timeout: Duration,
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the SQLite file.
    #[error("{0} is in use by another spazio process: SQLite serves one process at a time; stop the other one, or use PostgreSQL")]
    InUse(PathBuf),
    /// The database does not answer or refuses, or the file cannot be used.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// An open database: a pool that reads, a pool that writes, the clock and ids that transactions get, and the counters of what was done.
#[derive(Clone)]
pub struct Db {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) reader: DatabaseConnection,
    pub(super) writer: DatabaseConnection,
    /// A turn for each connection that writes. Writes queue here, in order and within their call's time, and never for a connection; and
    /// detached work outlives its caller, so the edge's limits do not count it.
    pub(super) writes: Semaphore,
    pub(super) under_way: TaskTracker,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
    pub(super) meters: Meters,
    url: Url,
    /// Held for the life of the process that serves a SQLite file.
    _lock: Option<File>,
}

const SQLITE_READERS: u32 = 4;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A reader that was given back more recently is handed out without a question.
const FRESH: Duration = Duration::from_secs(1);
/// How long a connection that is given back may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the connections may take to be closed once no write is under way.
const CLOSING: Duration = Duration::from_secs(5);

impl Db {
    /// Opens the database. It does not look at the schema: see [`super::migration`].
    pub async fn open(settings: &Settings, clock: Clock) -> Result<Self, OpenError> {
        let lock = match &settings.url {
            Url::Sqlite(path) => Some(lock_beside(&settings.url, path)?),
            Url::Postgres(_) => None,
        };
        let (writer, reader) = match connect(settings).await {
            Ok(connected) => connected,
            Err(error) => return Err(Trouble::at_opening(&settings.url, &error, ACQUIRE_TIMEOUT).await.into()),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                reader,
                writer,
                writes: Semaphore::new(writers(settings)),
                under_way: TaskTracker::new(),
                ids: Ids::new(clock.clone()),
                clock,
                meters: Meters::default(),
                url: settings.url.clone(),
                _lock: lock,
            }),
        })
    }

    /// Connections that can only read: `query_only` on SQLite, read-only transactions on PostgreSQL.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.inner.reader
    }

    /// Which database this is, for the few places where the two differ.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.inner.reader.get_database_backend()
    }

    /// Where it is, without the password.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.inner.url
    }

    /// The clock that transactions read.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// The time by the clock of the machine that the database runs on, which no setting moves.
    pub async fn time_there(&self) -> Result<DateTime<Utc>, DbErr> {
        let sql = format!("SELECT {} AS seconds", dialect::seconds_now(Dialect::of(self.backend())));
        let row = self.reader().query_one_raw(Statement::from_string(self.backend(), sql)).await?;
        let seconds: i64 =
            row.ok_or_else(|| DbErr::RecordNotFound("a query without a table has a row".to_owned()))?.try_get("", "seconds")?;
        DateTime::from_timestamp(seconds, 0).ok_or_else(|| DbErr::Type(format!("{seconds} seconds are no time")))
    }

    /// Where everything that the server does is counted.
    #[must_use]
    pub fn meters(&self) -> &Meters {
        &self.inner.meters
    }

    /// Whether the database answers right now.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.inner.reader.execute_unprepared("SELECT 1").await.map(|_| ())
    }

    /// Waits for every write under way, also those whose callers have gone, and closes the connections.
    pub async fn close(&self) -> Result<(), DbErr> {
        self.inner.under_way.close();
        self.inner.under_way.wait().await;
        let (reader, writer) = (self.inner.reader.clone(), self.inner.writer.clone());
        let closed = timeout(CLOSING, async { reader.close().await.and(writer.close().await) }).await;
        // No write is under way any more. A connection that went silent while the driver asked it, after we did, is not given back.
        closed.unwrap_or_else(|_| {
            tracing::warn!("a connection to the database did not answer and was not closed; every write was finished before");
            Ok(())
        })
    }

    pub(super) fn writer(&self) -> &DatabaseConnection {
        &self.inner.writer
    }
}

async fn connect(settings: &Settings) -> Result<(DatabaseConnection, DatabaseConnection), DbErr> {
    // The writer first: it creates a SQLite file and sets WAL, which readers cannot.
    let writer = Database::connect(options(settings, Access::Write)).await?;
    if matches!(settings.url, Url::Sqlite(_)) {
        // SQLite opens a file that may only be read all the same, and refuses the first write: so one is tried, and taken back.
        writer.execute_unprepared("BEGIN IMMEDIATE; PRAGMA user_version = 0; ROLLBACK").await?;
    }
    let reader = Database::connect(options(settings, Access::Read)).await?;
    Ok((writer, reader))
}

/// Takes the lock that says: this process serves the file. The system frees it when the process ends, however it ends.
fn lock_beside(url: &Url, database: &Path) -> Result<File, OpenError> {
    if database.is_dir() {
        return Err(Trouble::is_folder(url, database).into());
    }
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| Trouble::with_lock(url, &path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(database.to_owned())),
        Err(TryLockError::Error(error)) => Err(Trouble::with_lock(url, &path, &error).into()),
    }
}

/// How many connections write.
fn writers(settings: &Settings) -> usize {
    match settings.url {
        Url::Sqlite(_) => 1,
        Url::Postgres(_) => settings.max_connections as usize,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

fn options(settings: &Settings, access: Access) -> ConnectOptions {
    let mut options = match &settings.url {
        Url::Sqlite(path) => sqlite_options(path, settings.lock_timeout, access),
        Url::Postgres(url) => postgres_options(url, settings, access),
    };
    options.sqlx_logging(false).acquire_timeout(ACQUIRE_TIMEOUT);
    options
}

fn sqlite_options(path: &Path, busy: Duration, access: Access) -> ConnectOptions {
    // By path, not by a URL: a path may hold blanks and signs that a URL gives a meaning to.
    let path = path.to_owned();
    let mut options = ConnectOptions::new("sqlite:");
    options.map_sqlx_sqlite_opts(move |_| {
        let sqlite =
            SqliteConnectOptions::new().filename(&path).create_if_missing(access == Access::Write).foreign_keys(true).busy_timeout(busy);
        // FULL: an acknowledged write survives a loss of power, not only of the process.
        let sqlite = sqlite.synchronous(SqliteSynchronous::Full).pragma("trusted_schema", "off");
        match access {
            Access::Write => sqlite.journal_mode(SqliteJournalMode::Wal),
            Access::Read => sqlite.pragma("query_only", "on"),
        }
    });
    // One writer connection: writers queue here, in order, and never meet SQLITE_BUSY. When a COMMIT fails (a full disk) SQLite has undone the
    // transaction, the driver still counts it, and what it would take for the next one's COMMIT would be a savepoint's end that commits
    // nothing. Such a connection is never used again.
    match access {
        Access::Write => options
            .max_connections(1)
            .min_connections(1)
            .map_sqlx_sqlite_before_acquire(|connection, _| Box::pin(async move { Ok(!Connection::is_in_transaction(connection)) })),
        Access::Read => options.max_connections(SQLITE_READERS).min_connections(1),
    };
    options
}

fn postgres_options(url: &SecretString, settings: &Settings, access: Access) -> ConnectOptions {
    let mut options = ConnectOptions::new(url.expose_secret());
    let parameters = [
        ("statement_timeout", settings.statement_timeout.as_millis().to_string()),
        ("lock_timeout", settings.lock_timeout.as_millis().to_string()),
        ("idle_in_transaction_session_timeout", settings.idle_in_transaction_timeout.as_millis().to_string()),
        ("default_transaction_isolation", "read committed".to_owned()),
        ("default_transaction_read_only", if access == Access::Read { "on" } else { "off" }.to_owned()),
        ("application_name", "spazio".to_owned()),
        // A page is read in the order of an index, and ends. Where PostgreSQL guesses that few rows are left it would rather fetch all of
        // them and sort, and they may be a million. Sorting where nothing else is possible then counts as dear, which must not make it compile.
        ("enable_sort", if access == Access::Read { "off" } else { "on" }.to_owned()),
        ("jit", "off".to_owned()),
    ];
    options.map_sqlx_postgres_opts(move |postgres| postgres.options(parameters.clone()));
    options.max_connections(settings.max_connections).min_connections(1).test_before_acquire(false);
    // A connection that a cancelled call left inside a transaction is thrown away instead of handed to the next caller:
    // inside one, now() stands still while statement_timestamp() moves on. The question also serves as the ping, which a reader that was
    // at work a moment ago can do without: it is never in a transaction, and the round trip would double what a read costs.
    // The driver asks each connection that is given back whether it is well, and waits for the answer without end: behind a broken network all
    // of them would wait, and none be free. So it is asked here before, with patience, while nobody waits for it.
    options.map_sqlx_postgres_pool_opts(|pool| {
        pool.after_release(|connection, _| {
            Box::pin(async move {
                let answer = timeout(PATIENCE, connection.ping()).await;
                answer.map_err(|_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))??;
                Ok(true)
            })
        })
    });
    options.map_sqlx_postgres_before_acquire(move |connection, since| {
        let needless = access == Access::Read && since.idle_for < FRESH;
        Box::pin(async move {
            if needless {
                return Ok(true);
            }
            let question = sqlx::raw_sql("SELECT now() = statement_timestamp()");
            let row = sqlx::Executor::fetch_one(&mut *connection, question).await?;
            sqlx::Row::try_get::<bool, _>(&row, 0)
        })
    });
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let url: Url = "postgres://spazio:s3cret@db.example:5432/spazio".parse().unwrap();
        assert_eq!(url.to_string(), "postgres://spazio@db.example:5432/spazio");
        assert!(!format!("{url:?}").contains("s3cret"));
    }

    #[test]
    fn a_password_may_hold_an_at_sign() {
        let url: Url = "postgres://spazio:p@ss@db.example/spazio".parse().unwrap();
        assert_eq!(url.to_string(), "postgres://spazio@db.example/spazio");
    }

    #[test]
    fn other_schemes_are_refused() {
        for text in ["", "spazio.db", "sqlite://", "mysql://host/db", "postgres://"] {
            assert!(text.parse::<Url>().is_err(), "{text}");
        }
    }
}
