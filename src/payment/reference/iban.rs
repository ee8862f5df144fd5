//! Bank account numbers.

use std::fmt;
use std::str::FromStr;

use super::creditor_reference::{in_groups_of_four, without_spaces_upper_case};
use super::iso7064;

/// An IBAN whose length and check digits are right. Whether the account exists only its bank can tell.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Iban(String);

/// Text that is no IBAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIban {
    /// It does not begin with two letters and two digits.
    #[error("an IBAN begins with the country's two letters and two check digits")]
    Beginning,
    /// It is too long or too short.
    #[error("an Italian IBAN has 27 characters, others 15 to 34; this has {found}")]
    Length {
        /// How many characters were found, spaces left out.
        found: usize,
    },
    /// The check digits do not fit.
    #[error("the check digits of the IBAN do not fit: look for a mistyped character")]
    CheckDigits,
}

impl Iban {
    /// As it is transmitted: without spaces.
    #[must_use]
    pub fn compact(&self) -> &str {
        &self.0
    }
}

impl FromStr for Iban {
    type Err = InvalidIban;

    fn from_str(text: &str) -> Result<Self, InvalidIban> {
        let compact = without_spaces_upper_case(text);
        let (beginning, account) = compact.split_at_checked(4).ok_or(InvalidIban::Beginning)?;
        let (country, check) = beginning.split_at_checked(2).ok_or(InvalidIban::Beginning)?;
        if !country.bytes().all(|b| b.is_ascii_uppercase()) || !check.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidIban::Beginning);
        }
        let found = compact.chars().count();
        let length_fits = if country == "IT" { found == 27 } else { (15..=34).contains(&found) };
        if !length_fits {
            return Err(InvalidIban::Length { found });
        }
        if iso7064::remainder(&format!("{account}{beginning}")) != Some(iso7064::VALID) {
            return Err(InvalidIban::CheckDigits);
        }
        Ok(Self(compact))
    }
}

impl fmt::Display for Iban {
    /// In groups of four, as it stands on paper.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&in_groups_of_four(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXAMPLES: [&str; 4] = [
        "IT60 X054 2811 1010 0000 0123 456",
        "DE89 3704 0044 0532 0130 00",
        "FR14 2004 1010 0505 0001 3M02 606",
        "SM86 U032 2509 8000 0000 0270 100",
    ];

    #[test]
    fn published_examples_are_accepted_and_shown_in_groups() {
        for example in EXAMPLES {
            assert_eq!(example.parse::<Iban>().unwrap().to_string(), example);
        }
        assert_eq!("it60x0542811101000000123456".parse::<Iban>().unwrap().compact().len(), 27);
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert_eq!("X60".parse::<Iban>(), Err(InvalidIban::Beginning));
        assert_eq!("èè60 X054".parse::<Iban>(), Err(InvalidIban::Beginning));
        assert_eq!("IT60 X054 2811 1010 0000 0123 45".parse::<Iban>(), Err(InvalidIban::Length { found: 26 }));
        assert_eq!("IT61 X054 2811 1010 0000 0123 456".parse::<Iban>(), Err(InvalidIban::CheckDigits));
        assert_eq!("IT60 X054 2811 1010 0000 0123 4é6".parse::<Iban>(), Err(InvalidIban::CheckDigits));
    }

    proptest! {
        #[test]
        fn one_mistyped_digit_is_found(place in 5..27_usize, other in 1..10_u8) {
            let mut text = "IT60X0542811101000000123456".to_owned().into_bytes();
            text[place] = b'0' + (text[place] - b'0' + other) % 10;
            let typo = String::from_utf8(text).unwrap();
            prop_assert_eq!(typo.parse::<Iban>(), Err(InvalidIban::CheckDigits));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = text.parse::<Iban>();
        }
    }
}
