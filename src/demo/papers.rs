//! The documents that fill the space: generated ones, or the files of a folder.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use chrono::NaiveDate;

use super::check::Stop;
use super::invoices::{Company, Generator, Wishes};
use crate::clock::CalendarDay;
use crate::fatturapa::{self, Look, MAX_FILE_BYTES, SdiFileName, Severity};

/// Which way a document goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Sent,
    Received,
}

/// A document, ready to be sent or received.
#[derive(Debug)]
pub(super) struct Paper {
    pub(super) file_name: String,
    pub(super) bytes: Vec<u8>,
}

impl Paper {
    /// Its size.
    pub(super) fn size(&self) -> u64 {
        size(&self.bytes)
    }
}

/// The same seed draws the same invoices, so that what was seen once can be seen again.
const SEED: u64 = 20_260_101;
/// Sizes of generated invoices, in turn: several tens of KB, as those with many lines are.
const GENERATED_KILOBYTES: [usize; 8] = [36, 52, 24, 44, 60, 30, 48, 40];
/// A generated invoice meets its size within 1 KiB.
const SIZE_TOLERANCE: u64 = 1024;
/// Suppliers whose VAT number is not known from their invoice send under this one.
const INTERMEDIARY: &str = "IT01234567897";
const MEBIBYTE: u64 = 1024 * 1024;
/// The trial plans that the story can be played on, in MiB: the catalogue's `priced-trial-4m` and its like.
const TRIAL_PLANS: [u32; 3] = [4, 8, 16];

/// Where documents come from.
pub(super) struct Papers {
    generator: Generator,
    holder: Company,
    /// The folder's files; empty when all are generated.
    originals: Vec<Original>,
    /// Whose turn it is.
    turn: usize,
    /// How many were handed out.
    handed_out: usize,
    /// Seller, period and number of what was handed out to be sent: each is issued once.
    issued: HashSet<(String, String, String)>,
}

struct Original {
    bytes: Vec<u8>,
    number: String,
    seller: Option<String>,
    used: bool,
}

impl Papers {
    /// Generated invoices, each different.
    pub(super) fn generated() -> Self {
        let mut generator = Generator::new(SEED);
        let holder = generator.company();
        Self { generator, holder, originals: Vec::new(), turn: 0, handed_out: 0, issued: HashSet::new() }
    }

