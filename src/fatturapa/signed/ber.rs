//! BER becomes DER: lengths are made definite and short, and an OCTET STRING that was sent in pieces is joined.
//!
//! Signing programs that do not know a document's length in advance write BER, while everything that reads signatures
//! in Rust wants DER. Three loops without recursion: what is there, how long it becomes, writing.

use std::ops::Range;

use super::unopenable::Unopenable;
use crate::fatturapa::finding::Phrase;

/// How deep elements may be nested. A certificate inside a signature inside unsigned attributes needs about 20.
pub(super) const MAX_DEPTH: usize = 40;

/// How many elements a file may have. A document of 5 MB in pieces of 1,000 bytes has 5,000, a certificate about 200.
pub(super) const MAX_ELEMENTS: usize = 200_000;

/// A whole OCTET STRING.
const OCTETS: u8 = 0x04;
/// The bit of a tag that says that there are elements inside.
const CONSTRUCTED: u8 = 0x20;
/// An OCTET STRING in pieces.
const OCTETS_IN_PIECES: u8 = OCTETS | CONSTRUCTED;

const END_MARK: Phrase = Phrase::new("un segno di fine deve essere di due byte 0", "an end mark must be two bytes of 0");
const PIECES: Phrase =
    Phrase::new("un OCTET STRING in più parti può contenere solo OCTET STRING", "an OCTET STRING in pieces may hold OCTET STRINGs only");

/// The first element of a file, in DER. Bytes after it are passed over, as openssl does: some programs pad.
///
/// Where the inside of an element of known length makes no sense, the element is taken over as it is: a certificate that was
/// damaged must not hide the document beside it.
pub(super) fn to_der(ber: &[u8]) -> Result<Vec<u8>, Unopenable> {
    let mut elements = Scan { ber, elements: Vec::new(), open: Vec::new(), met: 0 }.run()?;
    for index in (0..elements.len()).rev() {
        let element = &elements[index];
        if let Some(parent) = element.parent {
            let more = element.written();
            elements[parent].length += more;
        }
    }
    let mut der = Vec::with_capacity(elements.first().map_or(0, Element::written));
    for element in elements {
        if !element.is_piece {
            write_header(&mut der, element.tag, element.length);
        }
        der.extend_from_slice(&ber[element.bytes]);
    }
    Ok(der)
}

/// An element of the file.
struct Element {
    tag: u8,
    /// The place of the one around it, which always comes before.
    parent: Option<usize>,
    /// Its content, where it is taken over as it is; otherwise empty.
    bytes: Range<usize>,
    /// The length of its content in DER: at first that of `bytes`.
    length: usize,
    /// Whether it belongs to an OCTET STRING in pieces, and loses its header.
    is_piece: bool,
}

impl Element {
    /// How many bytes it takes in DER, header and all.
    fn written(&self) -> usize {
        if self.is_piece { self.length } else { 1 + length_bytes(self.length) + self.length }
    }
}

/// An element that has begun.
struct Open {
    /// Its place in the list.
    index: usize,
    /// Where it ends; none if an end mark says so.
    end: Option<usize>,
    /// The end of the innermost element around it, itself included, whose length is known.
    limit: usize,
}

/// A file being gone through, from its beginning to its end.
struct Scan<'b> {
    ber: &'b [u8],
    elements: Vec<Element>,
    open: Vec<Open>,
    /// How many elements were met, those taken back included.
    met: usize,
}

