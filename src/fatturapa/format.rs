//! The formats of invoice files, and the two families that they come in.

use std::fmt;

use super::document_type::DocumentType;
use super::finding::Phrase;
use super::receipt::ReceiptKind;
use super::tree::Element;
use super::unreadable::{Unreadable, WrongRoot, excerpt};
use super::values::Parsed;

/// The root of ordinary invoices.
pub(super) const INVOICE: &str = "FatturaElettronica";
/// The root of simplified invoices.
pub(super) const SIMPLIFIED_INVOICE: &str = "FatturaElettronicaSemplificata";
/// The namespace of ordinary invoices, FPR12 and FPA12.
const ORDINARY: &str = "http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2";
/// The namespace of simplified invoices, FSM10.
const SIMPLIFIED: &str = "http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.0";
/// The namespaces of the formats that were for public administrations only, with their versions.
const OLD: [(&str, &str); 2] =
    [("http://www.fatturapa.gov.it/sdi/fatturapa/v1.0", "1.0"), ("http://www.fatturapa.gov.it/sdi/fatturapa/v1.1", "1.1")];

/// The format that a file is written in (FormatoTrasmissione).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// FPR12: ordinary invoice to a private party.
    Fpr12,
    /// FPA12: ordinary invoice to a public administration.
    Fpa12,
    /// FSM10: simplified invoice.
    Fsm10,
}

impl Format {
    /// The code that stands in the file, for example `FPR12`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fpr12 => "FPR12",
            Self::Fpa12 => "FPA12",
            Self::Fsm10 => "FSM10",
        }
    }

    /// The format with this code, or `None` if there is no such format.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Fpr12, Self::Fpa12, Self::Fsm10].into_iter().find(|format| format.code() == code)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The two families of formats: each has its namespace, its root and its code lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// FPR12 and FPA12.
    Ordinary,
    /// FSM10.
    Simplified,
}

impl Kind {
    /// The family of a file, by its root.
    pub(super) fn of(root: Element<'_, '_>) -> Result<Self, Unreadable> {
        let namespace = root.namespace().unwrap_or_default();
        match (root.name(), namespace) {
            (INVOICE, ORDINARY) => return Ok(Self::Ordinary),
            (SIMPLIFIED_INVOICE, SIMPLIFIED) => return Ok(Self::Simplified),
            _ => {}
        }
        if let Some((_, version)) = OLD.iter().find(|(old, _)| *old == namespace) {
            return Err(Unreadable::OldFormat { version });
        }
        Err(Unreadable::WrongRoot { why: Self::wrong(root, namespace), at: root.position() })
    }

    fn wrong(root: Element<'_, '_>, namespace: &str) -> WrongRoot {
        let of_invoice = |name, wanted| {
            let found = (!namespace.is_empty()).then(|| excerpt(namespace));
            WrongRoot::Namespace { name, found, wanted }
        };
        match root.name() {
            INVOICE => of_invoice(INVOICE, ORDINARY),
            SIMPLIFIED_INVOICE => of_invoice(SIMPLIFIED_INVOICE, SIMPLIFIED),
            name if ReceiptKind::of(root).is_ok() => WrongRoot::Message { name: name.to_owned() },
            name => WrongRoot::Unknown {
                found: excerpt(&if namespace.is_empty() { name.to_owned() } else { format!("{{{namespace}}}{name}") }),
                allowed: Phrase::new(
                    "FatturaElettronica o FatturaElettronicaSemplificata, nel namespace dell'Agenzia delle Entrate",
                    "FatturaElettronica or FatturaElettronicaSemplificata, each in the tax agency's namespace",
                ),
            },
        }
    }

    /// The format with this code, which must be one of the family.
    pub(super) fn format(self, version: &str) -> Parsed<Format> {
        match (self, version) {
            (Self::Ordinary, "FPR12") => Ok(Format::Fpr12),
            (Self::Ordinary, "FPA12") => Ok(Format::Fpa12),
            (Self::Simplified, "FSM10") => Ok(Format::Fsm10),
            (Self::Ordinary, _) => Err(Phrase::new("FPR12 o FPA12", "FPR12 or FPA12")),
            (Self::Simplified, _) => Err(Phrase::new("FSM10", "FSM10")),
        }
    }

    /// The document type with this code, which must be one of the family.
    pub(super) fn document_type(self, code: &str) -> Parsed<DocumentType> {
        let simplified = self == Self::Simplified;
        let allowed = if simplified {
            Phrase::new("TD07, TD08 o TD09", "TD07, TD08 or TD09")
        } else {
            Phrase::new("uno da TD01 a TD06 o da TD16 a TD29", "one of TD01 to TD06 and TD16 to TD29")
        };
        DocumentType::from_code(code).filter(|found| found.is_simplified() == simplified).ok_or(allowed)
    }
}
