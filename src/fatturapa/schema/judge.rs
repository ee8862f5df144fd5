//! A file held against a schema: everything that differs, each with its place, what was found and what is allowed.

use std::collections::HashSet;

use super::model::{Elsewhere, Model, State, Term};
use super::simple::{Base, Simple};
use super::words::{allowed, fault};
use super::{Complex, Content, Schema, Type, TypeId};
use crate::fatturapa::finding::{Finding, Severity, Words};
use crate::fatturapa::tree::{Attribute, Element, Tree};
use crate::fatturapa::unreadable::excerpt;

/// So many differences are told; the SdI stops at as many and says 00201.
const MOST: usize = 50;

/// The code of the last finding of a file with more structural errors than are told.
pub const TOO_MANY_STRUCTURAL: &str = "00201";
/// Attributes of this namespace belong to no schema.
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// So many names of what may come next are told.
const NAMES_TOLD: usize = 12;

/// Everything in which a file differs from the schema, in the file's order; nothing when it is valid.
pub(in crate::fatturapa) fn judge(schema: &Schema, tree: &Tree<'_>) -> Vec<Finding> {
    let mut judge = Judge { schema, findings: Vec::new(), ids: HashSet::new() };
    let root = tree.root();
    match schema.global(root.namespace(), root.name()) {
        Some(of) => judge.element(root, of),
        None => judge.tell(root, || unexpected(root, &[])),
    }
    judge.findings
}

struct Judge<'s, 'd> {
    schema: &'s Schema,
    findings: Vec<Finding>,
    /// Ids must differ from each other.
    ids: HashSet<&'d str>,
}

impl<'s, 'd> Judge<'s, 'd> {
    /// Elements are nested at most as deep as the reader allows, and so are these calls.
    fn element(&mut self, element: Element<'d, '_>, of: TypeId) {
        match self.schema.get(of) {
            Type::Simple(simple) => {
                self.attributes(element, None);
                self.text(element, simple);
            }
            Type::Complex(complex) => {
                self.attributes(element, Some(complex));
                match &complex.content {
                    Content::Text(simple) => self.text(element, simple),
                    Content::Elements { model, mixed } => {
                        if !mixed && element.has_text() {
                            let found = excerpt(element.text().trim());
                            self.tell(element, || {
                                Words::new(
                                    format!("contiene il testo \"{found}\": sono ammessi solo elementi, toglierlo"),
                                    format!("holds the text \"{found}\": only elements are allowed, take it out"),
                                )
                            });
                        }
                        self.content(element, model);
                    }
                }
            }
        }
    }

    fn content(&mut self, parent: Element<'d, '_>, model: &'s Model) {
        let (mut state, mut last) = (State::default(), None);
        for child in parent.children() {
            let (namespace, name) = (child.namespace(), child.name());
            let next = model.after(state).find(|(_, term)| term.takes(namespace, name));
            let term = if let Some((next, term)) = next {
                (state, last) = (next, Some(name));
                Some(term)
            } else {
                let elsewhere = model.elsewhere(state, namespace, name);
                let expected = names(model.after(state).map(|(_, term)| term));
                self.tell(child, || match elsewhere {
                    Some((Elsewhere::Later(later), _)) => match &names(model.missing_before(state, later))[..] {
                        [] => unexpected(child, &expected),
                        missing => missing_before(missing, child),
                    },
                    Some((Elsewhere::Earlier, _)) => misplaced(child, &expected),
                    None => unexpected(child, &expected),
                });
                if let Some((Elsewhere::Later(later), _)) = elsewhere {
                    (state, last) = (later, Some(name));
                }
                elsewhere.map(|(_, term)| term)
            };
            // What nobody knows has been told, and so need not be looked into.
            match term {
                // An empty one stands for the value that the schema gives it.
                Some(Term::Element { has_default: true, .. }) if child.is_empty() => self.attributes(child, None),
                Some(Term::Element { of, .. }) => self.element(child, *of),
                Some(Term::Any { strict, .. }) => self.any(child, *strict),
                None => {}
            }
        }
        if !model.may_end(state) {
            self.tell(parent, || missing(&names(model.missing(state)), last));
        }
    }

    /// An element that a wildcard takes: judged if it is declared, and if it need not be, what is inside it likewise.
    fn any(&mut self, element: Element<'d, '_>, strict: bool) {
        match self.schema.global(element.namespace(), element.name()) {
            Some(of) => self.element(element, of),
            None if strict => self.tell(element, || unexpected(element, &[])),
            None => {
                // A type that the element says to be of must be one of the schema's, and none of theirs is meant to be named.
                let of_a_type = |attribute: &Attribute<'_>| attribute.name == "type" && element.namespace_of(attribute) == Some(INSTANCE);
                if element.attributes().any(of_a_type) {
                    self.tell(element, || not_an_attribute("xsi:type"));
                }
                for child in element.children() {
                    self.any(child, false);
                }
            }
        }
    }