impl Scan<'_> {
    fn run(mut self) -> Result<Vec<Element>, Unopenable> {
        let mut at = 0;
        loop {
            at = match self.element(at) {
                Ok(next) => next,
                Err(unopenable) => self.take_back().ok_or(unopenable)?,
            };
            while self.open.last().is_some_and(|open| open.end == Some(at)) {
                self.open.pop();
            }
            if self.open.is_empty() {
                return Ok(self.elements);
            }
        }
    }

    /// Reads an element's header, and its content if there are no elements inside; or an end mark. Tells where to go on.
    fn element(&mut self, at: usize) -> Result<usize, Unopenable> {
        let limit = self.open.last().map_or(self.ber.len(), |open| open.limit);
        if self.open.last().is_some_and(|open| open.end.is_none()) && self.ber[at..limit].first() == Some(&0) {
            if self.ber[at..limit].get(1) != Some(&0) {
                return Err(Unopenable::NotAsn1 { at, problem: END_MARK, base64: false });
            }
            self.open.pop();
            return Ok(at + 2);
        }
        let header = header(&self.ber[..limit], at)?;
        self.met += 1;
        if self.met > MAX_ELEMENTS {
            return Err(Unopenable::TooManyElements);
        }
        let around = self.open.last().map(|open| open.index);
        let is_piece = around.is_some_and(|index| self.elements[index].tag == OCTETS_IN_PIECES || self.elements[index].is_piece);
        if is_piece && !matches!(header.tag, OCTETS | OCTETS_IN_PIECES) {
            return Err(Unopenable::NotAsn1 { at, problem: PIECES, base64: false });
        }
        let index = self.elements.len();
        let is_open = header.tag & CONSTRUCTED != 0;
        let bytes = if is_open { header.content..header.content } else { header.content..header.end.unwrap_or(header.content) };
        let next = bytes.end;
        self.elements.push(Element { tag: header.tag, parent: around, length: bytes.len(), bytes, is_piece });
        if is_open {
            if self.open.len() == MAX_DEPTH {
                return Err(Unopenable::TooDeep { at });
            }
            self.open.push(Open { index, end: header.end, limit: header.end.unwrap_or(limit) });
        }
        Ok(next)
    }

    /// Makes the innermost open element of known length one that is taken over as it is. Tells where it ends; none if there is none.
    fn take_back(&mut self) -> Option<usize> {
        if self.met > MAX_ELEMENTS {
            return None;
        }
        while let Some(open) = self.open.pop() {
            let Some(end) = open.end else { continue };
            self.elements.truncate(open.index + 1);
            let element = &mut self.elements[open.index];
            if element.is_piece || element.tag == OCTETS_IN_PIECES {
                continue;
            }
            element.bytes.end = end;
            element.length = element.bytes.len();
            return Some(end);
        }
        None
    }
}

/// An element's header.
struct Header {
    tag: u8,
    /// Where its content begins.
    content: usize,
    /// Where its content ends; none if an end mark says so.
    end: Option<usize>,
}

/// Reads a header and sees that the content ends within `ber`.
fn header(ber: &[u8], at: usize) -> Result<Header, Unopenable> {
    let not_asn1 = |problem| Unopenable::NotAsn1 { at, problem, base64: false };
    let broken_off = || not_asn1(Phrase::new("qui il file finisce prima del dovuto", "here it ends before its time"));
    let too_long = || {
        not_asn1(Phrase::new("qui inizia un elemento più lungo di quanto resta", "an element begins here that is longer than what is left"))
    };
    let tag = *ber.get(at).ok_or_else(broken_off)?;
    if tag == 0 || tag & 0x1F == 0x1F {
        return Err(not_asn1(Phrase::new("nessuna firma contiene un elemento così", "no such element belongs into a signature")));
    }
    let first = *ber.get(at + 1).ok_or_else(broken_off)?;
    let (content, length) = match first {
        0x80 if tag & CONSTRUCTED != 0 => return Ok(Header { tag, content: at + 2, end: None }),
        0x80 => {
            return Err(not_asn1(Phrase::new(
                "un elemento che non ne contiene altri deve dichiarare la sua lunghezza",
                "an element without elements inside must state its length",
            )));
        }
        0..0x80 => (at + 2, usize::from(first)),
        0x81.. => {
            let bytes = ber.get(at + 2..at + 2 + usize::from(first & 0x7F)).ok_or_else(broken_off)?;
            let shortest = bytes.iter().position(|byte| *byte != 0).map_or(&[][..], |start| &bytes[start..]);
            if shortest.len() > 4 {
                return Err(too_long());
            }
            (at + 2 + bytes.len(), shortest.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)))
        }
    };
    let end = content.checked_add(length).filter(|end| *end <= ber.len()).ok_or_else(too_long)?;
    Ok(Header { tag, content, end: Some(end) })
}

/// How many bytes a length takes.
fn length_bytes(length: usize) -> usize {
    if length < 0x80 { 1 } else { 1 + significant(length).len() }
}

/// A length's bytes in DER: the fewest.
fn significant(length: usize) -> Vec<u8> {
    length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect()
}

