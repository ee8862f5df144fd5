//! The key that a development machine makes for itself, so that nothing must be set up before the first call.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::claims::{Audience, Claims, role_claims};
use super::crypto;
use super::keys::KeySet;
use crate::call::ActsAs;

/// An Ed25519 key in a file of the data folder that signs tokens for development and tests.
///
/// Never for production: whoever reads the file is any customer. The configuration allows it only without
/// `identity.jwks_file`, and then only on a loopback address.
#[derive(Debug)]
pub struct DevelopmentKey {
    /// Whether it was made just now, because there was none.
    pub is_new: bool,
    id: String,
    public_key: Vec<u8>,
    signing_key: EncodingKey,
}

/// A development key that can be neither read nor made.
#[derive(Debug, thiserror::Error)]
pub enum DevelopmentKeyError {
    /// The file cannot be read or written.
    #[error("the development key {path} can be neither read nor made: {error}; data.folder must be writable for the user that runs spazio")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Others may read the file.
    #[error("the development key {path} can be read by others (mode {mode:03o}): chmod 600 it, or delete it to get a new one")]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file holds no Ed25519 key.
    #[error("{path} holds no Ed25519 key (PKCS#8): delete it to get a new one")]
    NotAKey {
        /// The file.
        path: PathBuf,
    },
}

impl DevelopmentKey {
    /// The file's name in the data folder.
    pub const FILE: &'static str = "development-key.pk8";

    /// Reads the key of the data folder, making folder and key if there is none. Processes that start together end up
    /// with the same key.
    pub fn load_or_create(folder: &Path) -> Result<Self, DevelopmentKeyError> {
        let path = folder.join(Self::FILE);
        let failed = |error| DevelopmentKeyError::File { path: path.clone(), error };
        let is_new = !path.try_exists().map_err(failed)? && create(folder, &path).map_err(failed)?;
        let mode = fs::metadata(&path).map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(DevelopmentKeyError::OpenToOthers { path, mode });
        }
        let pkcs8 = fs::read(&path).map_err(failed)?;
        Self::from_pkcs8(&pkcs8, is_new).ok_or(DevelopmentKeyError::NotAKey { path })
    }

    fn from_pkcs8(pkcs8: &[u8], is_new: bool) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).ok()?;
        let public_key = pair.public_key().as_ref().to_vec();
        // Named after the key, so that a token signed by a deleted one is answered "unknown key", not "bad signature".
        let fingerprint = digest::digest(&digest::SHA256, &public_key);
        let id = format!("development-{}", HEXLOWER.encode(&fingerprint.as_ref()[..4]));
        Some(Self { is_new, id, public_key, signing_key: EncodingKey::from_ed_der(pkcs8) })
    }

    /// The set that verifies what this key signs.
    #[must_use]
    pub fn key_set(&self) -> KeySet {
        KeySet::of_ed25519(&self.id, &self.public_key)
    }

    /// A token for `subject`, good from `now` for `lifetime`.
    ///
    /// # Panics
    /// Never: the key was read before, and the claims are plain text and numbers.
    #[must_use]
    pub fn mint(&self, acts_as: ActsAs, subject: &str, now: DateTime<Utc>, lifetime: TimeDelta, issuer: &str, audience: &str) -> String {
        let (role, account) = role_claims(acts_as);
        let claims = Claims {
            iss: issuer.to_owned(),
            aud: Audience::One(audience.to_owned()),
            sub: subject.to_owned(),
            exp: (now + lifetime).timestamp(),
            nbf: Some(now.timestamp()),
            iat: Some(now.timestamp()),
            role,
            account: account.map(|account| account.to_string()),
        };
        self.sign(&claims)
    }

    pub(super) fn sign<T: serde::Serialize>(&self, claims: &T) -> String {
        crypto::install();
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.id.clone());
        jsonwebtoken::encode(&header, claims, &self.signing_key).expect("the key was read before, and the claims are plain JSON")
    }
}

/// Writes the key to a file of its own and links it to its name: the link fails if another process was faster, and
/// nobody ever sees half a key. Tells whether the key is this one.
fn create(folder: &Path, path: &Path) -> io::Result<bool> {
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
        .map_err(|_| io::Error::other("the operating system gives no random numbers"))?;
    fs::create_dir_all(folder)?;
    let unfinished = path.with_extension(format!("{}.new", process::id()));
    let linked = write_private(&unfinished, key.as_ref()).and_then(|()| fs::hard_link(&unfinished, path));
    fs::remove_file(&unfinished)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        linked => linked.map(|()| true),
    }
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let made = DevelopmentKey::load_or_create(&data).unwrap();
        let read = DevelopmentKey::load_or_create(&data).unwrap();
        assert_eq!(made.public_key, read.public_key);
        assert_eq!((made.is_new, read.is_new), (true, false));
        let files: Vec<_> = fs::read_dir(&data).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files, [data.join(DevelopmentKey::FILE)]);
        assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        DevelopmentKey::load_or_create(folder.path()).unwrap();
        fs::set_permissions(folder.path().join(DevelopmentKey::FILE), fs::Permissions::from_mode(0o640)).unwrap();
        let error = DevelopmentKey::load_or_create(folder.path()).unwrap_err();
        assert!(matches!(error, DevelopmentKeyError::OpenToOthers { mode: 0o640, .. }), "{error}");
    }

    #[test]
    fn a_file_that_is_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        write_private(&folder.path().join(DevelopmentKey::FILE), b"not a key").unwrap();
        let error = DevelopmentKey::load_or_create(folder.path()).unwrap_err();
        assert!(matches!(error, DevelopmentKeyError::NotAKey { .. }), "{error}");
    }

    #[test]
    fn the_key_does_not_show_itself() {
        let folder = tempfile::tempdir().unwrap();
        let shown = format!("{:?}", DevelopmentKey::load_or_create(folder.path()).unwrap());
        assert!(shown.contains("redacted"), "{shown}");
    }
}
