//! What is wrong with a document, told so that the person who made it can put it right.

use std::fmt;

use chrono::NaiveDate;

use super::unreadable::Position;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The SdI would refuse the document.
    Refused,
    /// A good accountant would frown; the SdI would not.
    Advice,
}

impl Severity {
    /// The word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Advice => "advice",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// In Italian.
    pub italian: String,
    /// In English.
    pub english: String,
}

impl Words {
    /// The same thing said twice.
    pub fn new(italian: impl Into<String>, english: impl Into<String>) -> Self {
        Self { italian: italian.into(), english: english.into() }
    }
}

/// The same sentence in Italian and English; both may name values in braces. The numbers named before the arrow, shown as in files, are
/// written in the Italian one as Italians do.
macro_rules! words {
    ($($number:ident),+ => $italian:literal, $english:literal $(,)?) => {{
        let english = format!($english);
        $(let $number = $crate::fatturapa::finding::italian_numbers(&$number);)+
        $crate::fatturapa::finding::Words::new(format!($italian), english)
    }};
    ($italian:literal, $english:literal $(,)?) => {
        $crate::fatturapa::finding::Words::new(format!($italian), format!($english))
    };
}
pub(super) use words;

/// Words that stand in a sentence of their language, and are always the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phrase {
    /// In Italian.
    pub italian: &'static str,
    /// In English.
    pub english: &'static str,
}

impl Phrase {
    /// The same thing said twice.
    pub(super) const fn new(italian: &'static str, english: &'static str) -> Self {
        Self { italian, english }
    }
}

impl From<Phrase> for Words {
    fn from(phrase: Phrase) -> Self {
        Self::new(phrase.italian, phrase.english)
    }
}

/// A day as Italians write it, `31/12/2026`, for their sentences. In English ones it stands as in the file, `2026-12-31`.
#[must_use]
pub fn italian_day(day: NaiveDate) -> impl fmt::Display {
    day.format("%d/%m/%Y")
}

/// A number as it is shown, or several with semicolons between them, as Italians write them.
pub(super) fn italian_numbers(shown: &str) -> String {
    shown.split("; ").map(|number| italian_number(number, 2).unwrap_or_else(|| number.to_owned())).collect::<Vec<_>>().join("; ")
}

/// A number as Italians write it, `1.234,50`, with at least so many of its decimals; none of what is no number of a file.
pub(super) fn italian_number(text: &str, decimals_kept: usize) -> Option<String> {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (units, decimals) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = !units.is_empty() && are_digits(units) && are_digits(decimals) && !unsigned.ends_with('.');
    if !is_number {
        return None;
    }
    let significant = units.trim_start_matches('0');
    let units = if significant.is_empty() { "0" } else { significant };
    let shortest = decimals.trim_end_matches('0').len().max(decimals_kept.min(decimals.len()));
    let mut written = sign.to_owned();
    for (index, digit) in units.char_indices() {
        if index > 0 && (units.len() - index).is_multiple_of(3) {
            written.push('.');
        }
        written.push(digit);
    }
    if shortest > 0 {
        written.push(',');
        written.push_str(&decimals[..shortest]);
    }
    Some(written)
}

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The SdI's own code (`00423`), or a word of ours for advice.
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// The element's path from the root's children down, with a number where a name occurs more than once.
    pub path: String,
    /// Where the element begins.
    pub at: Position,
    /// What was found, what is allowed and what to do.
    pub message: Words,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_comma_in_italian() {
        for (number, expected) in
            [("1234.50", "1.234,50"), ("-0.12345678", "-0,12345678"), ("4.00; 22.00; ...", "4,00; 22,00; ..."), ("", "")]
        {
            assert_eq!(italian_numbers(number), expected);
        }
    }
}
