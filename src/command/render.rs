//! `spazio render`: invoices as pages to read and print, without a server.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt::{self, Display};
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::Args;

use super::source::Source;
use super::{Failure, ended};
use crate::clock::{CalendarDay, Clock};
use crate::fatturapa::{Document, Judgement, Reception, Unreadable, page, summary};
use crate::terminal::{Output, complain, counted, harmless};

/// What `spazio render` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Invoices and receipts, plain or signed (.p7m); - is standard input, and its page goes to standard output.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where the page is written, or the folder of all pages (FOLDER/ is made); - is standard output. Otherwise they are written into the
    /// current folder, each under the invoice's name with .html after it.
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Write over pages that are there already.
    #[arg(long)]
    force: bool,
}

/// Where a page goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Standard output.
    Output,
    /// A file.
    File(PathBuf),
}

impl Place {
    /// Where the page of a source goes, if `output` is what was named, `folder` saying that it is one.
    fn of(source: &Source, output: Option<&Path>, folder: bool) -> Self {
        let name = || {
            let mut name = match source {
                Source::Input => OsString::from("stdin"),
                Source::File(path) => path.file_name().unwrap_or("invoice".as_ref()).to_owned(),
            };
            name.push(".html");
            name
        };
        match (output, source) {
            // Through its device, what is told would be written over the page.
            (Some(path), _) if path == "-" || path == "/dev/stdout" => Self::Output,
            (Some(path), _) if folder => Self::File(path.join(name())),
            (Some(path), _) => Self::File(path.to_owned()),
            (None, Source::Input) => Self::Output,
            (None, Source::File(_)) => Self::File(name().into()),
        }
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output => f.write_str("standard output"),
            Self::File(path) => f.write_str(&harmless(&path.to_string_lossy())),
        }
    }
}

