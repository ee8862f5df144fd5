//! ZIP archives: the files in them, within limits. The SdI sends some receipts in one, and people bring whole archives of invoices.
//!
//! Names are only names: nothing is ever written under them. An archive inside of an archive is a file like others, and is not opened.
//! Before anything is inflated, what the directory says of sizes is held against the limits; what comes out is held against the directory.

#[cfg(test)]
pub(super) mod made;
#[cfg(test)]
mod tests;

use std::iter::FusedIterator;

use miniz_oxide::inflate::decompress_to_vec_with_limit;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipFileHeaderRecord, ZipSliceArchive, crc32};

use super::encoding::MAX_FILE_BYTES;
use super::finding::Phrase;
use super::unreadable::excerpt;

/// How much of an archive is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many entries it may have, folders counted.
    pub entries: usize,
    /// How many bytes a file in it may have; a larger one is told of and not taken out.
    pub entry_bytes: usize,
    /// How many bytes all that are taken out may have together.
    pub total_bytes: usize,
    /// How many times as large as the archive they may be together.
    pub ratio: usize,
    /// How many bytes the name of a file may have.
    pub name_bytes: usize,
}

impl Limits {
    /// A message of the SdI, and with it the invoice that it speaks of.
    pub const MESSAGE: Self =
        Self { entries: 16, entry_bytes: MAX_FILE_BYTES, total_bytes: 2 * MAX_FILE_BYTES, ratio: 200, name_bytes: 255 };
}

const NO_DIRECTORY: Phrase =
    Phrase::new("manca l'indice alla fine, forse è stato troncato", "its directory is not at its end, it may have been cut off");
const BROKEN_DIRECTORY: Phrase = Phrase::new("il suo indice non è leggibile per intero", "not all of its directory can be read");

/// Why nothing is taken out of an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidArchive {
    /// It has no directory, or one that cannot be read.
    #[error("it is damaged: {}", what.english)]
    Damaged {
        /// What was found.
        what: Phrase,
    },
    /// It has too many entries.
    #[error("it has {entries} entries: at most {allowed} are allowed")]
    TooManyEntries {
        /// How many it says it has.
        entries: u64,
        /// How many are allowed.
        allowed: usize,
    },
    /// Its files are too large together.
    #[error("the files in it have {bytes} bytes together: at most {allowed} are allowed")]
    TooLarge {
        /// How many bytes they have.
        bytes: u64,
        /// How many are allowed for an archive of its size.
        allowed: u64,
    },
    /// Files in it share their bytes, which only attacks need.
    #[error("files in it overlap each other")]
    Overlapping,
}

impl InvalidArchive {
    /// The same in Italian.
    pub(super) fn in_italian(&self) -> String {
        match self {
            Self::Damaged { what } => format!("è danneggiato: {}", what.italian),
            Self::TooManyEntries { entries, allowed } => format!("ha {entries} voci: ne sono ammesse al più {allowed}"),
            Self::TooLarge { bytes, allowed } => format!("i file contenuti hanno in tutto {bytes} byte: ne sono ammessi al più {allowed}"),
            Self::Overlapping => "i file contenuti si sovrappongono".to_owned(),
        }
    }
}

/// Why a file in an archive is not taken out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEntry {
    /// It is too large.
    #[error("it has {bytes} bytes: at most {allowed} are allowed")]
    TooLarge {
        /// How many bytes it has.
        bytes: u64,
        /// How many are allowed.
        allowed: usize,
    },
    /// Its name is too long.
    #[error("its name has {bytes} bytes: at most {allowed} are allowed")]
    NameTooLong {
        /// How many bytes the name has.
        bytes: usize,
        /// How many are allowed.
        allowed: usize,
    },
    /// It is encrypted.
    #[error("it is encrypted")]
    Encrypted,
    /// It is compressed in a way that is not read.
    #[error("it is compressed with method {method}: only stored and deflated files are read")]
    UnsupportedMethod {
        /// The method's number in the ZIP specification.
        method: u16,
    },
    /// Its bytes are not those that the archive's directory tells of.
    #[error("it is damaged: its bytes are not those that the archive's directory tells of")]
    Damaged,
}

impl InvalidEntry {
    /// The same in Italian.
    pub(super) fn in_italian(&self) -> String {
        match self {
            Self::TooLarge { bytes, allowed } => format!("ha {bytes} byte: ne sono ammessi al più {allowed}"),
            Self::NameTooLong { bytes, allowed } => format!("il suo nome ha {bytes} byte: ne sono ammessi al più {allowed}"),
            Self::Encrypted => "è cifrato".to_owned(),
            Self::UnsupportedMethod { method } => {
                format!("è compresso con il metodo {method}: si leggono solo file non compressi o compressi con deflate")
            }
            Self::Damaged => "è danneggiato: i suoi byte non sono quelli indicati nell'indice dell'archivio".to_owned(),
        }
    }
}

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name as the archive has it, folders included; only a name, never a path to write to. A long one is cut off.
    pub name: String,
    /// Its bytes.
    pub content: Result<Vec<u8>, InvalidEntry>,
}

impl Entry {
    /// Its name without folders.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.name.rsplit(['/', '\\']).next().unwrap_or_default()
    }
}

