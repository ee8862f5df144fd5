//! Values that mean something: kept as they are written, whether or not they can be read.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::super::document_type::DocumentType;
use super::super::format::Format;
use super::super::tree::Element;
use super::super::values;
use super::record::{Part, Reader};

/// A value as it stands in the file, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// Its text, without blanks around it.
    pub text: String,
    /// What it means; none if it is not written in a way that the format allows.
    pub value: Option<T>,
}

/// An amount, price, quantity, weight or rate: exact, up to 12 digits and 8 decimals, and with a point.
pub type Number = Written<Decimal>;

/// A day, from 1970 on.
pub type Day = Written<NaiveDate>;

/// A number that counts: of a line, of days.
pub type Count = Written<u32>;

/// What a text can mean.
pub(super) trait Meaning: Sized {
    fn of(text: &str) -> Option<Self>;
}

impl Meaning for Decimal {
    fn of(text: &str) -> Option<Self> {
        values::decimal(text)
    }
}

impl Meaning for NaiveDate {
    fn of(text: &str) -> Option<Self> {
        values::date(text).ok()
    }
}

impl Meaning for u32 {
    fn of(text: &str) -> Option<Self> {
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
    }
}

impl Meaning for DocumentType {
    fn of(text: &str) -> Option<Self> {
        Self::from_code(text)
    }
}

impl Meaning for Format {
    fn of(text: &str) -> Option<Self> {
        Self::from_code(text)
    }
}

/// A text, and what it means.
pub(super) fn written<T: Meaning>(text: &str) -> Written<T> {
    Written { text: text.to_owned(), value: T::of(text) }
}

impl<T: Meaning> Part for Written<T> {
    fn read(reader: &mut Reader, element: Element<'_, '_>) -> Option<Self> {
        reader.take(element).map(written)
    }

    #[cfg(test)]
    fn texts(&self, each: &mut dyn FnMut(&str)) {
        each(&self.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_kept_as_it_is_written() {
        assert_eq!(written::<Decimal>("12,50"), Number { text: "12,50".to_owned(), value: None });
        assert_eq!(written::<Decimal>("012.50"), Number { text: "012.50".to_owned(), value: Some(Decimal::new(1250, 2)) });
        assert_eq!(written::<NaiveDate>("31/12/2026").value, None);
        assert_eq!(written::<NaiveDate>("2026-12-31Z").value, NaiveDate::from_ymd_opt(2026, 12, 31));
    }

    #[test]
    fn counts_have_digits_only() {
        assert_eq!(written::<u32>("0012").value, Some(12));
        for text in ["", "+1", "-1", "1.0", "4294967296", "٣"] {
            assert_eq!(written::<u32>(text).value, None, "{text}");
        }
    }
}
