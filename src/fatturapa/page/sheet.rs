//! A page that grows, with a note of what of the tree stands on it already.

use std::borrow::Cow;

use super::super::tree::{Element, Tree};
use super::codes::{Codes, spelled};
use super::html::{Facts, Html};

/// A page that grows. Whatever is taken from the tree counts as shown; the rest is listed at the page's end.
pub(super) struct Sheet {
    pub(super) html: Html,
    /// By the elements' order: whether its own text is on the page.
    placed: Vec<bool>,
}

impl Sheet {
    /// An empty page for a tree.
    pub(super) fn new(tree: &Tree<'_>) -> Self {
        Self { html: Html::default(), placed: vec![false; tree.count()] }
    }

    /// The text at the end of a path, to be put on the page; none where there is nothing.
    pub(super) fn take<'d>(&mut self, parent: Element<'d, '_>, path: &str) -> Option<&'d str> {
        parent.at(path).and_then(|element| self.take_own(element))
    }

    /// The texts of all elements with this name.
    pub(super) fn take_all<'d>(&mut self, parent: Element<'d, '_>, name: &str) -> Vec<&'d str> {
        parent.all(name).filter_map(|element| self.take_own(element)).collect()
    }

    /// An element's own text.
    pub(super) fn take_own<'d>(&mut self, element: Element<'d, '_>) -> Option<&'d str> {
        let text = element.text().trim();
        if text.is_empty() {
            return None;
        }
        self.placed[element.order()] = true;
        Some(text)
    }

    /// The text at the end of a path in the form that it has in Italy.
    pub(super) fn take_as<'d>(&mut self, form: fn(&str) -> Cow<'_, str>, parent: Element<'d, '_>, path: &str) -> Option<Cow<'d, str>> {
        self.take(parent, path).map(form)
    }

    /// The code at the end of a path, with what it means.
    pub(super) fn take_code<'d>(&mut self, list: Codes, parent: Element<'d, '_>, path: &str) -> Option<Cow<'d, str>> {
        self.take(parent, path).map(|code| spelled(list, code))
    }

    /// Several texts as one, with this between them.
    pub(super) fn take_joined(&mut self, parent: Element<'_, '_>, paths: &[&str], between: &str) -> Option<String> {
        joined(paths.iter().map(|path| self.take(parent, path)), between)
    }

    /// The text that no rule has placed, if there is one.
    pub(super) fn left<'d>(&self, element: Element<'d, '_>) -> Option<&'d str> {
        Some(element.text().trim()).filter(|text| !text.is_empty() && !self.placed[element.order()])
    }

    /// A part of the page under a title; nothing at all where nothing is put into it.
    pub(super) fn section(&mut self, title: &'static str, fill: impl FnOnce(&mut Self)) {
        self.framed(["<section><h3>", title, "</h3>"], fill, "</section>");
    }

    /// A table with these heads; nothing at all where no row is put into it.
    pub(super) fn table(&mut self, begin: &'static str, rows: impl FnOnce(&mut Self)) {
        self.framed([begin, "", "<tbody>"], rows, "</tbody></table>");
    }

    /// Something between a beginning and an end; neither where there is nothing.
    pub(super) fn framed(&mut self, begin: [&'static str; 3], fill: impl FnOnce(&mut Self), end: &'static str) {
        let before = self.html.end();
        for markup in begin {
            self.html.raw(markup);
        }
        let since = self.html.end();
        fill(self);
        if self.html.unless_grown(before, since) {
            self.html.raw(end);
        }
    }

    /// Facts under a title.
    pub(super) fn facts_section(&mut self, title: &'static str, facts: &Facts<'_>) {
        self.section(title, |sheet| {
            sheet.html.facts(facts);
        });
    }
}

/// The parts that there are, with this between them; none where there is no part.
pub(super) fn joined<T: AsRef<str>>(parts: impl Iterator<Item = Option<T>>, between: &str) -> Option<String> {
    let mut whole: Option<String> = None;
    for part in parts.flatten() {
        let whole = whole.get_or_insert_default();
        if !whole.is_empty() {
            whole.push_str(between);
        }
        whole.push_str(part.as_ref());
    }
    whole
}