    /// The files of a folder; those that cannot be used are told, each with the reason.
    pub(super) fn of_folder(folder: &Path) -> Result<(Self, Vec<String>), Stop> {
        let what_to_do = "name a folder of FatturaPA files, or leave the option out to play with generated ones";
        let failed = |error| Stop::stage(format!("--invoices {} cannot be read: {error}; {what_to_do}", folder.display()));
        let mut paths =
            fs::read_dir(folder).map_err(failed)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        paths.retain(|path| !path.is_dir());
        paths.sort();
        let mut papers = Self::generated();
        let mut left_out = Vec::new();
        for path in paths {
            match Original::read(&path) {
                Ok(original) => papers.originals.push(original),
                Err(why) => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    left_out.push(format!("{name}: {why}"));
                }
            }
        }
        if papers.originals.is_empty() {
            let why = left_out.first().map_or_else(|| "it is empty".to_owned(), Clone::clone);
            let folder = folder.display();
            return Err(Stop::stage(format!("--invoices {folder} holds no FatturaPA file that can be read ({why}); {what_to_do}")));
        }
        Ok((papers, left_out))
    }

    /// Whose account it is.
    pub(super) fn holder(&self) -> &Company {
        &self.holder
    }

    /// How many files of a folder are played with; none when all are generated.
    pub(super) fn files(&self) -> usize {
        self.originals.len()
    }

    /// The trial plan that fits: its space is at least twice the largest document, so that no single one fills it.
    pub(super) fn plan(&self) -> String {
        let largest = self.originals.iter().map(|original| size(&original.bytes)).max().unwrap_or(0);
        let fits = |mebibytes: &&u32| u64::from(**mebibytes) * MEBIBYTE >= 2 * largest;
        let mebibytes = TRIAL_PLANS.iter().find(fits).unwrap_or(&TRIAL_PLANS[TRIAL_PLANS.len() - 1]);
        format!("priced-trial-{mebibytes}m")
    }

    /// The next document of at most `most` bytes, if there is one.
    pub(super) fn fitting(&mut self, way: Way, day: CalendarDay, most: u64) -> Option<Paper> {
        if self.originals.is_empty() {
            let kilobytes = GENERATED_KILOBYTES[self.handed_out % GENERATED_KILOBYTES.len()];
            let fits = size_of_kilobytes(kilobytes) + SIZE_TOLERANCE <= most;
            return fits.then(|| self.generate(way, day.date(), kilobytes * 1024));
        }
        self.next_original(way, day, |size| size <= most)
    }

    /// The next document of at least `least` bytes; generated where the folder has none.
    pub(super) fn exceeding(&mut self, way: Way, day: CalendarDay, least: u64) -> Paper {
        let large_enough = usize::try_from(least + 2 * SIZE_TOLERANCE).unwrap_or(MAX_FILE_BYTES).max(GENERATED_KILOBYTES[0] * 1024);
        self.next_original(way, day, |size| size >= least).unwrap_or_else(|| self.generate(way, day.date(), large_enough))
    }

    /// A generated document, where no file of the folder fits a gap.
    pub(super) fn filler(&mut self, way: Way, day: CalendarDay) -> Paper {
        self.generate(way, day.date(), GENERATED_KILOBYTES[0] * 1024)
    }

    fn generate(&mut self, way: Way, date: NaiveDate, bytes: usize) -> Paper {
        self.handed_out += 1;
        let holder = Some(self.holder.clone());
        let wishes = match way {
            Way::Sent => Wishes { seller: holder, bytes: Some(bytes), ..Wishes::default() },
            Way::Received => Wishes { buyer: holder, bytes: Some(bytes), ..Wishes::default() },
        };
        let invoice = self.generator.invoice(date, wishes);
        Paper { file_name: invoice.file_name, bytes: invoice.bytes }
    }

    /// The next of the folder's files whose size suits: as it is the first time, afterwards under another number. What the SdI would refuse on
    /// that day is only received.
    fn next_original(&mut self, way: Way, day: CalendarDay, suits: impl Fn(u64) -> bool) -> Option<Paper> {
        let count = self.originals.len();
        for place in (self.turn..self.turn + count).map(|place| place % count) {
            let copy = self.handed_out + 1;
            let Some(bytes) = self.originals[place].next(copy, &suits) else { continue };
            if way == Way::Sent && !issue(&mut self.issued, &bytes, day) {
                continue;
            }
            self.turn = place + 1;
            self.handed_out = copy;
            let sender = match way {
                Way::Sent => format!("IT{}", self.holder.vat),
                Way::Received => self.originals[place].seller.clone().unwrap_or_else(|| INTERMEDIARY.to_owned()),
            };
            return Some(Paper { file_name: format!("{sender}_{copy:05}.xml"), bytes });
        }
        None
    }
}

impl Original {
    fn read(path: &Path) -> Result<Self, String> {
        let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
        if length > size_of(MAX_FILE_BYTES) {
            return Err(format!("{length} bytes are more than the {MAX_FILE_BYTES} of the largest file"));
        }
        let file = fs::read(path).map_err(|error| error.to_string())?;
        // Copies get other numbers, which no signature outlives: a signed file is played with by the document inside.
        let (document, _) = fatturapa::unwrapped(&file).map_err(|error| error.to_string())?;
        let bytes = document.into_owned();
        let invoice = fatturapa::read(&bytes).map_err(|error| error.to_string())?;
        let seller = invoice.seller.vat.filter(|number| format!("{number}_00001.xml").parse::<SdiFileName>().is_ok());
        Ok(Self { bytes, number: invoice.number, seller, used: false })
    }

    /// The file the first time, afterwards a copy with another number; None if that does not suit, or it has no number to vary.
    fn next(&mut self, copy: usize, suits: impl Fn(u64) -> bool) -> Option<Vec<u8>> {
        let bytes = if self.used { with_number(&self.bytes, &varied(&self.number, copy))? } else { self.bytes.clone() };
        let suitable = suits(size(&bytes));
        self.used |= suitable;
        suitable.then_some(bytes)
    }
}

