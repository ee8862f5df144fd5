//! What `spazio validate` tells of each file, and of all of them together.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{FailOn, Format};
use crate::command::source::{NotRead, Source};
use crate::command::{Failure, ended};
use crate::fatturapa::{FileKind, Finding, Judgement, Position, Severity, Signature, Unreadable};
use crate::terminal::{Output, complain, counted, harmless, in_colour};

/// How often a person at a terminal is told how far it is.
const PROGRESS_EVERY: usize = 100;

/// What becomes of a file, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// There is nothing to find in what was judged.
    Good,
    /// It is a message of the SdI, which can be read and is judged no further.
    Receipt,
    /// All findings are advice.
    Advice,
    /// The SdI would refuse it.
    Refused,
    /// It cannot be read.
    Unreadable,
}

impl Verdict {
    fn of(judged: &Result<Judgement, NotRead>) -> Self {
        match judged {
            Err(_) => Self::Unreadable,
            Ok(judged) => Self::of_judged(judged),
        }
    }

    fn of_judged(judged: &Judgement) -> Self {
        match (&judged.unreadable, judged.kind) {
            // Enough of it was read to say that the SdI refuses it.
            (Some(Unreadable::OldFormat { .. }), _) => Self::Refused,
            (Some(_), _) => Self::Unreadable,
            (None, FileKind::Message(_)) => Self::Receipt,
            (None, FileKind::Invoice(_) | FileKind::Unknown) => Self::of_findings(&judged.findings),
        }
    }

    fn of_findings(findings: &[Finding]) -> Self {
        if findings.iter().any(|finding| finding.severity == Severity::Refused) {
            Self::Refused
        } else if findings.is_empty() {
            Self::Good
        } else {
            Self::Advice
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Receipt => "receipt",
            Self::Advice => "advice",
            Self::Refused => "refused",
            Self::Unreadable => "unreadable",
        }
    }

    const fn colour(self) -> &'static str {
        match self {
            Self::Good | Self::Receipt => "1;32",
            Self::Advice => "1;33",
            Self::Refused | Self::Unreadable => "1;31",
        }
    }
}

/// How many files there were of each verdict.
#[derive(Debug, Default)]
struct Tally {
    good: usize,
    receipts: usize,
    advice: usize,
    refused: usize,
    unreadable: usize,
}

impl Tally {
    fn count(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Good => &mut self.good,
            Verdict::Receipt => &mut self.receipts,
            Verdict::Advice => &mut self.advice,
            Verdict::Refused => &mut self.refused,
            Verdict::Unreadable => &mut self.unreadable,
        } += 1;
    }

    const fn files(&self) -> usize {
        self.good + self.receipts + self.advice + self.refused + self.unreadable
    }

    /// `4 files: 2 good, 1 receipt, 1 refused`; if nobody asked for the content of invoices, that it was not looked at; and in which folders
    /// there was nothing.
    fn told(&self, content: bool, empty: &[PathBuf]) -> String {
        let files = (self.files() > 0).then(|| self.told_of_files(content));
        let empty = empty.iter().map(|folder| format!("no .xml or .p7m files in {}", harmless(&folder.to_string_lossy())));
        files.into_iter().chain(empty).collect::<Vec<_>>().join("; ")
    }

    fn told_of_files(&self, content: bool) -> String {
        let counts = [
            (self.good, "good"),
            (self.receipts, if self.receipts == 1 { "receipt" } else { "receipts" }),
            (self.advice, "with advice only"),
            (self.refused, "refused"),
            (self.unreadable, "unreadable"),
        ];
        let told = counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, verdict)| format!("{count} {verdict}"));
        let told = format!("{}: {}", counted(self.files(), "file"), told.collect::<Vec<_>>().join(", "));
        if content || self.good + self.refused == 0 { told } else { format!("{told} (structure only; add --content to judge all of it)") }
    }
}

/// What is told, and the counts of it.
pub(super) struct Report {
    format: Format,
    /// Whether signatures and content were judged too, and not the structure alone.
    content: bool,
    out: Output,
    colour: bool,
    /// Whether somebody watches who would like to know how far it is.
    watched: bool,
    files: usize,
    tally: Tally,
}

impl Report {
    pub(super) fn new(format: Format, content: bool, files: usize) -> Self {
        let watched = io::stderr().is_terminal() && !io::stdout().is_terminal() && files > PROGRESS_EVERY;
        Self { format, content, out: Output::default(), colour: in_colour(&io::stdout()), watched, files, tally: Tally::default() }
    }

