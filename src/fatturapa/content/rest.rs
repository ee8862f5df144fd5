//! What of a file no record has a place for: kept as it stands, so that nothing is lost.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::super::tree::{Element, is_signature};
use super::super::unreadable::excerpt;
use super::record::Reader;

/// The namespace of attributes that programs look up a schema by; they say nothing of the document.
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The attributes of the root that have their place.
pub(super) const KNOWN: [&str; 2] = ["versione", "SistemaEmittente"];

/// An element that holds something for which there is no place: unknown, where it does not belong, or once too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplaced {
    /// Its name, without prefix.
    pub name: String,
    /// Which one it is of its siblings with that name, from 1; none if it is the only one.
    pub number: Option<usize>,
    /// Its own text, if that has no place, without blanks around it.
    pub text: Option<String>,
    /// Its attributes that have no place, with their names.
    pub attributes: Vec<(String, String)>,
    /// The elements inside it that hold something for which there is no place.
    pub inside: Vec<Unplaced>,
}

impl Unplaced {
    /// Calls `each` with every text and its path from the root's children down, as findings write it; that of an attribute ends in `@` and
    /// its name.
    pub fn each(&self, each: &mut impl FnMut(&str, &str)) {
        self.each_under(&mut String::new(), true, each);
    }

    /// Of the root, whose name is in no path, or of an element inside it.
    fn each_under(&self, path: &mut String, root: bool, each: &mut impl FnMut(&str, &str)) {
        let before = path.len();
        if !root {
            step(path, &excerpt(&self.name));
            if let Some(number) = self.number {
                let _ = write!(path, "[{number}]");
            }
        }
        if let Some(text) = &self.text {
            each(path, text);
        }
        let own = path.len();
        for (name, value) in &self.attributes {
            step(path, "@");
            path.push_str(&excerpt(name));
            each(path, value);
            path.truncate(own);
        }
        for inside in &self.inside {
            inside.each_under(path, false, each);
        }
        path.truncate(before);
    }
}

fn step(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('/');
    }
    path.push_str(name);
}

/// What was not read of an element and all inside it, but for the root's signature, which [`Signature`](super::super::Signature) tells of.
/// As deep as the tree, whose depth the XML reader bounds; a few times through the elements, whatever their number.
pub(super) fn rest(reader: &Reader, element: Element<'_, '_>) -> Option<Unplaced> {
    let is_root = element.parent().is_none();
    let children = element.children().filter(|child| !(is_root && is_signature(*child)));
    let inside: Vec<_> = children.filter_map(|child| Some((child.order(), rest(reader, child)?))).collect();
    let text = reader.left(element).map(str::to_owned);
    let attributes = attributes(element, is_root);
    let is_empty = text.is_none() && attributes.is_empty() && inside.is_empty();
    (!is_empty).then(|| Unplaced { name: element.name().to_owned(), number: None, text, attributes, inside: numbered(element, inside) })
}

/// What is left of an element's children, each known by its order in the tree, with their numbers among those of their names.
fn numbered(element: Element<'_, '_>, inside: Vec<(usize, Unplaced)>) -> Vec<Unplaced> {
    if inside.is_empty() {
        return Vec::new();
    }
    let mut all: HashMap<_, usize> = HashMap::new();
    for child in element.children() {
        *all.entry(child.name()).or_default() += 1;
    }
    let mut met: HashMap<_, usize> = HashMap::new();
    let mut inside = inside.into_iter().peekable();
    let mut numbered = Vec::with_capacity(inside.len());
    for child in element.children() {
        let number = met.entry(child.name()).or_default();
        *number += 1;
        if let Some((_, unplaced)) = inside.next_if(|(order, _)| *order == child.order()) {
            numbered.push(Unplaced { number: Some(*number).filter(|_| all[child.name()] > 1), ..unplaced });
        }
    }
    numbered
}

fn attributes(element: Element<'_, '_>, is_root: bool) -> Vec<(String, String)> {
    let mut left = Vec::new();
    for attribute in element.attributes() {
        let namespace = element.namespace_of(attribute);
        let is_known = is_root && namespace.is_none() && KNOWN.contains(&attribute.name);
        if !is_known && namespace != Some(SCHEMA_INSTANCE) {
            left.push((attribute.name.to_owned(), attribute.value.clone().into_owned()));
        }
    }
    left
}
