//! From bytes to text: the file's size, and the encoding that it declares.
//!
//! Everything after this works on `&str`, so an encoding is dealt with once, here. The text takes at most three
//! times the file's size (a Latin letter above 127 is two bytes in UTF-8, the euro sign three).

use std::borrow::Cow;

use encoding_rs::mem::decode_latin1;
use encoding_rs::{Encoding, ISO_8859_15, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::finding::{Phrase, Words};
use super::unreadable::{Position, Unreadable, excerpt};
use super::xml::Declaration;

/// The largest file that is read, in bytes: the SdI's 5 MB (SdI 00003), and I2.
pub const MAX_FILE_BYTES: usize = 5 * 1024 * 1024;

/// An XML declaration is looked for within this many bytes; written out in full it takes about 60.
const DECLARATION_BYTES: usize = 256;

/// The byte that U+FFFE and U+FFFF begin with in UTF-8.
const LEAD_OF_FFFE: u8 = 0xEF;

/// So many bytes are looked at before it is decided whether one of them is suspicious.
const BLOCK_BYTES: usize = 256;

/// The text of a file without signatures around it, without byte order mark. Borrowed when the file is UTF-8.
pub(super) fn decode(file: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    if file.len() > MAX_FILE_BYTES {
        return Err(Unreadable::TooLarge { bytes: file.len() });
    }
    if file.trim_ascii().is_empty() {
        return Err(Unreadable::Empty);
    }
    let text = match file.strip_prefix(b"\xEF\xBB\xBF") {
        // The mark is written by whoever knows the encoding; a declaration that differs was left over from a conversion.
        Some(rest) => utf8(rest)?,
        None => by_declaration(file)?,
    };
    only_xml_characters(&text)?;
    Ok(text)
}

fn by_declaration(file: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    if is_utf32(file) {
        return Err(Unreadable::UnsupportedEncoding { encoding: "UTF-32".to_owned() });
    }
    if let Some(encoding) = utf16(file) {
        return converted(encoding, file);
    }
    match declared_encoding(file) {
        None => utf8(file),
        Some(name) => match name.to_ascii_uppercase().as_str() {
            "UTF-8" | "UTF8" => utf8(file),
            "US-ASCII" | "ASCII" => ascii(file),
            // Its bytes would have shown it.
            "UTF-16" | "UTF-16LE" | "UTF-16BE" => Err(Unreadable::NotXml {
                at: Position::START,
                problem: Words::new(
                    format!("il file dichiara la codifica {name}, ma non è scritto così"),
                    format!("the file declares the encoding {name}, and is not written in it"),
                ),
                remedy: Some(Phrase::new(
                    "dichiarare nella prima riga la codifica in cui è scritto, per esempio UTF-8",
                    "declare in the first line the encoding in which it is written, for example UTF-8",
                )),
            }),
            // As declared, and not as windows-1252 in disguise, which browsers take it for: where the two differ, the SdI sees control
            // characters that the schemas allow.
            "ISO-8859-1" | "ISO8859-1" | "LATIN1" => Ok(decode_latin1(file)),
            "WINDOWS-1252" | "CP1252" => converted(WINDOWS_1252, file),
            "ISO-8859-15" | "LATIN-9" => converted(ISO_8859_15, file),
            _ => Err(Unreadable::UnsupportedEncoding { encoding: excerpt(&name) }),
        },
    }
}

/// UTF-32 is known by its byte order mark, or by how it writes the first sign of every XML file. Its little-endian mark begins with that of
/// UTF-16, which no zero follows in XML.
fn is_utf32(file: &[u8]) -> bool {
    matches!(file, [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] | [b'<', 0, 0, 0, ..] | [0, 0, 0, b'<', ..])
}

/// UTF-16 is known by its byte order mark, or by how it writes the first sign of every XML file.
fn utf16(file: &[u8]) -> Option<&'static Encoding> {
    match file {
        [0xFF, 0xFE, ..] | [b'<', 0, ..] => Some(UTF_16LE),
        [0xFE, 0xFF, ..] | [0, b'<', ..] => Some(UTF_16BE),
        _ => None,
    }
}

