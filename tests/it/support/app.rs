//! A server of the test's own.

use std::fs;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use spazio::app::{self, App, Ended};
use spazio::audit;
use spazio::clock::{CalendarDay, Clock};
use spazio::config::Config;
use spazio::db::Db;
use spazio::db::migration::{self, Standing};
use tempfile::TempDir;

use super::{Engine, Front, TestDatabase, instant};

/// When every test begins: a Monday morning in Rome, in winter time, far from any end of a month.
const BEGINNING: &str = "2026-03-16T09:00:00Z";

/// The real server on a port that the system chose. Calls go through its [`Front`], to which it dereferences.
pub struct TestApp {
    /// What it was started with.
    pub config: Config,
    /// Its database, to be looked at from outside.
    pub database: TestDatabase,
    app: App,
    front: Front,
    clock: Clock,
    folder: TempDir,
}

impl Deref for TestApp {
    type Target = Front;

    fn deref(&self) -> &Front {
        &self.front
    }
}

/// Plays one test on one database, and looks afterwards whether everything was left in order.
pub async fn played(engine: Engine, configure: impl FnOnce(&mut Config), sentence: impl AsyncFnOnce(&TestApp)) {
    let app = TestApp::start_with(engine, configure).await;
    sentence(&app).await;
    app.finish().await;
}

impl TestApp {
    /// A server on a fresh database.
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, |_| {}).await
    }

    /// A server on a fresh database, with other settings.
    pub async fn start_with(engine: Engine, configure: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = TestDatabase::fresh(engine, folder.path()).await;
        Self::start_on(database, folder, configure).await
    }

    /// A server on this database, which must have the schema of this program; on SQLite the server brings it there.
    pub async fn start_on(database: TestDatabase, folder: TempDir, configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::for_testing(&database.url, folder.path());
        configure(&mut config);
        let clock = Clock::manual(instant(BEGINNING));
        let app = app::start(&config, clock.clone()).await.unwrap_or_else(|error| panic!("the server does not start: {error}"));
        let front = Front::of(app.address, folder.path(), clock.clone());
        Self { config, database, app, front, clock, folder }
    }

    /// The folder with its key, its mails and, on SQLite, its database.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.app.address
    }

    /// Where its counters are read.
    pub fn metrics(&self) -> SocketAddr {
        self.app.metrics.expect("the test asked for the page")
    }

    /// Its database, behind the front door.
    pub fn db(&self) -> &Db {
        &self.app.db
    }

    /// How its schema stands to the program.
    pub async fn standing(&self) -> Standing {
        migration::standing(&self.app.db).await.expect("the schema can be read")
    }

    /// Its front door over another connection.
    pub fn connect(&self) -> Front {
        Front::of(self.app.address, self.folder(), self.clock.clone())
    }

    /// What the server's clock shows.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Moves the clock to noon of a day, given as 2026-02-28, and does the background work of that moment.
    pub async fn day_comes(&self, day: &str) {
        self.day_becomes(super::day(day)).await;
    }

    /// Moves the clock to noon of a day and does the background work of that moment.
    pub async fn day_becomes(&self, day: CalendarDay) {
        self.clock.set(day.start() + chrono::TimeDelta::hours(12));
        self.settled().await;
    }

    /// Moves the clock forward and does the background work of that moment.
    pub async fn passes(&self, time: Duration) {
        self.clock.advance(time);
        self.settled().await;
    }

    /// Does all background work that is due: mails, charges, renewals, lapses. A round that met a broken connection is followed by another, as
    /// the runner would.
    pub async fn settled(&self) {
        const ROUNDS: usize = 5;
        for round in 1.. {
            match self.app.worker.until_idle().await {
                Ok(()) => return,
                Err(error) => assert!(round < ROUNDS, "the background work failed: {error}"),
            }
        }
    }

    /// The mails that left so far, whole, with headers; in no order. Their text is readable as it stands.
    pub async fn mails(&self) -> Vec<String> {
        self.settled().await;
        let folder = self.folder().join("mail");
        let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
        let read = |file: std::io::Result<fs::DirEntry>| fs::read_to_string(file.expect("an entry").path()).expect("a mail in UTF-8");
        files.map(read).collect()
    }

    /// The mails that left so far and contain this text.
    pub async fn mails_with(&self, text: &str) -> Vec<String> {
        self.mails().await.into_iter().filter(|mail| mail.contains(text)).collect()
    }

    /// How many charges the simulated gateway was asked for, whatever became of them.
    pub async fn charges_at_the_gateway(&self) -> i64 {
        self.database.number("SELECT COUNT(*) FROM simulated_charge").await
    }

    /// What the audit finds now.
    pub async fn differences(&self) -> Vec<String> {
        audit::audit(&self.app.db).await.unwrap_or_else(|error| panic!("the audit failed: {error}")).differences
    }

    /// The end: background work done, books in order, a clean exit, nothing left behind.
    pub async fn finish(self) {
        self.settled().await;
        assert_eq!(self.differences().await, Vec::<String>::new(), "the books do not agree");
        // Before the server: it waits for connections that are in use.
        drop(self.front);
        assert_eq!(self.app.stop().await, Ended::Clean, "the server did not end cleanly");
        self.database.drop().await;
    }
}
