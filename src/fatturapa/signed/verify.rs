//! Who signed a document, and whether it still is what was signed.

use std::borrow::Cow;

use der::Tag;
use der::asn1::ObjectIdentifier;
use ring::digest::Digest;

use super::certificate::{Certificate, name};
use super::container::{Container, Identifier, SignerInfo};
use super::parts::{Malformed, Part, Shaped};
use super::scheme::{Hash, Scheme};
use super::signature::{Form, Integrity, Signature, Signer, Tampering, Trust, Unverified};
use crate::fatturapa::finding::Words;

const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");

/// The tag of a SET OF, which signed attributes have when they are signed, and not when they are sent.
const SET: u8 = 0x31;

/// The signatures of a container; one that says so where there are none. At most so many bytes are digested; those that were are taken off.
pub(super) fn signatures(container: &Container<'_>, digestible: &mut usize) -> Vec<Signature> {
    let certificates = match &container.certificates {
        Ok(certificates) => certificates.iter().map(|der| Certificate::read(der)).collect(),
        Err(Malformed) => vec![Err(Malformed)],
    };
    let mut digests = Digests { content: container.content, made: Vec::new(), digestible };
    match &container.signers {
        Ok(signers) if signers.is_empty() => vec![unverified(Unverified::NoSigner)],
        Ok(signers) => signers
            .iter()
            .map(|signer| match signer {
                Ok(signer) => signature(signer, &certificates, container.content_type, &mut digests),
                Err(Malformed) => unverified(Unverified::Malformed),
            })
            .collect(),
        Err(Malformed) => vec![unverified(Unverified::Malformed)],
    }
}

/// A signature of which nothing is known.
fn unverified(why: Unverified) -> Signature {
    Signature {
        form: Form::Cades,
        signer: Signer::default(),
        issuer: None,
        not_before: None,
        not_after: None,
        signing_time: None,
        algorithm: String::new(),
        on_sha1: false,
        integrity: Integrity::NotVerified { why },
        trust: Trust::NotChecked,
    }
}

/// The digests of a document, each made once however many signed.
struct Digests<'a> {
    content: &'a [u8],
    made: Vec<(Hash, Digest)>,
    /// How many bytes may be digested yet.
    digestible: &'a mut usize,
}

impl Digests<'_> {
    fn get(&mut self, hash: Hash) -> Result<Digest, Integrity> {
        if let Some((_, digest)) = self.made.iter().find(|(made, _)| *made == hash) {
            return Ok(*digest);
        }
        self.take_off()?;
        let digest = hash.digest(self.content);
        self.made.push((hash, digest));
        Ok(digest)
    }

    /// Takes the document off what may be digested.
    fn take_off(&mut self) -> Result<(), Integrity> {
        let left = self.digestible.checked_sub(self.content.len());
        *self.digestible = left.ok_or(Integrity::NotVerified { why: Unverified::TooMuchWork })?;
        Ok(())
    }
}