fn write_header(der: &mut Vec<u8>, tag: u8, length: usize) {
    der.push(if tag == OCTETS_IN_PIECES { OCTETS } else { tag });
    if let Ok(short @ 0..0x80) = u8::try_from(length) {
        der.push(short);
    } else {
        let bytes = significant(length);
        let count = u8::try_from(bytes.len()).expect("a length has at most 8 bytes");
        der.push(0x80 | count);
        der.extend(bytes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fatturapa::Unreadable;

    fn problem(ber: &[u8]) -> String {
        let why = to_der(ber).expect_err("is refused");
        let told = why.to_string();
        Unreadable::Signed { why }.words().assert_each_in_its_language();
        told
    }

    #[test]
    fn der_stays_as_it_is() {
        for der in [&b"\x30\x00"[..], b"\x30\x06\x02\x01\x05\x04\x01\xFF", b"\xA0\x05\x30\x03\x0C\x01a", b"\x04\x00"] {
            assert_eq!(to_der(der).as_deref(), Ok(der));
        }
    }

    #[test]
    fn indefinite_and_long_winded_lengths_become_definite_and_short() {
        assert_eq!(to_der(b"\x30\x80\x02\x01\x05\x00\x00").as_deref(), Ok(&b"\x30\x03\x02\x01\x05"[..]));
        assert_eq!(to_der(b"\x30\x80\x30\x80\x00\x00\x00\x00").as_deref(), Ok(&b"\x30\x02\x30\x00"[..]));
        assert_eq!(to_der(b"\x30\x84\x00\x00\x00\x07\xA0\x80\x02\x81\x00\x00\x00").as_deref(), Ok(&b"\x30\x04\xA0\x02\x02\x00"[..]));
    }

    #[test]
    fn octet_strings_in_pieces_are_joined_however_they_are_cut() {
        let pieces = b"\x24\x80\x04\x02ab\x24\x04\x04\x02cd\x24\x80\x04\x01e\x00\x00\x00\x00";
        assert_eq!(to_der(pieces).as_deref(), Ok(&b"\x04\x05abcde"[..]));
        let many = [&b"\xA0\x80\x24\x80"[..], &b"\x04\x03xyz".repeat(100), b"\x00\x00\x00\x00"].concat();
        assert_eq!(to_der(&many), Ok([&b"\xA0\x82\x01\x30\x04\x82\x01\x2C"[..], &b"xyz".repeat(100)].concat()));
    }

    #[test]
    fn what_follows_the_first_element_is_passed_over() {
        assert_eq!(to_der(b"\x30\x03\x02\x01\x05\r\n\x00").as_deref(), Ok(&b"\x30\x03\x02\x01\x05"[..]));
    }

    #[test]
    fn what_breaks_off_or_makes_no_sense_is_told_with_its_place() {
        assert_eq!(problem(b""), "it is damaged or cut off and no ASN.1 (at byte 0: here it ends before its time)");
        assert!(problem(b"\x30\x80\x02\x01\x05\x00").contains("at byte 5: "));
        assert!(problem(b"\x30\x80\x02\x01\x05\x00\x01").contains("two bytes of 0"));
        assert!(problem(b"\x30\xE2\x82\xAC\x06").contains("at byte 0: "));
        assert!(problem(b"\x30\x82\x05\x06\x01").contains("longer than what is left"));
        assert!(problem(b"\x04\x80\x00\x00").contains("must state its length"));
        assert!(problem(b"\x24\x80\x02\x01\x05\x00\x00").contains("OCTET STRINGs only"));
    }

    #[test]
    fn damage_inside_an_element_of_known_length_stays_there() {
        let damaged = b"\x30\x80\x04\x02ab\x30\x04\x02\x7F\x05\x05\x02\x01\x07\x00\x00";
        assert_eq!(to_der(damaged).as_deref(), Ok(&b"\x30\x0D\x04\x02ab\x30\x04\x02\x7F\x05\x05\x02\x01\x07"[..]));
    }

    #[test]
    fn depth_and_number_have_limits() {
        assert!(matches!(to_der(&b"\x30\x80".repeat(1_000_000)), Err(Unopenable::TooDeep { at: 80 })));
        let nothings = [&b"\x30\x80"[..], &b"\x05\x00".repeat(MAX_ELEMENTS), b"\x00\x00"].concat();
        assert_eq!(to_der(&nothings), Err(Unopenable::TooManyElements));
        let within = [&b"\x30\x83\x06\x1A\x80"[..], &b"\x05\x00".repeat(MAX_ELEMENTS)].concat();
        assert_eq!(to_der(&within), Err(Unopenable::TooManyElements));
    }

    proptest! {
        #[test]
        fn what_is_made_is_der_already(bytes in "([\\x00-\\x06\\x30\\x24\\xA0\\x80-\\x83]|00|0\\x80){0,60}") {
            let bytes: Vec<u8> = bytes.chars().filter_map(|character| u8::try_from(u32::from(character)).ok()).collect();
            if let Ok(der) = to_der(&bytes) {
                prop_assert_eq!(to_der(&der), Ok(der.clone()));
            }
        }
    }
}
