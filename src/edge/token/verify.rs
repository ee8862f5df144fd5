//! The checks that a token passes before anybody believes it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};

use super::claims::Claims;
use super::crypto;
use super::keys::{KeySet, VerifyingKey};
use super::refused::{LONGEST_TOKEN, TokenRefused, shortened};
use crate::call::Caller;

/// What tokens are verified against: a key set, an issuer and an audience.
#[derive(Clone, Debug)]
pub struct Tokens {
    keys: Arc<KeySet>,
    issuer: String,
    audience: String,
    leeway: Duration,
}

impl Tokens {
    /// Accepts tokens of `issuer` for `audience`; times may be off by `leeway`, for clocks that differ.
    #[must_use]
    pub fn new(keys: Arc<KeySet>, issuer: &str, audience: &str, leeway: Duration) -> Self {
        crypto::install();
        Self { keys, issuer: issuer.to_owned(), audience: audience.to_owned(), leeway }
    }

    /// The caller whom a token (without the word "Bearer") speaks for.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Caller, TokenRefused> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenRefused::TooLong { bytes: token.len() });
        }
        let key = self.key_of(token)?;
        let claims = signed_claims(token, &key)?;
        self.check_addressee(&claims)?;
        self.check_times(&claims, now)?;
        claims.into_caller()
    }

    /// The key that the header names, after the header's own checks. Nothing else is taken from the header: keys or
    /// addresses of keys that it may carry (`jwk`, `jku`, `x5c`) are the sender's word only.
    fn key_of(&self, token: &str) -> Result<Arc<VerifyingKey>, TokenRefused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenRefused::UnreadableHeader)?;
        if !matches!(header.alg, Algorithm::EdDSA | Algorithm::ES256) {
            return Err(TokenRefused::AlgorithmNotAccepted);
        }
        let typ = header.typ.unwrap_or_default();
        if !typ.eq_ignore_ascii_case("JWT") && !typ.eq_ignore_ascii_case("at+jwt") {
            return Err(TokenRefused::WrongType);
        }
        if header.crit.is_some() {
            return Err(TokenRefused::CriticalExtension);
        }
        let id = header.kid.ok_or(TokenRefused::NoKeyId)?;
        let key = self.keys.find(&id).ok_or_else(|| TokenRefused::UnknownKeyId { id: shortened(&id) })?;
        if key.algorithm != header.alg {
            return Err(TokenRefused::AlgorithmOfAnotherKey);
        }
        Ok(key)
    }

    fn check_addressee(&self, claims: &Claims) -> Result<(), TokenRefused> {
        if claims.iss != self.issuer {
            return Err(TokenRefused::WrongIssuer { expected: self.issuer.clone() });
        }
        if !claims.aud.names(&self.audience) {
            return Err(TokenRefused::WrongAudience { expected: self.audience.clone() });
        }
        Ok(())
    }

    fn check_times(&self, claims: &Claims, now: DateTime<Utc>) -> Result<(), TokenRefused> {
        let (latest, earliest) = (now + self.leeway, now - self.leeway);
        let at = time("exp", claims.exp)?;
        if at <= earliest {
            return Err(TokenRefused::Expired { at });
        }
        if let Some(from) = claims.nbf.map(|seconds| time("nbf", seconds)).transpose()?.filter(|from| *from > latest) {
            return Err(TokenRefused::NotYetValid { from });
        }
        if let Some(at) = claims.iat.map(|seconds| time("iat", seconds)).transpose()?.filter(|at| *at > latest) {
            return Err(TokenRefused::IssuedInTheFuture { at });
        }
        Ok(())
    }
}

