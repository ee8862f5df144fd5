//! The hardened XML reader: the only place where a stranger's XML is parsed.
//!
//! Every character is gone through once for parsing and once for counting lines. It refuses what attacks are made of: DOCTYPE (and with it
//! entities and other files), undefined entities, and more depth, elements, attributes or namespaces than any invoice has.

use std::borrow::Cow;

use quick_xml::errors::Error;
use quick_xml::escape::{EscapeError, resolve_xml_entity};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, QName, ResolveResult};
use quick_xml::{NsReader, XmlVersion};

use super::encoding::is_xml_character;
use super::tree::{Attribute, Builder, Tree};
use super::unreadable::{Position, Unreadable, excerpt};

/// How deep elements may be nested. The formats need 8; a signature (XAdES) inside one about 14.
pub(super) const MAX_DEPTH: usize = 32;

/// How many pieces of markup a file may have: elements, attributes, comments, processing instructions, CDATA sections
/// and references, since each costs time whatever its size. The shortest invoice lines make 150,000 elements in 5 MB.
pub(super) const MAX_PIECES: usize = 160_000;

/// How many attributes an element may have, namespace declarations included. Real roots have up to 8.
pub(super) const MAX_ATTRIBUTES: usize = 32;

/// How many namespaces a file may name. A signed one needs 4.
const MAX_NAMESPACES: usize = 64;

/// What is told of a reference to a character that may not appear in XML even so.
const CONTROL_CHARACTER: &str = "a reference here stands for a control character, which XML does not allow; take it out";

/// Reads a text to its end.
///
/// # Errors
/// The first thing because of which it is not XML that is read here.
pub(super) fn read(text: &str) -> Result<Tree<'_>, Unreadable> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    reader.resolver_mut().set_max_namespace_bindings(MAX_ATTRIBUTES);
    let mut xml = Xml { text, reader, builder: Builder::new(text), pieces: 0 };
    while xml.step()? {}
    Ok(xml.builder.finish())
}

/// A file being read, from its beginning to its end.
struct Xml<'a> {
    text: &'a str,
    reader: NsReader<&'a [u8]>,
    builder: Builder<'a>,
    /// How many pieces of markup have been met.
    pieces: usize,
}

