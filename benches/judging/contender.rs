//! Those who judge the same files.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use crate::comparison::per_second;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/fatturapa/schema/fatturapa-1.2.3.xsd");

/// A Python program that waits to be told how often.
pub struct Contender {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Contender {
    /// Starts it, with its schema read; nothing if what it needs is not installed.
    pub fn start(what: &str, file: &Path) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = env::var_os("SPAZIO_TEST_PYTHON").map_or_else(|| root.join("target/tools/venv/bin/python"), PathBuf::from);
        let mut command = Command::new(python);
        command.arg(root.join("benches/judging/contender.py")).arg(what).arg(file).arg(SCHEMA);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let orders = process.stdin.take().expect("it is piped");
        let answers = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut contender = Self { process, orders, answers };
        (contender.answer() == "ready").then_some(contender)
    }

    /// How many files a second it judges, when told to judge so many.
    pub fn rate(&mut self, files: usize) -> f64 {
        writeln!(self.orders, "{files}").expect("it listens");
        let seconds: f64 = self.answer().parse().expect("it says how long it took");
        f64::from(u32::try_from(files).expect("a bench does not run that long")) / seconds
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers in text");
        line.trim().to_owned()
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How many files a second xmllint judges, in one process, its start and reading the schema included; nothing if it is not installed.
pub fn xmllint_rate(files: &[PathBuf]) -> Option<f64> {
    let mut command = Command::new("xmllint");
    let schemas = Path::new(SCHEMA).parent().expect("it is in a folder");
    command.current_dir(schemas).args(["--noout", "--nonet", "--schema", SCHEMA]).args(files).stderr(Stdio::null());
    let begin = Instant::now();
    let status = command.status().ok()?;
    let rate = per_second(files.len(), begin);
    assert!(status.success(), "it finds the files valid");
    Some(rate)
}
