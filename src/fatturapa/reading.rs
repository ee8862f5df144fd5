//! Picking values out of a tree, and noting all that is missing or wrong instead of stopping at the first.

use std::borrow::Cow;

use super::tree::Element;
use super::unreadable::{Problem, Unreadable, excerpt};
use super::values::Parsed;

/// What has been noted so far, up to the number that is told.
#[derive(Debug, Default)]
pub(super) struct Reading(Vec<Problem>);

impl Reading {
    /// The value at a path, or a note that it is missing or unusable.
    pub(super) fn required<T>(&mut self, parent: Element<'_, '_>, path: &str, parse: impl FnOnce(&str) -> Parsed<T>) -> Option<T> {
        let element = self.element(parent, path)?;
        self.value(element, parse)
    }

    /// The value at a path, if there is one; a note if it is unusable.
    pub(super) fn optional<T>(&mut self, parent: Element<'_, '_>, path: &str, parse: impl FnOnce(&str) -> Parsed<T>) -> Option<T> {
        self.value(parent.at(path)?, parse)
    }

    /// The element at a path, or a note that it is missing.
    pub(super) fn element<'d, 't>(&mut self, parent: Element<'d, 't>, path: &str) -> Option<Element<'d, 't>> {
        let found = parent.at(path);
        if found.is_none() {
            self.missing(parent, path);
        }
        found
    }

    /// Notes that something is missing.
    pub(super) fn missing(&mut self, parent: Element<'_, '_>, path: &str) {
        let path = if parent.parent().is_some() { format!("{}/{path}", parent.path()) } else { path.to_owned() };
        self.add(|| Problem::Missing { path, at: parent.position() });
    }

    /// The value of an element, or a note of why it is none. Tabs and line ends in it are blanks (`xs:normalizedString`).
    pub(super) fn value<T>(&mut self, element: Element<'_, '_>, parse: impl FnOnce(&str) -> Parsed<T>) -> Option<T> {
        let text = element.text().trim();
        let text = if text.contains(['\t', '\n', '\r']) { Cow::Owned(text.replace(['\t', '\n', '\r'], " ")) } else { Cow::Borrowed(text) };
        let note = |allowed| {
            let (path, found) = (element.path(), excerpt(&text));
            self.add(|| Problem::Invalid { path, found, allowed, at: element.position() });
        };
        parse(&text).map_err(note).ok()
    }

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
