//! What the person at the terminal is told, and how the program ends when it is told to.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use chrono::NaiveDate;
use spazio::demo::invoices::{Generator, Wishes};

use crate::support::{Engine, TestDatabase, spazio as program};

/// Runs a command on this database; it must end with 3. What it says on its one line.
fn refuses(folder: &Path, command: &str, url: &str) -> String {
    let output = program(folder).args([command, "--database", url, "--set", "server.listen=127.0.0.1:0"]).output().expect("it runs");
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(3), "{command} {url}: {told}");
    assert_eq!(told.lines().count(), 1, "{command} {url}: {told}");
    assert!(!told.contains("hunter2"), "{told}");
    // What the drivers say to programmers.
    for words in ["pool", "error returned from database", "error communicating", "Execution Error", "Query Error", "(code:", ".c:", ".rs:"]
    {
        assert!(!told.contains(words), "{words}: {told}");
    }
    told
}

fn says(told: &str, parts: &[&str]) {
    for part in parts {
        assert!(told.contains(part), "{part:?} is not in {told}");
    }
}

#[test]
fn a_sqlite_file_that_cannot_be_used_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let text = "no database, but long enough to be taken for the first page of one\n".repeat(100);
    fs::write(folder.join("notes.txt"), &text).expect("it is written");
    fs::create_dir(folder.join("folder")).expect("it is made");
    for command in ["serve", "migrate", "audit"] {
        says(&refuses(folder, command, "sqlite://notes.txt"), &["sqlite://notes.txt", "is not an SQLite database", "correct database.url"]);
        says(&refuses(folder, command, "sqlite://folder"), &["folder is a folder", "name a file in it"]);
    }
    assert_eq!(fs::read_to_string(folder.join("notes.txt")).expect("it is there"), text);
    for command in ["serve", "migrate"] {
        says(&refuses(folder, command, "sqlite://nowhere/spazio.db"), &["there is no folder nowhere", "create it"]);
        says(&refuses(folder, command, "sqlite://notes.txt/spazio.db"), &["notes.txt is not a folder"]);
    }
    says(&refuses(folder, "audit", "sqlite://spazio.db"), &["there is no file spazio.db"]);
    fs::write(folder.join("empty.db"), "").expect("it is written");
    says(&refuses(folder, "audit", "sqlite://empty.db"), &["is behind", "run `spazio migrate`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_that_cannot_be_used_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let database = TestDatabase::empty(Engine::Postgres, folder).await;
    let (server, _) = database.url.rsplit_once('/').expect("the URL ends with the name");
    for command in ["serve", "migrate", "audit"] {
        let missing = format!("{server}/there_is_none");
        says(&refuses(folder, command, &missing), &["there is no database there_is_none", "createdb there_is_none"]);
    }
    says(&refuses(folder, "audit", &database.url), &["is behind", "run `spazio migrate`"]);
    let unknown = "postgres://ann:hunter2@no-such-host.invalid/archive";
    says(&refuses(folder, "migrate", unknown), &["postgres://ann@no-such-host.invalid/archive", "no-such-host.invalid is not known"]);
    says(&refuses(folder, "migrate", "postgres:///archive?host=/nowhere"), &["there is no socket /nowhere/.s.PGSQL.5432"]);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_a_schema_of_a_newer_program_is_told_by_every_command_with_what_to_do() {
    a_schema_of_a_newer_program_is_told_by_every_command_with_what_to_do(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_schema_of_a_newer_program_is_told_by_every_command_with_what_to_do() {
    a_schema_of_a_newer_program_is_told_by_every_command_with_what_to_do(Engine::Postgres).await;
}

async fn a_schema_of_a_newer_program_is_told_by_every_command_with_what_to_do(engine: Engine) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let database = TestDatabase::empty(engine, folder).await;
    let migrated = program(folder).args(["migrate", "--database", &database.url]).output().expect("it runs");
    assert_eq!(migrated.status.code(), Some(0), "{}", String::from_utf8_lossy(&migrated.stderr));
    let noted = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_from_the_future', 0)";
    database.execute(noted).await.expect("it is noted");
    for command in ["serve", "migrate", "audit"] {
        let told = refuses(folder, command, &database.url);
        says(&told, &["m9999_from_the_future, which this program does not know", "run the program that made it, or a newer one"]);
    }
    database.drop().await;
}

#[test]
fn an_address_where_no_postgresql_listens_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it listens");
    drop(listener);
    let told = refuses(folder.path(), "migrate", &format!("postgres://ann:hunter2@{address}/archive"));
    says(&told, &[&format!("nothing listens at {address}"), "start PostgreSQL there"]);
}

#[test]
fn what_a_server_refuses_at_the_door_is_told_with_what_to_do() {
    // No password: the tests' own PostgreSQL asks nobody for one.
    let wrong_password = b"E\0\0\0\x20SFATAL\0C28P01\0Mno password\0\0".as_slice();
    for (query, answer, parts) in [
        ("?sslmode=disable", wrong_password, &["refuses the password of the user ann", "correct user and password"][..]),
        ("?sslmode=require", b"N".as_slice(), &["offers no TLS", "sslmode"]),
        ("?sslmode=require", b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(), &["is not PostgreSQL", "correct host and port"]),
        ("?sslmode=disable", b"".as_slice(), &["closed the connection", "correct host and port"]),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it listens");
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("it connects");
            let mut begin = [0; 8];
            stream.read_exact(&mut begin).expect("it asks");
            stream.write_all(answer).expect("it is answered");
            // The client may have gone by now; until then what was said may be lost if the rest were not read.
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let folder = tempfile::tempdir().expect("a temporary folder");
        let told = refuses(folder.path(), "migrate", &format!("postgres://ann:hunter2@{address}/archive{query}"));
        server.join().expect("the server's part is done");
        says(&told, &[&format!("postgres://ann@{address}/archive"), &address.to_string()]);
        says(&told, parts);
    }
}

#[test]
fn a_log_that_is_no_terminal_has_no_colours() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = folder.path().join("log");
    let mut serving = program(folder.path());
    serving.args(["serve", "--set", "server.listen=127.0.0.1:0", "--set", "log.filter=trace"]);
    serving.stdout(Stdio::piped()).stderr(File::create(&log).expect("the folder can be written"));
    let mut serving = Running(serving.spawn().expect("it starts"));
    read_until(&mut serving, "spazio listens on ");
    ends_on_sigterm(serving);
    let log = fs::read_to_string(log).expect("it is text");
    assert!(log.contains(" INFO ") && !log.contains('\x1b'), "{log}");
}

#[test]
fn a_log_for_machines_has_no_line_that_is_no_json() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = folder.path().join("log");
    let mut serving = program(folder.path());
    serving.args(["serve", "--set", "server.listen=127.0.0.1:0", "--set", "metrics.listen=127.0.0.1:0"]);
    // Whoever keeps the log short wants to know all the same what became of the server.
    serving.args(["--set", "log.format=json", "--set", "log.filter=warn"]);
    serving.stdout(Stdio::piped()).stderr(File::create(&log).expect("the folder can be written"));
    let mut serving = Running(serving.spawn().expect("it starts"));
    let mut told = read_until(&mut serving, "metrics on http://");
    told += &ends_on_sigterm(serving);
    let said: Vec<_> = told.lines().map(message).collect();
    let parts = ["spazio listens on ", "metrics on http://", "SIGTERM: draining, at most 20 seconds", "stopped: every call"];
    assert_eq!(said.len(), parts.len(), "{said:?}");
    for (said, part) in said.iter().zip(parts) {
        assert!(said.starts_with(part), "{part:?} is not the beginning of {said:?}");
    }
    assert_eq!(fs::read_to_string(log).expect("it is text"), "");
}

