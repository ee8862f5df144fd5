//! How a signature was made, and whether it holds: the mathematics is ring's.

use std::fmt;

use der::asn1::ObjectIdentifier;
use der::{Tag, TagNumber};
use ring::digest;
use ring::signature::{self, EcdsaVerificationAlgorithm, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};

use super::certificate::Key;
use super::named::named;
use super::parts::{Algorithm, Malformed, Part, Shaped};
use super::signature::{Integrity, Tampering, Unverified};
use crate::fatturapa::finding::Words;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const SHA1_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5");
pub(super) const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const SHA384_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const SHA512_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ELLIPTIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_WITH_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

/// The shortest and the longest RSA key, in bits: the law's least, and ring's most.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// An algorithm for digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    /// Only to tell what became of an old signature: it has not been allowed for new ones since 2011.
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The one with this identifier, if it is known here.
    pub(super) fn of(identifier: ObjectIdentifier) -> Option<Self> {
        match identifier {
            SHA1 => Some(Self::Sha1),
            SHA256 => Some(Self::Sha256),
            SHA384 => Some(Self::Sha384),
            SHA512 => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The digest of some bytes.
    pub(super) fn digest(self, bytes: &[u8]) -> digest::Digest {
        digest::digest(self.algorithm(), bytes)
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        })
    }
}

/// How a signature was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// RSA with the padding of PKCS#1 v1.5.
    Rsa(Hash),
    /// RSA-PSS, with MGF1 on the same digest and a salt as long as that.
    RsaPss(Hash),
    /// ECDSA, on the curve of the key.
    Ecdsa(Hash),
    /// One that is not known here.
    Unknown(ObjectIdentifier),
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(hash) => write!(f, "RSA with {hash}"),
            Self::RsaPss(hash) => write!(f, "RSA-PSS with {hash}"),
            Self::Ecdsa(hash) => write!(f, "ECDSA with {hash}"),
            Self::Unknown(identifier) => match named(*identifier) {
                Some(name) => f.write_str(name.english),
                None => identifier.fmt(f),
            },
        }
    }
}

impl Scheme {
    /// What it is called in a sentence.
    fn words(self) -> Words {
        let italian = match self {
            Self::Rsa(hash) => format!("RSA con {hash}"),
            Self::RsaPss(hash) => format!("RSA-PSS con {hash}"),
            Self::Ecdsa(hash) => format!("ECDSA con {hash}"),
            Self::Unknown(identifier) => named(identifier).map_or_else(|| identifier.to_string(), |name| name.italian.to_owned()),
        };
        Words::new(italian, self.to_string())
    }

    /// How a signer says to have signed. Some name the key's algorithm only, and leave the digest to the other field.
    pub(super) fn of(signature: Algorithm<'_>, digest: Algorithm<'_>) -> Self {
        let unknown = Self::Unknown(signature.identifier);
        let by_digest = |scheme: fn(Hash) -> Self| Hash::of(digest.identifier).map_or(Self::Unknown(digest.identifier), scheme);
        match signature.identifier {
            RSA => by_digest(Self::Rsa),
            SHA1_WITH_RSA => Self::Rsa(Hash::Sha1),
            SHA256_WITH_RSA => Self::Rsa(Hash::Sha256),
            SHA384_WITH_RSA => Self::Rsa(Hash::Sha384),
            SHA512_WITH_RSA => Self::Rsa(Hash::Sha512),
            RSA_PSS => signature.parameters.and_then(|parameters| pss_hash(parameters).ok()).map_or(unknown, Self::RsaPss),
            ELLIPTIC => by_digest(Self::Ecdsa),
            ECDSA_WITH_SHA256 => Self::Ecdsa(Hash::Sha256),
            ECDSA_WITH_SHA384 => Self::Ecdsa(Hash::Sha384),
            ECDSA_WITH_SHA512 => Self::Ecdsa(Hash::Sha512),
            _ => unknown,
        }
    }

    /// How what was signed was digested; none if that is not known here.
    pub(super) const fn hash(self) -> Option<Hash> {
        match self {
            Self::Rsa(hash) | Self::RsaPss(hash) | Self::Ecdsa(hash) => Some(hash),
            Self::Unknown(_) => None,
        }
    }

