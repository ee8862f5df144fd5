//! What a file's root element is that is not of the wanted kind, and the sentences about it.

use super::Position;
use crate::fatturapa::finding::{Phrase, Words};

/// What a root element is that is not of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrongRoot {
    /// Nothing that is known here.
    Unknown {
        /// The root element, with its namespace in braces.
        found: String,
        /// Which ones are read.
        allowed: Phrase,
    },
    /// That of an invoice but for its namespace.
    Namespace {
        /// The root element.
        name: &'static str,
        /// Its namespace, shortened to its beginning when it is long; none if it has none.
        found: Option<String>,
        /// The namespace that it must have.
        wanted: &'static str,
    },
    /// A message of the SdI in an invoice's place.
    Message {
        /// The root element.
        name: String,
    },
    /// An invoice in the place of a message of the SdI.
    Invoice {
        /// The root element.
        name: String,
    },
}

impl WrongRoot {
    /// What is wrong with the root element, and for namespaces also what to write.
    pub(super) fn words(&self, at: Position) -> Words {
        match self {
            Self::Unknown { found, allowed } => Words::new(
                format!("l'elemento radice {} è {found}: deve essere {}", at.in_italian(), allowed.italian),
                format!("the file's root element at {at} is {found}: it must be {}", allowed.english),
            ),
            Self::Namespace { name, found, wanted } => {
                let (italian, english) = match found {
                    None => ("è senza namespace".to_owned(), "has no namespace".to_owned()),
                    Some(found) => (format!("è nel namespace {found}"), format!("is in the namespace {found}")),
                };
                let start = format!("<p:{name} xmlns:p=\"{wanted}\" ...>");
                Words::new(
                    format!("l'elemento radice {name} {} {italian}: deve essere in {wanted}, cioè cominciare con {start}", at.in_italian()),
                    format!("the file's root element {name} at {at} {english}: it must be in {wanted}, that is begin with {start}"),
                )
            }
            Self::Message { name } => Words::new(
                format!("il file è un messaggio dello SdI ({name}), non una fattura"),
                format!("the file is a message of the SdI ({name}), not an invoice"),
            ),
            Self::Invoice { name } => Words::new(
                format!("il file è una fattura ({name}), non un messaggio dello SdI"),
                format!("the file is an invoice ({name}), not a message of the SdI"),
            ),
        }
    }

    /// Where such a file belongs.
    pub(super) const fn remedy(&self) -> Option<Phrase> {
        match self {
            Self::Unknown { .. } | Self::Namespace { .. } => None,
            Self::Message { .. } => Some(Phrase::new("registrarlo come ricevuta", "record it as a receipt")),
            Self::Invoice { .. } => Some(Phrase::new("registrarla come fattura", "take it in as an invoice")),
        }
    }
}
