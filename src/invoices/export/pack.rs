//! A ZIP that is written as it is read: what was packed can be taken away before the rest is known.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use miniz_oxide::deflate::compress_to_vec;
use rawzip::extra_fields::ExtraFieldId;
use rawzip::time::UtcDateTime;
use rawzip::{CompressionMethod, DataDescriptorOutput, Header, ZipArchiveWriter, crc32};
use ring::digest::{Context, SHA256};

/// zlib's usual one.
const COMPRESSION_LEVEL: u8 = 6;

/// An ordinary file that its owner may write and all may read.
const PERMISSIONS: u32 = 0o100_644;

/// Says of an extended timestamp that it has the time of the last change, and no other.
const MODIFIED_ALONE: u8 = 1;

/// A ZIP in the making. The same files packed in the same order give the same bytes, so that one that broke off can go on.
pub(in crate::invoices) struct Pack {
    zip: ZipArchiveWriter<Outflow>,
    outflow: Outflow,
}

/// What has been written and not been taken away yet.
#[derive(Clone)]
struct Outflow(Arc<Mutex<Written>>);

struct Written {
    waiting: Vec<u8>,
    /// Bytes that its reader has already, still to be left out.
    left_out: u64,
    size: u64,
    digest: Context,
}

/// A whole ZIP.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::invoices) struct Packed {
    /// The bytes that were not taken away before.
    pub rest: Vec<u8>,
    /// The size of all of it.
    pub size: u64,
    /// SHA-256 of all of it, lower-case hexadecimal.
    pub sha256: String,
}

impl Pack {
    /// A ZIP of which the reader has the first bytes already.
    pub(in crate::invoices) fn from_byte(left_out: u64) -> Self {
        let written = Written { waiting: Vec::new(), left_out, size: 0, digest: Context::new(&SHA256) };
        let outflow = Outflow(Arc::new(Mutex::new(written)));
        Self { zip: ZipArchiveWriter::new(outflow.clone()), outflow }
    }

    /// Packs a file. It keeps a processor busy for a while.
    pub(in crate::invoices) fn add(&mut self, path: &str, stored: DateTime<Utc>, content: &[u8]) -> io::Result<()> {
        let file = self.zip.new_file(path).compression_method(CompressionMethod::DEFLATE);
        // unzip takes a name for the letters of DOS unless the entry was made on Unix, as one with permissions was; and, where terminals do not
        // have UTF-8, reads it as UTF-8 only before an extra field. So that it finds one name in both places, both have all of that.
        let modified = stored.timestamp();
        let seconds = u32::try_from(modified.max(0)).unwrap_or(u32::MAX).to_le_bytes();
        let timestamp = [&[MODIFIED_ALONE], seconds.as_slice()].concat();
        let file = file.last_modified(UtcDateTime::from_unix(modified)).unix_permissions(PERMISSIONS);
        let file = file.extra_field(ExtraFieldId::EXTENDED_TIMESTAMP, &timestamp, Header::LOCAL).map_err(io::Error::other)?;
        let (mut entry, _) = file.start().map_err(io::Error::other)?;
        entry.write_all(&compress_to_vec(content, COMPRESSION_LEVEL))?;
        let described = DataDescriptorOutput::new(crc32(content), content.len() as u64);
        entry.finish(described).map_err(io::Error::other).map(|_| ())
    }

    /// Takes away what has been written so far.
    pub(in crate::invoices) fn take(&mut self) -> Vec<u8> {
        self.outflow.written(|written| std::mem::take(&mut written.waiting))
    }

    /// Ends the ZIP.
    pub(in crate::invoices) fn finish(self) -> io::Result<Packed> {
        self.zip.finish().map_err(io::Error::other)?;
        Ok(self.outflow.written(|written| Packed {
            rest: std::mem::take(&mut written.waiting),
            size: written.size,
            sha256: HEXLOWER.encode(written.digest.clone().finish().as_ref()),
        }))
    }
}

impl Outflow {
    fn written<T>(&self, act: impl FnOnce(&mut Written) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Outflow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written(|written| {
            written.digest.update(bytes);
            written.size += bytes.len() as u64;
            let skipped = usize::try_from(written.left_out).map_or(bytes.len(), |left| left.min(bytes.len()));
            written.left_out -= skipped as u64;
            written.waiting.extend_from_slice(&bytes[skipped..]);
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(left_out: u64) -> (Vec<u8>, Packed) {
        let mut pack = Pack::from_byte(left_out);
        let mut all = Vec::new();
        for number in 0..20_usize {
            let content = format!("<Fattura>{number}</Fattura>").repeat(number * 10);
            pack.add(&format!("sent/{number}.xml"), DateTime::UNIX_EPOCH, content.as_bytes()).expect("it is packed");
            all.extend(pack.take());
        }
        let end = pack.finish().expect("it ends");
        all.extend(&end.rest);
        (all, Packed { rest: Vec::new(), ..end })
    }

    #[test]
    fn a_zip_that_broke_off_goes_on_at_any_byte() {
        let (whole, end) = packed(0);
        assert_eq!(whole.len() as u64, end.size);
        for from in [1, 30, 1_000, end.size - 1, end.size] {
            let (rest, end_of_rest) = packed(from);
            assert_eq!(rest, whole[usize::try_from(from).expect("small")..]);
            assert_eq!(end_of_rest, end);
        }
    }

    #[test]
    fn what_was_packed_can_be_unpacked() {
        let (whole, _) = packed(0);
        let archive = rawzip::ZipArchive::from_slice(&whole).expect("a ZIP");
        let names: Vec<_> =
            archive.entries().map(|entry| String::from_utf8_lossy(entry.expect("an entry").file_path().as_bytes()).into_owned()).collect();
        assert_eq!((names.len(), names[19].as_str()), (20, "sent/19.xml"));
    }

    #[test]
    fn names_beyond_ascii_are_said_to_be_utf_8_wherever_they_stand() {
        const UTF_8: u8 = 1 << 3;
        const UNIX: u8 = 3;
        let mut pack = Pack::from_byte(0);
        pack.add("received/città.xml", DateTime::UNIX_EPOCH, b"<a/>").expect("it is packed");
        let zip = pack.finish().expect("it ends").rest;
        let headers = |signature: &[u8; 4]| zip.windows(4).position(|bytes| bytes == signature).expect("a header");
        let (local, central) = (&zip[headers(b"PK\x03\x04")..], &zip[headers(b"PK\x01\x02")..]);
        // The high bytes of the flags, the system that made it, and the names.
        assert_eq!((local[7] & UTF_8, central[9] & UTF_8, central[5]), (UTF_8, UTF_8, UNIX));
        let name = "received/città.xml".as_bytes();
        assert_eq!((local[28], central[30]), (9, 9), "an extended timestamp in each");
        assert_eq!((&local[30..30 + name.len()], &central[46..46 + name.len()]), (name, name));
    }
}
