//! References to characters: those by number, and the five that XML has names for.

use super::Reader;
use super::signs::{is_name, is_name_byte};
use crate::fatturapa::encoding::is_xml_character;
use crate::fatturapa::finding::Phrase;
use crate::fatturapa::unreadable::{Unreadable, excerpt};

/// What is told of a reference to a character that may not appear in XML even so.
const CONTROL_CHARACTER: Phrase = Phrase::new(
    "qui un riferimento indica un carattere di controllo, che XML non ammette; toglierlo",
    "a reference here stands for a control character, which XML does not allow; take it out",
);

/// What is told of an `&` that begins nothing.
const NO_REFERENCE: Phrase = Phrase::new("questo & non inizia un riferimento; scrivere &amp;", "this & begins no reference; write &amp;");

impl Reader<'_> {
    /// Reads a reference, from its `&` to its `;`.
    pub(super) fn reference(&mut self) -> Result<char, Unreadable> {
        let offset = self.at;
        self.at += 1;
        let rest = self.rest();
        let name = &rest[..rest.bytes().position(|byte| byte != b'#' && !is_name_byte(byte)).unwrap_or(rest.len())];
        self.at += name.len();
        if !self.skip(";") {
            return Err(self.ill_formed(offset, NO_REFERENCE));
        }
        let number = match name.strip_prefix('#') {
            None => return self.named(name, offset),
            Some(number) => match number.strip_prefix('x') {
                Some(digits) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16),
                None if number.bytes().all(|digit| digit.is_ascii_digit()) => number.parse(),
                _ => return Err(self.ill_formed(offset, Phrase::new("questo riferimento non è un numero", "this reference is no number"))),
            },
        };
        match number.ok().and_then(char::from_u32) {
            Some(character) if is_xml_character(character) => Ok(character),
            Some(_) => Err(self.ill_formed(offset, CONTROL_CHARACTER)),
            None => Err(self.ill_formed(
                offset,
                Phrase::new("questo riferimento non indica alcun carattere", "this reference stands for no character"),
            )),
        }
    }

    fn named(&self, name: &str, offset: usize) -> Result<char, Unreadable> {
        match name {
            "amp" => Ok('&'),
            "lt" => Ok('<'),
            "gt" => Ok('>'),
            "apos" => Ok('\''),
            "quot" => Ok('"'),
            _ if is_name(name) => Err(Unreadable::UndefinedEntity { name: excerpt(name), at: self.position(offset) }),
            _ => Err(self.ill_formed(offset, NO_REFERENCE)),
        }
    }
}
