//! What is in a signature's container (CMS SignedData, RFC 5652): the document, certificates, and who signed.

use der::asn1::ObjectIdentifier;
use der::{Tag, TagNumber};

use super::parts::{Algorithm, Malformed, Part, Parts, Shaped};
use super::unopenable::Unopenable;
use super::{MAX_CERTIFICATES, MAX_SIGNATURES};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// A container, opened.
#[derive(Debug)]
pub(super) struct Container<'a> {
    /// What kind of document it says is inside.
    pub(super) content_type: ObjectIdentifier,
    /// The document.
    pub(super) content: &'a [u8],
    /// The certificates that it carries, unread, where there is a list of them that can be read.
    pub(super) certificates: Shaped<Vec<&'a [u8]>>,
    /// Those who signed, each if it can be read. None, where the list itself cannot.
    pub(super) signers: Shaped<Vec<Shaped<SignerInfo<'a>>>>,
}

/// One who signed (SignerInfo).
#[derive(Debug)]
pub(super) struct SignerInfo<'a> {
    /// Which certificate is the signer's.
    pub(super) identifier: Identifier<'a>,
    /// How the document's digest was made.
    pub(super) digest_algorithm: Algorithm<'a>,
    /// What was signed in the document's place, its digest among it: in the file's order, header included.
    pub(super) signed_attributes: Option<Part<'a>>,
    /// How the signature was made.
    pub(super) signature_algorithm: Algorithm<'a>,
    /// The signature itself.
    pub(super) signature: &'a [u8],
}

/// How a signer's certificate is told.
#[derive(Debug, Clone, Copy)]
pub(super) enum Identifier<'a> {
    /// By who issued it, and its number.
    Issued {
        /// The issuer's name, header included.
        issuer: Part<'a>,
        /// The number's bytes.
        serial: &'a [u8],
    },
    /// By its key's identifier.
    Key(&'a [u8]),
}

/// Why reading stopped, until it is known which part it was.
enum Stop {
    Malformed,
    Because(Unopenable),
}

impl From<Malformed> for Stop {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl Stop {
    fn within(self, part: &'static str) -> Unopenable {
        match self {
            Self::Malformed => Unopenable::Malformed { part },
            Self::Because(unopenable) => unopenable,
        }
    }
}

impl<'a> Container<'a> {
    /// Reads a container in DER. Where certificates or signers make no sense, the document is had all the same.
    pub(super) fn read(der: &'a [u8]) -> Result<Self, Unopenable> {
        let mut parts = signed_data(der).map_err(|stop| stop.within("ContentInfo"))?;
        let (content_type, content) = encapsulated(&mut parts).map_err(|stop| stop.within("EncapsulatedContentInfo"))?;
        let (certificates, signers) = match certificates_and_signers(parts) {
            Ok((certificates, signers)) => (certificates, Ok(signers)),
            Err(Stop::Malformed) => (Err(Malformed), Err(Malformed)),
            Err(Stop::Because(unopenable)) => return Err(unopenable),
        };
        Ok(Self { content_type, content, certificates, signers })
    }
}

/// The parts of the SignedData that a file consists of.
fn signed_data(der: &[u8]) -> Result<Parts<'_>, Stop> {
    let mut info = Part::first(der)?.of_kind(Tag::Sequence)?.parts()?;
    let content_type = info.any()?.identifier()?;
    if content_type != SIGNED_DATA {
        return Err(Stop::Because(Unopenable::NotSigned { found: content_type.to_string() }));
    }
    let content = info.take_numbered(TagNumber::N0)?.ok_or(Malformed)?;
    Ok(content.parts()?.take(Tag::Sequence)?.parts()?)
}

/// The document and its type, after the version and the list of digest algorithms.
fn encapsulated<'a>(parts: &mut Parts<'a>) -> Result<(ObjectIdentifier, &'a [u8]), Stop> {
    parts.take(Tag::Integer)?;
    parts.take(Tag::Set)?;
    let mut encapsulated = parts.take(Tag::Sequence)?.parts()?;
    let content_type = encapsulated.any()?.identifier()?;
    let content = encapsulated.next_part()?.ok_or(Stop::Because(Unopenable::Detached))?;
    Ok((content_type, content.parts()?.take(Tag::OctetString)?.content))
}

type Signed<'a> = (Shaped<Vec<&'a [u8]>>, Vec<Shaped<SignerInfo<'a>>>);

fn certificates_and_signers(mut parts: Parts<'_>) -> Result<Signed<'_>, Stop> {
    let certificates = match parts.take_numbered(TagNumber::N0)?.map(certificates) {
        None => Ok(Vec::new()),
        Some(Ok(certificates)) => Ok(certificates),
        Some(Err(Stop::Malformed)) => Err(Malformed),
        Some(Err(because @ Stop::Because(_))) => return Err(because),
    };
    // Revocation lists, which are not looked at.
    parts.take_numbered(TagNumber::N1)?;
    let signers = parts.take(Tag::Set)?.parts()?.at_most(MAX_SIGNATURES, Stop::Because(Unopenable::TooManySignatures))?;
    Ok((certificates, signers.into_iter().map(SignerInfo::read).collect()))
}

/// The certificates of a list, which may hold other things (attribute certificates, which say nothing about keys).
fn certificates(list: Part<'_>) -> Result<Vec<&[u8]>, Stop> {
    let certificates = list.parts()?.at_most(MAX_CERTIFICATES, Stop::Because(Unopenable::TooManyCertificates))?;
    Ok(certificates.into_iter().filter(|part| part.tag == Tag::Sequence).map(|part| part.whole).collect())
}

impl<'a> SignerInfo<'a> {
    fn read(part: Part<'a>) -> Shaped<Self> {
        let mut parts = part.of_kind(Tag::Sequence)?.parts()?;
        parts.take(Tag::Integer)?;
        let identifier = if let Some(key) = parts.take_numbered(TagNumber::N0)? {
            Identifier::Key(key.content)
        } else {
            let mut issued = parts.take(Tag::Sequence)?.parts()?;
            Identifier::Issued { issuer: issued.take(Tag::Sequence)?, serial: issued.take(Tag::Integer)?.content }
        };
        Ok(Self {
            identifier,
            digest_algorithm: Algorithm::read(parts.any()?)?,
            signed_attributes: parts.take_numbered(TagNumber::N0)?,
            signature_algorithm: Algorithm::read(parts.any()?)?,
            signature: parts.take(Tag::OctetString)?.content,
        })
    }

    /// The only value of a signed attribute; none where there is no such attribute, or not one value.
    pub(super) fn attribute(&self, wanted: ObjectIdentifier) -> Shaped<Option<Part<'a>>> {
        let Some(attributes) = self.signed_attributes else { return Ok(None) };
        let mut attributes = attributes.parts()?;
        while let Some(attribute) = attributes.next_part()? {
            let mut parts = attribute.of_kind(Tag::Sequence)?.parts()?;
            if parts.any()?.identifier()? == wanted {
                let mut values = parts.take(Tag::Set)?.parts()?;
                let value = values.any()?;
                return if values.next_part()?.is_none() { Ok(Some(value)) } else { Err(Malformed) };
            }
        }
        Ok(None)
    }
}