/// What a line of the log for machines says.
fn message(line: &str) -> String {
    let event: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
    assert_eq!(event["level"], "INFO", "{line}");
    event["fields"]["message"].as_str().unwrap_or_else(|| panic!("{line} has no message")).to_owned()
}

#[test]
fn a_first_start_says_only_what_the_program_says() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = folder.path().join("log");
    let mut serving = program(folder.path());
    serving.args(["serve", "--set", "server.listen=127.0.0.1:0"]);
    serving.stdout(Stdio::piped()).stderr(File::create(&log).expect("the folder can be written"));
    let mut serving = Running(serving.spawn().expect("it starts"));
    read_until(&mut serving, "spazio listens on ");
    ends_on_sigterm(serving);
    let log = fs::read_to_string(log).expect("it is text");
    assert!(!log.contains("migration"), "{log}");
}

#[test]
fn the_demo_ends_cleanly_on_sigterm() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut demo = program(folder.path());
    demo.arg("demo").env("TMPDIR", folder.path()).stdout(Stdio::piped());
    let mut demo = Running(demo.spawn().expect("it starts"));
    read_until(&mut demo, "The server stays until Ctrl-C");
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 1, "the demo's folder");
    let told = ends_on_sigterm(demo);
    assert!(told.contains("Stopped: every call and every write was finished."), "{told}");
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 0, "the demo's folder is removed");
}

#[test]
fn what_the_demo_tells_agrees_with_itself() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = folder.path().join("files");
    fs::create_dir(&files).expect("it is made");
    let day = NaiveDate::from_ymd_opt(2026, 3, 2).expect("a day of the calendar");
    let invoice = Generator::new(7).invoice(day, Wishes { bytes: Some(60_000), ..Wishes::default() });
    fs::write(files.join("one.xml"), invoice.bytes).expect("it is written");
    let output = program(folder.path()).args(["demo", "--exit", "--invoices", "files"]).output().expect("it runs");
    let told = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let line = |begin: &str| {
        let line = told.lines().map(str::trim).find_map(|line| line.strip_prefix(begin));
        line.unwrap_or_else(|| panic!("no line begins with {begin:?}: {told}")).trim()
    };
    says(&told, &["made from 1 file of the folder"]);
    let mailed = line("mail: Space used: ");
    assert!(line("90% is passed").contains(mailed), "the bar tells {} and the mail {mailed}", line("90% is passed"));

    let sum = line("expected by then");
    let numbers: Vec<u64> = sum.replace(',', "").split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
    let [used, again, days, since, expected] = numbers[..] else { panic!("{sum}") };
    assert_eq!((used, used + (used * days).div_ceil(since)), (again, expected), "{sum}");
}

