//! The hardened XML reader: the only place where a stranger's XML is parsed.
//!
//! It streams. What it keeps is the path of open elements, so memory is bounded by the text itself, and every
//! character is gone through once for parsing and once for counting lines. It refuses what attacks are made of:
//! DOCTYPE (and with it entities and other files), undefined entities, and more depth, elements, attributes,
//! namespaces or text than any invoice has.

use std::borrow::Cow;

use quick_xml::errors::Error;
use quick_xml::escape::{EscapeError, resolve_xml_entity};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::{NsReader, XmlVersion};

use super::encoding::is_xml_character;
use super::unreadable::{Position, Unreadable, excerpt};

/// How deep elements may be nested. The formats need 8; a signature (XAdES) inside one about 14.
pub(super) const MAX_DEPTH: usize = 32;

/// How many pieces of markup a file may have: elements, attributes, comments, processing instructions, CDATA sections
/// and references, since each costs time whatever its size. The shortest invoice lines make 150,000 elements in 5 MB.
pub(super) const MAX_PIECES: usize = 160_000;

/// How many attributes an element may have, namespace declarations included. Real roots have up to 8.
pub(super) const MAX_ATTRIBUTES: usize = 32;

/// How many bytes a value that is read may have. The longest that the schema allows are 1,000 characters;
/// attachments are longer, but they are passed over.
pub(super) const MAX_TEXT_BYTES: usize = 4_096;

/// What is told of a reference to a character that may not appear in XML even so.
const CONTROL_CHARACTER: &str = "a reference here stands for a control character, which XML does not allow; take it out";

/// An element whose start tag has been read.
#[derive(Debug)]
pub(super) struct Element<'a> {
    /// Its name without prefix.
    pub(super) name: &'a str,
    /// Where its start tag begins.
    pub(super) at: Position,
    /// 1 for the root.
    depth: usize,
}

/// The root element and what only it carries.
#[derive(Debug)]
pub(super) struct Root<'a> {
    /// The element itself.
    pub(super) element: Element<'a>,
    /// The namespace it belongs to, if any.
    pub(super) namespace: Option<String>,
    /// Its attribute `versione`, which names the format.
    pub(super) version: Option<String>,
}

/// A file being read, from its beginning to its end.
pub(super) struct Xml<'a> {
    text: &'a str,
    reader: NsReader<&'a [u8]>,
    /// The names of the open elements, root first.
    open: Vec<&'a str>,
    /// How many pieces of markup have been met.
    pieces: usize,
    /// Whether the root has begun.
    has_root: bool,
    /// The root's namespace.
    namespace: Option<String>,
    /// The last place worked out and its offset: the next is counted from there, which keeps counting linear.
    place: (usize, Position),
}

/// What the reader meets next, with comments and processing instructions left out.
enum Token<'a> {
    Open(Tag<'a>),
    Close,
    Text(Cow<'a, str>),
    End,
}

/// A start tag.
struct Tag<'a> {
    name: &'a str,
    offset: usize,
    /// Whether it belongs to a namespace that is not the root's, as the parts of a signature do.
    foreign: bool,
    version: Option<String>,
}

impl<'a> Xml<'a> {
    /// Begins to read a text, up to and including its root's start tag.
    pub(super) fn open(text: &'a str) -> Result<(Self, Root<'a>), Unreadable> {
        let mut reader = NsReader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        reader.resolver_mut().set_max_namespace_bindings(MAX_ATTRIBUTES);
        let mut xml = Self { text, reader, open: Vec::new(), pieces: 0, has_root: false, namespace: None, place: (0, Position::START) };
        loop {
            match xml.next()? {
                Token::Open(tag) => {
                    let element = xml.element(&tag);
                    let root = Root { element, namespace: xml.namespace.clone(), version: tag.version };
                    return Ok((xml, root));
                }
                Token::Text(_) | Token::Close => {}
                Token::End => return Err(xml.ill_formed(text.len(), "there is no element in it")),
            }
        }
    }