/// Whether a file is a ZIP archive, by how it begins.
#[must_use]
pub fn is_zip(file: &[u8]) -> bool {
    file.starts_with(b"PK\x03\x04") || file.starts_with(b"PK\x05\x06")
}

/// The files in an archive, in the order of its directory, each taken out when it is asked for. Folders are passed over.
///
/// Takes time linear in the archive's size and that of what is taken out.
///
/// # Errors
/// [`InvalidArchive`], when it is damaged as a whole or larger than the limits. What is wrong with one file is told in its [`Entry`].
pub fn entries(archive: &[u8], limits: Limits) -> Result<Entries<'_>, InvalidArchive> {
    let damaged = |what| move |_: rawzip::Error| InvalidArchive::Damaged { what };
    let size = archive.len();
    let archive = ZipArchive::from_slice(archive).map_err(damaged(NO_DIRECTORY))?;
    let told = archive.entries_hint();
    if usize::try_from(told).map_or(true, |told| told > limits.entries) {
        return Err(InvalidArchive::TooManyEntries { entries: told, allowed: limits.entries });
    }
    let mut files = Vec::new();
    let (mut met, mut inflated, mut packed) = (0, 0_u64, 0_u64);
    let mut directory = archive.entries();
    while let Some(header) = directory.next_entry().map_err(damaged(BROKEN_DIRECTORY))? {
        met += 1;
        if met > told {
            break;
        }
        if header.is_dir() {
            continue;
        }
        let file = File::of(&header, limits);
        if file.kept.is_ok() {
            inflated = inflated.saturating_add(header.uncompressed_size_hint());
            packed = packed.saturating_add(header.compressed_size_hint());
        }
        files.push(file);
    }
    if met != told {
        return Err(InvalidArchive::Damaged { what: BROKEN_DIRECTORY });
    }
    // No two bytes of the archive may stand for one and the same file, or a small archive could take for ever.
    if packed > wide(size) {
        return Err(InvalidArchive::Overlapping);
    }
    let allowed = wide(limits.total_bytes.min(size.saturating_mul(limits.ratio)));
    if inflated > allowed {
        return Err(InvalidArchive::TooLarge { bytes: inflated, allowed });
    }
    Ok(Entries { archive, files: files.into_iter() })
}

/// The files of an archive.
#[derive(Debug)]
pub struct Entries<'a> {
    archive: ZipSliceArchive<&'a [u8]>,
    files: std::vec::IntoIter<File>,
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let file = self.files.next()?;
        let content = file.kept.and_then(|kept| kept.content(&self.archive));
        Some(Entry { name: file.name, content })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.files.size_hint()
    }
}

impl ExactSizeIterator for Entries<'_> {}
impl FusedIterator for Entries<'_> {}

/// What the directory says of a file.
#[derive(Debug)]
struct File {
    name: String,
    kept: Result<Kept, InvalidEntry>,
}

/// A file that may be taken out.
#[derive(Debug)]
struct Kept {
    place: ZipArchiveEntryWayfinder,
    size: usize,
    deflated: bool,
    checksum: u32,
}

impl File {
    fn of(header: &ZipFileHeaderRecord<'_>, limits: Limits) -> Self {
        let name = header.file_path();
        let bytes = name.as_bytes();
        let kept = if bytes.len() > limits.name_bytes {
            Err(InvalidEntry::NameTooLong { bytes: bytes.len(), allowed: limits.name_bytes })
        } else {
            Kept::of(header, limits.entry_bytes)
        };
        // Names of old archives are in the code page of whoever made them; the letters of the SdI's names are the same in all.
        let name = String::from_utf8_lossy(bytes);
        Self { name: if kept.is_ok() { name.into_owned() } else { excerpt(&name) }, kept }
    }
}

impl Kept {
    fn of(header: &ZipFileHeaderRecord<'_>, allowed: usize) -> Result<Self, InvalidEntry> {
        let (method, bytes) = (header.compression_method(), header.uncompressed_size_hint());
        if header.flags().is_encrypted() {
            return Err(InvalidEntry::Encrypted);
        }
        if method != CompressionMethod::STORE && method != CompressionMethod::DEFLATE {
            return Err(InvalidEntry::UnsupportedMethod { method: method.as_u16() });
        }
        let size = usize::try_from(bytes).ok().filter(|size| *size <= allowed).ok_or(InvalidEntry::TooLarge { bytes, allowed })?;
        Ok(Self { place: header.wayfinder(), size, deflated: method == CompressionMethod::DEFLATE, checksum: header.crc32() })
    }

    fn content(self, archive: &ZipSliceArchive<&[u8]>) -> Result<Vec<u8>, InvalidEntry> {
        let entry = archive.get_entry(self.place).map_err(|_| InvalidEntry::Damaged)?;
        let content = if self.deflated {
            decompress_to_vec_with_limit(entry.data(), self.size).map_err(|_| InvalidEntry::Damaged)?
        } else {
            entry.data().to_vec()
        };
        if content.len() == self.size && crc32(&content) == self.checksum { Ok(content) } else { Err(InvalidEntry::Damaged) }
    }
}

fn wide(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