fn signature(
    signer: &SignerInfo<'_>,
    certificates: &[Shaped<Certificate<'_>>],
    content_type: ObjectIdentifier,
    digests: &mut Digests<'_>,
) -> Signature {
    let certificate = certificates.iter().flatten().find(|certificate| certificate.is(signer.identifier));
    let scheme = Scheme::of(signer.signature_algorithm, signer.digest_algorithm);
    let integrity = match document(signer, content_type, digests) {
        Err(integrity) => integrity,
        Ok(()) => match certificate {
            Some(certificate) => scheme.verify(certificate.key, &messages(signer, digests.content).each(), signer.signature),
            None if certificates.iter().any(Result::is_err) => Integrity::NotVerified { why: Unverified::UnreadableCertificate },
            None => Integrity::NotVerified { why: Unverified::NoCertificate },
        },
    };
    let issuer = match signer.identifier {
        Identifier::Issued { issuer, .. } => name(issuer),
        Identifier::Key(_) => None,
    };
    Signature {
        form: Form::Cades,
        signer: certificate.map(Certificate::signer).unwrap_or_default(),
        issuer: certificate.and_then(Certificate::issuer).or(issuer),
        not_before: certificate.map(|certificate| certificate.not_before),
        not_after: certificate.map(|certificate| certificate.not_after),
        signing_time: signer.attribute(SIGNING_TIME).ok().flatten().and_then(|time| time.time().ok()),
        algorithm: scheme.to_string(),
        on_sha1: scheme.hash() == Some(Hash::Sha1) || Hash::of(signer.digest_algorithm.identifier) == Some(Hash::Sha1),
        integrity,
        trust: Trust::NotChecked,
    }
}

/// Holds the document against the signed attributes, where there are any: they name its digest and its type. Where there are none, the
/// document itself was signed, and is digested with the signature.
fn document(signer: &SignerInfo<'_>, content_type: ObjectIdentifier, digests: &mut Digests<'_>) -> Result<(), Integrity> {
    if signer.signed_attributes.is_none() {
        return digests.take_off();
    }
    let digest_algorithm = signer.digest_algorithm.identifier;
    let unknown = || Unverified::UnknownAlgorithm { algorithm: Words::new(digest_algorithm.to_string(), digest_algorithm.to_string()) };
    let hash = Hash::of(digest_algorithm).ok_or_else(|| Integrity::NotVerified { why: unknown() })?;
    let (signed_digest, signed_type) =
        digest_and_type(signer).map_err(|Malformed| Integrity::NotVerified { why: Unverified::Malformed })?;
    if signed_digest != digests.get(hash)?.as_ref() {
        return Err(Integrity::Tampered { what: Tampering::Document });
    }
    // Otherwise a signature over one kind of content could be passed off as one over another (RFC 5652, 11.1).
    if signed_type != content_type {
        return Err(Integrity::Tampered { what: Tampering::Signature });
    }
    Ok(())
}

/// The two attributes that must be among those signed (RFC 5652, 5.3).
fn digest_and_type<'a>(signer: &SignerInfo<'a>) -> Shaped<(&'a [u8], ObjectIdentifier)> {
    let digest = signer.attribute(MESSAGE_DIGEST)?.ok_or(Malformed)?.of_kind(Tag::OctetString)?;
    let content_type = signer.attribute(CONTENT_TYPE)?.ok_or(Malformed)?.identifier()?;
    Ok((digest.content, content_type))
}

/// What may have been signed.
struct Messages<'a> {
    /// The document, or the signed attributes in the order of the file, as some programs sign them.
    as_sent: Cow<'a, [u8]>,
    /// The signed attributes in the order that DER demands, if that is another.
    sorted: Option<Vec<u8>>,
}

impl Messages<'_> {
    fn each(&self) -> Vec<&[u8]> {
        std::iter::once(&*self.as_sent).chain(self.sorted.as_deref()).collect()
    }
}

fn messages<'a>(signer: &SignerInfo<'_>, content: &'a [u8]) -> Messages<'a> {
    let Some(attributes) = signer.signed_attributes else { return Messages { as_sent: Cow::Borrowed(content), sorted: None } };
    let as_sent = [&[SET], &attributes.whole[1..]].concat();
    let sorted = sorted(attributes).map(|sorted| [&as_sent[..as_sent.len() - sorted.len()], &sorted].concat());
    let sorted = sorted.filter(|sorted| *sorted != as_sent);
    Messages { as_sent: Cow::Owned(as_sent), sorted }
}

/// The attributes in the order of their bytes.
fn sorted(attributes: Part<'_>) -> Option<Vec<u8>> {
    let mut parts = attributes.parts().ok()?;
    let mut each = Vec::new();
    while let Some(part) = parts.next_part().ok()? {
        each.push(part.whole);
    }
    each.sort_unstable();
    Some(each.concat())
}
