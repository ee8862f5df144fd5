//! Keys: another one under a known id is refused before anything is stored, and one that is missing is told.

use std::fs;
use std::net::TcpListener;

use data_encoding::BASE64;
use futures_util::future::join_all;
use spazio::archive::{Archive, OpenError, Purpose};
use spazio::ids::AccountId;
use tokio::task::block_in_place;
use tonic::Code;

use super::downloaded;
use crate::support::{Engine, Process, Site, TestApp, pb, refused};

on_both_databases!(
    of_those_that_start_at_once_with_different_keys_only_those_of_one_may_store,
    a_key_that_nothing_was_stored_with_can_be_corrected,
);

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_another_key_under_a_known_id_is_refused_before_anything_is_stored() {
    another_key_under_a_known_id_is_refused_before_anything_is_stored(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_another_key_under_a_known_id_is_refused_before_anything_is_stored() {
    another_key_under_a_known_id_is_refused_before_anything_is_stored(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_a_key_of_before_is_known_once_it_has_opened_a_document() {
    a_key_of_before_is_known_once_it_has_opened_a_document(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_key_of_before_is_known_once_it_has_opened_a_document() {
    a_key_of_before_is_known_once_it_has_opened_a_document(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_a_server_without_a_key_receives_and_says_which_is_missing() {
    a_server_without_a_key_receives_and_says_which_is_missing(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_server_without_a_key_receives_and_says_which_is_missing() {
    a_server_without_a_key_receives_and_says_which_is_missing(Engine::Postgres).await;
}

/// The line of a key that is the same for the same byte.
fn line(id: &str, byte: u8) -> String {
    format!("{id} {}\n", BASE64.encode(&[byte; 32]))
}

/// Flags for a file with these lines, and for the key that is used.
fn with_keys(site: &Site, lines: &[String], key: &str) -> Vec<String> {
    let file = site.folder().join("keys");
    fs::write(&file, lines.concat()).expect("the keys are written");
    ["--set".to_owned(), format!("archive.keys_file={}", file.display()), "--set".to_owned(), format!("archive.key={key}")].to_vec()
}

/// Runs a command that is to end by itself: `serve` finds its address taken, if it comes so far.
fn told(site: &Site, words: &[&str], flags: &[String]) -> (Option<i32>, String) {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = format!("server.listen={}", taken.local_addr().expect("an address"));
    let data = format!("data.folder={}", site.folder().display());
    let flags: Vec<_> = flags.iter().cloned().chain(["--set".to_owned(), listen, "--set".to_owned(), data]).collect();
    block_in_place(|| site.command(words, &flags))
}

const OPEN: [&[&str]; 5] = [
    &["serve"],
    &["archive", "move"],
    &["archive", "verify"],
    &["archive", "clean"],
    &["archive", "retire", "--set", "archive.retention=ten_years", "--dry-run", "--export-to", "exports"],
];

/// Whatever opens the archive with these flags is told this, as a mistake in the configuration.
fn nothing_opens(site: &Site, flags: &[String], why: &str) {
    for words in OPEN {
        let (code, said) = told(site, words, flags);
        assert!(
            code == Some(2) && said.contains(why) && said.contains("put the line with that id back as it was"),
            "{words:?} {code:?}: {said}"
        );
        assert!(!said.contains(&BASE64.encode(&[2; 32])), "{words:?}: {said}");
    }
}

/// An account with these many received invoices, and their ids.
async fn receives(process: &Process, files: usize) -> (AccountId, Vec<pb::Invoice>) {
    let ann = process.customer("ann").one_gb().create().await;
    let mut received = Vec::new();
    for number in 0..files {
        received.push(ann.receives(format!("invoice {number}").into_bytes(), "ann.xml").await);
    }
    (ann.account, received)
}

async fn another_key_under_a_known_id_is_refused_before_anything_is_stored(engine: Engine) {
    let site = Site::fresh(engine).await;
    let right = with_keys(&site, &[line("k1", 1)], "k1");
    let process = site.serve_with(&right);
    let (account, received) = receives(&process, 1).await;
    process.stops();

    let flags = with_keys(&site, &[line("k1", 2)], "k1");
    nothing_opens(&site, &flags, "archive.keys_file: the key k1 is not the one that this database knows by that id");
    let flags = with_keys(&site, &[line("k1", 2), line("k2", 3)], "k2");
    nothing_opens(&site, &flags, "archive.keys_file: the key k1 is not the one that this database knows by that id");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM archive_key").await, 1, "who is refused records nothing");

    let right = with_keys(&site, &[line("k1", 1)], "k1");
    let process = site.serve_with(&right);
    let panel = process.returning(account, String::new());
    assert_eq!(panel.downloads(&received[0].invoice_id).await.1, b"invoice 0");
    drop(panel);
    process.stops();
    site.finish().await;
}

async fn a_key_of_before_is_known_once_it_has_opened_a_document(engine: Engine) {
    let site = Site::fresh(engine).await;
    let right = with_keys(&site, &[line("k1", 1)], "k1");
    let process = site.serve_with(&right);
    let (account, received) = receives(&process, 2).await;
    process.stops();
    for sql in [
        "DELETE FROM archive_key",
        "UPDATE document SET content = substr(content, 1, length(content) - 1) WHERE id = (SELECT MIN(id) FROM document)",
    ] {
        let sql = sql.replace("MIN(id)", if engine == Engine::Postgres { "MIN(id::text)::uuid" } else { "MIN(id)" });
        site.database.execute(&sql).await.expect("it is as an earlier program left it, and a document is damaged");
    }
    let known = async || site.database.number("SELECT COUNT(*) FROM archive_key").await;

    let wrong = with_keys(&site, &[line("k1", 2)], "k1");
    nothing_opens(&site, &wrong, "archive.keys_file: the key k1 opens none of the documents that it was tried on (inv_");
    assert_eq!(known().await, 0);
    let right = with_keys(&site, &[line("k1", 1)], "k1");
    let (code, said) = told(&site, &["archive", "verify"], &right);
    assert!(code == Some(4) && said.contains("1 damaged, 0 sealed") && said.contains("\"a document is damaged\""), "{code:?} {said}");
    assert_eq!(known().await, 0, "who only looks writes nothing");

    let process = site.serve_with(&right);
    assert_eq!(known().await, 1, "one damaged document does not keep a key from being known");
    let panel = process.returning(account, String::new());
    assert_eq!(panel.downloads(&received[1].invoice_id).await.1, b"invoice 1");
    drop(panel);
    process.stops();
    let wrong = with_keys(&site, &[line("k1", 2)], "k1");
    nothing_opens(&site, &wrong, "the key k1 is not the one that this database knows");
    site.finish().await;
}

async fn a_server_without_a_key_receives_and_says_which_is_missing(engine: Engine) {
    let site = Site::fresh(engine).await;
    let process = site.serve_with(&with_keys(&site, &[line("k1", 1), line("k2", 2)], "k1"));
    let (account, received) = receives(&process, 5).await;
    process.stops();
    let warnings = || {
        let log = fs::read_to_string(site.folder().join("log")).expect("the log");
        log.matches("keys that are not in archive.keys_file: k1; nobody can read them").count()
    };
    assert_eq!(warnings(), 0);

    for (flags, times) in [(vec![], 1), (with_keys(&site, &[line("k2", 2)], "k2"), 2)] {
        let process = site.serve_with(&flags);
        assert_eq!(warnings(), times, "once at each start");
        let ann = process.returning(account, String::new());
        let refusal = refused(downloaded(&ann, &received[0]).await);
        assert_eq!((refusal.code, refusal.reason), (Code::Unavailable, pb::ErrorReason::DocumentSealed), "{refusal:?}");
        let other = ann.receives(format!("other {times}").into_bytes(), "other.xml").await;
        downloaded(&ann, &other).await.expect("what came since can be read");
        drop(ann);
        process.stops();
    }
    for words in [["archive", "verify"], ["archive", "move"]] {
        let (code, said) = told(&site, &words, &with_keys(&site, &[line("k2", 2)], "k2"));
        let about: Vec<_> = said.lines().filter(|line| line.contains("the key k1")).collect();
        let once = "cannot be opened: it is encrypted with the key k1, which is not in archive.keys_file: 5 documents, among them inv_";
        assert!(code == Some(4) && about.len() == 1 && about[0].starts_with(once), "{words:?} {code:?} {said}");
        let last = said.lines().last().expect("a line");
        assert!(last.contains("put the keys that are named back into archive.keys_file"), "{last}");
    }

    let both = with_keys(&site, &[line("k1", 1), line("k2", 2)], "k2");
    let (code, said) = told(&site, &["archive", "move"], &both);
    assert!(code == Some(0) && said.starts_with("5 documents moved"), "{code:?} {said}");
    let process = site.serve_with(&with_keys(&site, &[line("k2", 2)], "k2"));
    assert_eq!(warnings(), 2, "a key that nothing needs any more is not missed");
    process.stops();
    site.finish().await;
}

async fn of_those_that_start_at_once_with_different_keys_only_those_of_one_may_store(app: &TestApp) {
    let opened = join_all((0..8_u8).map(async |number| {
        let mut settings = app.config.archive.clone();
        let file = app.folder().join(format!("keys {number}"));
        fs::write(&file, line("k1", number % 2)).expect("the key is written");
        settings.keys_file = Some(file);
        settings.key = Some("k1".parse().expect("an id"));
        match Archive::open(&settings, app.db().clone(), Purpose::Storing).await {
            Ok(_) => Ok(number % 2),
            Err(OpenError::Settings(errors)) => Err(errors.to_string()),
            Err(OpenError::Fault(fault)) => panic!("{fault}"),
        }
    }));
    let (may, may_not): (Vec<_>, Vec<_>) = opened.await.into_iter().partition(Result::is_ok);
    assert!(may.len() == 4 && may.iter().all(|one| *one == may[0]), "{may:?}");
    for errors in may_not {
        let errors = errors.expect_err("it was refused");
        assert!(errors.contains("the key k1 is not the one that this database knows by that id"), "{errors}");
    }
}

async fn a_key_that_nothing_was_stored_with_can_be_corrected(app: &TestApp) {
    let mut settings = app.config.archive.clone();
    let file = app.folder().join("keys");
    settings.keys_file = Some(file.clone());
    settings.key = Some("k1".parse().expect("an id"));
    for byte in [1, 2] {
        fs::write(&file, [line("k1", 1), line("next", byte)].concat()).expect("the keys are written");
        let opened = Archive::open(&settings, app.db().clone(), Purpose::Storing).await;
        opened.unwrap_or_else(|error| panic!("{error}"));
    }
}
