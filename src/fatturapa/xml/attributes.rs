//! The attributes of a tag, and the namespaces that some of them declare.

use std::borrow::Cow;

use super::signs::without_carriage_returns;
use super::{MAX_ATTRIBUTES, Name, Reader};
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
                return Err(self.ill_formed(self.at, "a blank, > or /> is expected here"));
            }
            let name = self.name()?;
            let value = self.attribute_value()?;
            if names.contains(&name) {
                return Err(self.ill_formed(offset, &format!("the attribute {} is there twice", excerpt(name.local))));
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
                return Err(self.ill_formed(offset, &format!("the attribute {} is there twice", excerpt(name))));
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
            _ => return Err(self.ill_formed(self.at, "an attribute has a value in quotes: name=\"value\"")),
        };
        self.at += 1;
        let length = self.rest().find(quote).ok_or_else(|| self.ill_formed(self.at, "the value that begins here has no end"))?;
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
                Some(b'<') => return Err(self.ill_formed(self.at, "a value may not hold <; write &lt;")),
                Some(b'&') => value.push(self.reference()?),
                _ => {}
            }
        }
        self.at = end + 1;
        Ok(Cow::Owned(value))
    }

    fn declare(&mut self, prefix: &'a str, namespace: &str, offset: usize) -> Result<(), Unreadable> {
        if matches!(prefix, "xml" | "xmlns") || (namespace.is_empty() && !prefix.is_empty()) {
            let problem = format!("the prefix {} may not be declared like this", excerpt(prefix));
            return Err(self.ill_formed(offset, &problem));
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
            None => Err(self.ill_formed(offset, &format!("the prefix {} is not declared; add xmlns:{0}", excerpt(prefix)))),
        }
    }

    fn too_many_namespaces(&self, offset: usize) -> Unreadable {
        self.ill_formed(offset, "the file names more namespaces than any invoice does")
    }
}