fn converted(encoding: &'static Encoding, file: &[u8]) -> Result<Cow<'static, str>, Unreadable> {
    let (text, malformed) = encoding.decode_with_bom_removal(file);
    if malformed {
        let name = encoding.name();
        let problem = Words::new(format!("ci sono byte che non sono {name}"), format!("there are bytes in it that are not {name}"));
        let remedy = Some(Phrase::new("salvare il file in UTF-8", "save the file as UTF-8"));
        return Err(Unreadable::NotXml { at: Position::START, problem, remedy });
    }
    Ok(Cow::Owned(text.into_owned()))
}

/// The encoding named in the XML declaration, which is ASCII in every encoding that is read here.
fn declared_encoding(file: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&file[..file.len().min(DECLARATION_BYTES)]);
    Declaration::of(&head)?.encoding.map(str::to_owned)
}

fn ascii(file: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    let text = utf8(file)?;
    match text.find(|character: char| !character.is_ascii()) {
        None => Ok(text),
        Some(offset) => Err(Unreadable::NotXml {
            at: Position::START.after(&text[..offset]),
            problem: Words::new(
                "questo carattere non è US-ASCII, come il file dichiara",
                "this character is not US-ASCII, as the file declares",
            ),
            remedy: Some(Phrase::new("dichiarare UTF-8 nella prima riga", "declare UTF-8 in the first line")),
        }),
    }
}

fn utf8(file: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    match std::str::from_utf8(file) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(error) => {
            let before = String::from_utf8_lossy(&file[..error.valid_up_to()]);
            Err(Unreadable::NotXml {
                at: Position::START.after(&before),
                problem: Words::new("questi byte non sono UTF-8", "these bytes are not UTF-8"),
                remedy: Some(Phrase::new(
                    "salvare il file in UTF-8, oppure dichiararne la codifica nella prima riga",
                    "save the file as UTF-8, or declare its encoding in the first line",
                )),
            })
        }
    }
}

/// XML has no way to hold other control characters than tab and line ends, not even as references.
fn only_xml_characters(text: &str) -> Result<(), Unreadable> {
    // All that is forbidden begins with a byte below the blank or with the first of U+FFFE and U+FFFF. Looking at every byte of a block and
    // deciding once is many times as fast as stopping at the first.
    let suspicious = |byte: u8| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == LEAD_OF_FFFE;
    let block = |block: &[u8]| block.iter().fold(false, |found, byte| found | suspicious(*byte));
    if !text.as_bytes().chunks(BLOCK_BYTES).any(block) {
        return Ok(());
    }
    match text.char_indices().find(|(_, character)| !is_xml_character(*character)) {
        None => Ok(()),
        Some((offset, _)) => Err(Unreadable::NotXml {
            at: Position::START.after(&text[..offset]),
            problem: Words::new("questo carattere di controllo non è ammesso in XML", "this control character is not allowed in XML"),
            remedy: Some(Phrase::new("toglierlo", "take it out")),
        }),
    }
}

