//! The signatures of tokens, over ring.
//!
//! jsonwebtoken brings two sets of algorithms: one depends on the `rsa` crate, which has an open advisory, the
//! other on a large C build. We accept Ed25519 and ES256 only, and ring, which TLS needs anyway, has both.

use std::sync::Once;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result, new_error};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use ring::signature::{self, Ed25519KeyPair, UnparsedPublicKey};

/// Bytes of an Ed25519 public key.
pub(super) const ED25519_PUBLIC_KEY: usize = 32;
/// Bytes of a coordinate of a point on P-256.
pub(super) const P256_COORDINATE: usize = 32;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| signer(*algorithm, key),
    verifier_factory: |algorithm, key| verifier(*algorithm, key),
    // For conversions that we never ask for. They refuse rather than panic, as the library's own stand-ins would.
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(unsupported()),
        rsa_pub_components_from_public_key: |_| Err(unsupported()),
        ec_pub_components_from_private_key: |_, _| Err(unsupported()),
        ed_pub_components_from_private_key: |_, _| Err(unsupported()),
        compute_digest: |_, _| Err(unsupported()),
    },
};

/// Makes jsonwebtoken use these signatures. Whatever signs or verifies must come after this; repeating it is free.
pub(super) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        PROVIDER.install_default().expect("nothing else in this program installs a provider, and this runs once");
    });
}

fn unsupported() -> Error {
    new_error(ErrorKind::UnsupportedAlgorithm)
}

fn signer(algorithm: Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    if algorithm != Algorithm::EdDSA || key.family() != AlgorithmFamily::Ed {
        return Err(unsupported());
    }
    let pair = Ed25519KeyPair::from_pkcs8(key.as_bytes()).map_err(|_| new_error(ErrorKind::InvalidEddsaKey))?;
    Ok(Box::new(EdDsaSigner(pair)))
}

fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let scheme: &'static dyn signature::VerificationAlgorithm = if (algorithm, key.family()) == (Algorithm::EdDSA, AlgorithmFamily::Ed) {
        &signature::ED25519
    } else if (algorithm, key.family()) == (Algorithm::ES256, AlgorithmFamily::Ec) {
        &signature::ECDSA_P256_SHA256_FIXED
    } else {
        return Err(unsupported());
    };
    let public_key = UnparsedPublicKey::new(scheme, key.try_get_as_bytes()?.to_vec());
    Ok(Box::new(RingVerifier { algorithm, public_key }))
}

struct EdDsaSigner(Ed25519KeyPair);

impl ::signature::Signer<Vec<u8>> for EdDsaSigner {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, ::signature::Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for EdDsaSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct RingVerifier {
    algorithm: Algorithm,
    public_key: UnparsedPublicKey<Vec<u8>>,
}

impl ::signature::Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), ::signature::Error> {
        self.public_key.verify(message, signature).map_err(|_| ::signature::Error::new())
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_but_the_two_is_refused() {
        let secret = DecodingKey::from_secret(b"secret");
        for algorithm in [Algorithm::HS256, Algorithm::RS256, Algorithm::PS512, Algorithm::ES384] {
            assert!(verifier(algorithm, &secret).is_err(), "{algorithm:?}");
            assert!(signer(algorithm, &EncodingKey::from_secret(b"secret")).is_err(), "{algorithm:?}");
        }
    }

    #[test]
    fn a_key_of_another_family_is_refused() {
        assert!(verifier(Algorithm::EdDSA, &DecodingKey::from_secret(&[0; ED25519_PUBLIC_KEY])).is_err());
        assert!(verifier(Algorithm::ES256, &DecodingKey::from_ed_der(&[0; ED25519_PUBLIC_KEY])).is_err());
        assert!(signer(Algorithm::EdDSA, &EncodingKey::from_secret(b"secret")).is_err());
    }
}
