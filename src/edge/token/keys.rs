//! The public keys that tokens are verified with, read from a JWK set (RFC 7517).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::{fmt, fs, io};

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::crypto;

/// Largest key file that is read, in bytes: a set has a handful of keys of some hundred bytes each.
const LARGEST_FILE: u64 = 1024 * 1024;

/// A public key and the one algorithm it may be used with: what the token says about its algorithm must agree
/// with this and never replaces it.
#[derive(Debug)]
pub(super) struct VerifyingKey {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

type Keys = HashMap<String, Arc<VerifyingKey>>;

/// The keys in force. They can be replaced while calls are being verified.
pub struct KeySet {
    keys: RwLock<Arc<Keys>>,
    source: Option<Source>,
}

struct Source {
    path: PathBuf,
    /// What the file held when it was last looked at, good or bad, so that a bad file is reported once.
    /// Its bytes and not its time: a mounted secret is swapped by a link, within the clock's granularity.
    last_seen: Mutex<Result<Vec<u8>, io::ErrorKind>>,
}

/// A key of the file that is not used, to be logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredKey {
    /// Its key id, or its place in the file if it has none.
    pub key: String,
    /// Why it is not used.
    pub reason: &'static str,
}

/// What a look at the key file brought.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "ignored keys belong into the log"]
pub enum Reload {
    /// The file is as it was, or the set has no file.
    Unchanged,
    /// The new keys are in force.
    Replaced {
        /// How many keys are in force now.
        keys: usize,
        /// Keys of the file that are not used.
        ignored: Vec<IgnoredKey>,
    },
}

/// A key file that cannot be used. The keys read before stay in force.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// The file cannot be read.
    #[error("{path} cannot be read: {error}; correct it")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is larger than any key set.
    #[error("{path} is larger than 1 MiB: is it the right file?")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is no JWK set.
    #[error("{path} is no JWK set ({{\"keys\": [...]}}): {error}")]
    NotAKeySet {
        /// The file.
        path: PathBuf,
        /// Where its JSON is wrong.
        error: serde_json::Error,
    },
    /// Two keys carry the same id, so that a token does not tell which one is meant.
    #[error("{path} has two keys with the id {id:?}: give each its own")]
    DuplicateId {
        /// The file.
        path: PathBuf,
        /// The id.
        id: String,
    },
    /// No key of the file can be used: every call would be refused.
    #[error("{path} has no usable key; wanted: an Ed25519 or P-256 key with a \"kid\"; found: {}", reasons(ignored))]
    NoUsableKey {
        /// The file.
        path: PathBuf,
        /// Why each was not usable.
        ignored: Vec<IgnoredKey>,
    },
}

fn reasons(ignored: &[IgnoredKey]) -> String {
    if ignored.is_empty() {
        return "none".to_owned();
    }
    ignored.iter().map(IgnoredKey::to_string).collect::<Vec<_>>().join("; ")
}

impl fmt::Display for IgnoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {}: {}", self.key, self.reason)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ids: Vec<String> = self.current().keys().cloned().collect();
        ids.sort();
        f.debug_struct("KeySet").field("ids", &ids).field("path", &self.path()).finish()
    }
}

impl KeySet {
    /// Reads the keys of a JWK set and tells which of them are not used.
    ///
    /// Used are Ed25519 and P-256 keys with a `kid`, meant for signatures.
    pub fn from_file(path: &Path) -> Result<(Self, Vec<IgnoredKey>), KeySetError> {
        let content = read(path).map_err(|error| KeySetError::Unreadable { path: path.to_owned(), error })?;
        let (keys, ignored) = parse(path, &content)?;
        let source = Source { path: path.to_owned(), last_seen: Mutex::new(Ok(content)) };
        Ok((Self { keys: RwLock::new(Arc::new(keys)), source: Some(source) }, ignored))
    }

    /// A set of one Ed25519 key, with no file behind it.
    pub(super) fn of_ed25519(id: &str, public_key: &[u8]) -> Self {
        let key = VerifyingKey { algorithm: Algorithm::EdDSA, key: DecodingKey::from_ed_der(public_key) };
        let keys = HashMap::from([(id.to_owned(), Arc::new(key))]);
        Self { keys: RwLock::new(Arc::new(keys)), source: None }
    }

