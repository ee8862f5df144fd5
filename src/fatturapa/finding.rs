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

/// The same sentence in Italian and English; both may name values in braces.
macro_rules! words {
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
