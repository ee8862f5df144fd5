//! The hardened XML reader: the only place where a stranger's XML is parsed.
//!
//! Every character is gone through once. It refuses what is not well-formed, and what attacks are made of: DOCTYPE (and with it entities
//! and other files), undefined entities, and more depth, elements, attributes or namespaces than any invoice has.

mod attributes;
mod references;
mod signs;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::finding::{Phrase, Words};
use super::tree::{Builder, Tree};
use super::unreadable::{Position, Unreadable, excerpt};
pub(super) use signs::{Declaration, is_blank};
use signs::{is_name, is_name_byte, without_carriage_returns};

/// How deep elements may be nested. The formats need 8; a signature (XAdES) inside one about 14.
pub(super) const MAX_DEPTH: usize = 32;

/// How many pieces of markup a file may have: elements, attributes, comments, processing instructions, CDATA sections
/// and references, since each costs time whatever its size. The shortest invoice lines make 150,000 elements in 5 MB.
pub(super) const MAX_PIECES: usize = 160_000;

/// How many attributes an element may have, namespace declarations included. Real roots have up to 8.
pub(super) const MAX_ATTRIBUTES: usize = 32;

/// What is told of text that is in no element.
const OUTSIDE: Phrase = Phrase::new("questo testo è fuori dall'elemento radice", "this text is outside of the root element");

/// Reads a text of XML characters to its end.
///
/// # Errors
/// The first thing because of which it is not XML that is read here.
pub(super) fn read(text: &str) -> Result<Tree<'_>, Unreadable> {
    let mut reader = Reader { text, at: 0, builder: Builder::new(text), pieces: 0, open: Vec::new(), declared: Vec::new() };
    reader.declaration()?;
    while let Some(byte) = reader.byte() {
        match byte {
            b'<' => reader.markup()?,
            b'&' => reader.reference_in_text()?,
            _ => reader.characters()?,
        }
    }
    reader.end()
}

/// A file being read, from its beginning to its end.
struct Reader<'a> {
    text: &'a str,
    /// How far it has been read.
    at: usize,
    builder: Builder<'a>,
    /// How many pieces of markup have been met.
    pieces: usize,
    /// The open elements, root first.
    open: Vec<Open<'a>>,
    /// The prefixes that open elements declare, each with the number of its namespace, innermost last. An empty one is the default
    /// namespace, which may also be none.
    declared: Vec<(&'a str, Option<u16>)>,
}

/// An element whose end tag has not been met.
struct Open<'a> {
    /// Its name with the prefix.
    name: &'a str,
    /// How many prefixes were declared around it.
    declared: usize,
}