    /// Looks at the file again and, if it holds other keys than before, puts them in force: how keys are rotated
    /// without a restart. The caller polls; it reads one small file.
    ///
    /// A file that cannot be used is an error once, not at every poll, and leaves the old keys in force.
    pub fn reload_if_changed(&self) -> Result<Reload, KeySetError> {
        let Some(source) = &self.source else { return Ok(Reload::Unchanged) };
        let mut last_seen = source.last_seen.lock().unwrap_or_else(PoisonError::into_inner);
        let read = read(&source.path);
        let seen = read.as_ref().map(Vec::clone).map_err(io::Error::kind);
        if *last_seen == seen {
            return Ok(Reload::Unchanged);
        }
        *last_seen = seen;
        let content = read.map_err(|error| KeySetError::Unreadable { path: source.path.clone(), error })?;
        let (keys, ignored) = parse(&source.path, &content)?;
        let count = keys.len();
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        Ok(Reload::Replaced { keys: count, ignored })
    }

    /// The file behind the set, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.source.as_ref().map(|source| source.path.as_path())
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<VerifyingKey>> {
        self.current().get(id).cloned()
    }

    fn current(&self) -> Arc<Keys> {
        // Nobody panics while holding the lock, and a whole Arc is either the old or the new one.
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reads at most one byte more than allowed, so that a wrong path (a device, a database) does no harm.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    use io::Read as _;
    let mut content = Vec::new();
    fs::File::open(path)?.take(LARGEST_FILE + 1).read_to_end(&mut content)?;
    Ok(content)
}

fn parse(path: &Path, content: &[u8]) -> Result<(Keys, Vec<IgnoredKey>), KeySetError> {
    let path = || path.to_owned();
    if u64::try_from(content.len()).is_ok_and(|length| length > LARGEST_FILE) {
        return Err(KeySetError::TooLarge { path: path() });
    }
    let set: JwkSet = serde_json::from_slice(content).map_err(|error| KeySetError::NotAKeySet { path: path(), error })?;
    let mut keys = Keys::new();
    let mut ignored = Vec::new();
    for (place, jwk) in set.keys.iter().enumerate() {
        let id = jwk.common.key_id.clone();
        match (id, usable(jwk)) {
            (Some(id), Ok(key)) => {
                if keys.insert(id.clone(), Arc::new(key)).is_some() {
                    return Err(KeySetError::DuplicateId { path: path(), id });
                }
            }
            (None, _) => ignored.push(IgnoredKey { key: format!("number {}", place + 1), reason: "it has no \"kid\"" }),
            (Some(id), Err(reason)) => ignored.push(IgnoredKey { key: id, reason }),
        }
    }
    if keys.is_empty() { Err(KeySetError::NoUsableKey { path: path(), ignored }) } else { Ok((keys, ignored)) }
}

/// The key, bound to its algorithm, or why it cannot be used.
fn usable(jwk: &Jwk) -> Result<VerifyingKey, &'static str> {
    if jwk.common.public_key_use.as_ref().is_some_and(|meant| *meant != PublicKeyUse::Signature) {
        return Err("its \"use\" is not \"sig\"");
    }
    let (algorithm, key) = if let AlgorithmParameters::OctetKeyPair(key) = &jwk.algorithm
        && key.curve == EllipticCurve::Ed25519
    {
        (Algorithm::EdDSA, ed25519(&key.x)?)
    } else if let AlgorithmParameters::EllipticCurve(key) = &jwk.algorithm
        && key.curve == EllipticCurve::P256
    {
        (Algorithm::ES256, p256(&key.x, &key.y)?)
    } else {
        return Err("it is neither an Ed25519 (OKP) nor a P-256 (EC) key");
    };
    if jwk.common.key_algorithm.is_some_and(|stated| stated != KeyAlgorithm::from(algorithm)) {
        return Err("its \"alg\" does not belong to its kind of key");
    }
    Ok(VerifyingKey { algorithm, key })
}

fn ed25519(x: &str) -> Result<DecodingKey, &'static str> {
    let public_key = decoded(x, crypto::ED25519_PUBLIC_KEY)?;
    Ok(DecodingKey::from_ed_der(&public_key))
}

