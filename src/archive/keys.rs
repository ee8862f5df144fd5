//! The keys that documents are encrypted with: several, each with an id, so that they can be changed while old documents rest.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use data_encoding::BASE64;
use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Prk, Salt};
use zeroize::Zeroizing;

use crate::ids::AccountId;

/// What a key is known by: it stands in every blob that was encrypted with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// The most characters of an id.
    pub const LONGEST: usize = 32;

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = InvalidKeyId;

    fn from_str(text: &str) -> Result<Self, InvalidKeyId> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        let fits = (1..=Self::LONGEST).contains(&text.len()) && text.bytes().all(allowed);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidKeyId) }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that is no id of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 32 lower-case letters, digits, dots, hyphens and underscores")]
pub struct InvalidKeyId;

/// Why a file of keys cannot be used. Never its text: it holds secrets.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It cannot be read.
    #[error("cannot be read: {0}; correct it")]
    Unreadable(#[from] std::io::Error),
    /// A line is not an id and a key.
    #[error("line {0}: must be an id, a space and 32 bytes in base64, as `openssl rand -base64 32` writes them; correct it")]
    Line(usize),
    /// Two lines have one id.
    #[error("line {0}: the id is there before; give each key an id of its own")]
    Twice(usize),
}

/// The keys, by id.
#[derive(Clone, Default)]
pub struct KeyRing(BTreeMap<KeyId, Prk>);

impl fmt::Debug for KeyRing {
    /// The ids only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Sets our keys apart from those that another program may derive from the same bytes.
const SALT: &[u8] = b"spazio documents 1";

impl KeyRing {
    /// Reads a file with one key a line; empty lines and lines that begin with # are passed over.
    ///
    /// # Errors
    /// Every line that is wrong, in their order.
    pub fn from_file(path: &Path) -> Result<Self, Vec<KeysError>> {
        let text = fs::read_to_string(path).map_err(|error| vec![error.into()])?;
        Self::parse(&Zeroizing::new(text))
    }

    fn parse(text: &str) -> Result<Self, Vec<KeysError>> {
        let salt = Salt::new(HKDF_SHA256, SALT);
        let (mut keys, mut wrong) = (BTreeMap::new(), Vec::new());
        for (line, number) in text.lines().map(str::trim).zip(1..) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match entry(line) {
                Some((id, key)) => match keys.entry(id) {
                    Entry::Vacant(vacant) => drop(vacant.insert(salt.extract(&key))),
                    Entry::Occupied(_) => wrong.push(KeysError::Twice(number)),
                },
                None => wrong.push(KeysError::Line(number)),
            }
        }
        if wrong.is_empty() { Ok(Self(keys)) } else { Err(wrong) }
    }

    /// Whether it holds this key.
    #[must_use]
    pub fn holds(&self, id: &KeyId) -> bool {
        self.0.contains_key(id)
    }

    /// The key of an account, derived from this one: what is sealed for one account opens for no other.
    pub(super) fn of_account(&self, id: &KeyId, account: AccountId) -> Option<LessSafeKey> {
        let key = self.0.get(id)?.expand(&[account.0.as_bytes()], &AES_256_GCM).ok().map(UnboundKey::from)?;
        Some(LessSafeKey::new(key))
    }
}

/// The id and the key of a line.
fn entry(line: &str) -> Option<(KeyId, Zeroizing<Vec<u8>>)> {
    let (id, key) = line.split_once(char::is_whitespace)?;
    let key = Zeroizing::new(BASE64.decode(key.trim().as_bytes()).ok()?);
    (key.len() == AES_256_GCM.key_len()).then_some((id.parse().ok()?, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn a_file_of_keys_is_read_with_comments_and_empty_lines() {
        let keys = KeyRing::parse(&format!("# of 2026\n\n2026-a {KEY}\n  2026-b   {KEY} \n")).unwrap();
        assert_eq!(format!("{keys:?}"), "{KeyId(\"2026-a\"), KeyId(\"2026-b\")}");
    }

    #[test]
    fn what_is_no_key_is_told_by_its_line_and_without_its_text() {
        let all = |text: String| KeyRing::parse(&text).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>();
        let told = |text: String| all(text).join("; ");
        for wrong in ["key".to_owned(), format!("Key {KEY}"), "key c2hvcnQ=".to_owned(), "key secret!".to_owned()] {
            let told = told(format!("\n{wrong}\n"));
            assert!(told.starts_with("line 2: must be an id") && !told.contains("secret"), "{told}");
        }
        assert!(told(format!("a {KEY}\na {KEY}")).starts_with("line 2: the id is there before"));
        let several = all(format!("a\na {KEY}\nb short\n\na {KEY}"));
        let lines: Vec<_> = several.iter().map(|told| &told[..6]).collect();
        assert_eq!(lines, ["line 1", "line 3", "line 5"], "all at once: {several:?}");
    }
}
