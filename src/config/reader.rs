//! Reads settings one by one, and remembers what they are and what was wrong.

use std::collections::BTreeMap;

use super::error::{ConfigError, ConfigErrors};
use super::form::{Form, HIDDEN};
use super::nearest::nearest;
use super::sources::{Given, Origin, Sources, gather, variable_of};

/// A setting as it was described where it is read, and the value in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The section's name.
    pub section: &'static str,
    /// What the section is about, in one line.
    pub about: &'static str,
    /// The key within the section.
    pub key: &'static str,
    /// What it is for, in one line.
    pub doc: &'static str,
    /// What is allowed, in words.
    pub allowed: String,
    /// The default, or an example where there is none.
    pub usual: Usual,
    /// Whether TOML writes the value between quotes.
    pub quoted: bool,
    /// The value in force as it may be shown: secrets are hidden. None if it is not set.
    pub shown: Option<String>,
    /// Where the value in force came from.
    pub origin: Origin,
}

/// What a setting is without anybody's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usual {
    /// This default.
    Default(&'static str),
    /// Not set; it could be this.
    Unset {
        /// A value that would be allowed.
        example: &'static str,
    },
}

impl Setting {
    /// `section.key`
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// The environment variable that sets it.
    #[must_use]
    pub fn variable(&self) -> String {
        variable_of(&self.name())
    }
}

/// Hands out values, and collects what was read and what was wrong.
pub(super) struct Reader {
    given: BTreeMap<String, Given>,
    settings: Vec<Setting>,
    errors: Vec<ConfigError>,
}

/// A section being read.
pub(super) struct Section<'a> {
    reader: &'a mut Reader,
    name: &'static str,
    about: &'static str,
}

impl Reader {
    pub(super) fn new(sources: &Sources) -> Self {
        let mut errors = Vec::new();
        Self { given: gather(sources, &mut errors), settings: Vec::new(), errors }
    }

    pub(super) fn section(&mut self, name: &'static str, about: &'static str) -> Section<'_> {
        Section { reader: self, name, about }
    }

    /// Notes a conflict between settings, unless one of them is wrong by itself and hence not what was meant.
    pub(super) fn require(&mut self, keys: &[&'static str], holds: bool, reason: &'static str) {
        if !holds && !keys.iter().any(|key| self.is_wrong(key)) {
            self.errors.push(ConfigError::Conflict { keys: keys.to_vec(), reason });
        }
    }

    fn is_wrong(&self, name: &str) -> bool {
        self.errors.iter().any(|error| matches!(error, ConfigError::NotAllowed { key, .. } if key == name))
    }

    /// The settings that were read, or everything that was wrong, and `found` behind it. What nobody asked for is no setting.
    pub(super) fn finish(mut self, found: Vec<ConfigError>) -> Result<Vec<Setting>, ConfigErrors> {
        let names: Vec<String> = self.settings.iter().map(Setting::name).collect();
        for (name, given) in self.given {
            let nearest = nearest(&name, names.iter().map(String::as_str)).map(|name| in_the_words_of(&given.origin, name));
            let name = in_the_words_of(&given.origin, &name);
            self.errors.push(ConfigError::Unknown { name, origin: given.origin, nearest });
        }
        self.errors.extend(found);
        if self.errors.is_empty() { Ok(self.settings) } else { Err(ConfigErrors(self.errors)) }
    }
}

/// How a value that is not allowed is told.
fn found(shown: &str) -> String {
    if shown == HIDDEN { "not of a form that is allowed (not shown: it may hold a secret)".to_owned() } else { format!("{shown:?}") }
}

/// A setting's name as that source writes it.
fn in_the_words_of(origin: &Origin, name: &str) -> String {
    match origin {
        Origin::Variable(_) => variable_of(name),
        Origin::Default | Origin::File(_) | Origin::Flag(_) => name.to_owned(),
    }
}

impl Section<'_> {
    /// A setting that always has a value. A wrong one is noted, and reading goes on with the default.
    pub(super) fn value<T>(&mut self, key: &'static str, default: &'static str, doc: &'static str, form: &Form<T>) -> T {
        let value = self.read(key, Usual::Default(default), doc, form);
        value.unwrap_or_else(|| form.parse(default).expect("every default is allowed: a test reads them all"))
    }

    /// A setting that may be left out; an empty text leaves it out too, because deployment tools cannot unset a variable.
    pub(super) fn optional<T>(&mut self, key: &'static str, example: &'static str, doc: &'static str, form: &Form<T>) -> Option<T> {
        self.read(key, Usual::Unset { example }, doc, form)
    }

    /// Notes a conflict between settings of any section.
    pub(super) fn require(&mut self, keys: &[&'static str], holds: bool, reason: &'static str) {
        self.reader.require(keys, holds, reason);
    }

    fn read<T>(&mut self, key: &'static str, usual: Usual, doc: &'static str, form: &Form<T>) -> Option<T> {
        let name = format!("{}.{key}", self.name);
        let given = self.reader.given.remove(&name).filter(|given| !given.text.is_empty() || matches!(usual, Usual::Default(_)));
        let value = given.as_ref().and_then(|given| form.parse(&given.text));
        if let Some(Given { text, origin }) = given.as_ref().filter(|_| value.is_none()) {
            self.reader.errors.push(ConfigError::NotAllowed {
                key: name,
                origin: origin.clone(),
                found: found(&(form.shown)(text)),
                allowed: form.allowed.clone(),
            });
        }
        let text = match (&given, usual) {
            (Some(given), _) => Some(given.text.as_str()),
            (None, Usual::Default(default)) => Some(default),
            (None, Usual::Unset { .. }) => None,
        };
        self.reader.settings.push(Setting {
            section: self.name,
            about: self.about,
            key,
            doc,
            allowed: form.allowed.clone(),
            usual,
            quoted: form.quoted,
            shown: text.map(form.shown),
            origin: given.map_or(Origin::Default, |given| given.origin),
        });
        value
    }
}