    pub(super) fn tell(&mut self, source: &Source, judged: &Result<Judgement, NotRead>) {
        let verdict = Verdict::of(judged);
        self.tally.count(verdict);
        match self.format {
            Format::Text => self.text(source, verdict, judged),
            Format::Json => self.out.line(json(source, verdict, judged)),
        }
        if self.watched && self.tally.files().is_multiple_of(PROGRESS_EVERY) {
            complain(format_args!("\r{} of {} files", self.tally.files(), self.files));
        }
    }

    fn text(&self, source: &Source, verdict: Verdict, judged: &Result<Judgement, NotRead>) {
        let word = self.painted(verdict.colour(), verdict.as_str());
        let judged = match judged {
            Ok(judged) => judged,
            Err(why) => return self.out.line(format_args!("{word} {source}: {why}")),
        };
        self.out.line(format_args!("{word} {source} ({})", self.about(judged)));
        for finding in &judged.findings {
            let Finding { code, severity, path, at, message } = finding;
            let colour = match severity {
                Severity::Refused => "31",
                Severity::Advice => "33",
            };
            let place = if path.is_empty() { String::new() } else { format!("{path} ") };
            let code = self.painted(colour, code);
            self.out.line(format_args!("  {}:{} {code} {}", at.line, at.column, harmless(&format!("{place}{}", message.english))));
        }
    }

    /// What it is, and of an invoice how much of it was judged.
    fn about(&self, judged: &Judgement) -> String {
        let old = matches!(judged.unreadable, Some(Unreadable::OldFormat { .. }));
        let mut about = vec![if old { "old format" } else { judged.kind.as_str() }];
        about.extend((!judged.signatures.is_empty()).then_some("signed"));
        about.extend((matches!(judged.kind, FileKind::Invoice(_)) && !self.content).then_some("structure only"));
        about.join(", ")
    }

    fn painted(&self, colour: &str, word: &str) -> String {
        if self.colour { format!("\x1b[{colour}m{word}\x1b[0m") } else { word.to_owned() }
    }

    /// The exit code: 2 for what cannot be read or was looked for in vain, 1 for findings of the severity that fails, otherwise 0. The counts go with the message of
    /// a failure, and else end the report in words; programs that read objects count for themselves.
    pub(super) fn end(self, fail_on: FailOn, empty: &[PathBuf]) -> Result<(), Failure> {
        let Self { format, content, out, watched, files, tally, .. } = self;
        if watched {
            complain(format_args!("\r{files} of {files} files\n"));
        }
        let failing = match fail_on {
            FailOn::Advice => tally.advice + tally.refused,
            FailOn::Refused => tally.refused,
        };
        let told = tally.told(content, empty);
        let judged = if tally.unreadable > 0 || !empty.is_empty() {
            Err(Failure::Unreadable(told))
        } else if failing > 0 {
            Err(Failure::Failed(told))
        } else {
            match format {
                Format::Text => out.line(told),
                Format::Json => {}
            }
            Ok(())
        };
        ended(out, judged)
    }
}

/// What a program is told of a file. One that could not even be opened has the same shape, with its one finding.
fn json(source: &Source, verdict: Verdict, judged: &Result<Judgement, NotRead>) -> Value {
    let (kind, schema_valid, signatures, findings) = match judged {
        Ok(judged) => (judged.kind, judged.schema_valid, judged.signatures.as_slice(), judged.findings.clone()),
        Err(why) => (FileKind::Unknown, false, [].as_slice(), vec![not_a_file(why)]),
    };
    json!({
        "file": source.name(),
        "verdict": verdict.as_str(),
        "kind": kind.as_str(),
        "signed": !signatures.is_empty(),
        "schema_valid": schema_valid,
        "findings": findings.iter().map(finding).collect::<Vec<_>>(),
        "signatures": signatures.iter().map(signature).collect::<Vec<_>>(),
    })
}

fn not_a_file(why: &NotRead) -> Finding {
    Finding { code: "NOT_A_FILE", severity: Severity::Refused, path: String::new(), at: Position::START, message: why.0.clone() }
}

fn finding(finding: &Finding) -> Value {
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

fn signature(signature: &Signature) -> Value {
    json!({
        "signer": signature.signer.common_name,
        "fiscal_code": signature.signer.fiscal_code,
        "algorithm": signature.algorithm,
        "integrity": signature.integrity.as_str(),
        "trust": signature.trust.as_str(),
    })
}
