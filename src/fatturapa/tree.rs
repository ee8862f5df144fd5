//! A file as a tree of elements: what the engine's parts look at, instead of each reading the XML again.
//!
//! Names and texts are borrowed from the file wherever it holds them as they are, so a tree takes a small multiple of the file's size.

mod lines;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt::Write as _;
use std::ops::Range;

use self::lines::Lines;
use super::unreadable::{Position, excerpt};
use super::xml::{MAX_PIECES, is_blank};

/// The namespace of XML signatures.
pub(super) const XML_SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// The elements of a file, root first, in the order of their start tags.
#[derive(Debug)]
pub struct Tree<'t> {
    text: &'t str,
    nodes: Vec<Node<'t>>,
    attributes: Vec<Attribute<'t>>,
    namespaces: Vec<String>,
    /// Counted when a place is asked for first.
    lines: OnceCell<Lines>,
}

/// How many bytes an element takes at least in a usual file: room is made for so many elements at once.
const USUAL_BYTES: usize = 32;

#[derive(Debug)]
struct Node<'t> {
    name: &'t str,
    namespace: Option<u16>,
    /// Its own text, without that of the elements inside it.
    text: Cow<'t, str>,
    /// Whether some of its text stands in a CDATA section, which is text even when it is empty.
    cdata: bool,
    offset: u32,
    parent: Option<u32>,
    /// The place after the last element inside it; those inside it begin at the place after its own.
    end: u32,
    attributes: Range<u32>,
}

impl Node<'_> {
    fn has_children(&self, own: u32) -> bool {
        self.end > own + 1
    }

    fn is_blank(&self) -> bool {
        !self.cdata && self.text.bytes().all(is_blank)
    }
}

/// An attribute; namespace declarations are none.
#[derive(Debug)]
pub(super) struct Attribute<'t> {
    /// Its name without prefix.
    pub(super) name: &'t str,
    /// Its namespace; an attribute without prefix has none.
    pub(super) namespace: Option<u16>,
    /// Its value, normalized as XML demands.
    pub(super) value: Cow<'t, str>,
}

/// An element of a tree.
#[derive(Clone, Copy, Debug)]
pub struct Element<'d, 't> {
    tree: &'d Tree<'t>,
    index: u32,
}

impl<'t> Tree<'t> {
    /// The root element.
    #[must_use]
    pub fn root(&self) -> Element<'_, 't> {
        Element { tree: self, index: 0 }
    }

    /// How many elements there are.
    pub(super) fn count(&self) -> usize {
        self.nodes.len()
    }

    /// The line and character of an offset.
    fn position(&self, offset: u32) -> Position {
        self.lines.get_or_init(|| Lines::of(self.text)).position(self.text, offset)
    }
}

impl<'d, 't> Element<'d, 't> {
    fn node(self) -> &'d Node<'t> {
        &self.tree.nodes[place(self.index)]
    }

    fn at_index(self, index: u32) -> Self {
        Self { index, ..self }
    }

    /// Which one it is of the tree's elements in the order of their start tags, from 0.
    pub(super) fn order(self) -> usize {
        place(self.index)
    }

    /// The name without prefix.
    #[must_use]
    pub fn name(self) -> &'t str {
        self.node().name
    }

    /// The namespace, if it belongs to one.
    #[must_use]
    pub fn namespace(self) -> Option<&'d str> {
        self.node().namespace.map(|number| self.tree.namespaces[usize::from(number)].as_str())
    }

    /// The element's own text as the file holds it, blanks included, but for blanks between elements.
    #[must_use]
    pub fn text(self) -> &'d str {
        &self.node().text
    }

    /// Whether there is text in it, and not just blanks between elements.
    pub(super) fn has_text(self) -> bool {
        !self.node().is_blank()
    }

    /// Whether there is nothing in it at all, not even a CDATA section.
    pub(super) fn is_empty(self) -> bool {
        self.node().text.is_empty() && !self.node().cdata && !self.node().has_children(self.index)
    }

    /// The element around it.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        self.node().parent.map(|parent| self.at_index(parent))
    }

    /// The elements inside it, in their order.
    pub fn children(self) -> impl Iterator<Item = Self> {
        let end = self.node().end;
        let before_end = move |index: u32| (index < end).then(|| self.at_index(index));
        std::iter::successors(before_end(self.index + 1), move |child| before_end(child.node().end))
    }

    /// The first element inside it with this name. Elements of strange namespaces, such as a signature's, are passed over.
    #[must_use]
    pub fn child(self, name: &str) -> Option<Self> {
        self.children().find(|child| child.name() == name && child.is_own())
    }

    /// The elements inside it with this name, as for [`child`](Self::child).
    pub fn all(self, name: &str) -> impl Iterator<Item = Self> {
        self.children().filter(move |child| child.name() == name && child.is_own())
    }

    /// Whether it belongs to no namespace or to the root's.
    fn is_own(self) -> bool {
        let namespace = self.node().namespace;
        namespace.is_none() || namespace == self.tree.nodes[0].namespace
    }

    /// The element at the end of a path of names, each the first of its name: `DatiAnagrafici/Anagrafica/Denominazione`.
    #[must_use]
    pub fn at(self, path: &str) -> Option<Self> {
        path.split('/').try_fold(self, Self::child)
    }

    /// The text at the end of a path, without blanks around it; none where there is no such element or nothing in it.
    #[must_use]
    pub fn text_at(self, path: &str) -> Option<&'d str> {
        self.at(path).map(|element| element.text().trim()).filter(|text| !text.is_empty())
    }

    /// The value of an attribute that has no namespace.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<&'d str> {
        self.attributes().find(|attribute| attribute.name == name && attribute.namespace.is_none()).map(|found| &*found.value)
    }

    /// Its attributes, without namespace declarations.
    pub(super) fn attributes(self) -> impl Iterator<Item = &'d Attribute<'t>> {
        let Range { start, end } = self.node().attributes;
        self.tree.attributes[place(start)..place(end)].iter()
    }

    /// The namespace of one of its attributes.
    pub(super) fn namespace_of(self, attribute: &Attribute<'_>) -> Option<&'d str> {
        attribute.namespace.map(|number| self.tree.namespaces[usize::from(number)].as_str())
    }

    /// Where its start tag begins.
    #[must_use]
    pub fn position(self) -> Position {
        self.tree.position(self.node().offset)
    }

    /// Its path from the root's children down, with a number where a name occurs more than once:
    /// `FatturaElettronicaBody/DatiBeniServizi/DettaglioLinee[3]/PrezzoTotale`. Of the root, its name. It takes time linear in the number of
    /// its siblings and those of its ancestors.
    #[must_use]
    pub fn path(self) -> String {
        let root = self.tree.root();
        if self.index == root.index { excerpt(self.name()) } else { self.path_below(root) }
    }

    /// The same from below this ancestor down: for who tells the paths of many of its descendants.
    pub(super) fn path_below(self, ancestor: Self) -> String {
        let ancestors = std::iter::successors(Some(self), |element| element.parent());
        let ancestors: Vec<_> = ancestors.take_while(|element| element.index != ancestor.index).collect();
        let mut path = String::new();
        for element in ancestors.into_iter().rev() {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&excerpt(element.name()));
            if let Some(number) = element.number() {
                let _ = write!(path, "[{number}]");
            }
        }
        path
    }

    /// Which one it is of those with its name, from 1; none if it is the only one.
    fn number(self) -> Option<usize> {
        let parent = self.parent()?;
        let before = parent.all(self.name()).take_while(|sibling| sibling.index != self.index).count();
        (before > 0 || parent.all(self.name()).nth(1).is_some()).then_some(before + 1)
    }
}

