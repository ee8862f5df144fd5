//! Why a signed file could not be opened.

use super::ber::{MAX_DEPTH, MAX_ELEMENTS};
use super::{MAX_CERTIFICATES, MAX_NESTED, MAX_SIGNATURES};
use crate::fatturapa::finding::Phrase;

/// Why the document inside a signed file could not be taken out. Nothing here says that a signature is wrong: that is told beside the
/// document, as an [`Integrity`](super::Integrity).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unopenable {
    /// It is base64 with a fault.
    #[error("its base64 is wrong at character {character} (blanks not counted)")]
    NotBase64 {
        /// Which character, from 1, without blanks, line ends and PEM's first line.
        character: usize,
    },
    /// Its bytes are not ASN.1: it was cut off or changed on its way.
    #[error("{} (at byte {at}: {})", not_asn1(*base64).english, problem.english)]
    NotAsn1 {
        /// Which byte, from 0; of what was in base64, once decoded.
        at: usize,
        /// What is wrong there.
        problem: Phrase,
        /// Whether it came out of base64, with which nothing is wrong.
        base64: bool,
    },
    /// Its ASN.1 is nested deeper than that of any signature.
    #[error("its ASN.1 is nested more than {MAX_DEPTH} deep at byte {at}: no signature needs that")]
    TooDeep {
        /// The first byte that is too deep.
        at: usize,
    },
    /// Its ASN.1 has more elements than that of any signature.
    #[error("its ASN.1 has more than {MAX_ELEMENTS} elements: no signature needs that")]
    TooManyElements,
    /// It is a container, but of another kind: an encrypted document, a time stamp.
    #[error("it holds content of type {found}, not a signature (CMS signedData, 1.2.840.113549.1.7.2)")]
    NotSigned {
        /// The identifier of its content.
        found: String,
    },
    /// It is ASN.1, but not in the shape of a signature.
    #[error("its {part} is not as CMS (RFC 5652) demands")]
    Malformed {
        /// Which part, by its name in RFC 5652.
        part: &'static str,
    },
    /// The document is not inside: the signature was made to go beside it.
    #[error("the signature is detached, the document that it signs is not inside")]
    Detached,
    /// Signatures are wrapped in signatures more often than anyone does.
    #[error("it holds a signed file in a signed file more than {MAX_NESTED} deep")]
    NestedTooDeep,
    /// More people signed it than ever do.
    #[error("it has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// It carries more certificates than all its signatures can need.
    #[error("it carries more than {MAX_CERTIFICATES} certificates: no invoice needs that")]
    TooManyCertificates,
}

impl Unopenable {
    /// The same in Italian.
    pub(in crate::fatturapa) fn in_italian(&self) -> String {
        match self {
            Self::NotBase64 { character } => format!("il suo base64 è errato al carattere {character} (spazi esclusi)"),
            Self::NotAsn1 { at, problem, base64 } => format!("{} (al byte {at}: {})", not_asn1(*base64).italian, problem.italian),
            Self::TooDeep { at } => format!("il suo ASN.1 è annidato oltre {MAX_DEPTH} livelli al byte {at}: nessuna firma ne ha bisogno"),
            Self::TooManyElements => format!("il suo ASN.1 ha più di {MAX_ELEMENTS} elementi: nessuna firma ne ha bisogno"),
            Self::NotSigned { found } => {
                format!("il suo contenuto è di tipo {found} e non una firma (CMS signedData, 1.2.840.113549.1.7.2)")
            }
            Self::Malformed { part } => format!("la parte {part} non ha la forma prescritta per CMS (RFC 5652)"),
            Self::Detached => "la firma è separata e il documento firmato non è nel file".to_owned(),
            Self::NestedTooDeep => format!("contiene file firmati uno dentro l'altro per più di {MAX_NESTED} livelli"),
            Self::TooManySignatures => format!("ha più di {MAX_SIGNATURES} firme"),
            Self::TooManyCertificates => format!("contiene più di {MAX_CERTIFICATES} certificati: nessuna fattura ne ha bisogno"),
        }
    }

    /// What to do about it.
    pub(in crate::fatturapa) const fn remedy(&self) -> Option<Phrase> {
        Some(match self {
            Self::NotBase64 { .. } | Self::NotAsn1 { .. } | Self::Malformed { .. } => Phrase::new(
                "recuperare il file così come lo ha prodotto il programma di firma",
                "get it anew, as the signing program wrote it",
            ),
            Self::NotSigned { .. } => Phrase::new("inviare il documento firmato", "send the signed document"),
            Self::Detached => Phrase::new(
                "inviare l'XML della fattura, oppure firmarla di nuovo includendo il documento",
                "send the invoice's XML, or sign it again with the document inside",
            ),
            Self::NestedTooDeep | Self::TooManySignatures => {
                Phrase::new("inviare la fattura con meno firme", "send the invoice with fewer signatures")
            }
            Self::TooDeep { .. } | Self::TooManyElements | Self::TooManyCertificates => return None,
        })
    }

    /// The same of what came out of base64.
    pub(super) fn out_of_base64(self) -> Self {
        if let Self::NotAsn1 { at, problem, .. } = self { Self::NotAsn1 { at, problem, base64: true } } else { self }
    }
}

const fn not_asn1(base64: bool) -> Phrase {
    if base64 {
        Phrase::new(
            "dal suo base64, che in sé è corretto, non esce una firma ma un contenuto danneggiato, che non è ASN.1",
            "its base64 is right as such, but what comes out of it is damaged and no ASN.1",
        )
    } else {
        Phrase::new("è danneggiato o troncato e non è ASN.1", "it is damaged or cut off and no ASN.1")
    }
}
