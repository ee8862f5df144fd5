//! The commands that end documents, and what is left when one is killed.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use spazio::ids::AccountId;
use tokio::task::block_in_place;

use super::unpacked_in;
use crate::support::{Engine, Site, spazio as program};

const TWO_YEARS: u32 = 2 * 365 * 24 * 3_600;

/// A database that nobody serves, at a time when its account is deleted.
struct Late {
    site: Site,
    account: AccountId,
    clock: PathBuf,
    exports: PathBuf,
}

impl Late {
    /// The account has received so many documents.
    async fn with_documents(engine: Engine, documents: usize) -> Self {
        let site = Site::fresh(engine).await;
        let process = site.serve();
        let ann = process.customer("ann").create().await;
        for number in 0..documents {
            ann.receives(content(number), "small.xml").await;
        }
        let account = ann.account;
        drop(ann);
        process.stops();
        let (clock, exports) = (site.folder().join("clock"), site.folder().join("exports"));
        fs::write(&clock, TWO_YEARS.to_string()).expect("the clock is set");
        Self { site, account, clock, exports }
    }

    fn flags(&self, settings: &[&str]) -> Vec<String> {
        let clock = format!("development.clock_file={}", self.clock.display());
        settings.iter().copied().chain([clock.as_str()]).flat_map(|setting| ["--set".to_owned(), setting.to_owned()]).collect()
    }

    fn retires(&self, more: &[&str], settings: &[&str]) -> (Option<i32>, String) {
        let words = [&["archive", "retire", "--export-to", self.exports.to_str().expect("a name")], more].concat();
        block_in_place(|| self.site.command(&words, &self.flags(settings)))
    }

    /// The same in a process that can be killed.
    fn begins_to_retire(&self) -> Command {
        let mut command = program(self.site.folder());
        command.args(["archive", "retire", "--export-to"]).arg(&self.exports);
        command.args(["--database", &self.site.database.url]).args(self.flags(&[NINETY_DAYS]));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

const NINETY_DAYS: &str = "archive.retention=ninety_days";

fn content(number: usize) -> Vec<u8> {
    format!("document {number}").into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_documents_are_retired_by_commands() {
    documents_are_retired_by_commands(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_documents_are_retired_by_commands() {
    documents_are_retired_by_commands(Engine::Postgres).await;
}

async fn documents_are_retired_by_commands(engine: Engine) {
    let late = Late::with_documents(engine, 1).await;
    let (code, said) = late.retires(&[], &[]);
    assert!(code == Some(2) && said.contains("archive.retention: it is keep"), "{code:?} {said}");
    let (code, said) = late.retires(&[], &["archive.retention=ten_years"]);
    assert!(code == Some(0) && said.contains("0 documents (0 bytes) retired"), "{code:?} {said}");
    let (code, said) = late.retires(&["--dry-run"], &[NINETY_DAYS]);
    assert!(code == Some(0) && said.contains("1 document (10 bytes) would be retired"), "{code:?} {said}");
    assert!(!late.exports.exists(), "a dry run writes nothing");

    fs::write(&late.exports, "no folder").expect("it is written");
    let (code, said) = late.retires(&[], &[NINETY_DAYS]);
    assert!(code == Some(1) && said.contains("put that right"), "{code:?} {said}");
    assert!(said.contains("0 documents (0 bytes) retired"), "{said}");
    fs::remove_file(&late.exports).expect("it is there");
    let (code, said) = late.retires(&[], &[NINETY_DAYS]);
    assert!(code == Some(0) && said.contains("1 document (10 bytes) retired"), "{code:?} {said}");
    let unknown = "acc_0123456789abcdef0123456789abcdef";
    let (code, said) = late.retires(&["--account", unknown], &[NINETY_DAYS]);
    assert!(code == Some(2) && said.contains(&format!("there is no account {unknown}")), "{code:?} {said}");
    let (code, said) = block_in_place(|| late.site.command(&["archive", "tombstones", "--account", unknown], &[]));
    assert!(code == Some(2) && said.contains("there is no account"), "{code:?} {said}");
    let (code, said) = block_in_place(|| late.site.command(&["archive", "tombstones"], &[]));
    assert!(code == Some(0) && said.lines().count() == 2 && said.contains(&late.account.to_string()), "{code:?} {said}");
    late.site.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_a_retirement_that_is_killed_goes_on_and_nothing_is_lost() {
    a_retirement_that_is_killed_goes_on_and_nothing_is_lost(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_retirement_that_is_killed_goes_on_and_nothing_is_lost() {
    a_retirement_that_is_killed_goes_on_and_nothing_is_lost(Engine::Postgres).await;
}

/// Killed as soon as something is gone: of some hundred documents, which go in several transactions, not all are.
async fn a_retirement_that_is_killed_goes_on_and_nothing_is_lost(engine: Engine) {
    const DOCUMENTS: usize = 350;
    let late = Late::with_documents(engine, DOCUMENTS).await;
    let count = async |table: &str| late.site.database.number(&format!("SELECT COUNT(*) FROM {table}")).await;
    let mut running = late.begins_to_retire().spawn().expect("the program can be started");
    while count("tombstone").await == 0 && running.try_wait().expect("it can be asked").is_none() {}
    running.kill().expect("it can be killed");
    running.wait().expect("it ends");
    assert_eq!(count("document").await + count("tombstone").await, 350, "each is in one place");

    let (code, said) = late.retires(&[], &[NINETY_DAYS]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!((count("document").await, count("tombstone").await), (0, 350));
    let handed_out = unpacked_in(&late.exports.join(late.account.to_string()));
    for number in 0..DOCUMENTS {
        assert!(handed_out.values().any(|file| *file == content(number)), "document {number}");
    }
    late.site.finish().await;
}