/// Whether a character may appear in XML 1.0 at all.
pub(super) const fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(file: &[u8]) -> String {
        decode(file).expect("decodes").into_owned()
    }

    fn code(file: &[u8]) -> &'static str {
        decode(file).expect_err("is refused").code()
    }

    #[test]
    fn utf8_is_borrowed_with_and_without_a_byte_order_mark() {
        assert!(matches!(decode("<a>è</a>".as_bytes()), Ok(Cow::Borrowed("<a>è</a>"))));
        assert!(matches!(decode(b"\xEF\xBB\xBF<a/>"), Ok(Cow::Borrowed("<a/>"))));
    }

    #[test]
    fn the_declared_encoding_decides() {
        assert!(text(b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xE8</a>").ends_with("<a>è</a>"));
        assert!(text(b"<?xml version='1.0' encoding='windows-1252'?><a>\x80\x92</a>").ends_with("<a>€’</a>"));
        assert!(text(b"<?xml version=\"1.0\" encoding=\"utf-8\"?><a>\xC3\xA8</a>").ends_with("<a>è</a>"));
        assert!(text(b"<?xml version=\"1.0\" encoding=\"ISO-8859-15\"?><a>\xA4\xE8</a>").ends_with("<a>€è</a>"));
        assert!(text(b"<?xml version=\"1.0\" encoding=\"US-ASCII\"?><a>e</a>").ends_with("<a>e</a>"));
    }

    #[test]
    fn a_file_that_is_not_what_it_declares_says_so() {
        for (file, told) in [
            ("<?xml version=\"1.0\" encoding=\"US-ASCII\"?><a>è</a>", "this character is not US-ASCII"),
            ("<?xml version=\"1.0\" encoding=\"utf-16\"?><a>e</a>", "declares the encoding utf-16, and is not written in it"),
        ] {
            let Err(Unreadable::NotXml { problem, .. }) = decode(file.as_bytes()) else { panic!("{file}") };
            assert!(problem.english.contains(told), "{}", problem.english);
        }
    }

    #[test]
    fn a_byte_order_mark_outweighs_a_declaration_left_over_from_a_conversion() {
        assert!(text(b"\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xC3\xA8</a>").ends_with("<a>è</a>"));
    }

    #[test]
    fn iso_8859_1_is_not_taken_for_windows_1252() {
        assert!(text(b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\x80</a>").ends_with("<a>\u{80}</a>"));
    }

    #[test]
    fn utf_16_is_read_in_both_byte_orders_with_and_without_a_mark() {
        let file = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a>è€😀</a>";
        for mark in ["\u{feff}", ""] {
            let units: Vec<u16> = mark.encode_utf16().chain(file.encode_utf16()).collect();
            let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            assert_eq!((text(&little).as_str(), text(&big).as_str()), (file, file));
        }
        assert_eq!(code(b"<\0a\0\0\xD8/\0>\0"), "NOT_XML");
    }

    #[test]
    fn other_encodings_are_said_to_be_unsupported() {
        let shift_jis = b"<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><a/>";
        assert_eq!(decode(shift_jis), Err(Unreadable::UnsupportedEncoding { encoding: "Shift_JIS".to_owned() }));
        for mark in ["\u{feff}", ""] {
            let characters: Vec<_> = mark.chars().chain("<a/>".chars()).map(u32::from).collect();
            let little: Vec<u8> = characters.iter().flat_map(|character| character.to_le_bytes()).collect();
            let big: Vec<u8> = characters.iter().flat_map(|character| character.to_be_bytes()).collect();
            for file in [little, big] {
                assert_eq!(decode(&file), Err(Unreadable::UnsupportedEncoding { encoding: "UTF-32".to_owned() }));
            }
        }
    }

    #[test]
    fn bytes_that_are_not_what_the_file_declares_are_told_with_their_place() {
        let at = Position { line: 2, column: 4 };
        assert!(matches!(decode(b"<a>\n<b>\xE8</b></a>"), Err(Unreadable::NotXml { at: found, .. }) if found == at));
        assert!(matches!(decode(b"<a>\n<b>\x01</b></a>"), Err(Unreadable::NotXml { at: found, .. }) if found == at));
    }

    #[test]
    fn exactly_the_characters_that_xml_forbids_are_found() {
        for character in ('\0'..='\u{300}').chain('\u{FF00}'..='\u{10010}') {
            let found = only_xml_characters(&format!("è{character}")).is_ok();
            assert_eq!(found, is_xml_character(character), "{character:?}");
        }
    }

    #[test]
    fn nothing_blanks_and_too_much_are_refused() {
        assert_eq!(decode(b""), Err(Unreadable::Empty));
        assert_eq!(decode(b" \r\n"), Err(Unreadable::Empty));
        let file = vec![b' '; MAX_FILE_BYTES + 1];
        assert_eq!(decode(&file), Err(Unreadable::TooLarge { bytes: MAX_FILE_BYTES + 1 }));
        assert_eq!(decode(&file[1..]), Err(Unreadable::Empty));
    }
}
