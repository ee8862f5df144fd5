//! What keeps a database from being used, for the person at the terminal: what is wrong, where, and what to do.
//!
//! Drivers speak to programmers ("pool timed out while waiting for an open connection"). Their words are shown only where the database
//! itself says something that nobody could say better, and never what they put round it.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{Connection as _, Error};
use sea_orm::{DbErr, RuntimeErr};
use secrecy::ExposeSecret as _;
use tokio::time::timeout;

use super::Url;

/// A database that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot use the database {url}: {what}")]
pub struct Trouble {
    /// Where, without the password.
    url: String,
    /// What is wrong, and what to do.
    what: String,
}

impl Trouble {
    /// What an error of an open database means.
    #[must_use]
    pub fn of(url: &Url, error: &DbErr) -> Self {
        let what = match (url, driver_error(error)) {
            (Url::Sqlite(path), Some(error)) => sqlite(path, error),
            (Url::Postgres(_), Some(error)) => postgres(&options(url), error),
            (Url::Postgres(_), None) if matches!(error, DbErr::ConnectionAcquire(_)) => no_connection(&options(url)),
            (Url::Sqlite(_) | Url::Postgres(_), None) => error.to_string(),
        };
        Self::told(url, what)
    }

    /// What an error met while opening means. A pool tries again and again, and tells in the end only that its time is over; so one
    /// connection is tried by itself to learn why.
    pub(super) async fn at_opening(url: &Url, error: &DbErr, patience: Duration) -> Self {
        if matches!(url, Url::Postgres(_)) && matches!(driver_error(error), Some(Error::PoolTimedOut)) {
            let options = options(url);
            match timeout(patience, PgConnection::connect_with(&options)).await {
                Ok(Err(error)) => return Self::told(url, postgres(&options, &error)),
                Err(_) => {
                    let place = place(&options);
                    let what = format!("{place} does not answer; correct host and port in database.url, and look at firewalls on the way");
                    return Self::told(url, what);
                }
                // Only the pool has no room.
                Ok(Ok(connection)) => drop(connection.close().await),
            }
        }
        Self::of(url, error)
    }

    /// The lock file beside a SQLite file cannot be made.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the system's errors are an open list")]
    pub(super) fn with_lock(url: &Url, lock: &Path, error: &io::Error) -> Self {
        let folder = lock.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).display();
        Self::told(
            url,
            match error.kind() {
                ErrorKind::NotFound => format!("there is no folder {folder}; create it, or correct database.url"),
                ErrorKind::NotADirectory => format!("{folder} is not a folder; correct database.url"),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    format!(
                        "{} cannot be made or written; SQLite keeps files beside the database, so the folder {folder} and the database's \
                         files must be writable for the user that runs spazio",
                        lock.display()
                    )
                }
                _ => format!("{} cannot be locked: {error}", lock.display()),
            },
        )
    }

    /// What is named as a SQLite file is a folder.
    pub(super) fn is_folder(url: &Url, path: &Path) -> Self {
        Self::told(url, format!("{} is a folder; name a file in it", path.display()))
    }

    /// There is no SQLite file where one is only to be read.
    #[must_use]
    pub fn no_file(url: &Url, path: &Path) -> Self {
        Self::told(url, format!("there is no file {}; correct database.url, or the folder that the command is run in", path.display()))
    }

    /// What is wrong and what to do, where the database is known.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    fn told(url: &Url, what: String) -> Self {
        Self { url: url.to_string(), what }
    }
}

fn driver_error(error: &DbErr) -> Option<&Error> {
    if let DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error)) = error
    {
        Some(error)
    } else {
        None
    }
}

fn options(url: &Url) -> PgConnectOptions {
    match url {
        Url::Postgres(url) => url.expose_secret().parse().unwrap_or_default(),
        Url::Sqlite(_) => PgConnectOptions::default(),
    }
}

/// Where the server is looked for, with what the URL leaves to defaults.
fn place(options: &PgConnectOptions) -> String {
    let (host, port) = (options.get_host(), options.get_port());
    match options.get_socket().map(|socket| socket.display().to_string()) {
        Some(folder) => format!("{folder}/.s.PGSQL.{port}"),
        None if host.starts_with('/') => format!("{host}/.s.PGSQL.{port}"),
        None => format!("{host}:{port}"),
    }
}