#[test]
fn the_demo_names_the_option_whose_folder_cannot_be_used() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("file"), "").expect("it is written");
    fs::create_dir(folder.path().join("empty")).expect("it is made");
    for (option, named, parts) in [
        ("--invoices", "none", ["cannot be read: No such file", "name a folder of FatturaPA files"]),
        ("--invoices", "file", ["cannot be read: Not a directory", "name a folder of FatturaPA files"]),
        ("--invoices", "empty", ["holds no FatturaPA file that can be read (it is empty)", "name a folder of FatturaPA files"]),
        ("--data", "file", ["cannot be made: File exists", "name a folder that you may write"]),
        ("--data", "file/below", ["cannot be made: Not a directory", "name a folder that you may write"]),
    ] {
        let output = program(folder.path()).args(["demo", "--exit", option, named]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{option} {named}");
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(told.starts_with(&format!("spazio: {option} {named} ")), "{told}");
        says(&told, &parts);
    }
}

/// A process that is killed when the test fails before its end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Nothing to do about one that has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads its output through a line that holds this, and hands it back.
fn read_until(running: &mut Running, part: &str) -> String {
    let mut output = BufReader::with_capacity(1, running.0.stdout.as_mut().expect("its output is piped"));
    let mut told = String::new();
    while !told.contains(part) || !told.ends_with('\n') {
        assert_ne!(output.read_line(&mut told).expect("its output is text"), 0, "it never says {part:?}: {told}");
    }
    told
}

/// Sends SIGTERM; it must end with 0. What it says from then on.
fn ends_on_sigterm(mut running: Running) -> String {
    let child = &mut running.0;
    let kill = format!("kill -TERM {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().is_ok_and(|sent| sent.success()), "{kill}");
    let mut told = String::new();
    child.stdout.take().expect("its output is piped").read_to_string(&mut told).expect("its output is text");
    let ended = child.wait().expect("it ends");
    assert!(ended.success(), "it ended with {ended}: {told}");
    told
}

/// A stream that nobody reads any more.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[test]
fn commands_that_nobody_reads_any_more_end_with_the_code_of_what_they_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples");
    let good = format!("{samples}/fpr12.xml");
    let wrong = format!("{samples}/wrong-content.xml");
    let url = "sqlite://spazio.db";
    for (arguments, code) in [
        (vec!["validate", "--content", &good], 0),
        (vec!["validate", "--content", &good, &wrong], 1),
        (vec!["validate", samples], 2),
        (vec!["render", "--force", &good], 0),
        (vec!["render", "no-such-file.xml"], 2),
        (vec!["check-config"], 0),
        (vec!["check-config", "--set", "log.format=xml"], 2),
        (vec!["token", "operator"], 0),
        (vec!["audit", "--database", url], 3),
        (vec!["migrate", "--database", url], 0),
        (vec!["audit", "--database", url], 0),
        (vec!["archive", "verify", "--database", url], 0),
        (vec!["archive", "move", "--database", url], 0),
        (vec!["archive", "clean", "--database", url], 0),
        (vec!["archive", "tombstones", "--database", url], 0),
    ] {
        let ended = program(folder.path()).args(&arguments).stdout(unread()).stderr(unread()).status().expect("it runs");
        assert_eq!(ended.code(), Some(code), "{arguments:?}");
        let output = program(folder.path()).args(&arguments).stdout(unread()).output().expect("it runs");
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(output.status.code() == Some(code) && told.is_empty() == (code == 0), "{arguments:?}: {told}");
    }
}

#[test]
fn what_cannot_be_written_is_told_unless_there_is_worse_to_tell() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples");
    let full = || File::options().write(true).open("/dev/full").expect("a device that is always full");
    let (good, broken) = (format!("{samples}/fpr12.xml"), format!("{samples}/truncated.xml"));
    for (arguments, code, said) in [
        (vec!["validate", good.as_str()], 1, "cannot be written"),
        (vec!["check-config"], 1, "cannot be written"),
        (vec!["validate", &broken], 2, "1 unreadable"),
    ] {
        let output = program(folder.path()).args(&arguments).stdout(full()).output().expect("it runs");
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(output.status.code() == Some(code) && told.contains(said), "{arguments:?}: {told}");
        assert_eq!(program(folder.path()).args(&arguments).stdout(full()).stderr(full()).status().expect("it runs").code(), Some(code));
    }
}
