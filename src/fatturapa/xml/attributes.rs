//! The attributes of a tag, and the namespaces that some of them declare.

use std::borrow::Cow;

use super::signs::without_carriage_returns;
use super::{MAX_ATTRIBUTES, Name, Reader};
use crate::fatturapa::finding::{Phrase, Words};
use crate::fatturapa::tree::Attribute;
use crate::fatturapa::unreadable::{Unreadable, excerpt};

/// How many namespaces a file may name, and how many prefixes may be declared in one place. A signed one needs 4.
const MAX_NAMESPACES: usize = 64;

/// The namespace of the prefix `xml`, which nobody declares.
const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

impl<'a> Reader<'a> {
    /// Reads the attributes of a tag, up to its end. Namespace declarations hold for the tag's own name too.
    pub(super) fn attributes(&mut self, offset: usize) -> Result<Vec<Attribute<'a>>, Unreadable> {
        let mut names = Vec::new();
        let mut values = Vec::new();
        loop {
            let is_apart = self.skip_blanks();
            if matches!(self.byte(), Some(b'>' | b'/')) {
                break;
            }
            if names.len() == MAX_ATTRIBUTES {
                return Err(Unreadable::TooManyAttributes { at: self.position(offset) });
            }
            self.count(offset)?;
            if !is_apart {
                return Err(self.ill_formed(self.at, Phrase::new("qui è atteso uno spazio, > o />", "a blank, > or /> is expected here")));
            }
            let name = self.name()?;
            let value = self.attribute_value()?;
            if names.contains(&name) {
                return Err(self.ill_formed(offset, twice(name.local)));
            }
            names.push(name);
            match name {
                Name { prefix: "xmlns", local } => self.declare(local, &value, offset)?,
                Name { prefix: "", local: "xmlns" } => self.declare("", &value, offset)?,
                Name { .. } => values.push((name, value)),
            }
        }
        let mut attributes: Vec<Attribute<'a>> = Vec::with_capacity(values.len());
        for (Name { prefix, local: name }, value) in values {
            // Without a prefix an attribute belongs to no namespace, whatever the default one.
            let namespace = if prefix.is_empty() { None } else { self.namespace_of(prefix, offset)? };
            if attributes.iter().any(|other| other.name == name && other.namespace == namespace) {
                return Err(self.ill_formed(offset, twice(name)));
            }
            attributes.push(Attribute { name, namespace, value });
        }
        Ok(attributes)
    }

    fn attribute_value(&mut self) -> Result<Cow<'a, str>, Unreadable> {
        self.skip_blanks();
        let has_value = self.skip("=");
        self.skip_blanks();
        let quote = match self.byte() {
            Some(b'"') if has_value => '"',
            Some(b'\'') if has_value => '\'',
            _ => {
                return Err(self.ill_formed(
                    self.at,
                    Phrase::new(
                        "un attributo ha un valore tra virgolette: nome=\"valore\"",
                        "an attribute has a value in quotes: name=\"value\"",
                    ),
                ));
            }
        };
        self.at += 1;
        let length = self.rest().find(quote).ok_or_else(|| {
            self.ill_formed(self.at, Phrase::new("il valore che inizia qui non si chiude", "the value that begins here has no end"))
        })?;
        let raw = &self.rest()[..length];
        let end = self.at + length;
        if !raw.bytes().any(|byte| matches!(byte, b'<' | b'&' | b'\t' | b'\n' | b'\r')) {
            self.at = end + 1;
            return Ok(Cow::Borrowed(raw));
        }
        let mut value = String::with_capacity(raw.len());
        while self.at < end {
            let plain = &self.text[self.at..end];
            let plain = &plain[..plain.find(['<', '&']).unwrap_or(plain.len())];
            // A blank for each line end, which may be two characters.
            value.push_str(&without_carriage_returns(plain).replace(['\t', '\n'], " "));
            self.at += plain.len();
            match self.byte() {
                Some(b'<') => {
                    return Err(self.ill_formed(
                        self.at,
                        Phrase::new("un valore non può contenere <; scrivere &lt;", "a value may not hold <; write &lt;"),
                    ));
                }
                Some(b'&') => value.push(self.reference()?),
                _ => {}
            }
        }
        self.at = end + 1;
        Ok(Cow::Owned(value))
    }

    fn declare(&mut self, prefix: &'a str, namespace: &str, offset: usize) -> Result<(), Unreadable> {
        if matches!(prefix, "xml" | "xmlns") || (namespace.is_empty() && !prefix.is_empty()) {
            let prefix = excerpt(prefix);
            let problem = Words::new(
                format!("il prefisso {prefix} non si può dichiarare così"),
                format!("the prefix {prefix} may not be declared like this"),
            );
            return Err(self.ill_formed(offset, problem));
        }
        let number = if namespace.is_empty() { None } else { Some(self.number_of(namespace, offset)?) };
        if self.declared.len() == MAX_NAMESPACES {
            return Err(self.too_many_namespaces(offset));
        }
        self.declared.push((prefix, number));
        Ok(())
    }

    fn number_of(&mut self, namespace: &str, offset: usize) -> Result<u16, Unreadable> {
        let number = self.builder.namespace(namespace);
        if usize::from(number) == MAX_NAMESPACES { Err(self.too_many_namespaces(offset)) } else { Ok(number) }
    }

    pub(super) fn namespace_of(&mut self, prefix: &str, offset: usize) -> Result<Option<u16>, Unreadable> {
        match self.declared.iter().rev().find(|(declared, _)| *declared == prefix) {
            Some((_, number)) => Ok(*number),
            None if prefix.is_empty() => Ok(None),
            None if prefix == "xml" => self.number_of(XML_NAMESPACE, offset).map(Some),
            None => {
                let prefix = excerpt(prefix);
                let problem = Words::new(
                    format!("il prefisso {prefix} non è dichiarato; aggiungere xmlns:{prefix}"),
                    format!("the prefix {prefix} is not declared; add xmlns:{prefix}"),
                );
                Err(self.ill_formed(offset, problem))
            }
        }
    }

    fn too_many_namespaces(&self, offset: usize) -> Unreadable {
        self.ill_formed(
            offset,
            Phrase::new("il file usa più namespace di qualunque fattura", "the file names more namespaces than any invoice does"),
        )
    }
}

fn twice(attribute: &str) -> Words {
    let name = excerpt(attribute);
    Words::new(format!("l'attributo {name} compare due volte"), format!("the attribute {name} is there twice"))
}