/// The claims, once the signature is known to be right. The library's own checks are off: they would read the
/// system's clock, and ours say more.
fn signed_claims(token: &str, key: &VerifyingKey) -> Result<Claims, TokenRefused> {
    let mut validation = Validation::new(key.algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    jsonwebtoken::decode(token, &key.key, &validation).map(|data| data.claims).map_err(|error| {
        if let ErrorKind::Json(error) = error.kind() {
            TokenRefused::UnreadableClaims { reason: error.to_string() }
        } else {
            TokenRefused::BadSignature
        }
    })
}

fn time(claim: &'static str, seconds: i64) -> Result<DateTime<Utc>, TokenRefused> {
    DateTime::from_timestamp(seconds, 0).ok_or(TokenRefused::ImpossibleTime { claim })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use chrono::TimeDelta;
    use data_encoding::BASE64URL_NOPAD;
    use ring::hmac;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::{Value, json};
    use tempfile::TempDir;
    use uuid::Uuid;

    use super::super::DevelopmentKey;
    use super::*;
    use crate::call::ActsAs;
    use crate::ids::AccountId;

    const ISSUER: &str = "https://login.provider.example";
    const AUDIENCE: &str = "spazio";
    const NOON: i64 = 1_795_435_200;

    struct Bench {
        _folder: TempDir,
        key: DevelopmentKey,
        tokens: Tokens,
    }

    fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let key = DevelopmentKey::load_or_create(folder.path()).unwrap();
        let tokens = Tokens::new(Arc::new(key.key_set()), ISSUER, AUDIENCE, Duration::from_secs(30));
        Bench { _folder: folder, key, tokens }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn account() -> AccountId {
        AccountId(Uuid::from_u128(7))
    }

    fn claims() -> Value {
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "panel", "role": "customer", "account": account().to_string(),
            "iat": NOON, "nbf": NOON, "exp": NOON + 3600
        })
    }

    fn claims_with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    fn claims_without(name: &str) -> Value {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        claims
    }

    impl Bench {
        fn judge(&self, claims: &Value) -> Result<Caller, TokenRefused> {
            self.tokens.verify(&self.key.sign(claims), at(NOON))
        }

        /// A token with this header, whose signature is that of the development key over its own header.
        fn judge_header(&self, change: impl FnOnce(&mut Value)) -> Result<Caller, TokenRefused> {
            let token = self.key.sign(&claims());
            let mut header: Value = serde_json::from_slice(&part(&token, 0)).unwrap();
            change(&mut header);
            self.tokens.verify(&with_part(&token, 0, header.to_string().as_bytes()), at(NOON))
        }
    }

    fn part(token: &str, place: usize) -> Vec<u8> {
        BASE64URL_NOPAD.decode(token.split('.').nth(place).unwrap().as_bytes()).unwrap()
    }

    fn with_part(token: &str, place: usize, content: &[u8]) -> String {
        let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
        parts[place] = BASE64URL_NOPAD.encode(content);
        parts.join(".")
    }

    #[test]
    fn a_minted_token_is_accepted_in_every_role() {
        let bench = bench();
        for acts_as in [ActsAs::Customer(account()), ActsAs::Service, ActsAs::Operator] {
            let token = bench.key.mint(acts_as, "ann", at(NOON), TimeDelta::hours(1), ISSUER, AUDIENCE);
            assert_eq!(bench.tokens.verify(&token, at(NOON)), Ok(Caller { subject: "ann".to_owned(), acts_as }));
        }
    }

    #[test]
    fn an_unsigned_token_is_refused() {
        let bench = bench();
        assert_eq!(bench.judge_header(|header| header["alg"] = json!("none")), Err(TokenRefused::UnreadableHeader));
        let token = bench.key.sign(&claims());
        let unsigned = with_part(&token, 2, b"");
        assert_eq!(bench.tokens.verify(&unsigned, at(NOON)), Err(TokenRefused::BadSignature));
    }

    #[test]
    fn the_public_key_is_no_secret_to_sign_with() {
        let folder = tempfile::tempdir().unwrap();
        let key = DevelopmentKey::load_or_create(folder.path()).unwrap();
        let pkcs8 = fs::read(folder.path().join(DevelopmentKey::FILE)).unwrap();
        let public = ring::signature::Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap().public_key().as_ref().to_vec();
        let token = key.sign(&claims());
        let mut header: Value = serde_json::from_slice(&part(&token, 0)).unwrap();
        header["alg"] = json!("HS256");
        let forged = with_part(&token, 0, header.to_string().as_bytes());
        let (message, _) = forged.rsplit_once('.').unwrap();
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), message.as_bytes());
        let forged = with_part(&forged, 2, mac.as_ref());
        let tokens = Tokens::new(Arc::new(key.key_set()), ISSUER, AUDIENCE, Duration::ZERO);
        assert_eq!(tokens.verify(&forged, at(NOON)), Err(TokenRefused::AlgorithmNotAccepted));
    }

    #[test]
    fn the_algorithm_is_the_keys_and_not_the_tokens() {
        assert_eq!(bench().judge_header(|header| header["alg"] = json!("ES256")), Err(TokenRefused::AlgorithmOfAnotherKey));
        assert_eq!(bench().judge_header(|header| header["alg"] = json!("RS256")), Err(TokenRefused::AlgorithmNotAccepted));
    }

    #[test]
    fn the_header_must_name_a_known_key_type_and_no_extension() {
        let bench = bench();
        assert_eq!(
            bench.judge_header(|header| header["kid"] = json!("x".repeat(60))),
            Err(TokenRefused::UnknownKeyId { id: format!("\"{}\"...", "x".repeat(40)) })
        );
        let without = |name: &'static str| {
            move |header: &mut Value| {
                header.as_object_mut().unwrap().remove(name);
            }
        };
        assert_eq!(bench.judge_header(without("kid")), Err(TokenRefused::NoKeyId));
        assert_eq!(bench.judge_header(without("typ")), Err(TokenRefused::WrongType));
        assert_eq!(bench.judge_header(|header| header["typ"] = json!("dpop+jwt")), Err(TokenRefused::WrongType));
        assert_eq!(bench.judge_header(|header| header["crit"] = json!(["b64"])), Err(TokenRefused::CriticalExtension));
        // Accepted types get as far as the signature, which no longer fits the changed header.
        assert_eq!(bench.judge_header(|header| header["typ"] = json!("at+JWT")), Err(TokenRefused::BadSignature));
    }

    #[test]
    fn a_key_in_the_header_is_not_used() {
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "mine", "x": BASE64URL_NOPAD.encode(&[1; 32]) });
        let refused = bench().judge_header(|header| {
            header["jwk"] = key;
            header["kid"] = json!("mine");
        });
        assert!(matches!(refused, Err(TokenRefused::UnknownKeyId { .. })), "{refused:?}");
    }

    #[test]
    fn a_changed_payload_is_refused() {
        let bench = bench();
        let token = bench.key.sign(&claims());
        let other = claims_with("account", json!(AccountId(Uuid::from_u128(8)).to_string()));
        let tampered = with_part(&token, 1, other.to_string().as_bytes());
        assert_eq!(bench.tokens.verify(&tampered, at(NOON)), Err(TokenRefused::BadSignature));
    }

    #[test]
    fn a_token_is_good_until_its_expiry_and_the_leeway_are_over() {
        let bench = bench();
        let token = bench.key.sign(&claims());
        assert!(bench.tokens.verify(&token, at(NOON + 3600 + 29)).is_ok());
        let refused = bench.tokens.verify(&token, at(NOON + 3600 + 30)).unwrap_err();
        assert_eq!(refused, TokenRefused::Expired { at: at(NOON + 3600) });
        assert_eq!(refused.to_string(), "the token expired at 2026-11-23T13:00:00Z: get a new one");
    }

    #[test]
    fn a_token_from_the_future_is_refused() {
        let bench = bench();
        assert_eq!(bench.judge(&claims_with("nbf", json!(NOON + 31))), Err(TokenRefused::NotYetValid { from: at(NOON + 31) }));
        assert_eq!(bench.judge(&claims_with("iat", json!(NOON + 31))), Err(TokenRefused::IssuedInTheFuture { at: at(NOON + 31) }));
        assert!(bench.judge(&claims_with("nbf", json!(NOON + 30))).is_ok());
        assert_eq!(bench.judge(&claims_with("exp", json!(i64::MAX))), Err(TokenRefused::ImpossibleTime { claim: "exp" }));
    }

    #[test]
    fn issuer_and_audience_must_be_ours() {
        let bench = bench();
        assert_eq!(bench.judge(&claims_with("iss", json!("x"))), Err(TokenRefused::WrongIssuer { expected: ISSUER.to_owned() }));
        assert_eq!(bench.judge(&claims_with("aud", json!("x"))), Err(TokenRefused::WrongAudience { expected: AUDIENCE.to_owned() }));
        assert_eq!(bench.judge(&claims_with("aud", json!([]))), Err(TokenRefused::WrongAudience { expected: AUDIENCE.to_owned() }));
        assert!(bench.judge(&claims_with("aud", json!(["x", AUDIENCE]))).is_ok());
    }

    #[test]
    fn claims_that_are_missing_or_of_another_type_are_named() {
        let bench = bench();
        for name in ["iss", "aud", "sub", "exp", "role"] {
            let refused = bench.judge(&claims_without(name)).unwrap_err();
            assert!(matches!(&refused, TokenRefused::UnreadableClaims { reason } if reason.contains(name)), "{refused}");
        }
        for (name, value) in [("exp", json!("soon")), ("role", json!("admin")), ("iat", json!(1.5)), ("exp", json!(null))] {
            let refused = bench.judge(&claims_with(name, value)).unwrap_err();
            assert!(matches!(refused, TokenRefused::UnreadableClaims { .. }), "{refused}");
        }
        assert_eq!(bench.judge(&claims_with("sub", json!(""))), Err(TokenRefused::BadSubject));
    }

    #[test]
    fn only_a_customer_has_an_account_and_every_customer_has_one() {
        let bench = bench();
        assert_eq!(bench.judge(&claims_without("account")), Err(TokenRefused::NoAccount));
        assert_eq!(bench.judge(&claims_with("account", json!("acc_7"))), Err(TokenRefused::NoAccount));
        assert_eq!(bench.judge(&claims_with("role", json!("operator"))), Err(TokenRefused::AccountNotAllowed));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let bench = bench();
        for text in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "Bearer x", "è.è.è"] {
            assert_eq!(bench.tokens.verify(text, at(NOON)), Err(TokenRefused::UnreadableHeader), "{text:?}");
        }
        let long = "a".repeat(LONGEST_TOKEN + 1);
        assert_eq!(bench.tokens.verify(&long, at(NOON)), Err(TokenRefused::TooLong { bytes: LONGEST_TOKEN + 1 }));
    }

    #[test]
    fn an_es256_token_of_a_key_file_is_accepted_until_its_key_is_rotated_out() {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let jwk = |kid: &str| {
            json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid,
            "x": BASE64URL_NOPAD.encode(x), "y": BASE64URL_NOPAD.encode(y) })
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        fs::write(&path, json!({ "keys": [jwk("2026")] }).to_string()).unwrap();
        let (keys, ignored) = KeySet::from_file(&path).unwrap();
        assert_eq!(ignored, []);
        let keys = Arc::new(keys);
        let tokens = Tokens::new(keys.clone(), ISSUER, AUDIENCE, Duration::ZERO);

        let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "2026" });
        let signed = [header, claims()].map(|part| BASE64URL_NOPAD.encode(part.to_string().as_bytes())).join(".");
        let signature = pair.sign(&random, signed.as_bytes()).unwrap();
        let token = format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()));
        assert_eq!(tokens.verify(&token, at(NOON)).map(|caller| caller.acts_as), Ok(ActsAs::Customer(account())));

        fs::write(&path, json!({ "keys": [jwk("2027")] }).to_string()).unwrap();
        assert!(matches!(keys.reload_if_changed(), Ok(super::super::Reload::Replaced { keys: 1, .. })));
        assert!(matches!(tokens.verify(&token, at(NOON)), Err(TokenRefused::UnknownKeyId { .. })));
    }

    #[test]
    fn a_token_of_another_development_key_names_an_unknown_key() {
        let (ours, theirs) = (bench(), bench());
        let refused = ours.tokens.verify(&theirs.key.sign(&claims()), at(NOON)).unwrap_err();
        assert!(matches!(refused, TokenRefused::UnknownKeyId { .. }));
        assert!(refused.to_string().ends_with("run spazio token with the settings that the server runs with"), "{refused}");
    }
}
