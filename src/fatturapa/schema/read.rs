//! The parts of XML Schema that the schemas in use are written in. What is not one of them is an error, found by the test that reads them.
//!
//! Names of types are looked up without their prefix: none is defined in two of the schemas, and none is a built-in's.

use std::collections::HashMap;

use super::model::{Fragment, Model, ModelBuilder, Term};
use super::simple::{Base, Simple};
use super::{AttributeUse, Complex, Content, Schema, Type, TypeId};
use crate::fatturapa::tree::{Element, Tree};
use crate::fatturapa::xml;

/// What cannot be read of a schema.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unsupported(String);

type Result<T> = std::result::Result<T, Unsupported>;

fn unsupported<T>(what: &str, element: Element<'_, '_>) -> Result<T> {
    Err(Unsupported(format!("{what}: {} at {}", element.path(), element.position())))
}

/// Reads schemas that refer to each other.
pub(super) fn read(texts: &[&str]) -> Result<Schema> {
    let trees: Vec<_> = texts.iter().map(|text| xml::read(text).map_err(|error| Unsupported(error.to_string()))).collect::<Result<_>>()?;
    let mut reader = Reader::default();
    for tree in &trees {
        reader.announce(tree);
    }
    for tree in &trees {
        reader.globals(tree)?;
    }
    Ok(reader.schema)
}

#[derive(Default)]
struct Reader<'d> {
    schema: Schema,
    /// Types that have a name, where they are defined and once they are read.
    named: HashMap<&'d str, (Element<'d, 'd>, Home<'d>)>,
    read: HashMap<&'d str, TypeId>,
    /// Elements outside of any type, by name.
    elements: HashMap<&'d str, (Element<'d, 'd>, Home<'d>)>,
}

/// The schema that something is defined in.
#[derive(Clone, Copy)]
struct Home<'d> {
    namespace: &'d str,
    /// Whether elements inside of types belong to its namespace, or to none.
    qualified: bool,
}

impl<'d> Reader<'d> {
    fn announce(&mut self, tree: &'d Tree<'d>) {
        let root = tree.root();
        let home = home(root);
        for child in root.children() {
            let Some(name) = child.attribute("name") else { continue };
            match child.name() {
                "element" => drop(self.elements.insert(name, (child, home))),
                _ => drop(self.named.insert(name, (child, home))),
            }
        }
    }

    fn globals(&mut self, tree: &'d Tree<'d>) -> Result<()> {
        let root = tree.root();
        let home = home(root);
        for element in root.all("element") {
            let of = self.type_of(element, home)?;
            let name = required(element, "name")?;
            self.schema.globals.insert((home.namespace.to_owned(), name.to_owned()), of);
        }
        Ok(())
    }

    /// The type of an element: named, or written inside it.
    fn type_of(&mut self, element: Element<'d, 'd>, home: Home<'d>) -> Result<TypeId> {
        if let Some(name) = element.attribute("type") {
            return self.named(name, element);
        }
        match element.children().find(|child| child.name() != "annotation") {
            Some(inside) => {
                let read = self.definition(inside, home)?;
                Ok(self.add(read))
            }
            None => unsupported("an element without a type", element),
        }
    }

    fn named(&mut self, name: &'d str, at: Element<'d, 'd>) -> Result<TypeId> {
        let name = local(name);
        if let Some(id) = self.read.get(name) {
            return Ok(*id);
        }
        let Some((definition, home)) = self.named.get(name).copied() else {
            let base = Base::of(name).ok_or_else(|| Unsupported(format!("the type {name} at {} is not defined", at.position())))?;
            let id = self.add(Type::Simple(Simple::of(base)));
            self.read.insert(name, id);
            return Ok(id);
        };
        // Its place is given out first: a type may contain itself.
        let id = self.add(Type::Simple(Simple::of(Base::String)));
        self.read.insert(name, id);
        self.schema.types[id.0] = self.definition(definition, home)?;
        Ok(id)
    }

    fn add(&mut self, of: Type) -> TypeId {
        self.schema.types.push(of);
        TypeId(self.schema.types.len() - 1)
    }

    fn definition(&mut self, definition: Element<'d, 'd>, home: Home<'d>) -> Result<Type> {
        match definition.name() {
            "simpleType" => Ok(Type::Simple(self.simple(definition)?)),
            "complexType" => Ok(Type::Complex(self.complex(definition, home)?)),
            _ => unsupported("a definition", definition),
        }
    }

