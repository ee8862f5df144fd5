//! `spazio validate`: files judged as the SdI would, without a server.

mod report;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use clap::{Args, ValueEnum};

use super::Failure;
use super::source::{NotRead, Source};
use crate::clock::{CalendarDay, Clock};
use crate::fatturapa::Judgement;
use report::Report;

/// What `spazio validate` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Invoices and receipts, plain or signed (.p7m); of a folder, every .xml and .p7m file in it and below, links not followed; - is standard
    /// input.
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,
    /// text for people, json for programs: one object a line for each file.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Judge content too, and certificates and times of signatures, as the SdI would today, and give advice; otherwise only the structure,
    /// and whether signatures hold.
    #[arg(long)]
    content: bool,
    /// From which findings on the exit code is 1. A file that cannot be read makes it 2 in any case.
    #[arg(long, value_enum, default_value_t = FailOn::Advice, value_name = "SEVERITY")]
    fail_on: FailOn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A report in words.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Any finding, be it advice.
    Advice,
    /// Only what the SdI would refuse.
    Refused,
}

/// What is to be judged, each file once: in the order in which it was named, and what is in a folder by name.
#[derive(Default)]
struct Sources {
    files: Vec<(Source, Result<(), NotRead>)>,
    met: HashSet<Source>,
    /// The folders in which there is nothing to judge.
    empty: Vec<PathBuf>,
}

/// Judges the files, as many at once as there are processors, and reports them in their order. One that cannot be read is told as that,
/// and keeps none of the others from being judged.
pub(super) fn validate(arguments: &Arguments) -> Result<(), Failure> {
    let Sources { files: sources, empty, .. } = Sources::named(&arguments.paths);
    let today = CalendarDay::of(Clock::system().now()).date();
    let day = arguments.content.then_some(today);
    let mut report = Report::new(arguments.format, arguments.content, sources.len());
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from).min(sources.len());
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (sender, next, sources) = (sender.clone(), &next, &sources);
            scope.spawn(move || {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some((source, found)) = sources.get(place) else { return };
                    let judged = found.clone().and_then(|()| source.read()).map(|content| Judgement::of(&content, day));
                    if sender.send((place, judged)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        // They come as they are done, and are told in order.
        let mut waiting = BTreeMap::new();
        let mut ahead = (0..).zip(&sources).peekable();
        for (place, judged) in receiver {
            waiting.insert(place, judged);
            while let Some((place, (source, _))) = ahead.peek()
                && let Some(judged) = waiting.remove(place)
            {
                report.tell(source, &judged);
                ahead.next();
            }
        }
    });
    report.end(arguments.fail_on, &empty)
}

impl Sources {
    /// The files themselves, and those of folders.
    fn named(paths: &[PathBuf]) -> Self {
        let mut sources = Self::default();
        for path in paths {
            match Source::named(path) {
                Source::File(folder) if folder.is_dir() => {
                    let mut inside = BTreeMap::new();
                    walk(&folder, &mut inside);
                    if inside.is_empty() && !sources.empty.contains(&folder) {
                        sources.empty.push(folder);
                    }
                    for (path, found) in inside {
                        sources.add(Source::File(path), found);
                    }
                }
                source @ (Source::Input | Source::File(_)) => sources.add(source, Ok(())),
            }
        }
        sources
    }

    fn add(&mut self, source: Source, found: Result<(), NotRead>) {
        if self.met.insert(source.clone()) {
            self.files.push((source, found));
        }
    }
}

/// The files of a folder, in order of their paths; with what of it cannot be looked at.
type Inside = BTreeMap<PathBuf, Result<(), NotRead>>;

/// Adds the documents in a folder and below. What of it cannot be looked at stands among them.
fn walk(folder: &Path, inside: &mut Inside) {
    if let Err(error) = look_into(folder, inside) {
        inside.insert(folder.to_owned(), Err(error.into()));
    }
}

fn look_into(folder: &Path, inside: &mut Inside) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        // Links are not followed: one that leads upwards would never end.
        if kind.is_dir() {
            walk(&path, inside);
        } else if kind.is_file() && is_document(&path) {
            inside.insert(path, Ok(()));
        }
    }
    Ok(())
}

fn is_document(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xml") || extension.eq_ignore_ascii_case("p7m"))
}
