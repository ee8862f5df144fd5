//! Picking values out of the XML, and noting all that is missing or wrong instead of stopping at the first.

use super::unreadable::{Position, Problem, Unreadable, excerpt};
use super::values::Parsed;
use super::xml::{Element, Xml};

/// What became of something that was looked for.
#[derive(Debug)]
pub(super) enum Found<T> {
    /// It did not turn up.
    Nothing,
    /// It was there, but not usable; the problem has been noted.
    Unusable,
    /// Here it is.
    Value(T),
}

impl<T> Found<T> {
    /// The value, or `None` when there is none to be had.
    pub(super) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Nothing | Self::Unusable => None,
        }
    }

    /// The value, or `None` with a note that it should be there.
    pub(super) fn required(self, problems: &mut Problems, path: impl FnOnce() -> String, at: Position) -> Option<T> {
        if matches!(self, Self::Nothing) {
            problems.add(|| Problem::Missing { path: path(), at });
        }
        self.value()
    }
}

impl<T> From<Option<T>> for Found<T> {
    /// `None` means that the reason has been noted.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unusable, Self::Value)
    }
}

/// What has been noted so far, up to the number that is told.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a problem, unless enough have been noted already.
    pub(super) fn add(&mut self, problem: impl FnOnce() -> Problem) {
        if self.0.len() < Unreadable::MAX_PROBLEMS {
            self.0.push(problem());
        }
    }

    /// `value` if nothing was noted. Without a value something always was.
    pub(super) fn unless_any<T>(self, value: Option<T>) -> Result<T, Unreadable> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            Some(_) | None => Err(Unreadable::Content { problems: self.0 }),
        }
    }
}

/// A file being read, and what has been noted about it.
pub(super) struct Reading<'a> {
    /// The file.
    pub(super) xml: Xml<'a>,
    /// The notes.
    pub(super) problems: Problems,
}

impl<'a> Reading<'a> {
    /// Begins with a file whose root has been read.
    pub(super) fn new(xml: Xml<'a>) -> Self {
        Self { xml, problems: Problems::default() }
    }

    /// The next child of `parent`: see [`Xml::child_of`].
    pub(super) fn child_of(&mut self, parent: &Element<'a>) -> Result<Option<Element<'a>>, Unreadable> {
        self.xml.child_of(parent)
    }

    /// The value of an element, or a note of why it is none.
    pub(super) fn value<T>(&mut self, element: &Element<'a>, parse: impl FnOnce(&str) -> Parsed<T>) -> Result<Found<T>, Unreadable> {
        let text = self.xml.text_of(element)?;
        let text = text.trim();
        Ok(match parse(text) {
            Ok(value) => Found::Value(value),
            Err(allowed) => {
                let path = || self.xml.path_of(element);
                self.problems.add(|| Problem::Invalid { path: path(), found: excerpt(text), allowed, at: element.at });
                Found::Unusable
            }
        })
    }

    /// What was found below `parent` as `name`, or a note that it is missing there.
    pub(super) fn required<T>(&mut self, found: Found<T>, parent: &Element<'a>, name: &str) -> Option<T> {
        found.required(&mut self.problems, || format!("{}/{name}", self.xml.path_of(parent)), parent.at)
    }

    /// As [`required`](Self::required), for what belongs right below the root.
    pub(super) fn required_at_root<T>(&mut self, found: Found<T>, root: &Element<'a>, name: &str) -> Option<T> {
        found.required(&mut self.problems, || name.to_owned(), root.at)
    }
}