    /// Whether a signature over one of these messages was made with this key.
    pub(super) fn verify(self, key: Key<'_>, messages: &[&[u8]], signature: &[u8]) -> Integrity {
        let holds = match key {
            Key::Rsa { modulus, exponent } => {
                let Some(parameters) = self.rsa() else { return self.not_known() };
                let bits = 8 * modulus.len() - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
                if !RSA_BITS.contains(&bits) {
                    return Integrity::NotVerified { why: Unverified::KeyLength { bits } };
                }
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                messages.iter().any(|message| key.verify(parameters, message, signature).is_ok())
            }
            Key::P256(point) | Key::P384(point) => {
                let Some(algorithm) = self.ecdsa(key) else { return self.not_known() };
                let key = UnparsedPublicKey::new(algorithm, point);
                messages.iter().any(|message| key.verify(message, signature).is_ok())
            }
            Key::Unknown => return self.not_known(),
        };
        if holds { Integrity::Verified } else { Integrity::Tampered { what: Tampering::Signature } }
    }

    fn not_known(self) -> Integrity {
        Integrity::NotVerified { why: Unverified::UnknownAlgorithm { algorithm: self.words() } }
    }

    fn rsa(self) -> Option<&'static RsaParameters> {
        match self {
            Self::Rsa(Hash::Sha1) => Some(&signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
            Self::Rsa(Hash::Sha256) => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Rsa(Hash::Sha384) => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
            Self::Rsa(Hash::Sha512) => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
            Self::RsaPss(Hash::Sha256) => Some(&signature::RSA_PSS_2048_8192_SHA256),
            Self::RsaPss(Hash::Sha384) => Some(&signature::RSA_PSS_2048_8192_SHA384),
            Self::RsaPss(Hash::Sha512) => Some(&signature::RSA_PSS_2048_8192_SHA512),
            Self::RsaPss(Hash::Sha1) | Self::Ecdsa(_) | Self::Unknown(_) => None,
        }
    }

    fn ecdsa(self, key: Key<'_>) -> Option<&'static EcdsaVerificationAlgorithm> {
        match (self, key) {
            (Self::Ecdsa(Hash::Sha256), Key::P256(_)) => Some(&signature::ECDSA_P256_SHA256_ASN1),
            (Self::Ecdsa(Hash::Sha384), Key::P256(_)) => Some(&signature::ECDSA_P256_SHA384_ASN1),
            (Self::Ecdsa(Hash::Sha256), Key::P384(_)) => Some(&signature::ECDSA_P384_SHA256_ASN1),
            (Self::Ecdsa(Hash::Sha384), Key::P384(_)) => Some(&signature::ECDSA_P384_SHA384_ASN1),
            (Self::Ecdsa(_) | Self::Rsa(_) | Self::RsaPss(_) | Self::Unknown(_), _) => None,
        }
    }
}

/// The digest of RSA-PSS, if the parameters are those that ring verifies: the same digest everywhere, and a salt of its length.
fn pss_hash(parameters: Part<'_>) -> Shaped<Hash> {
    let mut parts = parameters.of_kind(Tag::Sequence)?.parts()?;
    let hash = parts.take_numbered(TagNumber::N0)?.ok_or(Malformed)?;
    let hash = hash_in(hash)?;
    let mask = parts.take_numbered(TagNumber::N1)?.ok_or(Malformed)?;
    let mask = Algorithm::read(mask.parts()?.any()?)?;
    let salt = parts.take_numbered(TagNumber::N2)?.ok_or(Malformed)?.parts()?.any()?.number()?;
    let mask_hash = Hash::of(Algorithm::read(mask.parameters.ok_or(Malformed)?)?.identifier);
    let length = u8::try_from(hash.algorithm().output_len()).map_err(|_| Malformed)?;
    if mask.identifier == MGF1 && mask_hash == Some(hash) && salt == [length] { Ok(hash) } else { Err(Malformed) }
}

fn hash_in(numbered: Part<'_>) -> Shaped<Hash> {
    Hash::of(Algorithm::read(numbered.parts()?.any()?)?.identifier).ok_or(Malformed)
}
