//! What is written where no terminal is, and how the program ends when it is told to.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use crate::support::spazio as program;

#[test]
fn a_log_that_is_no_terminal_has_no_colours() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = folder.path().join("log");
    let mut serving = program(folder.path())
        .args(["serve", "--set", "server.listen=127.0.0.1:0", "--set", "log.filter=trace"])
        .stdout(Stdio::piped())
        .stderr(File::create(&log).expect("the folder can be written"))
        .spawn()
        .expect("it starts");
    read_until(&mut serving, "spazio listens on ");
    ends_on_sigterm(serving);
    let log = fs::read_to_string(log).expect("it is text");
    assert!(log.contains(" INFO ") && !log.contains('\x1b'), "{log}");
}

#[test]
fn the_demo_ends_cleanly_on_sigterm() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut demo = program(folder.path()).arg("demo").env("TMPDIR", folder.path()).stdout(Stdio::piped()).spawn().expect("it starts");
    read_until(&mut demo, "The server stays until Ctrl-C");
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 1, "the demo's folder");
    let told = ends_on_sigterm(demo);
    assert!(told.contains("Stopped: every call and every write was finished."), "{told}");
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 0, "the demo's folder is removed");
}

/// Reads its output up to a line that holds this.
fn read_until(child: &mut Child, part: &str) {
    let output = BufReader::with_capacity(1, child.stdout.as_mut().expect("its output is piped"));
    assert!(output.lines().any(|line| line.expect("its output is text").contains(part)), "it never says {part:?}");
}

/// Sends SIGTERM; it must end with 0. What it says from then on.
fn ends_on_sigterm(mut child: Child) -> String {
    let kill = format!("kill -TERM {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().is_ok_and(|sent| sent.success()), "{kill}");
    let mut told = String::new();
    child.stdout.take().expect("its output is piped").read_to_string(&mut told).expect("its output is text");
    let ended = child.wait().expect("it ends");
    assert!(ended.success(), "it ended with {ended}: {told}");
    told
}
