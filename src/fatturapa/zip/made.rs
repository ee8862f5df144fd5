//! Archives made for tests, by hand: so that they can say of themselves what no program that makes archives would.

use miniz_oxide::deflate::compress_to_vec;

/// A file to be put into an archive, and what is said of it.
#[derive(Clone)]
pub(in crate::fatturapa) struct Made {
    pub(in crate::fatturapa) name: String,
    /// The bytes as they stand in the archive.
    pub(in crate::fatturapa) packed: Vec<u8>,
    pub(in crate::fatturapa) method: u16,
    pub(in crate::fatturapa) flags: u16,
    pub(in crate::fatturapa) size: u32,
    pub(in crate::fatturapa) checksum: u32,
}

/// A file that is deflated.
pub(in crate::fatturapa) fn deflated(name: &str, content: &[u8]) -> Made {
    Made { packed: compress_to_vec(content, 6), method: 8, ..stored(name, content) }
}

/// A file that is stored as it is.
pub(in crate::fatturapa) fn stored(name: &str, content: &[u8]) -> Made {
    let size = u32::try_from(content.len()).expect("a small file");
    Made { name: name.to_owned(), packed: content.to_vec(), method: 0, flags: 0x0800, size, checksum: rawzip::crc32(content) }
}

/// An archive of these files.
pub(in crate::fatturapa) fn archive(files: &[Made]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for file in files {
        let offset = archive.len();
        local(&mut archive, file);
        central(&mut directory, file, offset);
    }
    close(archive, &directory, files.len())
}

/// An archive whose directory names one file under many names.
pub(super) fn overlapping(file: &Made, times: usize) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    local(&mut archive, file);
    (0..times).for_each(|_| central(&mut directory, file, 0));
    close(archive, &directory, times)
}

fn local(archive: &mut Vec<u8>, file: &Made) {
    archive.extend(b"PK\x03\x04\x14\0");
    common(archive, file);
    archive.extend(file.name.as_bytes());
    archive.extend(&file.packed);
}

fn central(directory: &mut Vec<u8>, file: &Made, offset: usize) {
    directory.extend(b"PK\x01\x02\x14\0\x14\0");
    common(directory, file);
    directory.extend([0; 10]);
    directory.extend(u32::try_from(offset).expect("a small archive").to_le_bytes());
    directory.extend(file.name.as_bytes());
}

/// What both headers say of a file: flags, method, time, checksum, sizes, lengths of its name and of nothing more.
fn common(header: &mut Vec<u8>, file: &Made) {
    header.extend(file.flags.to_le_bytes());
    header.extend(file.method.to_le_bytes());
    header.extend([0; 4]);
    header.extend(file.checksum.to_le_bytes());
    header.extend(u32::try_from(file.packed.len()).expect("a small file").to_le_bytes());
    header.extend(file.size.to_le_bytes());
    header.extend(u16::try_from(file.name.len()).expect("a short name").to_le_bytes());
    header.extend([0; 2]);
}

fn close(mut archive: Vec<u8>, directory: &[u8], entries: usize) -> Vec<u8> {
    let offset = u32::try_from(archive.len()).expect("a small archive");
    let entries = u16::try_from(entries).expect("few files").to_le_bytes();
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([entries, entries].concat());
    archive.extend(u32::try_from(directory.len()).expect("a small directory").to_le_bytes());
    archive.extend(offset.to_le_bytes());
    archive.extend([0; 2]);
    archive
}