    fn simple(&mut self, definition: Element<'d, 'd>) -> Result<Simple> {
        let Some(restriction) = definition.child("restriction") else {
            return unsupported("a simple type without restriction", definition);
        };
        let mut simple = self.simple_named(required(restriction, "base")?, restriction)?;
        let facets: Vec<_> = restriction.children().filter(|child| child.name() != "annotation").collect();
        let all = |name: &str| {
            let named = facets.iter().filter(|facet| facet.name() == name);
            named.map(|facet| required(*facet, "value")).collect::<Result<Vec<_>>>()
        };
        let (patterns, values) = (all("pattern")?, all("enumeration")?);
        for found in &facets {
            let value = required(*found, "value")?;
            let known = match found.name() {
                "pattern" | "enumeration" => true,
                name => simple.restrict(name, value),
            };
            if !known {
                return unsupported("a facet", *found);
            }
        }
        if !patterns.is_empty() {
            simple.add_patterns(&patterns).map_err(|error| Unsupported(format!("{error} at {}", restriction.position())))?;
        }
        if !values.is_empty() {
            simple.values = values.into_iter().map(str::to_owned).collect();
        }
        Ok(simple)
    }

    fn simple_named(&mut self, name: &'d str, at: Element<'d, 'd>) -> Result<Simple> {
        let id = self.named(name, at)?;
        match self.schema.get(id) {
            Type::Simple(simple) => Ok(simple.clone()),
            Type::Complex(_) => unsupported("a simple type based on a complex one", at),
        }
    }

    fn complex(&mut self, definition: Element<'d, 'd>, home: Home<'d>) -> Result<Complex> {
        let mixed = definition.attribute("mixed") == Some("true");
        let mut complex = Complex { attributes: Vec::new(), content: Content::Elements { model: Model::default(), mixed } };
        for part in definition.children() {
            match part.name() {
                "annotation" => {}
                "attribute" => complex.attributes.push(self.attribute(part)?),
                "simpleContent" => {
                    let Some(extension) = part.child("extension") else { return unsupported("simple content", part) };
                    complex.content = Content::Text(self.simple_named(required(extension, "base")?, extension)?);
                    for attribute in extension.all("attribute") {
                        complex.attributes.push(self.attribute(attribute)?);
                    }
                }
                _ => {
                    let mut builder = ModelBuilder::default();
                    let whole = self.particle(part, home, &mut builder)?;
                    complex.content = Content::Elements { model: Model::new(builder, whole), mixed };
                }
            }
        }
        Ok(complex)
    }

    fn attribute(&mut self, attribute: Element<'d, 'd>) -> Result<AttributeUse> {
        Ok(AttributeUse {
            name: required(attribute, "name")?.to_owned(),
            of: self.simple_named(required(attribute, "type")?, attribute)?,
            required: attribute.attribute("use") == Some("required"),
        })
    }

    /// A part of a type's content, as often as it may occur.
    fn particle(&mut self, part: Element<'d, 'd>, home: Home<'d>, builder: &mut ModelBuilder) -> Result<Fragment> {
        let inside = match part.name() {
            "sequence" | "choice" => {
                let parts = part.children().filter(|child| child.name() != "annotation");
                let parts = parts.map(|child| self.particle(child, home, builder)).collect::<Result<Vec<_>>>()?;
                if part.name() == "choice" { ModelBuilder::choice(parts) } else { builder.sequence(parts) }
            }
            "element" => builder.term(self.element(part, home)?),
            "any" => {
                let but_of = match part.attribute("namespace") {
                    Some("##other") => Some(home.namespace.to_owned()),
                    None | Some("##any") => None,
                    Some(_) => return unsupported("a wildcard", part),
                };
                builder.term(Term::Any { but_of, strict: part.attribute("processContents") != Some("lax") })
            }
            _ => return unsupported("content", part),
        };
        let (optional, unbounded) = match (part.attribute("minOccurs"), part.attribute("maxOccurs")) {
            (None | Some("1"), None | Some("1")) => (false, false),
            (Some("0"), None | Some("1")) => (true, false),
            (None | Some("1"), Some("unbounded")) => (false, true),
            (Some("0"), Some("unbounded")) => (true, true),
            _ => return unsupported("an occurrence", part),
        };
        Ok(builder.occurring(inside, optional, unbounded))
    }

    fn element(&mut self, element: Element<'d, 'd>, home: Home<'d>) -> Result<Term> {
        if let Some(reference) = element.attribute("ref") {
            let name = local(reference);
            let Some((global, home)) = self.elements.get(name).copied() else { return unsupported("a reference", element) };
            let of = self.type_of(global, home)?;
            return Ok(Term::Element { namespace: Some(home.namespace.to_owned()), name: name.to_owned(), of, has_default: false });
        }
        let namespace = home.qualified.then(|| home.namespace.to_owned());
        let of = self.type_of(element, home)?;
        let has_default = element.attribute("default").is_some();
        Ok(Term::Element { namespace, name: required(element, "name")?.to_owned(), of, has_default })
    }
}

fn home<'d>(root: Element<'d, '_>) -> Home<'d> {
    Home {
        namespace: root.attribute("targetNamespace").unwrap_or_default(),
        qualified: root.attribute("elementFormDefault") == Some("qualified"),
    }
}

fn required<'d>(element: Element<'d, '_>, attribute: &str) -> Result<&'d str> {
    element.attribute(attribute).ok_or_else(|| Unsupported(format!("{attribute} is missing at {}", element.position())))
}

fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}
