//! What is told of a signature.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::fatturapa::finding::Words;
use crate::fatturapa::unreadable::Position;

/// A signature on an invoice, and what could be found out about it without asking anyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// How it is attached to the invoice.
    pub form: Form,
    /// Whose certificate it names. All is empty where the certificate is missing or cannot be read.
    pub signer: Signer,
    /// Who issued the certificate: its common name, or else its organization.
    pub issuer: Option<String>,
    /// From when on the certificate is valid.
    pub not_before: Option<DateTime<Utc>>,
    /// Until when the certificate is valid.
    pub not_after: Option<DateTime<Utc>>,
    /// When the signer says to have signed. Nobody vouches for it: it is no time stamp.
    pub signing_time: Option<DateTime<Utc>>,
    /// How it was made, for example `RSA with SHA-256`; an identifier where it is not known.
    pub algorithm: String,
    /// Whether it rests on SHA-1, by which nothing may be signed any more since 2011.
    pub on_sha1: bool,
    /// Whether document and signature belong together.
    pub integrity: Integrity,
    /// Whether the certificate can be relied on.
    pub trust: Trust,
}

/// How a signature is attached to an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// CAdES: around the invoice, which becomes a `.p7m` file.
    Cades,
    /// XAdES: an element inside the invoice.
    Xades {
        /// The element's path, as in a [`Finding`](crate::fatturapa::Finding).
        path: String,
        /// Where the element begins.
        at: Position,
    },
}

impl Form {
    /// The word for programs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Cades => "CAdES",
            Self::Xades { .. } => "XAdES",
        }
    }
}

/// Whom a certificate is for, as it says itself. Texts are shortened to their beginnings where they are long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signer {
    /// The person's or the company's name (CN).
    pub common_name: Option<String>,
    /// The organization (O).
    pub organization: Option<String>,
    /// The serial number among the names, as it stands there: `TINIT-RSSMRA80A01H501U`.
    pub serial_number: Option<String>,
    /// The Italian fiscal code in the serial number: what stands behind `TINIT-` or, in older certificates, `IT:`.
    pub fiscal_code: Option<String>,
    /// The country (C).
    pub country: Option<String>,
}

/// Whether a document and its signature belong together. This says nothing about who the signer is: see [`Trust`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integrity {
    /// The signature was made with the certificate's key, over exactly this document.
    Verified,
    /// One of them was changed after signing.
    Tampered {
        /// Which one.
        what: Tampering,
    },
    /// It could not be found out.
    NotVerified {
        /// Why not.
        why: Unverified,
    },
}

impl Integrity {
    /// The word for programs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Tampered { .. } => "tampered",
            Self::NotVerified { .. } => "not verified",
        }
    }
}

/// What was changed after signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tampering {
    /// The document: its digest is not the one that was signed.
    Document,
    /// The signature: it was not made by the certificate's key over these data.
    Signature,
}

/// Why a signature could not be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unverified {
    /// The container has no signer.
    NoSigner,
    /// The signer's data are not in the shape that CMS demands.
    Malformed,
    /// The signer's certificate is not in the file.
    NoCertificate,
    /// The signer's certificate may be in the file, but not all of those there can be read.
    UnreadableCertificate,
    /// The algorithms are not among those that are verified here.
    UnknownAlgorithm {
        /// Their names or identifiers.
        algorithm: Words,
    },
    /// The key is shorter than any that the law has allowed since invoices are electronic, or longer than can be checked in reasonable time.
    KeyLength {
        /// Its length.
        bits: usize,
    },
    /// So many signed so large a document in so many ways that verifying all of it would take too long.
    TooMuchWork,
    /// It is a signature inside the XML: what it is over would have to be put into canonical form, which is not done here.
    Xades,
}

impl Unverified {
    /// Why, in words.
    #[must_use]
    pub fn words(&self) -> Words {
        match self {
            Self::NoSigner => Words::new("nel file non c'è alcun firmatario", "the file names no signer"),
            Self::Malformed => Words::new(
                "i dati del firmatario non hanno la forma prescritta (RFC 5652)",
                "the signer's data do not have the shape that RFC 5652 demands",
            ),
            Self::NoCertificate => {
                Words::new("il certificato del firmatario non è nel file", "the signer's certificate is not in the file")
            }
            Self::UnreadableCertificate => {
                Words::new("il certificato del firmatario non è leggibile", "the signer's certificate cannot be read")
            }
            Self::UnknownAlgorithm { algorithm } => Words::new(
                format!("l'algoritmo {} non è tra quelli verificati", algorithm.italian),
                format!("the algorithm {} is not among those that are verified", algorithm.english),
            ),
            Self::KeyLength { bits } => Words::new(
                format!("la chiave è di {bits} bit; si verificano quelle da 2048 a 8192"),
                format!("the key has {bits} bits; those of 2048 to 8192 are verified"),
            ),
            Self::TooMuchWork => Words::new(
                "le firme su un documento così grande sono troppe per verificarle tutte",
                "there are too many signatures on so large a document to verify them all",
            ),
            Self::Xades => Words::new(
                "la firma è all'interno dell'XML (XAdES) e le firme di questo tipo non sono verificate",
                "the signature is inside the XML (XAdES), and signatures of that kind are not verified",
            ),
        }
    }
}

/// Whether the issuer is on the European list of trusted services, and the certificate was not revoked. To know that one must ask others
/// over the network, which the engine never does: a signature of anyone who made a certificate for himself is [`Integrity::Verified`] too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// Neither was looked up.
    #[default]
    NotChecked,
}

impl Trust {
    /// The words to show.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotChecked => "not checked",
        }
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
