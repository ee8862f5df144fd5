//! The names of algorithms that are not verified here, so that a person is not told their identifiers.

use der::asn1::ObjectIdentifier;

use super::scheme::RSA_PSS;
use crate::fatturapa::finding::Phrase;

/// RSA-PSS of another form than ring verifies.
const UNUSUAL: Phrase = Phrase::new("RSA-PSS con parametri insoliti", "RSA-PSS with unusual parameters");

/// Digests and ways of signing, by their identifiers: RFC 8017, RFC 8410, RFC 5758 and the registers of NIST and `TeleTrusT`.
const NAMES: [(&str, Phrase); 22] = [
    ("1.2.840.113549.2.2", Phrase::new("MD2", "MD2")),
    ("1.2.840.113549.2.4", Phrase::new("MD4", "MD4")),
    ("1.2.840.113549.2.5", Phrase::new("MD5", "MD5")),
    ("1.3.36.3.2.1", Phrase::new("RIPEMD-160", "RIPEMD-160")),
    ("2.16.840.1.101.3.4.2.4", Phrase::new("SHA-224", "SHA-224")),
    ("2.16.840.1.101.3.4.2.5", Phrase::new("SHA-512/224", "SHA-512/224")),
    ("2.16.840.1.101.3.4.2.6", Phrase::new("SHA-512/256", "SHA-512/256")),
    ("2.16.840.1.101.3.4.2.7", Phrase::new("SHA3-224", "SHA3-224")),
    ("2.16.840.1.101.3.4.2.8", Phrase::new("SHA3-256", "SHA3-256")),
    ("2.16.840.1.101.3.4.2.9", Phrase::new("SHA3-384", "SHA3-384")),
    ("2.16.840.1.101.3.4.2.10", Phrase::new("SHA3-512", "SHA3-512")),
    ("1.2.840.113549.1.1.2", Phrase::new("RSA con MD2", "RSA with MD2")),
    ("1.2.840.113549.1.1.4", Phrase::new("RSA con MD5", "RSA with MD5")),
    ("1.2.840.113549.1.1.14", Phrase::new("RSA con SHA-224", "RSA with SHA-224")),
    ("1.2.840.10040.4.1", Phrase::new("DSA", "DSA")),
    ("1.2.840.10040.4.3", Phrase::new("DSA con SHA-1", "DSA with SHA-1")),
    ("2.16.840.1.101.3.4.3.1", Phrase::new("DSA con SHA-224", "DSA with SHA-224")),
    ("2.16.840.1.101.3.4.3.2", Phrase::new("DSA con SHA-256", "DSA with SHA-256")),
    ("1.2.840.10045.4.1", Phrase::new("ECDSA con SHA-1", "ECDSA with SHA-1")),
    ("1.2.840.10045.4.3.1", Phrase::new("ECDSA con SHA-224", "ECDSA with SHA-224")),
    ("1.3.101.112", Phrase::new("Ed25519", "Ed25519")),
    ("1.3.101.113", Phrase::new("Ed448", "Ed448")),
];

/// What an algorithm is called, if it is well known.
pub(super) fn named(identifier: ObjectIdentifier) -> Option<Phrase> {
    if identifier == RSA_PSS {
        return Some(UNUSUAL);
    }
    let identifier = identifier.to_string();
    NAMES.iter().find(|(known, _)| *known == identifier).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_algorithms_are_called_by_their_names() {
        let english = |identifier: &str| named(ObjectIdentifier::new_unwrap(identifier)).map(|name| name.english);
        assert_eq!(
            ["1.2.840.113549.2.5", "1.2.840.113549.1.1.4", "1.3.101.112", "1.2.3"].map(english),
            [Some("MD5"), Some("RSA with MD5"), Some("Ed25519"), None]
        );
        for (identifier, _) in NAMES {
            assert!(ObjectIdentifier::new(identifier).is_ok() && english(identifier).is_some(), "{identifier}");
        }
    }
}
