//! How the SdI demands that files be named (SdI 00001): `IT01234567897_00001.xml`.

use std::fmt;
use std::str::FromStr;

use super::checks::is_country;
use super::receipt::ReceiptKind;

/// The name of an invoice file as the SdI demands it (I2): the sender's country and fiscal identifier, a progressive
/// that makes the name unique for that sender, and `.xml` or, for a signed file, `.xml.p7m`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SdiFileName {
    country: String,
    fiscal_identifier: String,
    progressive: String,
    signed: bool,
}

/// Why a name is not one that the SdI takes: which part, and what is allowed there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFileName {
    /// The extension is another one.
    #[error("the file name must end in .xml, or in .xml.p7m if the file is signed (SdI 00001)")]
    Extension,
    /// There is not exactly one underscore before the extension.
    #[error("the file name must have the sender, one underscore and a progressive, for example IT01234567897_00001.xml (SdI 00001)")]
    Parts,
    /// It does not begin with a country's code.
    #[error("the file name must begin with a country's code, the two capital letters of ISO 3166-1, for example IT (SdI 00001)")]
    Country,
    /// The fiscal identifier has the wrong length or characters.
    #[error(
        "after the country's code the file name must have a fiscal identifier of 2 to 28 letters and digits, \
         11 to 16 if the country is IT (SdI 00001)"
    )]
    FiscalIdentifier,
    /// The progressive has the wrong length or characters.
    #[error("after the underscore the file name must have a progressive of 1 to 5 letters and digits (SdI 00001)")]
    Progressive,
}

impl SdiFileName {
    /// The longest progressive.
    const PROGRESSIVE: u32 = 5;
    /// How many names [`numbered`](Self::numbered) knows for a sender, 1 the first: five characters of 36, without 00000.
    pub const LAST_SERIAL: u64 = 36_u64.pow(Self::PROGRESSIVE) - 1;

    /// The name of a sender's file with this serial, which becomes a progressive of five characters of 36: `IT01234567897_0000A.xml` is the
    /// tenth. `sender` is the country's code and the fiscal identifier; whether there is such a country was for others to see.
    ///
    /// # Errors
    /// [`InvalidFileName`], if the sender is none, or the serial is not 1 to [`LAST_SERIAL`](Self::LAST_SERIAL).
    pub fn numbered(sender: &str, serial: u64, signed: bool) -> Result<Self, InvalidFileName> {
        if !(1..=Self::LAST_SERIAL).contains(&serial) {
            return Err(InvalidFileName::Progressive);
        }
        let digit = |place: u32| char::from_digit(u32::try_from(serial / 36_u64.pow(place) % 36).ok()?, 36);
        let progressive: Option<String> = (0..Self::PROGRESSIVE).rev().map(digit).collect();
        let progressive = progressive.ok_or(InvalidFileName::Progressive)?.to_ascii_uppercase();
        let extension = if signed { "xml.p7m" } else { "xml" };
        Self::taken_apart(&format!("{sender}_{progressive}.{extension}"))
    }

    /// The country of the sender: two capital letters.
    #[must_use]
    pub fn country(&self) -> &str {
        &self.country
    }

    /// The fiscal identifier of the sender, without the country.
    #[must_use]
    pub fn fiscal_identifier(&self) -> &str {
        &self.fiscal_identifier
    }

    /// What tells the sender's files apart: 1 to 5 letters and digits.
    #[must_use]
    pub fn progressive(&self) -> &str {
        &self.progressive
    }

    /// Whether the name is that of a signed file (`.xml.p7m`).
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        self.signed
    }

    /// The name of the SdI's message about this file: `IT01234567897_00001_RC_001.xml`.
    ///
    /// `serial` tells several messages of one kind apart, from 1.
    #[must_use]
    pub fn receipt(&self, kind: ReceiptKind, serial: u16) -> String {
        let Self { country, fiscal_identifier, progressive, signed: _ } = self;
        format!("{country}{fiscal_identifier}_{progressive}_{}_{serial:03}.xml", kind.code())
    }
}

