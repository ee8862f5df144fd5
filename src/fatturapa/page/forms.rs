//! How numbers, dates and sizes are written in Italy. What is not a number or a date stays as it is.

use std::borrow::Cow;

use super::super::content::bytes_in;
use super::super::finding::italian_number;

/// A number: `1234.50` becomes `1.234,50`. Decimals beyond the second are kept unless they are zeros.
pub(super) fn number(text: &str) -> Cow<'_, str> {
    italian_number(text, 2).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// A percentage: `22.00` becomes `22%`.
pub(super) fn percentage(text: &str) -> Cow<'_, str> {
    italian_number(text, 0).map_or(Cow::Borrowed(text), |number| Cow::Owned(number + "%"))
}

/// A day: `2026-03-31` becomes `31/03/2026`; a time zone behind it stays, in brackets.
pub(super) fn date(text: &str) -> Cow<'_, str> {
    match day(text) {
        Some((day, "")) => Cow::Owned(day),
        Some((day, zone)) if is_zone(zone) => Cow::Owned(format!("{day} ({zone})")),
        _ => Cow::Borrowed(text),
    }
}

/// A day with its time: `2026-03-31T09:05:00.000+02:00` becomes `31/03/2026 09:05:00 (+02:00)`.
pub(super) fn date_time(text: &str) -> Cow<'_, str> {
    let parts = day(text).and_then(|(day, rest)| Some((day, rest.strip_prefix(['T', ' '])?)));
    let Some((day, time)) = parts.filter(|(_, time)| time.starts_with(|digit: char| digit.is_ascii_digit())) else { return date(text) };
    let (time, zone) = match time.find(['Z', '+', '-']).map(|at| time.split_at(at)) {
        Some((time, "Z")) => (time, " (UTC)".to_owned()),
        Some((time, zone)) if is_zone(zone) => (time, format!(" ({zone})")),
        _ => (time, String::new()),
    };
    let whole = time.split_once('.').filter(|(_, fraction)| fraction.bytes().all(|digit| digit == b'0'));
    let time = whole.map_or(time, |(seconds, _)| seconds);
    Cow::Owned(format!("{day} {time}{zone}"))
}

/// The day that a text begins with, and what follows it.
fn day(text: &str) -> Option<(String, &str)> {
    let (day, rest) = text.split_at_checked(10)?;
    let shape = day.bytes().enumerate().all(|(index, byte)| if matches!(index, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    shape.then(|| (format!("{}/{}/{}", &day[8..], &day[5..7], &day[..4]), rest))
}

fn is_zone(text: &str) -> bool {
    let is_offset = matches!(text.as_bytes(), [b'+' | b'-', h, i, b':', m, n] if [h, i, m, n].iter().all(|digit| digit.is_ascii_digit()));
    text == "Z" || is_offset
}

/// How large the file is that a base64 text stands for, or that it cannot be opened.
pub(super) fn size_of_base64(text: &str) -> String {
    bytes_in(text).map_or_else(|| "non leggibile".to_owned(), size)
}

/// A size in bytes, in units of 1,000 as file managers show it.
fn size(bytes: usize) -> String {
    let (unit, name) = match bytes {
        0..1_000 => return format!("{bytes} byte"),
        1_000..1_000_000 => (1_000, "kB"),
        _ => (1_000_000, "MB"),
    };
    format!("{},{} {name}", bytes / unit, bytes % unit * 10 / unit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_have_points_between_thousands_and_a_comma_before_decimals() {
        for (text, expected) in [
            ("1234.50", "1.234,50"),
            ("0.00", "0,00"),
            ("-1234567.89", "-1.234.567,89"),
            ("100", "100"),
            ("1000", "1.000"),
            ("00012.50", "12,50"),
            ("1.00000000", "1,00"),
            ("0.12345670", "0,1234567"),
            ("12.5", "12,5"),
        ] {
            assert_eq!(number(text), expected);
        }
        assert_eq!((percentage("22.00"), percentage("12.50"), percentage("0.00")), ("22%".into(), "12,5%".into(), "0%".into()));
    }

    #[test]
    fn what_is_not_a_number_stays_as_it_is() {
        for text in ["", "-", ".5", "5.", "1,50", "1.2.3", "+1.00", "1e3", "１", "--1", "uno"] {
            assert_eq!(number(text), text);
            assert_eq!(percentage(text), text);
        }
    }

    #[test]
    fn dates_begin_with_the_day() {
        assert_eq!(date("2026-03-31"), "31/03/2026");
        assert_eq!(date("2026-03-31+02:00"), "31/03/2026 (+02:00)");
        for (text, expected) in [
            ("2026-03-31T09:05:00", "31/03/2026 09:05:00"),
            ("2026-03-31 09:05:00", "31/03/2026 09:05:00"),
            ("2026-03-31T10:15:00.000+02:00", "31/03/2026 10:15:00 (+02:00)"),
            ("2013-06-06T12:00:00Z", "06/06/2013 12:00:00 (UTC)"),
            ("2026-03-31T10:15:00.250", "31/03/2026 10:15:00.250"),
            ("2026-03-31T12-circa", "31/03/2026 12-circa"),
            ("2026-03-31Tmezzogiorno", "2026-03-31Tmezzogiorno"),
        ] {
            assert_eq!(date_time(text), expected);
        }
        assert_eq!(date_time("2026-03-31"), "31/03/2026");
        for text in ["", "31/03/2026", "2026-3-31", "2026-03-31 x", "2026-03-3è", "è026-03-31"] {
            assert_eq!(date(text), text);
            assert_eq!(date_time(text), text);
        }
    }

    #[test]
    fn the_size_of_an_attachment_is_that_of_the_file_in_it() {
        assert_eq!(size_of_base64("Q29u\n dHJhdHRv"), "9 byte");
        assert_eq!(size_of_base64("YQ=="), "1 byte");
        assert_eq!(size_of_base64(""), "0 byte");
        for damaged in ["!!!!", "YQ", "="] {
            assert_eq!(size_of_base64(damaged), "non leggibile");
        }
        assert_eq!(size_of_base64(&"AAAA".repeat(1_100)), "3,3 kB");
        assert_eq!(size_of_base64(&"AAAA".repeat(1_000_000)), "3,0 MB");
    }

    proptest! {
        #[test]
        fn no_text_makes_a_form_panic(text in ".{0,40}") {
            let _ = (number(&text), percentage(&text), date(&text), date_time(&text), size_of_base64(&text));
        }
    }
}
