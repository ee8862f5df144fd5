//! What is read of a signer's certificate (X.509, RFC 5280): whose it is, who issued it, for how long, and its key.

use chrono::{DateTime, Utc};
use der::asn1::ObjectIdentifier;
use der::{Tag, TagNumber};

use super::container::Identifier;
use super::parts::{Algorithm, Malformed, Part, Shaped};
use super::signature::Signer;
use crate::fatturapa::unreadable::excerpt;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");
const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const ELLIPTIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// What an Italian fiscal code stands behind in a certificate: as ETSI EN 319 412-1 has it, and as it was written before.
const FISCAL_CODE: [&str; 2] = ["TINIT-", "IT:"];

/// The longest name that is compared letter by letter, in bytes; real ones have about 200.
const MAX_NAME_BYTES: usize = 4096;

/// A certificate.
#[derive(Debug)]
pub(super) struct Certificate<'a> {
    issuer: Part<'a>,
    serial: &'a [u8],
    key_identifier: Option<&'a [u8]>,
    subject: Part<'a>,
    pub(super) not_before: DateTime<Utc>,
    pub(super) not_after: DateTime<Utc>,
    pub(super) key: Key<'a>,
}

/// The key that a certificate is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key<'a> {
    /// RSA: the modulus and the exponent, without zeros before them.
    Rsa { modulus: &'a [u8], exponent: &'a [u8] },
    /// A point on the curve P-256, uncompressed.
    P256(&'a [u8]),
    /// A point on the curve P-384, uncompressed.
    P384(&'a [u8]),
    /// One that is not known here.
    Unknown,
}

impl<'a> Certificate<'a> {
    /// Reads a certificate in DER.
    pub(super) fn read(der: &'a [u8]) -> Shaped<Self> {
        let signed = Part::first(der)?.of_kind(Tag::Sequence)?.parts()?.take(Tag::Sequence)?;
        let mut parts = signed.parts()?;
        parts.take_numbered(TagNumber::N0)?;
        let serial = parts.take(Tag::Integer)?.content;
        parts.take(Tag::Sequence)?;
        let issuer = parts.take(Tag::Sequence)?;
        let mut validity = parts.take(Tag::Sequence)?.parts()?;
        let (not_before, not_after) = (validity.any()?.time()?, validity.any()?.time()?);
        let subject = parts.take(Tag::Sequence)?;
        let key = Key::read(parts.take(Tag::Sequence)?)?;
        parts.take_numbered(TagNumber::N1)?;
        parts.take_numbered(TagNumber::N2)?;
        let key_identifier = match parts.take_numbered(TagNumber::N3)? {
            Some(extensions) => key_identifier(extensions)?,
            None => None,
        };
        Ok(Self { issuer, serial, key_identifier, subject, not_before, not_after, key })
    }

    /// Whether it is the one that a signer names.
    pub(super) fn is(&self, identifier: Identifier<'_>) -> bool {
        match identifier {
            Identifier::Issued { issuer, serial } => self.serial == serial && is_same_name(self.issuer, issuer),
            Identifier::Key(identifier) => self.key_identifier == Some(identifier),
        }
    }

    /// Whose it is.
    pub(super) fn signer(&self) -> Signer {
        let serial_number = value_in(self.subject, SERIAL_NUMBER);
        let fiscal_code = serial_number.as_deref().and_then(fiscal_code_in).map(str::to_owned);
        Signer {
            common_name: value_in(self.subject, COMMON_NAME),
            organization: value_in(self.subject, ORGANIZATION),
            serial_number,
            fiscal_code,
            country: value_in(self.subject, COUNTRY),
        }
    }

    /// Who issued it.
    pub(super) fn issuer(&self) -> Option<String> {
        name(self.issuer)
    }
}

/// The fiscal code within a subject's serial number.
fn fiscal_code_in(serial_number: &str) -> Option<&str> {
    FISCAL_CODE.iter().find_map(|prefix| serial_number.strip_prefix(prefix))
}

/// What to call a name by: the common name, or else the organization.
pub(super) fn name(name: Part<'_>) -> Option<String> {
    value_in(name, COMMON_NAME).or_else(|| value_in(name, ORGANIZATION))
}

/// The first value of a kind in a name.
fn value_in(name: Part<'_>, kind: ObjectIdentifier) -> Option<String> {
    let mut sets = name.parts().ok()?;
    while let Ok(Some(set)) = sets.next_part() {
        let mut pairs = set.parts().ok()?;
        while let Ok(Some(pair)) = pairs.next_part() {
            let mut parts = pair.parts().ok()?;
            if parts.any().and_then(Part::identifier) == Ok(kind) {
                return parts.any().ok()?.text().map(|text| excerpt(text.trim())).filter(|text| !text.is_empty());
            }
        }
    }
    None
}

/// Whether two names are the same, as RFC 5280 (7.1) compares them: letters count, not how they are encoded, not their case, and not how
/// many blanks are between them. A real program writes the issuer's name as UTF8String in one place and as PrintableString in another.
fn is_same_name(one: Part<'_>, other: Part<'_>) -> bool {
    let short = one.whole.len().max(other.whole.len()) <= MAX_NAME_BYTES;
    one.whole == other.whole || short && matches!((plain(one), plain(other)), (Ok(one), Ok(other)) if one == other)
}

/// A name's kinds and values, as they are compared.
fn plain(name: Part<'_>) -> Shaped<Vec<(ObjectIdentifier, String)>> {
    let mut values = Vec::new();
    let mut sets = name.parts()?;
    while let Some(set) = sets.next_part()? {
        let mut pairs = set.parts()?;
        while let Some(pair) = pairs.next_part()? {
            let mut parts = pair.parts()?;
            let (kind, text) = (parts.any()?.identifier()?, parts.any()?.text().ok_or(Malformed)?);
            values.push((kind, text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }
    Ok(values)
}

/// The key identifier among a certificate's extensions.
fn key_identifier(extensions: Part<'_>) -> Shaped<Option<&[u8]>> {
    let mut extensions = extensions.parts()?.take(Tag::Sequence)?.parts()?;
    while let Some(extension) = extensions.next_part()? {
        let mut parts = extension.of_kind(Tag::Sequence)?.parts()?;
        if parts.any()?.identifier()? == SUBJECT_KEY_IDENTIFIER {
            let mut value = parts.any()?;
            if value.tag == Tag::Boolean {
                value = parts.any()?;
            }
            let identifier = Part::first(value.of_kind(Tag::OctetString)?.content)?;
            return Ok(Some(identifier.of_kind(Tag::OctetString)?.content));
        }
    }
    Ok(None)
}

impl<'a> Key<'a> {
    /// Reads a SubjectPublicKeyInfo.
    fn read(part: Part<'a>) -> Shaped<Self> {
        let mut parts = part.parts()?;
        let algorithm = Algorithm::read(parts.any()?)?;
        let bits = parts.any()?.bits()?;
        match algorithm.identifier {
            RSA | RSA_PSS => {
                let mut numbers = Part::first(bits)?.of_kind(Tag::Sequence)?.parts()?;
                Ok(Self::Rsa { modulus: numbers.any()?.number()?, exponent: numbers.any()?.number()? })
            }
            ELLIPTIC => Ok(match algorithm.parameters.ok_or(Malformed)?.identifier() {
                Ok(P256) if is_point(bits, 32) => Self::P256(bits),
                Ok(P384) if is_point(bits, 48) => Self::P384(bits),
                Ok(_) | Err(Malformed) => Self::Unknown,
            }),
            _ => Ok(Self::Unknown),
        }
    }
}

/// Whether bytes are a point, uncompressed, of two coordinates of so many bytes.
fn is_point(bytes: &[u8], coordinate: usize) -> bool {
    bytes.len() == 1 + 2 * coordinate && bytes[0] == 4
}