fn no_connection(options: &PgConnectOptions) -> String {
    format!("{} gave no connection in time; it is overloaded, or all its connections are in use", place(options))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the driver's errors are an open list")]
fn postgres(options: &PgConnectOptions, error: &Error) -> String {
    let place = place(options);
    match error {
        Error::Io(error) => unreachable_server(options, error),
        Error::Tls(error) => no_tls(&place, &error.to_string()),
        Error::Database(error) => refused_by_postgres(options, error.code().as_deref().unwrap_or_default(), error.message()),
        Error::Protocol(_) => format!("what answers at {place} is not PostgreSQL; correct host and port in database.url"),
        Error::PoolTimedOut | Error::PoolClosed => no_connection(options),
        other => other.to_string(),
    }
}

fn no_tls(place: &str, error: &str) -> String {
    if error.contains("does not support TLS") {
        return format!("{place} offers no TLS, which sslmode in database.url asks for; turn it on there (ssl = on), or ask for less");
    }
    format!(
        "{place} cannot be trusted over TLS ({error}); name the authority that signed its certificate with sslrootcert=FILE in database.url, \
         and the host as the certificate does"
    )
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the system's errors are an open list")]
fn unreachable_server(options: &PgConnectOptions, error: &io::Error) -> String {
    let place = place(options);
    // The standard library has no kind of its own for a name that is not known.
    if error.to_string().starts_with("failed to lookup address") {
        return format!("the host name {} is not known; correct it in database.url", options.get_host());
    }
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            format!("nothing listens at {place}; start PostgreSQL there, or correct host and port in database.url")
        }
        ErrorKind::NotFound if place.starts_with('/') => {
            format!("there is no socket {place}; start PostgreSQL on this machine, or name a host in database.url")
        }
        ErrorKind::NotFound => "a file that database.url names (sslrootcert, sslcert, sslkey) does not exist; correct it".to_owned(),
        // The handshake's own errors come this way.
        ErrorKind::InvalidData => no_tls(&place, &error.to_string()),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            format!("no way leads from this machine to {place}; correct the host in database.url, or the network")
        }
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            format!(
                "{place} closed the connection; if PostgreSQL listens there, its log says why, otherwise correct host and port in database.url"
            )
        }
        _ => format!("the connection to {place} fails: {error}"),
    }
}

/// By SQLSTATE, because the texts are in the server's language.
fn refused_by_postgres(options: &PgConnectOptions, code: &str, message: &str) -> String {
    let (place, user) = (place(options), options.get_username());
    let database = options.get_database().unwrap_or(user);
    match code {
        "28P01" => format!("{place} refuses the password of the user {user}; correct user and password in database.url"),
        "28000" => format!("{place} does not let the user {user} in ({message}); create the user there, or let it in through pg_hba.conf"),
        "3D000" => format!("there is no database {database} at {place}; create it (createdb {database}), then run `spazio migrate`"),
        "3F000" => format!("the user {user} has no schema in the database {database}; create one, or set its search_path"),
        "25006" => format!("{place} takes no writes ({message}); name the primary in database.url"),
        "42501" => format!("the user {user} lacks a right in the database {database} ({message}); grant it"),
        "42P01" | "42703" | "42P07" => {
            format!("its tables are not those of this program ({message}); correct database.url, or restore a copy")
        }
        "53100" => format!("the disk of {place} is full ({message})"),
        "53300" => format!(
            "all connections of {place} are in use; lower database.max_connections, of which every replica opens twice as many, or raise \
             max_connections there"
        ),
        "57P01" | "57P02" | "57P03" => format!("{place} is starting or stopping ({message}); try again shortly"),
        "55P03" | "57014" => format!("it did not finish in time ({message}); look for long transactions there, then try again"),
        // Integrity constraint violation.
        _ if code.starts_with("23") => broken_rule(&place, message),
        _ => format!("PostgreSQL refuses: {message} (SQLSTATE {code}); its log may tell more"),
    }
}