/// Writes the pages, each with what is wrong with its invoice at its top, and tells where. Nothing is written where a page would take the
/// place of something; an invoice that cannot be read keeps none of the others from being written.
pub(super) fn render(arguments: &Arguments) -> Result<(), Failure> {
    let output = arguments.output.as_deref();
    let folder = output.filter(is_folder);
    let sources = arguments.files.iter().map(|file| Source::named(file));
    let pages = once_each(sources.map(|source| (Place::of(&source, output, folder.is_some()), source)).collect());
    one_for_each(&pages, output.is_none() || folder.is_some())?;
    nothing_is_lost(&pages, arguments.force)?;
    if let Some(folder) = folder {
        let failed = |error| {
            Failure::Failed(format!(
                "cannot make the folder {}: {error}; choose another with --output",
                harmless(&folder.to_string_lossy())
            ))
        };
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let today = CalendarDay::of(Clock::system().now()).date();
    let out = Output::default();
    // A page on standard output stays as it is: all else is told beside it.
    let beside = pages.iter().any(|(place, _)| *place == Place::Output);
    let tell = |text: &dyn Display| if beside { complain(format_args!("{text}\n")) } else { out.line(text) };
    let written = pages.iter().map(|(place, source)| {
        let (page, summary) = rendered(source, today)?;
        match place {
            Place::Output => out.tell(page),
            Place::File(path) => write(path, &page)?,
        }
        tell(&summary);
        if *place != Place::Output {
            tell(place);
        }
        Ok(())
    });
    let failures: Vec<_> = written.filter_map(Result::err).collect();
    ended(out, all(pages.len(), &failures))
}

/// Whether what was named is a folder, or with a slash at its end is to be one.
fn is_folder(path: &&Path) -> bool {
    path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

/// The page, and the invoice in one line.
fn rendered(source: &Source, today: NaiveDate) -> Result<(String, String), Failure> {
    let unreadable = |why: &dyn Display| Failure::Unreadable(format!("{source}: {why}"));
    let content = source.read().map_err(|why| unreadable(&why))?;
    let drawn = Document::open(&content).and_then(|document| {
        let tree = document.tree()?;
        let received = Reception::On(today);
        let judged = Judgement::of_tree(&document, &tree, Some(received))?;
        Ok((page(&tree, &judged.findings, received), summary(&tree)))
    });
    drawn.map_err(|why: Unreadable| unreadable(&why))
}

/// By what a file is known whatever it is called: it may have several names.
fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

fn source_identity(source: &Source) -> Option<(u64, u64)> {
    match source {
        Source::Input => None,
        Source::File(path) => identity(path),
    }
}

/// What is named twice for the same place has one page.
fn once_each(mut pages: Vec<(Place, Source)>) -> Vec<(Place, Source)> {
    let mut seen = BTreeSet::new();
    pages.retain(|(place, source)| seen.insert((place.clone(), source_identity(source).ok_or_else(|| source.clone()))));
    pages
}

/// Refuses what would write several pages into one place: because their files have one name, or because one place was named for all.
fn one_for_each(pages: &[(Place, Source)], named_by_files: bool) -> Result<(), Failure> {
    let mut sources: BTreeMap<&Place, Vec<&Source>> = BTreeMap::new();
    for (place, source) in pages {
        sources.entry(place).or_default().push(source);
    }
    let wrong = sources.iter().filter_map(|(place, sources)| match sources[..] {
        [] | [_] => None,
        [one, other] => Some(format!("{place} would be the page of both {one} and {other}")),
        [one, other, ref more @ ..] => Some(format!("{place} would be the page of {one}, {other} and {} more", more.len())),
    });
    let wrong: Vec<_> = wrong.collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let what_to_do = if named_by_files {
        "render them into different folders, or one by one with --output and a name of its own for each"
    } else {
        "name a folder with --output, FOLDER/ if it is to be made, or render them one by one"
    };
    Err(Failure::Settings(format!("{}; {what_to_do}", wrong.join("; "))))
}

/// Refuses what would write over an invoice; and, unless it is wished, over pages that are there already.
fn nothing_is_lost(pages: &[(Place, Source)], force: bool) -> Result<(), Failure> {
    let invoices: BTreeSet<_> = pages.iter().filter_map(|(_, source)| source_identity(source)).collect();
    let wrong = pages.iter().filter_map(|(place, _)| match place {
        Place::Output => None,
        // Devices and pipes hold nothing that could be lost.
        Place::File(path) if !path.is_file() => None,
        Place::File(path) if identity(path).is_some_and(|file| invoices.contains(&file)) => {
            Some(format!("{place} is an invoice: choose another place with --output"))
        }
        Place::File(_) if force => None,
        Place::File(_) => Some(format!("{place} is there already: write over it with --force, or choose another place with --output")),
    });
    let wrong: Vec<_> = wrong.collect();
    listed(&wrong, "nothing was written").map_or(Ok(()), |told| Err(Failure::Failed(told)))
}

/// Writes a page to a file; what was looked at stays true for one that was not there.
fn write(path: &Path, page: &str) -> Result<(), Failure> {
    let mut options = File::options();
    options.write(true);
    if path.exists() {
        options.truncate(true)
    } else {
        options.create_new(true)
    };
    options.open(path).and_then(|mut file| file.write_all(page.as_bytes())).map_err(|error| {
        // A name that ends with a slash is a folder's, whether it is there or not.
        let is_elsewhere = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) && !path.exists();
        let why = if is_elsewhere {
            "its folder is not there".to_owned()
        } else if error.kind() == ErrorKind::InvalidFilename {
            "its name is too long".to_owned()
        } else {
            error.to_string()
        };
        Failure::Failed(format!("cannot write {}: {why}; choose another place with --output", harmless(&path.to_string_lossy())))
    })
}

/// How all of so many pages ended: what cannot be read weighs most.
fn all(pages: usize, failures: &[Failure]) -> Result<(), Failure> {
    let unreadable = failures.iter().any(|failure| matches!(failure, Failure::Unreadable(_)));
    let failures: Vec<_> = failures.iter().map(Failure::to_string).collect();
    let head = format!("{} of {} could not be rendered", failures.len(), counted(pages, "invoice"));
    match listed(&failures, &head) {
        None => Ok(()),
        Some(told) if unreadable => Err(Failure::Unreadable(told)),
        Some(told) => Err(Failure::Failed(told)),
    }
}

/// One thing as it is, several as a list under a head.
fn listed(things: &[String], head: &str) -> Option<String> {
    match things {
        [] => None,
        [only] => Some(only.clone()),
        several => Some(format!("{head}:\n  - {}", several.join("\n  - "))),
    }
}
