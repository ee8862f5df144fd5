//! The lexical forms of the format's values: text in, value out, or which text would have been allowed.
//!
//! The forms are those of the schemas 1.2.3 and 1.0.2. The text comes without blanks at its ends.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::finding::Phrase;
use super::schema;

/// A value, or in words that follow "must be" and "deve essere" what is allowed.
pub(super) type Parsed<T> = Result<T, Phrase>;

/// A day (`xs:date`). A time zone may follow it, and says nothing about an invoice.
pub(super) fn date(text: &str) -> Parsed<NaiveDate> {
    const ALLOWED: Phrase =
        Phrase::new("una data dal 01/01/1970 in poi, nella forma AAAA-MM-GG", "a day from 1970-01-01 on, written YYYY-MM-DD");
    let (year, month, day) = schema::day(text).ok_or(ALLOWED)?;
    let year = i32::try_from(year).ok().filter(|year| (1970..=9999).contains(year)).ok_or(ALLOWED)?;
    NaiveDate::from_ymd_opt(year, month, day).ok_or(ALLOWED)
}

/// An amount of money (`Amount2DecimalType`). Up to 11 digits, so that a whole file of them adds up without overflow.
pub(super) fn amount(text: &str) -> Parsed<Decimal> {
    const ALLOWED: Phrase = Phrase::new(
        "un importo con il punto e 2 decimali e al più 11 cifre prima, come 122.00",
        "an amount of 1 to 11 digits, a dot and 2 decimals, for example 122.00",
    );
    let (units, cents) = text.strip_prefix('-').unwrap_or(text).split_once('.').ok_or(ALLOWED)?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=11).contains(&units.len()) || cents.len() != 2 || !digits(units) || !digits(cents) {
        return Err(ALLOWED);
    }
    text.parse().map_err(|_| ALLOWED)
}

/// A number in the widest form that the schemas allow: up to 12 digits, a point, up to 8 decimals. So bounded, those of a whole file add up
/// exactly.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    let (whole, fraction) = text.strip_prefix('-').unwrap_or(text).split_once('.')?;
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole, 12) && digits(fraction, 8)).then(|| text.parse().ok())?
}

/// A currency's code (`DivisaType`).
pub(super) fn currency(text: &str) -> Parsed<String> {
    upper_case(text, 3)
        .ok_or(Phrase::new("di tre lettere maiuscole (ISO 4217), come EUR", "three capital letters (ISO 4217), for example EUR"))
}

/// A country's code (`NazioneType`).
pub(super) fn country(text: &str) -> Parsed<String> {
    upper_case(text, 2)
        .ok_or(Phrase::new("di due lettere maiuscole (ISO 3166-1), come IT", "two capital letters (ISO 3166-1), for example IT"))
}

fn upper_case(text: &str, length: usize) -> Option<String> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_uppercase())).then(|| text.to_owned())
}

/// The code that follows the country in a VAT number (`CodiceType`).
pub(super) fn vat_code(text: &str) -> Parsed<String> {
    of_length(text, 28)
        .ok_or(Phrase::new("da 1 a 28 caratteri, senza il codice del paese", "1 to 28 characters, without the country's code"))
}

/// A fiscal code (`CodiceFiscaleType`): 16 characters of a person, 11 digits of a company.
pub(super) fn fiscal_code(text: &str) -> Parsed<String> {
    let alphanumeric = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    (alphanumeric && (11..=16).contains(&text.len()))
        .then(|| text.to_owned())
        .ok_or(Phrase::new("da 11 a 16 lettere maiuscole e cifre", "11 to 16 capital letters and digits"))
}

/// A document's number (`String20Type`).
pub(super) fn number(text: &str) -> Parsed<String> {
    of_length(text, 20)
        .filter(|text| text.is_ascii())
        .ok_or(Phrase::new("da 1 a 20 caratteri, senza accenti", "1 to 20 characters, without accents"))
}

/// A company's name (`String80LatinType`), or a person's first or last name.
pub(super) fn name(text: &str) -> Parsed<String> {
    of_length(text, 80).ok_or(Phrase::new("da 1 a 80 caratteri", "1 to 80 characters"))
}

/// A text of a message of the SdI, whose longest values have 255 characters.
pub(super) fn text(text: &str) -> Parsed<String> {
    of_length(text, 1_000).ok_or(Phrase::new("da 1 a 1000 caratteri", "1 to 1000 characters"))
}

fn of_length(text: &str, most: usize) -> Option<String> {
    (1..=most).contains(&text.chars().count()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_day_is_read_whatever_time_zone_follows_it() {
        let day = NaiveDate::from_ymd_opt(2026, 2, 28).expect("a day");
        for text in ["2026-02-28", "2026-02-28Z", "2026-02-28+01:00", "2026-02-28-11:00"] {
            assert_eq!(date(text), Ok(day), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_day_is_refused() {
        for text in
            ["", "2026-02-29", "2026-2-28", "28/02/2026", "1969-12-31", "2026-02-28T10:00", "+026-02-28", "２０２６-01-01", "12026-02-28"]
        {
            assert!(date(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_have_two_decimals_and_at_most_eleven_digits() {
        assert_eq!(amount("-00012.50"), Ok(Decimal::new(-1250, 2)));
        assert_eq!(amount("99999999999.99"), Ok(Decimal::new(9_999_999_999_999, 2)));
        for text in ["", "1", "1.0", "1.000", ".50", "1,00", "+1.00", "1e2.00", "--1.00", "100000000000.00", "1 000.00"] {
            assert!(amount(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_have_the_forms_of_the_schemas() {
        for (text, expected) in [("1.00", "1"), ("-00.5", "-0.5"), ("999999999999.99999999", "999999999999.99999999")] {
            assert_eq!(decimal(text), expected.parse().ok(), "{text}");
        }
        for text in ["", "1", ".5", "1.", "+1.00", "1e5.0", "1,00", "1000000000000.00", "1.000000001", "--1.0", "٣.00"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn codes_are_capital_letters_of_their_length() {
        assert_eq!(currency("EUR"), Ok("EUR".to_owned()));
        assert!(currency("eur").is_err() && currency("EURO").is_err() && currency("").is_err());
        assert_eq!(country("IT"), Ok("IT".to_owned()));
        assert!(country("ITA").is_err() && country("1T").is_err());
        assert_eq!(fiscal_code("RSSMRA80A01H501U"), Ok("RSSMRA80A01H501U".to_owned()));
        assert!(fiscal_code("0123456789").is_err() && fiscal_code("rssmra80a01h501u").is_err());
    }

    proptest! {
        #[test]
        fn an_amount_reads_back_as_it_was_written(cents in -9_999_999_999_999_i64..=9_999_999_999_999) {
            let written = Decimal::new(cents, 2);
            prop_assert_eq!(amount(&written.to_string()), Ok(written));
        }

        #[test]
        fn no_text_makes_a_value_panic(text in ".{0,40}") {
            let _ = (date(&text), amount(&text), currency(&text), number(&text), fiscal_code(&text));
        }
    }
}
