//! The keys that documents are encrypted with: several, each with an id, so that they can be changed while old documents rest.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use data_encoding::BASE64;
use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use ring::digest::SHA256_OUTPUT_LEN;
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

/// Why a file of keys cannot be used. Never its text: it holds secrets, and where two fields were changed round even the id is one.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It cannot be read.
    #[error("cannot be read: {0}; correct it")]
    Unreadable(#[from] std::io::Error),
    /// A line is not an id and a key.
    #[error("line {line}: {fault}")]
    Line {
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
}

/// What is wrong with a line of a file of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// It has more or fewer fields than two.
    #[error("must have 2 fields, an id and a key with blanks between them, and has {found}; correct it")]
    Fields {
        /// How many it has.
        found: usize,
    },
    /// Its id is none.
    #[error("the id {0}; correct it")]
    Id(InvalidKeyId),
    /// In its key is what does not belong into base64.
    #[error("the key is not base64, character {character} of it does not belong there; write 32 bytes as `openssl rand -base64 32` does")]
    NotBase64 {
        /// Which character of the key, from 1.
        character: usize,
    },
    /// Its key is base64 in which characters are missing, too many or changed.
    #[error("the key is damaged base64 of {found} characters, a whole one has 44 and = as the last; copy it again from where it was made")]
    Damaged {
        /// How many it has.
        found: usize,
    },
    /// Its key is too short or too long.
    #[error("the key has {found} bytes and must have 32; make one with `openssl rand -base64 32`")]
    Bytes {
        /// How many it has.
        found: usize,
    },
    /// A line before it has the same id.
    #[error("has the id of line {first}; give each key an id of its own")]
    Twice {
        /// That line, from 1.
        first: usize,
    },
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
/// Sets check values apart from the keys of accounts, which are derived from 16 bytes.
const CHECK: &[u8] = b"spazio check value of a key 1";

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
            let faults = match entry(line) {
                Ok((id, key)) => match keys.entry(id) {
                    Entry::Vacant(vacant) => {
                        vacant.insert((number, salt.extract(&key)));
                        Vec::new()
                    }
                    Entry::Occupied(before) => vec![LineFault::Twice { first: before.get().0 }],
                },
                Err(faults) => faults,
            };
            wrong.extend(faults.into_iter().map(|fault| KeysError::Line { line: number, fault }));
        }
        if wrong.is_empty() { Ok(Self(keys.into_iter().map(|(id, (_, key))| (id, key)).collect())) } else { Err(wrong) }
    }

    /// Whether it holds this key.
    #[must_use]
    pub fn holds(&self, id: &KeyId) -> bool {
        self.0.contains_key(id)
    }

    /// Each key's id with the value that the database knows it by: derived one way, so that it tells nothing of the key.
    pub(super) fn check_values(&self) -> impl Iterator<Item = (&KeyId, Vec<u8>)> {
        self.0.iter().map(|(id, key)| {
            let mut value = vec![0; SHA256_OUTPUT_LEN];
            let derived = key.expand(&[CHECK, id.as_str().as_bytes()], HKDF_SHA256).and_then(|derived| derived.fill(&mut value));
            derived.expect("as long as one digest, it can be derived");
            (id, value)
        })
    }

    /// The key of an account, derived from this one: what is sealed for one account opens for no other.
    pub(super) fn of_account(&self, id: &KeyId, account: AccountId) -> Option<LessSafeKey> {
        let key = self.0.get(id)?.expand(&[account.0.as_bytes()], &AES_256_GCM).ok().map(UnboundKey::from)?;
        Some(LessSafeKey::new(key))
    }
}

/// The id and the key of a line, or all that is wrong with it.
fn entry(line: &str) -> Result<(KeyId, Zeroizing<Vec<u8>>), Vec<LineFault>> {
    let fields: Vec<_> = line.split_whitespace().collect();
    let [id, key] = fields[..] else { return Err(vec![LineFault::Fields { found: fields.len() }]) };
    match (id.parse().map_err(LineFault::Id), bytes(key)) {
        (Ok(id), Ok(key)) => Ok((id, key)),
        (id, key) => Err([id.err(), key.err()].into_iter().flatten().collect()),
    }
}

/// The bytes of a key.
fn bytes(key: &str) -> Result<Zeroizing<Vec<u8>>, LineFault> {
    let foreign = |sign: char| !sign.is_ascii_alphanumeric() && !"+/=".contains(sign);
    if let Some(place) = key.chars().position(foreign) {
        return Err(LineFault::NotBase64 { character: place + 1 });
    }
    let key = Zeroizing::new(BASE64.decode(key.as_bytes()).map_err(|_| LineFault::Damaged { found: key.len() })?);
    if key.len() == AES_256_GCM.key_len() { Ok(key) } else { Err(LineFault::Bytes { found: key.len() }) }
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
    fn a_check_value_tells_keys_and_ids_apart_and_is_the_same_for_ever() {
        let other = BASE64.encode(&[7; 32]);
        let values = |text: &str| KeyRing::parse(text).unwrap().check_values().map(|(_, value)| BASE64.encode(&value)).collect::<Vec<_>>();
        let [a, b] = &values(&format!("a {KEY}\nb {KEY}"))[..] else { panic!("two keys") };
        assert_ne!(a, b, "of the same key under two ids");
        assert_ne!(*a, values(&format!("a {other}"))[0], "of two keys under the same id");
        assert_eq!(a, "F5htVHBOvLJ1b1/IzJWz7ocyeWCoGsNANSvfGBwrLiQ=", "databases hold it");
    }

    #[test]
    fn a_line_says_which_faults_it_has_and_never_its_text() {
        let all = |text: &str| KeyRing::parse(text).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>();
        let short = BASE64.encode(&[7; 31]);
        let cut = &KEY[..43];
        for (line, faults) in [
            ("2026-a", &["must have 2 fields, an id and a key with blanks between them, and has 1;"][..]),
            (&format!("2026-a {KEY} soon"), &["must have 2 fields, an id and a key with blanks between them, and has 3;"]),
            (&format!("2026-a {short}"), &["the key has 31 bytes and must have 32"]),
            (&format!("2026-a {KEY}{KEY}"), &["the key has 64 bytes and must have 32"]),
            (&format!("2026-a {cut}"), &["the key is damaged base64 of 43 characters"]),
            (&format!("2026-a {}9=", &KEY[..42]), &["the key is damaged base64 of 44 characters"]),
            ("2026-a s3cret-hunter", &["the key is not base64, character 7 of it"]),
            (&format!("2026/A {KEY}"), &["the id must be 1 to 32 lower-case letters"]),
            (&format!("{KEY} 2026-a"), &["the id must be 1 to 32 ", "the key is not base64, character 5 of it"]),
        ] {
            let told = all(&format!("\n{line}\n"));
            assert_eq!(told.len(), faults.len(), "{told:?}");
            for (told, fault) in told.iter().zip(faults) {
                assert!(told.starts_with(&format!("line 2: {fault}")), "{told}");
                assert!(!told.contains("s3cret") && !told.contains(&KEY[..8]) && !told.contains("2026"), "{told}");
            }
        }
        let several = all(&format!("a\na {KEY}\nb short\n\na {KEY}"));
        let lines: Vec<_> = several.iter().map(|told| &told[..6]).collect();
        assert_eq!(lines, ["line 1", "line 3", "line 5"], "all at once: {several:?}");
        assert_eq!(several[2], "line 5: has the id of line 2; give each key an id of its own");
    }
}
