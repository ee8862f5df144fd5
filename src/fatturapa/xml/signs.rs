//! What XML is written with: names, blanks, line ends, and the declaration at its beginning.

use std::borrow::Cow;

/// Whether a byte is what XML calls white space.
pub(in crate::fatturapa) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether a byte may belong to a name without colon; those of other alphabets need a closer look.
pub(super) fn is_name_byte(byte: u8) -> bool {
    const NAME: [bool; 256] = {
        let mut bytes = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            #[expect(clippy::cast_possible_truncation, reason = "it is below 256")]
            let character = byte as u8;
            bytes[byte] = character.is_ascii_alphanumeric() || matches!(character, b'_' | b'-' | b'.' | 0x80..);
            byte += 1;
        }
        bytes
    };
    NAME[usize::from(byte)]
}

/// Whether a text of such bytes is a name without colon.
pub(super) fn is_name(text: &str) -> bool {
    match text.as_bytes().first() {
        None => false,
        Some(first) if text.is_ascii() => first.is_ascii_alphabetic() || *first == b'_',
        Some(_) => text.starts_with(starts_name) && text.chars().all(|character| starts_name(character) || continues_name(character)),
    }
}

/// NameStartChar of XML 1.0, without the colon.
fn starts_name(character: char) -> bool {
    matches!(
        character,
        'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
            | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
            | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}'
    )
}

/// What NameChar of XML 1.0 has beyond [`starts_name`].
fn continues_name(character: char) -> bool {
    matches!(character, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// The text with each line end as one line feed, as XML demands.
pub(super) fn without_carriage_returns(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(text) }
}

/// The XML declaration, which may begin a file.
pub(in crate::fatturapa) struct Declaration<'a> {
    /// The encoding that it names.
    pub(in crate::fatturapa) encoding: Option<&'a str>,
    /// How many bytes it takes.
    pub(super) length: usize,
}

impl<'a> Declaration<'a> {
    /// The declaration at the beginning of a text, if there is one and it is as XML demands.
    pub(in crate::fatturapa) fn of(text: &'a str) -> Option<Self> {
        let inside = text.strip_prefix("<?xml")?;
        let (inside, _) = inside.split_once("?>")?;
        let length = "<?xml?>".len() + inside.len();
        let (version, rest) = given(inside, "version")?;
        let digits = version.strip_prefix("1.")?;
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let (encoding, rest) = given(rest, "encoding").map_or((None, rest), |(encoding, rest)| (Some(encoding), rest));
        let (standalone, rest) = given(rest, "standalone").unwrap_or(("no", rest));
        (matches!(standalone, "yes" | "no") && rest.bytes().all(is_blank)).then_some(Self { encoding, length })
    }
}

/// The value that is given to a name here, and what follows it.
fn given<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let blank = |character: char| character.is_ascii() && is_blank(character as u8);
    let rest = text.strip_prefix(blank)?.trim_start_matches(blank).strip_prefix(name)?;
    let rest = rest.trim_start_matches(blank).strip_prefix('=')?.trim_start_matches(blank);
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    rest[1..].split_once(quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_xml() {
        for name in ["a", "_a-1.b", "è", "aè·", "a\u{301}"] {
            assert!(is_name(name) && name.bytes().all(is_name_byte), "{name}");
        }
        for text in ["", "1a", "-a", ".a", "·a", "a×", "×"] {
            assert!(!is_name(text), "{text}");
        }
    }

    #[test]
    fn a_declaration_says_version_encoding_and_standalone_in_this_order() {
        for (text, encoding) in [
            ("<?xml version=\"1.0\"?>", None),
            ("<?xml version='1.1' encoding = 'UTF-8' standalone=\"yes\" ?>", Some("UTF-8")),
            ("<?xml\nversion=\"1.0\"\tencoding=\"ISO-8859-1\"?>", Some("ISO-8859-1")),
        ] {
            let declaration = Declaration::of(text).expect(text);
            assert_eq!((declaration.encoding, declaration.length), (encoding, text.len()));
        }
        for text in [
            "<a/>",
            "<?xml?>",
            "<?xml version=\"2.0\"?>",
            "<?xml version=\"1.\"?>",
            "<?xml encoding=\"UTF-8\"?>",
            "<?xml version=\"1.0\"encoding=\"UTF-8\"?>",
            "<?xml version=\"1.0\" standalone=\"maybe\"?>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\" x?>",
            "<?xml version=1.0?>",
            "<?xml version=\"1.0\"",
            "<?xml-stylesheet version=\"1.0\"?>",
        ] {
            assert!(Declaration::of(text).is_none(), "{text}");
        }
    }

    #[test]
    fn each_line_end_is_one_line_feed() {
        assert_eq!(without_carriage_returns("a\r\nb\rc\n\r\nd"), "a\nb\nc\n\nd");
    }
}