impl<'a> Xml<'a> {
    /// Reads one event; false at the end.
    fn step(&mut self) -> Result<bool, Unreadable> {
        let offset = self.offset();
        let event = self.reader.read_event().map_err(|error| self.failed(&error))?;
        if !matches!(event, Event::End(_) | Event::Text(_) | Event::Eof) {
            self.count(offset)?;
        }
        match event {
            Event::Start(tag) | Event::Empty(tag) => self.start(&tag, offset)?,
            Event::End(_) => self.builder.close(),
            Event::Text(text) => self.add(text.xml10_content(), offset)?,
            Event::CData(text) if self.builder.depth() > 0 => self.builder.cdata(text.xml10_content()),
            Event::CData(_) => return Err(self.ill_formed(offset, "this text is outside of the root element")),
            Event::GeneralRef(reference) => {
                let character = self.resolve(&reference, offset)?;
                self.add(character, offset)?;
            }
            Event::Comment(_) | Event::PI(_) => {}
            Event::Decl(_) if offset == 0 => {}
            Event::Decl(_) => return Err(self.ill_formed(offset, "the XML declaration must be the very first thing in it")),
            Event::DocType(_) => return Err(Unreadable::DoctypeForbidden { at: self.position(offset) }),
            Event::Eof => {
                self.end(offset)?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn start(&mut self, tag: &BytesStart<'_>, offset: usize) -> Result<(), Unreadable> {
        if self.builder.depth() == 0 && self.builder.has_root() {
            return Err(self.ill_formed(offset, "a second root element begins here; only one is allowed"));
        }
        if self.builder.depth() == MAX_DEPTH {
            return Err(Unreadable::TooDeep { at: self.position(offset) });
        }
        let attributes = self.attributes(tag, offset)?;
        let namespace = self.namespace_of(tag.name(), true, offset)?;
        // The event lends its name only briefly; the same name is in the text, after `<`.
        let qualified = &self.text[offset + 1..][..tag.name().as_ref().len()];
        self.builder.open(local(qualified), namespace, offset, attributes);
        Ok(())
    }

    fn count(&mut self, offset: usize) -> Result<(), Unreadable> {
        self.pieces += 1;
        if self.pieces > MAX_PIECES {
            return Err(Unreadable::TooManyElements { at: self.position(offset) });
        }
        Ok(())
    }

    /// Every attribute but namespace declarations.
    fn attributes(&mut self, tag: &BytesStart<'_>, offset: usize) -> Result<Vec<Attribute>, Unreadable> {
        let mut attributes = Vec::new();
        for (index, attribute) in tag.attributes().enumerate() {
            if index == MAX_ATTRIBUTES {
                return Err(Unreadable::TooManyAttributes { at: self.position(offset) });
            }
            self.count(offset)?;
            let attribute = attribute.map_err(|error| self.ill_formed(offset, &error.to_string()))?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| self.refused(&error, offset))?;
            if !value.chars().all(is_xml_character) {
                return Err(self.ill_formed(offset, CONTROL_CHARACTER));
            }
            if attribute.key.as_namespace_binding().is_none() {
                let namespace = self.namespace_of(attribute.key, false, offset)?;
                attributes.push(Attribute { name: local(attribute.key.as_ref()).to_owned(), namespace, value: value.into_owned() });
            }
        }
        Ok(attributes)
    }

    /// The namespace of a name; without a prefix an element belongs to the default one, an attribute to none.
    fn namespace_of(&mut self, name: QName<'_>, is_element: bool, offset: usize) -> Result<Option<u16>, Unreadable> {
        let number = match self.reader.resolver().resolve(name, is_element).0 {
            ResolveResult::Unbound => return Ok(None),
            ResolveResult::Bound(Namespace(namespace)) => self.builder.namespace(namespace),
            ResolveResult::Unknown(prefix) => {
                let problem = format!("the prefix {} is not declared; add xmlns:{0}", excerpt(&prefix));
                return Err(self.ill_formed(offset, &problem));
            }
        };
        if usize::from(number) == MAX_NAMESPACES {
            return Err(self.ill_formed(offset, "the file names more namespaces than any invoice does"));
        }
        Ok(Some(number))
    }

    fn add(&mut self, text: Cow<'a, str>, offset: usize) -> Result<(), Unreadable> {
        if self.builder.depth() == 0 && !text.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return Err(self.ill_formed(offset, "this text is outside of the root element"));
        }
        self.builder.text(text);
        Ok(())
    }

    fn resolve(&self, reference: &BytesRef<'_>, offset: usize) -> Result<Cow<'a, str>, Unreadable> {
        match reference.resolve_char_ref().map_err(|error| self.refused(&error, offset))? {
            Some(character) if is_xml_character(character) => Ok(Cow::Owned(character.to_string())),
            Some(_) => Err(self.ill_formed(offset, CONTROL_CHARACTER)),
            None => match resolve_xml_entity(reference) {
                Some(text) => Ok(Cow::Borrowed(text)),
                None => Err(Unreadable::UndefinedEntity { name: excerpt(reference), at: self.position(offset) }),
            },
        }
    }

    fn end(&self, offset: usize) -> Result<(), Unreadable> {
        match self.builder.innermost() {
            None if self.builder.has_root() => Ok(()),
            None => Err(self.ill_formed(offset, "there is no element in it")),
            Some(name) => Err(self.ill_formed(offset, &format!("the file ends before </{}>; it may have been cut off", excerpt(name)))),
        }
    }

    fn offset(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).expect("an offset in a text that is in memory fits usize")
    }

    /// The place of an offset, counted from the beginning: for errors, which end the reading.
    fn position(&self, offset: usize) -> Position {
        Position::START.after(&self.text[..offset])
    }

    fn ill_formed(&self, offset: usize, problem: &str) -> Unreadable {
        Unreadable::NotXml { at: self.position(offset), problem: problem.to_owned() }
    }

    /// The parser's own error, at the place where the parser saw it.
    fn failed(&self, error: &Error) -> Unreadable {
        let offset = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        self.refused(error, self.text.floor_char_boundary(offset))
    }

    fn refused(&self, error: &Error, offset: usize) -> Unreadable {
        if let Error::Escape(EscapeError::UnrecognizedEntity(_, name)) = error {
            return Unreadable::UndefinedEntity { name: excerpt(name), at: self.position(offset) };
        }
        self.ill_formed(offset, &excerpt(&error.to_string()))
    }
}

fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tree::Element;
    use super::*;

    fn check(text: &str) -> Result<(), Unreadable> {
        read(text).map(|_| ())
    }

