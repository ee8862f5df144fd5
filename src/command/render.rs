//! `spazio render`: an invoice as a page to read and print, without a server.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use clap::Args;

use super::{Failure, ended, validate};
use crate::clock::{CalendarDay, Clock};
use crate::fatturapa::{Document, Judgement, page, summary};
use crate::terminal::Output;

/// What `spazio render` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// An invoice, plain or signed (.p7m).
    file: PathBuf,
    /// Where the page is written; otherwise into this folder, under the invoice's name with .html after it.
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
}

/// Writes the page, with what is wrong with the invoice at its top, and tells where.
pub(super) fn render(arguments: &Arguments) -> Result<(), Failure> {
    let file = &arguments.file;
    let unreadable = |reason: String| Failure::Unreadable(format!("{}: {reason}", file.display()));
    let content = validate::read(file).map_err(|error| unreadable(error.to_string()))?;
    let document = Document::open(&content).map_err(|error| unreadable(error.to_string()))?;
    let tree = document.tree().map_err(|error| unreadable(error.to_string()))?;
    let today = CalendarDay::of(Clock::system().now()).date();
    let judged = Judgement::of_tree(&document, &tree, Some(today)).map_err(|error| unreadable(error.to_string()))?;
    let output = arguments.output.clone().unwrap_or_else(|| {
        let mut name = file.file_name().map_or_else(|| OsString::from("invoice"), ToOwned::to_owned);
        name.push(".html");
        PathBuf::from(name)
    });
    let failed =
        |error: std::io::Error| Failure::Failed(format!("cannot write {}: {error}; choose another place with --output", output.display()));
    fs::write(&output, page(&tree, &judged.findings)).map_err(failed)?;
    let out = Output::default();
    out.line(summary(&tree));
    out.line(output.display());
    ended(out, Ok(()))
}
