//! The verdict of the official schemas: structure, order, occurrence, choice, patterns, lengths, code lists, numbers and dates (SdI 00200).
//!
//! | file | what it holds |
//! |---|---|
//! | `*.xsd` | the schemas in force, as published; README.md tells from where |
//! | `read.rs` | a schema becomes a [`Schema`]: the parts of XML Schema that these files use |
//! | `model.rs` | the content of an element as an automaton over the names inside it |
//! | `simple.rs`, `lexical.rs`, `pattern.rs` | the values of elements without elements inside |
//! | `judge.rs` | a file held against a schema: everything that differs |
//! | `words.rs` | what is allowed, in Italian and English |

mod judge;
mod lexical;
mod model;
mod pattern;
mod read;
mod simple;
mod words;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use judge::TOO_MANY_STRUCTURAL;
pub(super) use judge::judge;
pub(super) use lexical::{day, is_base64};
use model::Model;
use simple::Simple;

use super::format::Kind;

/// Schemas that were read together: the types they define and the elements that a file may begin with.
#[derive(Debug, Default)]
pub(super) struct Schema {
    types: Vec<Type>,
    /// Elements that are declared outside of any type, by namespace and name.
    globals: HashMap<(String, String), TypeId>,
}

/// A place in [`Schema::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TypeId(usize);

/// What an element holds.
#[derive(Debug)]
enum Type {
    Simple(Simple),
    Complex(Complex),
}

/// What an element with attributes or elements inside holds.
#[derive(Debug)]
struct Complex {
    attributes: Vec<AttributeUse>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// Text of a simple type.
    Text(Simple),
    /// Elements; text between them only where it is mixed.
    Elements { model: Model, mixed: bool },
}

/// An attribute that an element may have.
#[derive(Debug)]
struct AttributeUse {
    name: String,
    of: Simple,
    required: bool,
}

impl Schema {
    /// The schema of a family of formats.
    pub(super) fn of(kind: Kind) -> &'static Self {
        static ORDINARY: LazyLock<Schema> = LazyLock::new(|| shipped(include_str!("fatturapa-1.2.3.xsd")));
        static SIMPLIFIED: LazyLock<Schema> = LazyLock::new(|| shipped(include_str!("fatturapa-semplificata-1.0.2.xsd")));
        match kind {
            Kind::Ordinary => &ORDINARY,
            Kind::Simplified => &SIMPLIFIED,
        }
    }

    fn get(&self, id: TypeId) -> &Type {
        &self.types[id.0]
    }

    fn global(&self, namespace: Option<&str>, name: &str) -> Option<TypeId> {
        self.globals.get(&(namespace.unwrap_or_default().to_owned(), name.to_owned())).copied()
    }
}

fn shipped(schema: &str) -> Schema {
    read::read(&[schema, include_str!("xmldsig-core-schema.xsd")]).expect("the schemas that are shipped can be read: a test reads them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_schemas_can_be_read() {
        for (kind, root) in [(Kind::Ordinary, "FatturaElettronica"), (Kind::Simplified, "FatturaElettronicaSemplificata")] {
            let schema = Schema::of(kind);
            assert!(schema.globals.keys().any(|(_, name)| name == root));
            assert!(schema.global(Some("http://www.w3.org/2000/09/xmldsig#"), "Signature").is_some());
        }
    }
}