    fn attributes(&mut self, element: Element<'d, '_>, complex: Option<&'s Complex>) {
        let uses = complex.map_or(&[][..], |complex| &complex.attributes);
        for attribute in element.attributes() {
            let name = attribute.name;
            if element.namespace_of(attribute) == Some(INSTANCE) && matches!(name, "schemaLocation" | "noNamespaceSchemaLocation") {
                continue;
            }
            match uses.iter().find(|known| attribute.namespace.is_none() && known.name == name) {
                None => self.tell(element, || not_an_attribute(name)),
                Some(known) => {
                    let unique = known.of.base != Base::Id || self.ids.insert(&*attribute.value);
                    if !unique || !known.of.takes(&attribute.value) {
                        self.tell(element, || wrong(&format!("@{name}"), &attribute.value, &known.of));
                    }
                }
            }
        }
        for known in uses.iter().filter(|known| known.required && element.attribute(&known.name).is_none()) {
            self.tell(element, || {
                let name = &known.name;
                Words::new(
                    format!("non ha l'attributo {name}, obbligatorio: aggiungerlo"),
                    format!("lacks the attribute {name}, which is mandatory: add it"),
                )
            });
        }
    }

    fn text(&mut self, element: Element<'d, '_>, simple: &Simple) {
        if let Some(child) = element.children().next() {
            self.tell(child, || unexpected(child, &[]));
        } else if !simple.takes(element.text()) {
            self.tell(element, || wrong("", element.text(), simple));
        }
    }

    fn tell(&mut self, element: Element<'d, '_>, message: impl FnOnce() -> Words) {
        if self.findings.len() > MOST {
            return;
        }
        let (code, message) = if self.findings.len() == MOST {
            let words = (
                "il file ha più di 50 errori di struttura: correggere questi, poi verificare di nuovo",
                "the file has more than 50 structural errors: put these right, then check again",
            );
            (TOO_MANY_STRUCTURAL, Words::new(words.0, words.1))
        } else {
            ("00200", message())
        };
        self.findings.push(Finding { code, severity: Severity::Refused, path: element.path(), at: element.position(), message });
    }
}

/// The names of what may come, as many as are told.
fn names<'m>(terms: impl IntoIterator<Item = &'m Term>) -> Vec<String> {
    let name = |term: &Term| match term {
        Term::Element { name, .. } => Some(name.clone()),
        Term::Any { .. } => None,
    };
    let mut names: Vec<_> = terms.into_iter().filter_map(name).take(NAMES_TOLD).collect();
    names.dedup();
    names
}

/// That something is missing after the last element that stands where it belongs, if there is one.
fn missing(names: &[String], last: Option<&str>) -> Words {
    let Words { italian, english } = one_of(names);
    let (dopo, after) = last.map(|last| (format!(" dopo {last}"), format!(" after {last}"))).unwrap_or_default();
    Words::new(format!("manca {italian}{dopo}: aggiungerlo"), format!("{english} is missing{after}: add it"))
}

/// That something is missing before an element that would be right after it.
fn missing_before(names: &[String], element: Element<'_, '_>) -> Words {
    let (Words { italian, english }, name) = (one_of(names), excerpt(element.name()));
    Words::new(format!("manca {italian} prima di {name}: aggiungerlo"), format!("{english} is missing before {name}: add it"))
}

/// That an element has its place before others that have been met.
fn misplaced(element: Element<'_, '_>, expected: &[String]) -> Words {
    let name = excerpt(element.name());
    let (qui, here) = match expected {
        [] => (String::new(), String::new()),
        names => {
            let Words { italian, english } = one_of(names);
            (format!(" (qui può stare {italian})"), format!(" (what may stand here is {english})"))
        }
    };
    Words::new(
        format!("{name} è fuori ordine o di troppo{qui}: spostarlo più su, al suo posto, o toglierlo"),
        format!("{name} is out of order or once too often{here}: move it up to its place, or take it out"),
    )
}

fn unexpected(element: Element<'_, '_>, expected: &[String]) -> Words {
    let namespace = element.namespace().map(|namespace| format!(" ({})", excerpt(namespace))).unwrap_or_default();
    let name = format!("{}{namespace}", excerpt(element.name()));
    if expected.is_empty() {
        return Words::new(format!("{name} non è ammesso qui: toglierlo"), format!("{name} is not allowed here: take it out"));
    }
    let next = one_of(expected);
    Words::new(
        format!("{name} non è ammesso qui (può starci {}): toglierlo", next.italian),
        format!("{name} is not allowed here (what may stand here is {}): take it out", next.english),
    )
}

/// What may come next. Of several names not all need come: some are optional.
fn one_of(names: &[String]) -> Words {
    match names {
        [] => Words::new("un elemento", "an element"),
        [only] => Words::new(only, only),
        _ => Words::new(format!("uno fra {}", names.join(", ")), format!("one of {}", names.join(", "))),
    }
}

fn not_an_attribute(name: &str) -> Words {
    let name = excerpt(name);
    Words::new(
        format!("ha l'attributo {name}, non ammesso: toglierlo"),
        format!("has the attribute {name}, which is not allowed: take it out"),
    )
}

fn wrong(name: &str, found: &str, simple: &Simple) -> Words {
    let value = simple.normalized(found);
    let (found, Words { italian, english }) = (excerpt(&value), allowed(simple));
    let Words { italian: perche, english: why } = fault(simple, &value);
    let subject = if name.is_empty() { String::new() } else { format!("{name} ") };
    Words::new(format!("{subject}è \"{found}\": deve essere {italian}{perche}"), format!("{subject}is \"{found}\": must be {english}{why}"))
}
