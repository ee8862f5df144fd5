//! How the built-in types of XML Schema are written, as far as the schemas in use need them.

use std::cmp::Ordering;

/// A date: `2026-03-16`, with a time zone at will.
pub(super) fn is_date(text: &str) -> bool {
    date(text).is_some_and(is_zone)
}

/// A date with a time: `2026-03-16T09:00:00.5+01:00`.
pub(super) fn is_date_time(text: &str) -> bool {
    let time = || date(text)?.strip_prefix('T');
    time().is_some_and(|time| after_time(time).is_some_and(is_zone))
}

/// The year, month and day of a date.
pub(in crate::fatturapa) fn day(text: &str) -> Option<(i64, u32, u32)> {
    is_date(text).then(|| day_of(text))?
}

/// The year, month and day that a text begins with, for comparing dates and times.
pub(super) fn day_of(text: &str) -> Option<(i64, u32, u32)> {
    let (year, rest) = year(text)?;
    let (month, rest) = two_digits(rest.strip_prefix('-')?)?;
    let (day, _) = two_digits(rest.strip_prefix('-')?)?;
    Some((year, month, day))
}

/// Whether the day `upper` is not before `lower`, which is a bound without a time zone. A day that begins with the bound in Greenwich is not
/// comparable with it (XML Schema, 3.2.7.4), so that the very first one counts without a zone, or where it begins later.
pub(super) fn in_order(lower: &str, upper: &str) -> bool {
    match day_of(lower).cmp(&day_of(upper)) {
        Ordering::Less => true,
        Ordering::Equal => {
            let zone = date(upper).unwrap_or_default();
            zone.is_empty() || zone.starts_with('-') && zone != "-00:00"
        }
        Ordering::Greater => false,
    }
}

/// What follows a date.
fn date(text: &str) -> Option<&str> {
    let (year, rest) = year(text)?;
    let (month, rest) = two_digits(rest.strip_prefix('-')?)?;
    let (day, rest) = two_digits(rest.strip_prefix('-')?)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    (1..=days).contains(&day).then_some(rest)
}

/// A year has at least four digits, no zero before more, and is not 0.
fn year(text: &str) -> Option<(i64, &str)> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let end = digits.find(|character: char| !character.is_ascii_digit()).unwrap_or(digits.len());
    let (year, rest) = digits.split_at(end);
    if year.len() < 4 || (year.len() > 4 && year.starts_with('0')) {
        return None;
    }
    let year: i64 = year.parse().ok().filter(|year| *year != 0)?;
    Some((if negative { -year } else { year }, rest))
}

/// What follows a time of day; midnight may be written as 24:00:00.
fn after_time(text: &str) -> Option<&str> {
    let (hour, rest) = two_digits(text)?;
    let (minute, rest) = two_digits(rest.strip_prefix(':')?)?;
    let (second, rest) = two_digits(rest.strip_prefix(':')?)?;
    let (fraction, rest) = match rest.strip_prefix('.') {
        None => ("", rest),
        Some(rest) => {
            let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
            let (fraction, rest) = rest.split_at(end);
            (!fraction.is_empty()).then_some((fraction, rest))?
        }
    };
    let end_of_day = hour == 24 && minute == 0 && second == 0 && fraction.bytes().all(|digit| digit == b'0');
    ((hour < 24 && minute < 60 && second < 60) || end_of_day).then_some(rest)
}

/// A time zone, or nothing: up to 14 hours from Greenwich.
fn is_zone(text: &str) -> bool {
    let offset = || {
        let (hours, rest) = two_digits(text.strip_prefix(['+', '-'])?)?;
        let (minutes, rest) = two_digits(rest.strip_prefix(':')?)?;
        Some(rest.is_empty() && minutes < 60 && hours * 60 + minutes <= 14 * 60)
    };
    text.is_empty() || text == "Z" || offset() == Some(true)
}

fn two_digits(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok().map(|number| (number, rest)))?
}

/// A decimal number: sign and point at will, no exponent.
pub(super) fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    !(whole.is_empty() && fraction.is_empty()) && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
}

/// A whole number.
pub(super) fn is_integer(text: &str) -> bool {
    is_decimal(text) && !text.contains('.')
}