impl SdiFileName {
    /// The parts of a name, each of its form.
    fn taken_apart(name: &str) -> Result<Self, InvalidFileName> {
        let (stem, signed) = match (name.strip_suffix(".xml"), name.strip_suffix(".xml.p7m")) {
            (Some(stem), _) => (stem, false),
            (None, Some(stem)) => (stem, true),
            (None, None) => return Err(InvalidFileName::Extension),
        };
        let (sender, progressive) = stem.split_once('_').ok_or(InvalidFileName::Parts)?;
        if progressive.contains('_') {
            return Err(InvalidFileName::Parts);
        }
        let (country, fiscal_identifier) = sender
            .split_at_checked(2)
            .filter(|(country, _)| country.bytes().all(|byte| byte.is_ascii_uppercase()))
            .ok_or(InvalidFileName::Country)?;
        let lengths = if country == "IT" { 11..=16 } else { 2..=28 };
        if !lengths.contains(&fiscal_identifier.len()) || !is_alphanumeric(fiscal_identifier) {
            return Err(InvalidFileName::FiscalIdentifier);
        }
        if !(1..=5).contains(&progressive.len()) || !is_alphanumeric(progressive) {
            return Err(InvalidFileName::Progressive);
        }
        Ok(Self {
            country: country.to_owned(),
            fiscal_identifier: fiscal_identifier.to_owned(),
            progressive: progressive.to_owned(),
            signed,
        })
    }
}

impl FromStr for SdiFileName {
    type Err = InvalidFileName;

    fn from_str(name: &str) -> Result<Self, InvalidFileName> {
        let name = Self::taken_apart(name)?;
        if is_country(&name.country) { Ok(name) } else { Err(InvalidFileName::Country) }
    }
}

fn is_alphanumeric(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl fmt::Display for SdiFileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { country, fiscal_identifier, progressive, signed } = self;
        let extension = if *signed { "xml.p7m" } else { "xml" };
        write!(f, "{country}{fiscal_identifier}_{progressive}.{extension}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_taken_apart() {
        let name: SdiFileName = "IT01234567897_0000A.xml.p7m".parse().expect("a good name");
        assert_eq!((name.country(), name.fiscal_identifier(), name.progressive()), ("IT", "01234567897", "0000A"));
        assert!(name.is_signed());
        assert_eq!(name.receipt(ReceiptKind::Delivered, 1), "IT01234567897_0000A_RC_001.xml");
    }

    #[test]
    fn each_part_that_is_wrong_is_named() {
        use InvalidFileName::{Country, Extension, FiscalIdentifier, Parts, Progressive};
        for (name, why) in [
            ("IT01234567897_00001.pdf", Extension),
            ("IT01234567897_00001.p7m", Extension),
            ("IT01234567897_00001.XML", Extension),
            ("", Extension),
            ("IT01234567897.xml", Parts),
            ("IT01234567897_1_2.xml", Parts),
            ("it01234567897_1.xml", Country),
            ("à_1.xml", Country),
            ("XX01234567897_1.xml", Country),
            ("_1.xml", Country),
            ("IT0123456789_1.xml", FiscalIdentifier),
            ("IT01234567890123456_1.xml", FiscalIdentifier),
            ("IT0123456789à_1.xml", FiscalIdentifier),
            ("DE1_1.xml", FiscalIdentifier),
            ("IT01234567897_.xml", Progressive),
            ("IT01234567897_000001.xml", Progressive),
            ("IT01234567897_00-1.xml", Progressive),
            ("IT01234567897_1.xml.xml", Progressive),
        ] {
            assert_eq!(name.parse::<SdiFileName>(), Err(why), "{name}");
        }
    }

    #[test]
    fn a_serial_becomes_five_characters_of_36() {
        let name = |serial, signed| SdiFileName::numbered("IT01234567897", serial, signed).map(|name| name.to_string());
        assert_eq!(name(1, false), Ok("IT01234567897_00001.xml".to_owned()));
        assert_eq!(name(35, true), Ok("IT01234567897_0000Z.xml.p7m".to_owned()));
        assert_eq!(name(36, false), Ok("IT01234567897_00010.xml".to_owned()));
        assert_eq!(name(SdiFileName::LAST_SERIAL, false), Ok("IT01234567897_ZZZZZ.xml".to_owned()));
        assert_eq!(name(0, false), Err(InvalidFileName::Progressive));
        assert_eq!(name(SdiFileName::LAST_SERIAL + 1, false), Err(InvalidFileName::Progressive));
        assert_eq!(SdiFileName::numbered("IT1", 1, false), Err(InvalidFileName::FiscalIdentifier));
    }

    proptest! {
        #[test]
        fn a_good_name_reads_back_as_it_was_written(
            name in "(IT[A-Za-z0-9]{11,16}|(DE|FR|SM)[A-Za-z0-9]{2,28})_[A-Za-z0-9]{1,5}\\.xml(\\.p7m)?"
        ) {
            prop_assert_eq!(name.parse::<SdiFileName>().map(|parsed| parsed.to_string()), Ok(name));
        }

        #[test]
        fn no_name_panics(name in ".{0,60}") {
            if let Ok(parsed) = name.parse::<SdiFileName>() {
                prop_assert_eq!(parsed.to_string(), name);
            }
        }
    }
}