/// A rule that the tables hold: what is in them does not agree.
fn broken_rule(place: &str, message: &str) -> String {
    format!("{place} holds what does not agree ({message}); see spazio audit")
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the driver's errors are an open list")]
fn sqlite(path: &Path, error: &Error) -> String {
    match error {
        Error::Database(error) => {
            // The low byte of an extended code is the primary one.
            let code = error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default() & 0xff;
            refused_by_sqlite(path, code, error.message())
        }
        Error::PoolTimedOut | Error::PoolClosed => {
            format!("{} did not open in time; if another program holds it locked, end that", path.display())
        }
        other => other.to_string(),
    }
}

fn refused_by_sqlite(path: &Path, code: i32, message: &str) -> String {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const READONLY: i32 = 8;
    const IOERR: i32 = 10;
    const CORRUPT: i32 = 11;
    const FULL: i32 = 13;
    const CANTOPEN: i32 = 14;
    const CONSTRAINT: i32 = 19;
    const NOTADB: i32 = 26;
    let file = path.display();
    match code {
        BUSY | LOCKED => format!("another program holds {file} locked; end it, then try again"),
        READONLY => {
            format!("{file} cannot be written; it, its -wal and -shm files and its folder must be writable for the user that runs spazio")
        }
        IOERR => format!("{file} cannot be read or written ({message}); look at the disk"),
        CORRUPT => format!("{file} is damaged ({message}); restore a copy"),
        FULL => format!("the disk of {file} is full"),
        CANTOPEN => not_opened(path, message),
        CONSTRAINT => broken_rule(&file.to_string(), message),
        NOTADB => format!("{file} is not an SQLite database and was left as it is; correct database.url"),
        _ => format!("SQLite refuses: {message}; if {file} is not a database of spazio, correct database.url"),
    }
}

/// SQLite does not say why it cannot open a file; the system does.
fn not_opened(path: &Path, message: &str) -> String {
    let file = path.display();
    match OpenOptions::new().read(true).write(true).open(path).map_err(|error| error.kind()) {
        Err(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            format!("{file} cannot be read and written; it and its folder must be writable for the user that runs spazio")
        }
        Err(ErrorKind::NotFound) => {
            format!("{file} does not exist and cannot be made; its folder must be writable for the user that runs spazio")
        }
        Ok(_) | Err(_) => format!("{file} cannot be opened ({message})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> PgConnectOptions {
        "postgres://ann:hunter2@db.example:5433/archive".parse().unwrap()
    }

    #[test]
    fn every_refusal_of_postgresql_is_told_with_what_to_do() {
        for (code, parts) in [
            ("28P01", &["db.example:5433", "password", "user ann", "correct user and password"][..]),
            ("28000", &["user ann", "says why", "pg_hba.conf"]),
            ("3D000", &["no database archive", "createdb archive", "spazio migrate"]),
            ("25006", &["takes no writes", "name the primary"]),
            ("42501", &["user ann", "lacks a right", "grant"]),
            ("53300", &["in use", "database.max_connections"]),
            ("57P03", &["try again shortly"]),
            ("23514", &["says why", "spazio audit"]),
            ("XX000", &["says why", "SQLSTATE XX000"]),
        ] {
            let told = refused_by_postgres(&options(), code, "says why");
            assert!(parts.iter().all(|part| told.contains(part)) && !told.contains("hunter2"), "{code}: {told}");
        }
    }

    #[test]
    fn a_file_that_may_not_be_written_is_told_as_that() {
        for (code, part) in [
            (8, "must be writable"),
            (13, "is full"),
            (26, "is not an SQLite database"),
            (5, "locked"),
            (11, "restore a copy"),
            (19, "spazio audit"),
        ] {
            let told = refused_by_sqlite(Path::new("/srv/spazio.db"), code, "says why");
            assert!(told.contains(part) && told.contains("/srv/spazio.db"), "{code}: {told}");
        }
    }

    #[test]
    fn a_socket_is_named_by_its_file() {
        for url in ["postgres:///archive?host=/run/postgresql&port=5433", "postgres://%2Frun%2Fpostgresql:5433/archive"] {
            assert_eq!(place(&url.parse().unwrap()), "/run/postgresql/.s.PGSQL.5433");
        }
    }

    #[test]
    fn the_drivers_words_are_not_the_persons() {
        let url: Url = "postgres://ann:hunter2@db.example/archive".parse().unwrap();
        let error = DbErr::Conn(RuntimeErr::SqlxError(Error::PoolTimedOut.into()));
        let told = Trouble::of(&url, &error).to_string();
        assert!(
            told.starts_with("cannot use the database postgres://ann@db.example/archive: db.example:5432 gave no connection"),
            "{told}"
        );
    }
}