/// Compares two decimal numbers of whatever length.
pub(super) fn compare_decimals(one: &str, other: &str) -> Ordering {
    let (one, other) = (parts(one), parts(other));
    let magnitude = |one: (&str, &str), other: (&str, &str)| {
        one.0.len().cmp(&other.0.len()).then_with(|| one.0.cmp(other.0)).then_with(|| one.1.cmp(other.1))
    };
    match (one.0, other.0) {
        (false, false) => magnitude(one.1, other.1),
        (true, true) => magnitude(other.1, one.1),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

/// Whether a number is below 0, and its digits before and after the point without zeros that say nothing.
fn parts(text: &str) -> (bool, (&str, &str)) {
    let digits = text.trim_start_matches(['+', '-']);
    let (whole, fraction) = digits.split_once('.').unwrap_or(digits.split_at(digits.len()));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let negative = text.starts_with('-') && !(whole.is_empty() && fraction.is_empty());
    (negative, (whole, fraction))
}

/// Base64; the bits that the padding leaves over must be 0. Characters that are none of its alphabet are passed over, as RFC 2045 demands and
/// libxml2 does.
pub(in crate::fatturapa) fn is_base64(text: &str) -> bool {
    let mut signs = text.bytes().filter(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte));
    let (mut count, mut last) = (0_usize, 0_u8);
    let mut padding = 0_usize;
    for sign in signs.by_ref() {
        let value = match sign {
            b'A'..=b'Z' => sign - b'A',
            b'a'..=b'z' => sign - b'a' + 26,
            b'0'..=b'9' => sign - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => {
                padding = 1;
                break;
            }
        };
        (count, last) = (count + 1, value);
    }
    for sign in signs {
        if sign != b'=' {
            return false;
        }
        padding += 1;
    }
    match padding {
        0 => count % 4 == 0,
        1 => count % 4 == 3 && last.trailing_zeros() >= 2,
        2 => count % 4 == 2 && last.trailing_zeros() >= 4,
        _ => false,
    }
}

/// A name without colon, which an Id must be.
pub(super) fn is_name(text: &str) -> bool {
    let starts = |character: char| character.is_alphabetic() || character == '_';
    let goes_on = |character: char| starts(character) || character.is_numeric() || matches!(character, '-' | '.' | '·');
    text.starts_with(starts) && text.chars().all(goes_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_day_that_is_allowed_is_so_without_a_zone_or_west_of_greenwich() {
        for (day, allowed) in [
            ("1970-01-01", true),
            ("1970-01-01Z", false),
            ("1970-01-01-00:00", false),
            ("1970-01-01-00:01", true),
            ("1970-01-01+00:01", false),
            ("1970-01-02Z", true),
            ("1970-01-02+14:00", true),
            ("1969-12-31-14:00", false),
        ] {
            assert_eq!(in_order("1970-01-01", day), allowed, "{day}");
        }
    }

    #[test]
    fn dates_are_days_that_exist() {
        for date in ["2026-03-16", "2024-02-29", "2026-03-16Z", "2026-03-16+14:00", "-0001-01-01", "12026-01-01"] {
            assert!(is_date(date), "{date}");
        }
        for text in [
            "2026-02-29",
            "2026-3-16",
            "26-03-16",
            "2026-13-01",
            "2026-04-31",
            "0000-01-01",
            "02026-01-01",
            "2026-03-16+14:01",
            "",
            "16/03/2026",
        ] {
            assert!(!is_date(text), "{text}");
        }
    }

    #[test]
    fn times_have_seconds_and_midnight_may_be_the_end_of_a_day() {
        for time in ["2026-03-16T09:00:00", "2026-03-16T24:00:00", "2026-03-16T09:00:00.123Z", "2026-03-16T23:59:59-03:30"] {
            assert!(is_date_time(time), "{time}");
        }
        for text in
            ["2026-03-16", "2026-03-16T09:00", "2026-03-16 09:00:00", "2026-03-16T24:00:01", "2026-03-16T09:00:00.", "2026-03-16T09:60:00"]
        {
            assert!(!is_date_time(text), "{text}");
        }
    }

    #[test]
    fn numbers_are_compared_by_value() {
        assert!(is_decimal("1.") && is_decimal(".5") && is_decimal("+1") && !is_decimal(".") && !is_decimal("1e5") && !is_decimal("1,5"));
        assert!(is_integer("-0") && !is_integer("1.0"));
        for (one, other, expected) in [
            ("1.00", "1", Ordering::Equal),
            ("-0", "0.0", Ordering::Equal),
            ("99.99", "100.00", Ordering::Less),
            ("100.01", "100", Ordering::Greater),
            ("-2", "-1", Ordering::Less),
            ("00012", "9999", Ordering::Less),
        ] {
            assert_eq!(compare_decimals(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn base64_has_whole_groups_and_no_bits_left_over() {
        for text in ["", "TWFu", "TWE=", "TQ==", "TW Fu\n", "T Q = =", "TW-Fu"] {
            assert!(is_base64(text), "{text}");
        }
        for text in ["TWF", "TWF=", "TR==", "T===", "TQ==TQ==", "TW-u", "=", "TWFu="] {
            assert!(!is_base64(text), "{text}");
        }
    }
}