    /// The next child of `parent`, or `None` once `parent` has ended.
    ///
    /// What has not been read of the child before is passed over, and so are text and elements of other namespaces.
    pub(super) fn child_of(&mut self, parent: &Element<'a>) -> Result<Option<Element<'a>>, Unreadable> {
        while self.is_open(parent) {
            match self.next()? {
                Token::Open(tag) if self.open.len() == parent.depth + 1 && !tag.foreign => {
                    return Ok(Some(self.element(&tag)));
                }
                Token::Open(_) | Token::Text(_) | Token::Close | Token::End => {}
            }
        }
        Ok(None)
    }

    /// The text of an element, up to its end and without that of elements inside it.
    pub(super) fn text_of(&mut self, element: &Element<'a>) -> Result<Cow<'a, str>, Unreadable> {
        let mut text = Cow::Borrowed("");
        while self.is_open(element) {
            match self.next()? {
                Token::Text(more) if self.open.len() == element.depth => {
                    if text.len() + more.len() > MAX_TEXT_BYTES {
                        return Err(Unreadable::TextTooLong { path: self.path_of(element), at: element.at });
                    }
                    text += more;
                }
                Token::Open(_) | Token::Text(_) | Token::Close | Token::End => {}
            }
        }
        Ok(text)
    }

    /// Reads to the end of the file, so that nothing wrong in what was not looked at goes unnoticed.
    pub(super) fn finish(mut self) -> Result<(), Unreadable> {
        while !matches!(self.next()?, Token::End) {}
        Ok(())
    }

    /// The path of an element whose parent is still open, from the root's children down; of the root its name.
    pub(super) fn path_of(&self, element: &Element<'a>) -> String {
        let ancestors = self.open.iter().take(element.depth - 1).skip(1).copied();
        ancestors.chain([element.name]).map(excerpt).collect::<Vec<_>>().join("/")
    }

    fn is_open(&self, element: &Element<'a>) -> bool {
        self.open.len() >= element.depth
    }

    fn element(&mut self, tag: &Tag<'a>) -> Element<'a> {
        let (offset, at) = self.place;
        let at = at.after(&self.text[offset..tag.offset]);
        self.place = (tag.offset, at);
        Element { name: tag.name, at, depth: self.open.len() }
    }

    fn next(&mut self) -> Result<Token<'a>, Unreadable> {
        loop {
            let offset = self.offset();
            let event = self.reader.read_event().map_err(|error| self.failed(&error))?;
            if !matches!(event, Event::End(_) | Event::Text(_) | Event::Eof) {
                self.count(offset)?;
            }
            match event {
                Event::Start(tag) | Event::Empty(tag) => return self.start(&tag, offset).map(Token::Open),
                Event::End(_) => {
                    self.open.pop();
                    return Ok(Token::Close);
                }
                Event::Text(text) => return self.within_root(text.xml10_content(), offset),
                Event::CData(text) => return self.within_root(text.xml10_content(), offset),
                Event::GeneralRef(reference) => {
                    let character = self.resolve(&reference, offset)?;
                    return self.within_root(character, offset);
                }
                Event::Comment(_) | Event::PI(_) => {}
                Event::Decl(_) if offset == 0 => {}
                Event::Decl(_) => return Err(self.ill_formed(offset, "the XML declaration must be the very first thing in it")),
                Event::DocType(_) => return Err(Unreadable::DoctypeForbidden { at: self.position(offset) }),
                Event::Eof => return self.end(offset),
            }
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, offset: usize) -> Result<Tag<'a>, Unreadable> {
        if self.open.is_empty() && self.has_root {
            return Err(self.ill_formed(offset, "a second root element begins here; only one is allowed"));
        }
        self.has_root = true;
        if self.open.len() == MAX_DEPTH {
            return Err(Unreadable::TooDeep { at: self.position(offset) });
        }
        let version = self.version(tag, offset)?;
        let namespace = self.namespace_of(tag, offset)?;
        let foreign = namespace.is_some_and(|namespace| Some(namespace) != self.namespace.as_deref());
        if self.open.is_empty() {
            self.namespace = namespace.map(str::to_owned);
        }
        // The event lends its name only briefly; the same name is in the text, after `<`.
        let qualified = &self.text[offset + 1..][..tag.name().as_ref().len()];
        let name = qualified.split_once(':').map_or(qualified, |(_, local)| local);
        self.open.push(name);
        Ok(Tag { name, offset, foreign, version })
    }

    fn count(&mut self, offset: usize) -> Result<(), Unreadable> {
        self.pieces += 1;
        if self.pieces > MAX_PIECES {
            return Err(Unreadable::TooManyElements { at: self.position(offset) });
        }
        Ok(())
    }

    /// Checks every attribute, and gives the value of `versione`.
    fn version(&mut self, tag: &BytesStart<'_>, offset: usize) -> Result<Option<String>, Unreadable> {
        let mut version = None;
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
            if attribute.key.as_ref() == "versione" {
                version = Some(value.into_owned());
            }
        }
        Ok(version)
    }

    fn namespace_of(&self, tag: &BytesStart<'_>, offset: usize) -> Result<Option<&str>, Unreadable> {
        match self.reader.resolver().resolve_element(tag.name()).0 {
            ResolveResult::Unbound => Ok(None),
            ResolveResult::Bound(Namespace(name)) => Ok(Some(name)),
            ResolveResult::Unknown(prefix) => {
                let problem = format!("the prefix {} is not declared; add xmlns:{0}", excerpt(&prefix));
                Err(self.ill_formed(offset, &problem))
            }
        }
    }

    fn within_root(&self, text: Cow<'a, str>, offset: usize) -> Result<Token<'a>, Unreadable> {
        if self.open.is_empty() && !text.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return Err(self.ill_formed(offset, "this text is outside of the root element"));
        }
        Ok(Token::Text(text))
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

    fn end(&self, offset: usize) -> Result<Token<'a>, Unreadable> {
        match self.open.last() {
            None => Ok(Token::End),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a text to its end.
    fn check(text: &str) -> Result<(), Unreadable> {
        Xml::open(text)?.0.finish()
    }

    fn code(text: &str) -> &'static str {
        check(text).expect_err("is refused").code()
    }

    /// The text of the root's first child.
    fn first_text(text: &str) -> Result<String, Unreadable> {
        let (mut xml, root) = Xml::open(text)?;
        let child = xml.child_of(&root.element)?.expect("the root has a child");
        xml.text_of(&child).map(Cow::into_owned)
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
    fn only_text_that_is_asked_for_must_be_short() {
        let of_length = |length: usize| format!("<a>\n<b>{}</b></a>", "x".repeat(length));
        assert_eq!(first_text(&of_length(MAX_TEXT_BYTES)).map(|text| text.len()), Ok(MAX_TEXT_BYTES));
        let at = Position { line: 2, column: 1 };
        assert_eq!(first_text(&of_length(MAX_TEXT_BYTES + 1)), Err(Unreadable::TextTooLong { path: "b".to_owned(), at }));
        assert_eq!(
            first_text(&format!("<a><b>{}</b></a>", "&#65;".repeat(MAX_TEXT_BYTES + 1))).map_err(|e| e.code()),
            Err("TEXT_TOO_LONG")
        );
        assert_eq!(check(&of_length(1_000_000)), Ok(()));
    }

    #[test]
    fn children_are_found_with_their_place_and_path_whatever_was_left_unread() {
        let text = "<r xmlns=\"urn:r\"><è>\n <x><y/></x> <z/></è><s xmlns=\"urn:s\"/><b><c/></b></r>";
        let (mut xml, root) = Xml::open(text).expect("opens");
        assert_eq!((root.element.name, root.namespace.as_deref()), ("r", Some("urn:r")));
        let first = xml.child_of(&root.element).expect("reads").expect("is there");
        let x = xml.child_of(&first).expect("reads").expect("is there");
        assert_eq!((x.name, x.at, xml.path_of(&x)), ("x", Position { line: 2, column: 2 }, "è/x".to_owned()));
        let z = xml.child_of(&first).expect("reads").expect("is there");
        assert_eq!((z.name, z.at, xml.path_of(&z)), ("z", Position { line: 2, column: 14 }, "è/z".to_owned()));
        let b = xml.child_of(&root.element).expect("reads").expect("is there");
        assert_eq!((b.name, xml.path_of(&b)), ("b", "b".to_owned()));
        assert!(xml.child_of(&z).expect("reads").is_none(), "an element that has ended has no more children");
        assert!(xml.child_of(&root.element).expect("reads").is_none());
        assert_eq!(xml.finish(), Ok(()));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "([<>/&;!?\\[\\]\"'= \n-]|a|b:|xmlns|#x?[0-9]{1,7}|CDATA|DOCTYPE|è|€){0,60}") {
            let _ = check(&text);
        }
    }
}