/// A name. Names are compared from the first field on, and most differ in what follows the colon.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name<'a> {
    local: &'a str,
    /// What is before the colon; empty where there is none.
    prefix: &'a str,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The byte that comes next.
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes past these characters if they come next.
    fn skip(&mut self, expected: &str) -> bool {
        let found = self.rest().as_bytes().starts_with(expected.as_bytes());
        if found {
            self.at += expected.len();
        }
        found
    }

    /// Goes past blanks; whether there were any.
    fn skip_blanks(&mut self) -> bool {
        let blanks = self.rest().bytes().take_while(|byte| is_blank(*byte)).count();
        self.at += blanks;
        blanks > 0
    }

    /// What comes before these characters; goes past them.
    fn until(&mut self, end: &str, missing: Phrase) -> Result<&'a str, Unreadable> {
        let rest = self.rest();
        let length = rest.find(end).ok_or_else(|| self.ill_formed(self.at, missing))?;
        self.at += length + end.len();
        Ok(&rest[..length])
    }

    fn count(&mut self, offset: usize) -> Result<(), Unreadable> {
        self.pieces += 1;
        if self.pieces > MAX_PIECES { Err(Unreadable::TooManyElements { at: self.position(offset) }) } else { Ok(()) }
    }

    fn declaration(&mut self) -> Result<(), Unreadable> {
        if let Some(declaration) = Declaration::of(self.text) {
            self.at = declaration.length;
        } else if self.text.starts_with("<?xml") && self.text[5..].starts_with([' ', '\t', '\n', '\r', '?']) {
            return Err(self.ill_formed(
                0,
                Phrase::new(
                    "la dichiarazione XML deve essere come <?xml version=\"1.0\" encoding=\"UTF-8\"?>",
                    "the XML declaration must be like <?xml version=\"1.0\" encoding=\"UTF-8\"?>",
                ),
            ));
        }
        Ok(())
    }

    fn markup(&mut self) -> Result<(), Unreadable> {
        match self.text.as_bytes().get(self.at + 1) {
            Some(b'/') => self.end_tag(),
            Some(b'?') => self.instruction(),
            Some(b'!') => self.comment_or_cdata(),
            _ => self.start_tag(),
        }
    }

    fn start_tag(&mut self) -> Result<(), Unreadable> {
        let offset = self.at;
        if self.open.is_empty() && self.builder.has_root() {
            return Err(self.ill_formed(
                offset,
                Phrase::new(
                    "qui inizia un secondo elemento radice; ne è ammesso uno solo",
                    "a second root element begins here; only one is allowed",
                ),
            ));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Unreadable::TooDeep { at: self.position(offset) });
        }
        self.count(offset)?;
        self.at += 1;
        if !self.byte().is_some_and(is_name_byte) {
            return Err(self.ill_formed(
                offset,
                Phrase::new(
                    "dopo < è atteso il nome di un elemento; nel testo si scrive &lt;",
                    "the name of an element is expected after <; in text, write &lt;",
                ),
            ));
        }
        let name = self.name()?;
        let open = Open { name: &self.text[offset + 1..self.at], declared: self.declared.len() };
        let attributes = if self.byte() == Some(b'>') { Vec::new() } else { self.attributes(offset)? };
        let namespace = self.namespace_of(name.prefix, offset)?;
        self.builder.open(name.local, namespace, offset, attributes);
        let is_closed = self.skip("/");
        if !self.skip(">") {
            return Err(self.ill_formed(offset, Phrase::new("questo tag non termina con >", "this tag does not end with >")));
        }
        self.open.push(open);
        if is_closed {
            self.close();
        }
        Ok(())
    }

    fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            self.declared.truncate(open.declared);
        }
        self.builder.close();
    }

    fn end_tag(&mut self) -> Result<(), Unreadable> {
        let offset = self.at;
        let Some(open) = self.open.last().map(|open| open.name) else {
            return Err(self
                .ill_formed(offset, Phrase::new("qui si chiude un elemento, ma nessuno è aperto", "nothing is open that could end here")));
        };
        self.at += 2;
        let is_its = self.skip(open);
        self.skip_blanks();
        if !is_its || !self.skip(">") {
            let name = excerpt(open);
            let problem = Words::new(
                format!("qui è atteso </{name}>, che chiude l'elemento aperto"),
                format!("</{name}> is expected here, which ends the element that is open"),
            );
            return Err(self.ill_formed(offset, problem));
        }
        self.close();
        Ok(())
    }

    /// Reads a name, with its prefix if it has one.
    fn name(&mut self) -> Result<Name<'a>, Unreadable> {
        let first = self.part_of_name()?;
        if !self.skip(":") {
            return Ok(Name { prefix: "", local: first });
        }
        Ok(Name { prefix: first, local: self.part_of_name()? })
    }

    fn part_of_name(&mut self) -> Result<&'a str, Unreadable> {
        let rest = self.rest();
        let name = &rest[..rest.bytes().position(|byte| !is_name_byte(byte)).unwrap_or(rest.len())];
        if !is_name(name) {
            return Err(self.ill_formed(self.at, Phrase::new("qui è atteso un nome", "a name is expected here")));
        }
        self.at += name.len();
        Ok(name)
    }

    /// Reads characters up to the next tag or reference.
    fn characters(&mut self) -> Result<(), Unreadable> {
        let offset = self.at;
        let blanks = self.skip_blanks();
        if blanks && matches!(self.byte(), Some(b'<') | None) {
            if !self.builder.is_among_elements() {
                self.builder.text(without_carriage_returns(&self.text[offset..self.at]));
            }
            return Ok(());
        }
        let mut has_carriage_return = false;
        while let Some(byte) = self.byte() {
            match byte {
                b'<' | b'&' => break,
                b'\r' => has_carriage_return = true,
                b']' if self.rest().starts_with("]]>") => {
                    return Err(self.ill_formed(
                        self.at,
                        Phrase::new("il testo non può contenere ]]>; scrivere ]]&gt;", "text may not hold ]]>; write ]]&gt;"),
                    ));
                }
                _ => {}
            }
            self.at += 1;
        }
        if self.open.is_empty() {
            return Err(self.ill_formed(offset, OUTSIDE));
        }
        let text = &self.text[offset..self.at];
        self.builder.text(if has_carriage_return || blanks { without_carriage_returns(text) } else { Cow::Borrowed(text) });
        Ok(())
    }

    fn reference_in_text(&mut self) -> Result<(), Unreadable> {
        let offset = self.at;
        self.count(offset)?;
        let character = self.reference()?;
        if self.open.is_empty() {
            return Err(self.ill_formed(offset, OUTSIDE));
        }
        self.builder.text(Cow::Owned(character.to_string()));
        Ok(())
    }

    fn comment_or_cdata(&mut self) -> Result<(), Unreadable> {
        let offset = self.at;
        self.count(offset)?;
        if self.skip("<!--") {
            self.until("--", Phrase::new("il commento che inizia qui non si chiude", "the comment that begins here has no end"))?;
            if !self.skip(">") {
                return Err(self.ill_formed(self.at, Phrase::new("un commento non può contenere --", "a comment may not hold --")));
            }
        } else if self.skip("<![CDATA[") {
            let text = self.until(
                "]]>",
                Phrase::new("la sezione CDATA che inizia qui non si chiude", "the CDATA section that begins here has no end"),
            )?;
            if self.open.is_empty() {
                return Err(self.ill_formed(offset, OUTSIDE));
            }
            self.builder.cdata(without_carriage_returns(text));
        } else if self.skip("<!DOCTYPE") {
            return Err(Unreadable::DoctypeForbidden { at: self.position(offset) });
        } else {
            return Err(self.ill_formed(
                offset,
                Phrase::new("questo non è né un commento né una sezione CDATA", "this is neither a comment nor a CDATA section"),
            ));
        }
        Ok(())
    }

    fn instruction(&mut self) -> Result<(), Unreadable> {
        let offset = self.at;
        self.count(offset)?;
        self.at += 2;
        let target = self.part_of_name()?;
        if target.eq_ignore_ascii_case("xml") {
            return Err(self.ill_formed(
                offset,
                Phrase::new(
                    "la dichiarazione XML deve stare all'inizio del file",
                    "the XML declaration must be the very first thing in it",
                ),
            ));
        }
        let is_apart = self.skip_blanks();
        let inside = self.until(
            "?>",
            Phrase::new(
                "l'istruzione di elaborazione che inizia qui non si chiude",
                "the processing instruction that begins here has no end",
            ),
        )?;
        if !is_apart && !inside.is_empty() {
            return Err(self.ill_formed(
                offset,
                Phrase::new(
                    "dopo il nome di un'istruzione di elaborazione è atteso uno spazio o ?>",
                    "a blank or ?> is expected after the target of a processing instruction",
                ),
            ));
        }
        Ok(())
    }

    fn end(self) -> Result<Tree<'a>, Unreadable> {
        match self.open.last() {
            None if self.builder.has_root() => Ok(self.builder.finish()),
            None => Err(self.ill_formed(self.at, Phrase::new("non contiene alcun elemento", "there is no element in it"))),
            Some(open) => {
                let name = excerpt(open.name);
                let problem = Words::new(
                    format!("il file finisce prima di </{name}>; forse è stato troncato"),
                    format!("the file ends before </{name}>; it may have been cut off"),
                );
                Err(self.ill_formed(self.at, problem))
            }
        }
    }

    /// The place of an offset, counted from the beginning: for errors, which end the reading.
    fn position(&self, offset: usize) -> Position {
        Position::START.after(&self.text[..offset])
    }

    fn ill_formed(&self, offset: usize, problem: impl Into<Words>) -> Unreadable {
        Unreadable::NotXml { at: self.position(offset), problem: problem.into(), remedy: None }
    }
}