/// Whether an element is an XML signature.
pub(super) fn is_signature(element: Element<'_, '_>) -> bool {
    element.name() == "Signature" && element.namespace() == Some(XML_SIGNATURE)
}

/// A tree that grows while its file is read.
pub(super) struct Builder<'t> {
    tree: Tree<'t>,
    /// The open elements, root first.
    open: Vec<u32>,
}

impl<'t> Builder<'t> {
    /// Nothing read yet of this text.
    pub(super) fn new(text: &'t str) -> Self {
        let nodes = Vec::with_capacity((text.len() / USUAL_BYTES).min(MAX_PIECES));
        let tree = Tree { text, nodes, attributes: Vec::new(), namespaces: Vec::new(), lines: OnceCell::new() };
        Self { tree, open: Vec::new() }
    }

    /// Whether the root has begun.
    pub(super) fn has_root(&self) -> bool {
        !self.tree.nodes.is_empty()
    }

    /// The number of a namespace; there are few.
    pub(super) fn namespace(&mut self, name: &str) -> u16 {
        let known = self.tree.namespaces.iter().position(|known| known == name);
        let number = known.unwrap_or_else(|| {
            self.tree.namespaces.push(name.to_owned());
            self.tree.namespaces.len() - 1
        });
        u16::try_from(number).expect("the reader stops after a few namespaces")
    }

    /// A start tag.
    pub(super) fn open(&mut self, name: &'t str, namespace: Option<u16>, offset: usize, attributes: Vec<Attribute<'t>>) {
        let number = index(self.tree.nodes.len());
        let first = index(self.tree.attributes.len());
        if !attributes.is_empty() {
            self.tree.attributes.extend(attributes);
        }
        let attributes = first..index(self.tree.attributes.len());
        let parent = self.open.last().copied();
        if let Some(parent) = parent {
            let node = &mut self.tree.nodes[place(parent)];
            // Until now they might have been all that is inside it.
            if parent + 1 == number && node.is_blank() {
                node.text = Cow::Borrowed("");
            }
        }
        let text = Cow::Borrowed("");
        self.tree.nodes.push(Node { name, namespace, text, cdata: false, offset: index(offset), parent, end: number + 1, attributes });
        self.open.push(number);
    }

    /// Text inside the innermost open element.
    pub(super) fn text(&mut self, more: Cow<'t, str>) {
        let Some(innermost) = self.open.last() else { return };
        let text = &mut self.tree.nodes[place(*innermost)].text;
        if text.is_empty() {
            *text = more;
        } else {
            text.to_mut().push_str(&more);
        }
    }

    /// Whether elements have ended inside the innermost open one.
    pub(super) fn is_among_elements(&self) -> bool {
        self.open.last().is_some_and(|innermost| place(*innermost) + 1 < self.tree.nodes.len())
    }

    /// A CDATA section inside the innermost open element.
    pub(super) fn cdata(&mut self, text: Cow<'t, str>) {
        if let Some(innermost) = self.open.last() {
            self.tree.nodes[place(*innermost)].cdata = true;
        }
        self.text(text);
    }

    /// An end tag.
    pub(super) fn close(&mut self) {
        let Some(innermost) = self.open.pop() else { return };
        self.tree.nodes[place(innermost)].end = index(self.tree.nodes.len());
    }

    /// The whole tree. Its root must have begun.
    pub(super) fn finish(self) -> Tree<'t> {
        self.tree
    }
}

fn index(place: usize) -> u32 {
    u32::try_from(place).expect("a file has at most 5 MB")
}

fn place(index: u32) -> usize {
    usize::try_from(index).expect("an index fits into memory")
}
