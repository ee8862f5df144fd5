//! What a file is that is no XML, told by how it begins: people send what they see, a PDF or a page, in the place of the invoice's file.

use super::finding::Phrase;
use super::zip::is_zip;

/// So many bytes are looked at.
const BEGINNING: usize = 512;

/// What images begin with: PNG, JPEG, GIF, TIFF, WebP and other RIFF files.
const IMAGES: [&[u8]; 6] = [b"\x89PNG", b"\xFF\xD8\xFF", b"GIF8", b"II*\0", b"MM\0*", b"RIFF"];

/// The lines that a saved e-mail begins with.
const HEADERS: [&[u8]; 5] = [b"Received:", b"Return-Path:", b"Delivered-To:", b"MIME-Version:", b"From:"];

/// What a file that is no XML looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// PDF.
    Pdf,
    /// HTML.
    Html,
    /// JSON.
    Json,
    /// A ZIP archive, which documents of word processors are too.
    Zip,
    /// Compressed by gzip.
    Gzip,
    /// A picture.
    Image,
    /// A saved message.
    Mail,
    /// Words without markup.
    Text,
    /// Bytes that are no text.
    Binary,
}

impl Looks {
    /// Whether a file that was not read as XML is something else; none where it is most likely XML with a fault.
    pub(super) fn of(file: &[u8]) -> Option<Self> {
        let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file).trim_ascii_start();
        let beginning = &file[..file.len().min(BEGINNING)];
        let begins = |signs: &[&[u8]]| signs.iter().any(|sign| beginning.starts_with(sign));
        if begins(&[b"%PDF"]) {
            Some(Self::Pdf)
        } else if is_html(beginning) {
            Some(Self::Html)
        } else if is_zip(file) {
            Some(Self::Zip)
        } else if begins(&[b"\x1F\x8B"]) {
            Some(Self::Gzip)
        } else if begins(&IMAGES) {
            Some(Self::Image)
        } else if begins(&[b"{", b"["]) && !begins(&[b"{\\rtf"]) {
            Some(Self::Json)
        } else if begins(&HEADERS) {
            Some(Self::Mail)
        } else if beginning.contains(&b'<') {
            None
        } else if beginning.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()) {
            Some(Self::Binary)
        } else {
            Some(Self::Text)
        }
    }

    /// Its name, with its article.
    pub(super) const fn phrase(self) -> Phrase {
        match self {
            Self::Pdf => Phrase::new("un PDF", "a PDF"),
            Self::Html => Phrase::new("una pagina HTML", "an HTML page"),
            Self::Json => Phrase::new("un documento JSON", "a JSON document"),
            Self::Zip => Phrase::new("un archivio ZIP", "a ZIP archive"),
            Self::Gzip => Phrase::new("un file compresso con gzip", "a file compressed by gzip"),
            Self::Image => Phrase::new("un'immagine", "an image"),
            Self::Mail => Phrase::new("un'e-mail", "an e-mail"),
            Self::Text => Phrase::new("un testo semplice", "plain text"),
            Self::Binary => Phrase::new("un contenuto binario", "binary data"),
        }
    }
}

/// Whether it is HTML, which may also have an XML declaration.
fn is_html(beginning: &[u8]) -> bool {
    let beginning = beginning.to_ascii_lowercase();
    let doctype = b"<!doctype html";
    let is_declared = beginning.starts_with(b"<?xml") && beginning.windows(doctype.len()).any(|window| window == doctype);
    is_declared || beginning.starts_with(doctype) || beginning.starts_with(b"<html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_xml_is_known_by_its_beginning() {
        for (file, looks) in [
            (&b"%PDF-1.7\n%\xE2\xE3"[..], Looks::Pdf),
            (b"\xEF\xBB\xBF\r\n<!doctype HTML><p>", Looks::Html),
            (b"<html><body>", Looks::Html),
            (b"<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"\">", Looks::Html),
            (b"{\"a\": \"<b>\"}", Looks::Json),
            (b"[]", Looks::Json),
            (b"PK\x03\x04", Looks::Zip),
            (b"\x1F\x8B\x08\0<", Looks::Gzip),
            (b"\x89PNG\r\n\x1A\n<", Looks::Image),
            (b"\xFF\xD8\xFF\xE0", Looks::Image),
            (b"Return-Path: <ann@example.com>", Looks::Mail),
            (b"{\\rtf1 Fattura", Looks::Text),
            (b"Fattura n. 12\r\n", Looks::Text),
            (b"citt\xE0", Looks::Text),
            (b"\x7FELF\x02\x01", Looks::Binary),
        ] {
            assert_eq!(Looks::of(file), Some(looks), "{}", String::from_utf8_lossy(file));
        }
    }

    #[test]
    fn what_is_xml_with_a_fault_is_not_taken_for_something_else() {
        for file in [&b"<a"[..], b"  <?xml version='1.0'?><a>", b"x<?xml version='1.0'?><a/>", b"<!DOCTYPE a><a/>", b"<a>\x00</a>"] {
            assert_eq!(Looks::of(file), None, "{}", String::from_utf8_lossy(file));
        }
    }
}
