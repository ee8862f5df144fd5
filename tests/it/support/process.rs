//! The built program in processes of its own: for what must be true of several at once, or of one that is killed.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use spazio::audit::{Report, audit};
use spazio::clock::Clock;
use spazio::config::Config;
use spazio::db::Db;
use tempfile::TempDir;
use tokio::task::block_in_place;

use super::{Engine, Front, TestDatabase};

/// `spazio serve` in a process. Calls go through its [`Front`], to which it dereferences. Dropped, it is killed.
pub struct Process {
    child: Child,
    address: SocketAddr,
    front: Front,
}

/// A database with the folder beside it, and the processes that serve it one after the other or at once.
pub struct Site {
    /// The database, to be looked at from outside.
    pub database: TestDatabase,
    folder: TempDir,
}

impl Deref for Process {
    type Target = Front;

    fn deref(&self) -> &Front {
        &self.front
    }
}

impl Site {
    /// A fresh database that nobody serves yet.
    pub async fn fresh(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = TestDatabase::fresh(engine, folder.path()).await;
        Self { database, folder }
    }

    /// Starts a process that serves it.
    pub fn serve(&self) -> Process {
        self.serve_with(&[])
    }

    /// Starts a process that serves it with more flags.
    pub fn serve_with(&self, flags: &[String]) -> Process {
        let folder = self.folder.path();
        let log = File::options().create(true).append(true).open(folder.join("log")).expect("the log can be written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_spazio"))
            .args(["serve", "--database", &self.database.url, "--set", "server.listen=127.0.0.1:0"])
            .args(["--set", &format!("data.folder={}", folder.display()), "--set", "log.filter=warn"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program can be started");
        let said = block_in_place(|| first_line(&mut child));
        let address = listens_on(&said).unwrap_or_else(|| panic!("the program says {said:?} and logs {}", logged(folder)));
        Process { child, address, front: Front::of(address, folder, Clock::system()) }
    }

    /// As many processes as the database can be served by: two replicas on PostgreSQL, one on SQLite.
    pub fn serve_with_all(&self) -> Vec<Process> {
        let replicas = match self.database.engine {
            Engine::Sqlite => 1,
            Engine::Postgres => 2,
        };
        (0..replicas).map(|_| self.serve()).collect()
    }

    /// Runs a command of the program on it to its end: exit code, and all that it said.
    pub fn command(&self, words: &[&str], flags: &[String]) -> (Option<i32>, String) {
        let mut command = super::spazio(self.folder.path());
        let output = command.args(words).args(["--database", &self.database.url]).args(flags).output().expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).expect("it speaks text"))
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The front door of a process, over a connection of its own.
    pub fn connect(&self, process: &Process) -> Front {
        Front::of(process.address, self.folder.path(), Clock::system())
    }

    /// What the audit finds while nobody serves the database.
    pub async fn audited(&self) -> Report {
        let config = Config::for_testing(&self.database.url, self.folder.path());
        let db = Db::open(&config.database, Clock::system()).await.unwrap_or_else(|error| panic!("{error}"));
        let report = audit(&db).await.unwrap_or_else(|error| panic!("the audit failed: {error}"));
        db.close().await.expect("the database is closed");
        report
    }

    /// The end: the books agree, and nothing is left behind.
    pub async fn finish(self) {
        assert_eq!(self.audited().await.differences, Vec::<String>::new(), "the books do not agree");
        self.database.drop().await;
    }
}

impl Process {
    /// Sends SIGTERM: it must finish what is under way and exit with 0.
    pub fn stops(mut self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().is_ok_and(|sent| sent.success()), "{kill}");
        let ended = block_in_place(|| self.child.wait()).expect("it ends");
        assert!(ended.success(), "it ended with {ended}");
    }

    /// Sends SIGKILL, as a machine that loses its power would.
    pub fn dies(mut self) -> ExitStatus {
        self.child.kill().expect("it can be killed");
        block_in_place(|| self.child.wait()).expect("it ends")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing to do about one that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What it prints first; nothing if it ends before.
fn first_line(child: &mut Child) -> String {
    let mut said = String::new();
    let output = child.stdout.as_mut().expect("its output is piped");
    // It prints two lines more at its end, which the pipe holds.
    BufReader::new(output).read_line(&mut said).expect("its output is text");
    said
}

fn listens_on(said: &str) -> Option<SocketAddr> {
    said.strip_prefix("spazio listens on ")?.split(',').next()?.parse().ok()
}

fn logged(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}