/// Notes that a file is issued, if the SdI would take it.
fn issue(issued: &mut HashSet<(String, String, String)>, file: &[u8], day: CalendarDay) -> bool {
    let look = Look::at(file, day.date());
    let numbers = look.identities.iter().map(|identity| (identity.seller.clone(), identity.period(), identity.number.clone()));
    let numbers: Vec<_> = numbers.collect();
    let taken = look.judgement.findings.iter().all(|finding| finding.severity != Severity::Refused);
    let issue = taken && numbers.iter().all(|number| !issued.contains(number));
    if issue {
        issued.extend(numbers);
    }
    issue
}

/// Another number that resembles the first, at most 20 characters.
fn varied(number: &str, copy: usize) -> String {
    let stem: String = number.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
    format!("{stem}/{copy}")
}

/// The file with another number of its first invoice. The elements are ASCII in every encoding that is read.
fn with_number(file: &[u8], number: &str) -> Option<Vec<u8>> {
    const OPEN: &[u8] = b"<Numero>";
    let general = find(file, b"<DatiGeneraliDocumento")?;
    let from = general + find(&file[general..], OPEN)? + OPEN.len();
    let to = from + find(&file[from..], b"</Numero>")?;
    Some([&file[..from], number.as_bytes(), &file[to..]].concat())
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

fn size(bytes: &[u8]) -> u64 {
    size_of(bytes.len())
}

fn size_of(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn size_of_kilobytes(kilobytes: usize) -> u64 {
    size_of(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples");

    fn day() -> CalendarDay {
        "2026-03-02".parse().unwrap()
    }

    #[test]
    fn a_copy_has_another_number_and_is_otherwise_the_same() {
        let file = fs::read(Path::new(SAMPLES).join("fpr12.xml")).unwrap();
        let copy = with_number(&file, "X/7").unwrap();
        let (before, after) = (fatturapa::read(&file).unwrap(), fatturapa::read(&copy).unwrap());
        assert_eq!(after.number, "X/7");
        assert_eq!(fatturapa::Invoice { number: before.number.clone(), ..after }, before);
    }

    #[test]
    fn a_signed_file_is_played_with_by_the_document_inside() {
        let signed = Original::read(&Path::new(SAMPLES).join("signed/rsa.xml.p7m")).unwrap();
        assert!(signed.bytes == fs::read(Path::new(SAMPLES).join("fpr12.xml")).unwrap());
    }

    #[test]
    fn files_that_cannot_be_read_are_told_and_left_out() {
        let (papers, left_out) = Papers::of_folder(Path::new(SAMPLES)).unwrap();
        assert!(papers.files() >= 4);
        assert!(left_out.iter().any(|line| line.starts_with("truncated.xml: ")), "{left_out:?}");
        assert!(left_out.iter().any(|line| line.starts_with("receipt-rc.xml: ")), "{left_out:?}");
    }

    #[test]
    fn documents_never_repeat_and_keep_to_the_size_asked_for() {
        let (mut papers, _) = Papers::of_folder(Path::new(SAMPLES)).unwrap();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..40 {
            let paper = papers.fitting(Way::Received, day(), 10_000).unwrap();
            assert!(paper.size() <= 10_000);
            assert!(seen.insert(paper.bytes), "{}", paper.file_name);
        }
        assert!(papers.fitting(Way::Sent, day(), 10).is_none());
        assert!(papers.exceeding(Way::Sent, day(), 100_000).size() >= 100_000);
    }

    #[test]
    fn what_is_sent_the_sdi_would_take_and_each_number_is_issued_once() {
        let (mut papers, _) = Papers::of_folder(Path::new(SAMPLES)).unwrap();
        let day = "2026-11-24".parse().unwrap();
        let mut issued = HashSet::new();
        for _ in 0..20 {
            assert!(issue(&mut issued, &papers.fitting(Way::Sent, day, 20_000).unwrap().bytes, day));
        }
    }
}
