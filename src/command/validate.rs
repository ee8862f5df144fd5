//! `spazio validate`: files judged as the SdI would, without a server.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::{Failure, ended};
use crate::clock::{CalendarDay, Clock};
use crate::fatturapa::{Finding, Judgement, MAX_FILE_BYTES, Severity};
use crate::terminal::{Output, complain, in_colour};

/// What `spazio validate` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Invoices, plain or signed (.p7m); of a folder, every .xml and .p7m file in it and below.
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,
    /// text for people, json for programs: one object a line for each file.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Look at signatures and content too, as the SdI would today, and give advice; otherwise at the schema only.
    #[arg(long)]
    content: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A report in words.
    Text,
    /// One JSON object a line.
    Json,
}

/// How often a person at a terminal is told how far it is.
const PROGRESS_EVERY: usize = 100;

/// Judges the files, as many at once as there are processors, and reports them in the order of their names.
pub(super) fn validate(arguments: &Arguments) -> Result<(), Failure> {
    let files = files_of(&arguments.paths)?;
    let today = CalendarDay::of(Clock::system().now()).date();
    let day = arguments.content.then_some(today);
    let mut report = Report::new(arguments.format, files.len());
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from).min(files.len());
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (sender, next, files) = (sender.clone(), &next, &files);
            scope.spawn(move || {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let judged = read(file).map(|content| Judgement::of(&content, day));
                    if sender.send((file.clone(), judged)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        // They come as they are done, and are told in order.
        let mut waiting = std::collections::BTreeMap::new();
        let mut told = 0;
        for (file, judged) in receiver {
            waiting.insert(file, judged);
            while let Some(file) = files.get(told)
                && let Some(judged) = waiting.remove(file)
            {
                report.tell(file, &judged);
                told += 1;
            }
        }
    });
    report.end()
}

/// The files themselves, and those of folders, in order of their names; each once.
fn files_of(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let failed = |error: io::Error| Failure::Unreadable(format!("{}: {error}; name files or folders that can be read", path.display()));
        if fs::metadata(path).map_err(failed)?.is_dir() {
            walk(path, &mut files).map_err(failed)?;
        } else {
            files.push(path.clone());
        }
    }
    files.sort();
    files.dedup();
    if files.is_empty() { Err(Failure::Unreadable("there is no .xml or .p7m file in these folders".to_owned())) } else { Ok(files) }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        // Links are not followed: one that leads upwards would never end.
        if kind.is_dir() {
            walk(&path, files)?;
        } else if kind.is_file() && is_document(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_document(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xml") || extension.eq_ignore_ascii_case("p7m"))
}

/// The file, or so much of it that the engine sees that it is too large.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let most = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX) + 1;
    io::Read::read_to_end(&mut io::Read::take(fs::File::open(path)?, most), &mut content)?;
    Ok(content)
}

/// What is told, and the counts of it.
struct Report {
    format: Format,
    out: Output,
    colour: bool,
    /// Whether somebody watches who would like to know how far it is.
    watched: bool,
    files: usize,
    done: usize,
    with_findings: usize,
    unreadable: usize,
}

impl Report {
    fn new(format: Format, files: usize) -> Self {
        let watched = io::stderr().is_terminal() && !io::stdout().is_terminal() && files > PROGRESS_EVERY;
        Self { format, out: Output::default(), colour: in_colour(&io::stdout()), watched, files, done: 0, with_findings: 0, unreadable: 0 }
    }

    fn tell(&mut self, file: &Path, judged: &io::Result<Judgement>) {
        match judged {
            Ok(judged) if judged.unreadable.is_some() => self.unreadable += 1,
            Ok(judged) if judged.findings.is_empty() => {}
            Ok(_) => self.with_findings += 1,
            Err(_) => self.unreadable += 1,
        }
        match self.format {
            Format::Text => self.text(file, judged),
            Format::Json => self.out.line(json(file, judged)),
        }
        self.done += 1;
        if self.watched && self.done.is_multiple_of(PROGRESS_EVERY) {
            complain(format_args!("\r{} of {} files", self.done, self.files));
        }
    }

    fn text(&self, file: &Path, judged: &io::Result<Judgement>) {
        let file = file.display();
        let judged = match judged {
            Ok(judged) => judged,
            Err(error) => return self.out.line(format_args!("{} {file}: {error}", self.painted("1;31", "unreadable"))),
        };
        let refused = judged.findings.iter().any(|finding| finding.severity == Severity::Refused);
        let word = match (&judged.unreadable, refused) {
            (Some(_), _) => self.painted("1;31", "unreadable"),
            (None, true) => self.painted("1;31", "refused"),
            (None, false) => self.painted("1;32", "good"),
        };
        let signed = if judged.signatures.is_empty() { "" } else { ", signed" };
        self.out.line(format_args!("{word} {file} ({}{signed})", judged.kind));
        for finding in &judged.findings {
            let Finding { code, severity, path, at, message } = finding;
            let colour = match severity {
                Severity::Refused => "31",
                Severity::Advice => "33",
            };
            let place = if path.is_empty() { String::new() } else { format!("{path} ") };
            let code = self.painted(colour, code);
            self.out.line(format_args!("  {}:{} {code} {place}{}", at.line, at.column, message.english));
        }
    }

    fn painted(&self, colour: &str, word: &str) -> String {
        if self.colour { format!("\x1b[{colour}m{word}\x1b[0m") } else { word.to_owned() }
    }

    /// The exit code: 0 all good, 1 findings, 2 something that cannot be read.
    fn end(self) -> Result<(), Failure> {
        if self.watched {
            complain(format_args!("\r{} of {} files\n", self.done, self.files));
        }
        let Self { out, files, with_findings, unreadable, .. } = self;
        let told = format!("{files} files: {with_findings} with findings, {unreadable} that cannot be read");
        let judged = if unreadable > 0 {
            Err(Failure::Unreadable(told))
        } else if with_findings > 0 {
            Err(Failure::Failed(told))
        } else {
            Ok(())
        };
        ended(out, judged)
    }
}

fn json(file: &Path, judged: &io::Result<Judgement>) -> serde_json::Value {
    let file = file.display().to_string();
    match judged {
        Ok(judged) => {
            let signatures = judged.signatures.iter().map(|signature| {
                json!({
                    "signer": signature.signer.common_name,
                    "fiscal_code": signature.signer.fiscal_code,
                    "algorithm": signature.algorithm,
                    "integrity": signature.integrity.as_str(),
                    "trust": signature.trust.as_str(),
                })
            });
            json!({
                "file": file,
                "kind": judged.kind.as_str(),
                "signed": !judged.signatures.is_empty(),
                "schema_valid": judged.schema_valid,
                "findings": judged.findings.iter().map(finding).collect::<Vec<_>>(),
                "signatures": signatures.collect::<Vec<_>>(),
            })
        }
        Err(error) => json!({
            "file": file,
            "kind": "unknown",
            "signed": false,
            "schema_valid": false,
            "findings": [{ "code": "NOT_A_FILE", "severity": "refused", "path": "", "line": 1, "column": 1, "message": error.to_string() }],
            "signatures": [],
        }),
    }
}

fn finding(finding: &Finding) -> serde_json::Value {
    json!({
        "code": finding.code,
        "severity": finding.severity.as_str(),
        "path": finding.path,
        "line": finding.at.line,
        "column": finding.at.column,
        "message": finding.message.english,
        "message_it": finding.message.italian,
    })
}
