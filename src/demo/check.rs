//! What every step is held against: the rules, worked out again, and the difference when a step went otherwise.

use std::collections::HashMap;
use std::fmt::{self, Display};

use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

use crate::pb::spazio::v1::ErrorReason;
use crate::refusal::{code, reason_name};

/// Why the story stops before its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// A step went otherwise than the rules say.
    Difference {
        /// What was looked at.
        what: String,
        /// What the rules say.
        expected: String,
        /// What the server did.
        found: String,
    },
    /// The stage broke down: a folder that cannot be written, a server that does not start.
    Stage(String),
}

impl Stop {
    /// The stage broke down.
    pub(super) fn stage(error: impl Display) -> Self {
        Self::Stage(error.to_string())
    }
}

impl From<Status> for Stop {
    /// A refusal where the rules promise an answer.
    fn from(status: Status) -> Self {
        let found = format!("{}: {}", code_name(status.code()), status.message());
        Self::Difference { what: "the call".to_owned(), expected: "an answer".to_owned(), found }
    }
}

impl Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Difference { what, expected, found } => write!(f, "{what}\n  expected: {expected}\n  found:    {found}"),
            Self::Stage(what) => f.write_str(what),
        }
    }
}

/// Takes what an answer must hold.
pub(super) trait Given<T> {
    /// The value, or the difference that it is missing.
    fn given(self, what: &str) -> Result<T, Stop>;
}

impl<T> Given<T> for Option<T> {
    fn given(self, what: &str) -> Result<T, Stop> {
        self.ok_or_else(|| Stop::Difference { what: what.to_owned(), expected: "given".to_owned(), found: "nothing".to_owned() })
    }
}

/// A refusal as a client reads it.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Code and reason, for example `RESOURCE_EXHAUSTED, SPACE_EXHAUSTED`.
    pub(super) name: String,
    /// What was wrong and what to do.
    pub(super) message: String,
    /// The numbers and words of its ErrorInfo.
    pub(super) metadata: HashMap<String, String>,
    /// The descriptions of its BadRequest.
    pub(super) violations: Vec<String>,
}

/// Compares, and counts how often.
#[derive(Debug, Default)]
pub(super) struct Checks {
    made: u32,
}

impl Checks {
    /// How many comparisons were made.
    pub(super) fn made(&self) -> u32 {
        self.made
    }

    /// What the rules say against what was found.
    #[expect(clippy::needless_pass_by_value, reason = "both are made for the comparison, and a call reads better without ampersands")]
    pub(super) fn same<T: PartialEq + Display>(&mut self, what: impl Display, expected: T, found: T) -> Result<(), Stop> {
        self.made += 1;
        if expected == found {
            return Ok(());
        }
        Err(Stop::Difference { what: what.to_string(), expected: expected.to_string(), found: found.to_string() })
    }

    /// Something that must be so.
    pub(super) fn holds(&mut self, what: impl Display, found: bool) -> Result<(), Stop> {
        self.same(what, "yes", if found { "yes" } else { "no" })
    }

    /// A call that must be refused for this reason.
    pub(super) fn refused<T>(&mut self, what: &str, reason: ErrorReason, answer: Result<Response<T>, Status>) -> Result<Refusal, Stop> {
        let expected = format!("{}, {}", code_name(code(reason)), reason_name(reason));
        let Err(status) = answer else {
            self.made += 1;
            return Err(Stop::Difference { what: what.to_owned(), expected, found: "an answer".to_owned() });
        };
        let details = status.get_error_details();
        let info = details.error_info();
        let found = format!("{}, {}", code_name(status.code()), info.map_or("no reason", |info| info.reason.as_str()));
        self.same(what, expected, found.clone())?;
        let violations = details.bad_request().map(|bad| bad.field_violations.iter().map(|v| v.description.clone()).collect());
        Ok(Refusal {
            name: found,
            message: status.message().to_owned(),
            metadata: info.map(|info| info.metadata.clone()).unwrap_or_default(),
            violations: violations.unwrap_or_default(),
        })
    }
}

/// A code as gRPC's documentation writes it: `RESOURCE_EXHAUSTED`.
fn code_name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_tells_what_was_expected_and_what_was_found() {
        let mut check = Checks::default();
        assert!(check.same("usage", 3, 3).is_ok());
        let stop = check.same("usage", 3, 4).unwrap_err();
        assert_eq!(stop.to_string(), "usage\n  expected: 3\n  found:    4");
        assert_eq!(check.made(), 2);
    }

    #[test]
    fn an_answer_is_a_difference_where_a_refusal_was_expected() {
        let stop = Checks::default().refused("a write", ErrorReason::SpaceExhausted, Ok(Response::new(()))).unwrap_err();
        assert_eq!(stop.to_string(), "a write\n  expected: RESOURCE_EXHAUSTED, SPACE_EXHAUSTED\n  found:    an answer");
    }
}