/// The uncompressed point: 4, x, y.
fn p256(x: &str, y: &str) -> Result<DecodingKey, &'static str> {
    let point = [vec![4], decoded(x, crypto::P256_COORDINATE)?, decoded(y, crypto::P256_COORDINATE)?].concat();
    Ok(DecodingKey::from_ec_der(&point))
}

fn decoded(text: &str, length: usize) -> Result<Vec<u8>, &'static str> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| "its numbers are not base64url")?;
    if bytes.len() == length { Ok(bytes) } else { Err("its numbers have the wrong length") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn okp(id: &str, first: u8) -> String {
        let mut key = [7; 32];
        key[0] = first;
        format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{id}","x":"{}"}}"#, BASE64URL_NOPAD.encode(&key))
    }

    fn write_set(path: &Path, keys: &[String]) {
        fs::write(path, format!(r#"{{"keys":[{}]}}"#, keys.join(","))).unwrap();
    }

    fn folder_with(keys: &[String]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        write_set(&path, keys);
        (folder, path)
    }

    #[test]
    fn keys_of_other_kinds_are_reported_and_ignored() {
        let other = [
            okp("good", 1),
            r#"{"kty":"RSA","kid":"rsa","n":"AQAB","e":"AQAB"}"#.to_owned(),
            r#"{"kty":"oct","kid":"secret","k":"AQAB"}"#.to_owned(),
            r#"{"kty":"OKP","crv":"X25519","kid":"exchange","x":"AQAB"}"#.to_owned(),
            r#"{"kty":"OKP","crv":"Ed25519","kid":"short","x":"AQAB"}"#.to_owned(),
            okp("unused", 1).replace('{', r#"{"use":"enc","#),
            okp("mismatch", 1).replace('{', r#"{"alg":"ES256","#),
            okp("x", 1).replace(r#""kid":"x","#, ""),
        ];
        let (_folder, path) = folder_with(&other);
        let (set, ignored) = KeySet::from_file(&path).unwrap();
        assert!(set.find("good").is_some());
        let names: Vec<&str> = ignored.iter().map(|ignored| ignored.key.as_str()).collect();
        assert_eq!(names, ["rsa", "secret", "exchange", "short", "unused", "mismatch", "number 8"]);
    }

    #[test]
    fn a_set_without_a_usable_key_or_with_an_id_twice_is_an_error() {
        let (_folder, path) = folder_with(&[]);
        assert!(matches!(KeySet::from_file(&path), Err(KeySetError::NoUsableKey { .. })));
        write_set(&path, &[okp("a", 1), okp("a", 2)]);
        assert!(matches!(KeySet::from_file(&path), Err(KeySetError::DuplicateId { id, .. }) if id == "a"));
    }

    #[test]
    fn a_changed_file_rotates_the_keys() {
        let (_folder, path) = folder_with(&[okp("old", 1)]);
        let (set, _) = KeySet::from_file(&path).unwrap();
        assert_eq!(set.reload_if_changed().unwrap(), Reload::Unchanged);
        write_set(&path, &[okp("new", 2)]);
        assert_eq!(set.reload_if_changed().unwrap(), Reload::Replaced { keys: 1, ignored: vec![] });
        assert!(set.find("new").is_some() && set.find("old").is_none());
    }

    #[test]
    fn a_bad_new_file_keeps_the_old_keys_and_is_reported_once() {
        let (_folder, path) = folder_with(&[okp("old", 1)]);
        let (set, _) = KeySet::from_file(&path).unwrap();
        fs::write(&path, "{\"keys\":").unwrap();
        assert!(matches!(set.reload_if_changed(), Err(KeySetError::NotAKeySet { .. })));
        assert_eq!(set.reload_if_changed().unwrap(), Reload::Unchanged);
        fs::remove_file(&path).unwrap();
        assert!(matches!(set.reload_if_changed(), Err(KeySetError::Unreadable { .. })));
        assert!(set.find("old").is_some());
        write_set(&path, &[okp("old", 1)]);
        assert_eq!(set.reload_if_changed().unwrap(), Reload::Replaced { keys: 1, ignored: vec![] });
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read_to_its_end() {
        let (_folder, path) = folder_with(&[]);
        fs::File::create(&path).unwrap().set_len(LARGEST_FILE * 1024).unwrap();
        assert!(matches!(KeySet::from_file(&path), Err(KeySetError::TooLarge { .. })));
    }
}