    fn code(text: &str) -> &'static str {
        check(text).expect_err("is refused").code()
    }

    /// The text of the root's first child.
    fn first_text(text: &str) -> Result<String, Unreadable> {
        let tree = read(text)?;
        let child = tree.root().children().next().expect("the root has a child");
        Ok(child.text().to_owned())
    }

    #[test]
    fn what_attacks_are_made_of_is_refused() {
        let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
        let attributes = |count: usize, name: &str| {
            let all: Vec<_> = (0..count).map(|index| format!("{name}{index}=\"urn:a\"")).collect();
            format!("<a {}/>", all.join(" "))
        };
        let elements = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count - 1));
        assert_eq!(check(&nested(MAX_DEPTH)), Ok(()));
        assert_eq!(check(&attributes(MAX_ATTRIBUTES, "b")), Ok(()));
        assert_eq!(check(&elements(MAX_PIECES)), Ok(()));
        for (text, expected) in [
            (nested(MAX_DEPTH + 1), "TOO_DEEP"),
            (nested(10_000), "TOO_DEEP"),
            ("<a>".repeat(1_000_000), "TOO_DEEP"),
            (attributes(MAX_ATTRIBUTES + 1, "b"), "TOO_MANY_ATTRIBUTES"),
            (attributes(300_000, "b"), "TOO_MANY_ATTRIBUTES"),
            (elements(MAX_PIECES + 1), "TOO_MANY_ELEMENTS"),
            (format!("<a>{}</a>", "&#65;".repeat(MAX_PIECES)), "TOO_MANY_ELEMENTS"),
            (format!("<a>{}</a>", "<b c=''/>".repeat(MAX_PIECES / 2)), "TOO_MANY_ELEMENTS"),
            ("<!DOCTYPE a><a/>".to_owned(), "DOCTYPE_FORBIDDEN"),
            ("<a/><!DOCTYPE a>".to_owned(), "DOCTYPE_FORBIDDEN"),
            ("<a>&file;</a>".to_owned(), "UNDEFINED_ENTITY"),
            ("<a b=\"&file;\"/>".to_owned(), "UNDEFINED_ENTITY"),
            (attributes(MAX_ATTRIBUTES + 1, "xmlns:b"), "NOT_XML"),
        ] {
            assert_eq!(code(&text), expected, "{}", excerpt(&text));
        }
    }

    #[test]
    fn what_is_not_well_formed_is_refused_wherever_it_stands() {
        for text in [
            "<a>",
            "<a></b>",
            "<a",
            "</a>",
            "<a><b></a></b>",
            "<a/><b/>",
            "<a/>text",
            "text<a/>",
            "<a/>&amp;",
            "<![CDATA[x]]><a/>",
            "<![CDATA[]]><a/>",
            "<a>&amp</a>",
            "<a>&#1;</a>",
            "<a>&#xD800;</a>",
            "<a b=\"1\" b=\"2\"/>",
            "<a b=1/>",
            "<p:a/>",
            "<a><p:b/></a>",
            "<a><!-- </a>",
            "<a><![CDATA[</a>",
            " <?xml version=\"1.0\"?><a/>",
            "<!-- nothing -->",
            "<a b=\"&#1;\"/>",
        ] {
            assert_eq!(code(text), "NOT_XML", "{text}");
        }
    }

    #[test]
    fn text_is_put_together_from_all_its_parts() {
        assert_eq!(first_text("<a><b>D&apos;A<!-- x -->n<?x y?>d<![CDATA[r<&]]>&#232;&#x20AC;</b></a>"), Ok("D'Andr<&è€".to_owned()));
        assert_eq!(first_text("<a><b>1<c>2</c>3</b></a>"), Ok("13".to_owned()));
        assert_eq!(first_text("<a><b/></a>"), Ok(String::new()));
        assert_eq!(first_text("<a><b>x\r\ny</b></a>"), Ok("x\ny".to_owned()));
    }

    #[test]
    fn elements_are_found_with_their_place_and_path() {
        let text = "<r xmlns=\"urn:r\" a=\"1\" p:a=\"2\" xmlns:p=\"urn:p\"><è>\n <x><y/></x> <z/></è><p:s/><b><c/></b><b/></r>";
        let tree = read(text).expect("reads");
        let root = tree.root();
        assert_eq!((root.name(), root.namespace(), root.path(), root.attribute("a")), ("r", Some("urn:r"), "r".to_owned(), Some("1")));
        let z = root.at("è/z").expect("is there");
        assert_eq!((z.position(), z.path()), (Position { line: 2, column: 14 }, "è/z".to_owned()));
        assert!(root.child("s").is_none(), "elements of strange namespaces are passed over");
        assert_eq!(root.children().nth(1).and_then(Element::namespace), Some("urn:p"));
        let paths: Vec<_> = root.all("b").map(Element::path).collect();
        assert_eq!(paths, ["b[1]", "b[2]"]);
        assert_eq!(root.at("b/c").map(Element::path), Some("b[1]/c".to_owned()));
        let names: Vec<_> = root.children().map(Element::name).collect();
        assert_eq!(names, ["è", "s", "b", "b"]);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "([<>/&;!?\\[\\]\"'= \n-]|a|b:|xmlns|#x?[0-9]{1,7}|CDATA|DOCTYPE|è|€){0,60}") {
            let _ = check(&text);
        }
    }
}
