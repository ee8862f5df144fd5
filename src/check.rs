//! Checking a request: every violation at once, field by field.

use crate::pb::spazio::v1::ErrorReason;
use crate::refusal::{Refusal, Refused, Violation, into_status};

into_status!(Invalid);

/// A request with fields that are missing or wrong: all of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} fields of the request are wrong", .0.len())]
pub struct Invalid(pub Vec<Violation>);

impl Refusal for Invalid {
    fn refused(&self) -> Refused {
        let listed: Vec<_> = self.0.iter().map(|v| format!("{}: {}", v.field, v.description)).collect();
        Refused::new(ErrorReason::InvalidRequest, listed.join("; ")).violations(self.0.iter().cloned())
    }
}

/// Collects what is wrong with a request, field by field.
#[derive(Debug, Default)]
pub struct Check(Vec<Violation>);

impl Check {
    /// Notes that a field is wrong.
    pub fn refuse(&mut self, field: &str, description: impl Into<String>) {
        self.0.push(Violation { field: field.to_owned(), description: description.into() });
    }

    /// Takes a value that was parsed, or notes why it could not be.
    pub fn take<T, E: ToString>(&mut self, field: &str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|error| self.refuse(field, error.to_string())).ok()
    }

    /// Takes a parsed optional value; an absent one is no violation.
    pub fn take_optional<T, E: ToString>(&mut self, field: &str, parsed: Option<Result<T, E>>) -> Option<Option<T>> {
        match parsed {
            None => Some(None),
            Some(parsed) => self.take(field, parsed).map(Some),
        }
    }

    /// Parses text that must be there.
    pub fn parse<T: std::str::FromStr<Err: ToString>>(&mut self, field: &str, text: &str) -> Option<T> {
        if text.is_empty() {
            self.refuse(field, "must be given");
            return None;
        }
        self.take(field, text.parse())
    }

    /// Text of so many characters, without control characters.
    pub fn text(&mut self, field: &str, text: &str, allowed: std::ops::RangeInclusive<usize>) -> Option<String> {
        let length = text.trim().chars().count();
        if !allowed.contains(&length) {
            self.refuse(field, format!("must have {} to {} characters, has {length}", allowed.start(), allowed.end()));
            None
        } else if text.chars().any(char::is_control) {
            self.refuse(field, "must not contain control characters");
            None
        } else {
            Some(text.trim().to_owned())
        }
    }

    /// A whole number within bounds.
    pub fn number<T: TryFrom<i32>>(&mut self, field: &str, value: i32, allowed: std::ops::RangeInclusive<i32>) -> Option<T> {
        if !allowed.contains(&value) {
            self.refuse(field, format!("must be {} to {}, is {value}", allowed.start(), allowed.end()));
            return None;
        }
        T::try_from(value).ok()
    }

    /// Ends the check: every violation at once, or the value, whose parts are all there when none was noted.
    pub fn finish<T>(self, value: impl FnOnce() -> Option<T>) -> Result<T, Invalid> {
        if !self.0.is_empty() {
            return Err(Invalid(self.0));
        }
        value().ok_or_else(|| Invalid(vec![Violation { field: String::new(), description: "is incomplete".to_owned() }]))
    }
}
