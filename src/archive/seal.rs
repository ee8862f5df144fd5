//! The sealed form of a file: compressed, encrypted if so configured, and saying of itself how it is opened.
//!
//! A blob is one of two things:
//!
//! * a zstd frame, which begins with zstd's own magic number: without dictionary and encryption nothing more is needed;
//! * a header of ours and what it describes. Numbers are big-endian:
//!
//! | bytes | |
//! |---|---|
//! | 3 | `SPZ` |
//! | 1 | version, 1 |
//! | 2 | the dictionary's number, 0 without one |
//! | 4 | size of the original |
//! | 1 | length of the key's id, 0 when it is not encrypted |
//! | 0 to 32 | the key's id |
//! | 12 or 0 | the nonce, when it is encrypted |
//! | 4 | the beginning of the SHA-256 of all that stands before |
//! | the rest | a zstd frame; encrypted with AES-256-GCM when there is a key, its tag last |
//!
//! The header has a checksum of its own so that a flipped bit in it is told as damage, and not as a key that is missing. An encrypted blob
//! is bound to its header, its account and the digest of its original: put in another's place it does not open.

use std::sync::Arc;

use ring::aead::{Aad, NONCE_LEN, Nonce};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use zstd::bulk::{Compressor, Decompressor};

use super::dictionary;
use super::keys::{KeyId, KeyRing};
use crate::fatturapa::MAX_FILE_BYTES;
use crate::ids::AccountId;

/// Where speed and size balance: beyond it a file of 10 KB shrinks by less than one per cent more.
pub(super) const LEVEL: i32 = 6;

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const MAGIC: &[u8; 3] = b"SPZ";
const VERSION: u8 = 1;
const CHECKSUM: usize = 4;

/// Which file a blob holds: to open it takes both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity<'a> {
    pub account: AccountId,
    /// SHA-256 of the original.
    pub sha256: &'a [u8],
}

/// How blobs are sealed: what `document.sealing` says of a row, so that `archive move` finds those that differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// The dictionary's number.
    pub dictionary: Option<u16>,
    /// The key's id.
    pub key: Option<KeyId>,
}

impl Form {
    /// The key that `document.sealing` names, if it names one.
    pub fn key_named_in(sealing: &str) -> Option<KeyId> {
        sealing.rsplit_once(KEY_OF_A_FORM)?.1.parse().ok()
    }
}

/// What stands before a key's id in a form that is written out; the index `document_encrypted` looks for it.
const KEY_OF_A_FORM: &str = ", key ";

impl std::fmt::Display for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("zstd")?;
        if let Some(dictionary) = self.dictionary {
            write!(f, " {dictionary}")?;
        }
        match &self.key {
            Some(key) => write!(f, "{KEY_OF_A_FORM}{key}"),
            None => Ok(()),
        }
    }
}

/// Why a blob does not give its file back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unopened {
    /// Its bytes are not what was stored.
    Damaged(&'static str),
    /// It is encrypted with a key that is not configured.
    KeyMissing(KeyId),
    /// A newer program made it.
    Newer(String),
}

/// Seals and opens.
#[derive(Clone, Debug)]
pub(super) struct Sealer {
    keys: Arc<KeyRing>,
    form: Form,
}

struct Header<'a> {
    form: Form,
    size: usize,
    nonce: Option<Nonce>,
    /// The header as it stands, checksum included.
    bytes: &'a [u8],
    payload: &'a [u8],
}

impl Sealer {
    /// One that seals in this form; its key must be among the keys.
    pub fn new(keys: KeyRing, form: Form) -> Self {
        Self { keys: Arc::new(keys), form }
    }

    /// The keys that it opens with.
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// The form of what it seals.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// Seals a file. Fails only when the machine has no memory or no randomness.
    pub fn seal(&self, identity: Identity<'_>, original: &[u8]) -> Result<Vec<u8>, String> {
        let Form { dictionary, key } = &self.form;
        let compressed = compress(original, *dictionary).map_err(|error| error.to_string())?;
        let Some(id) = key else {
            if dictionary.is_none() {
                return Ok(compressed);
            }
            let mut sealed = self.header(original, None)?;
            sealed.extend_from_slice(&compressed);
            return Ok(sealed);
        };
        let key = self.keys.of_account(id, identity.account).ok_or_else(|| format!("the key {id} is not configured"))?;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| "the machine gives no random bytes".to_owned())?;
        let mut sealed = self.header(original, Some(nonce))?;
        let mut payload = compressed;
        let bound = bound_to(&sealed, identity);
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound), &mut payload)
            .map_err(|_| "it cannot be encrypted".to_owned())?;
        sealed.extend_from_slice(&payload);
        Ok(sealed)
    }

    fn header(&self, original: &[u8], nonce: Option<[u8; NONCE_LEN]>) -> Result<Vec<u8>, String> {
        let size = u32::try_from(original.len()).map_err(|_| "it is too large".to_owned())?;
        let key = self.form.key.as_ref().map_or("", KeyId::as_str);
        let mut header = Vec::with_capacity(MAGIC.len() + 8 + key.len() + NONCE_LEN + CHECKSUM);
        header.extend_from_slice(MAGIC);
        header.push(VERSION);
        header.extend_from_slice(&self.form.dictionary.unwrap_or(0).to_be_bytes());
        header.extend_from_slice(&size.to_be_bytes());
        header.push(u8::try_from(key.len()).map_err(|_| "the key's id is too long".to_owned())?);
        header.extend_from_slice(key.as_bytes());
        header.extend_from_slice(nonce.as_ref().map_or(&[], |nonce| nonce.as_slice()));
        let checksum = digest(&SHA256, &header);
        header.extend_from_slice(&checksum.as_ref()[..CHECKSUM]);
        Ok(header)
    }

    /// The file in a blob, and the form it was sealed in. Never wrong bytes: the digest is verified.
    pub fn open(&self, identity: Identity<'_>, sealed: &[u8]) -> Result<(Vec<u8>, Form), Unopened> {
        let (original, form) = if sealed.starts_with(&ZSTD_MAGIC) {
            let size = Decompressor::upper_bound(sealed).filter(|size| *size <= MAX_FILE_BYTES).unwrap_or(MAX_FILE_BYTES);
            (decompress(sealed, size, None)?, Form { dictionary: None, key: None })
        } else {
            self.described(identity, sealed)?
        };
        if digest(&SHA256, &original).as_ref() != identity.sha256 {
            return Err(Unopened::Damaged("it does not match its digest"));
        }
        Ok((original, form))
    }

    fn described(&self, identity: Identity<'_>, sealed: &[u8]) -> Result<(Vec<u8>, Form), Unopened> {
        let Header { form, size, nonce, bytes, payload } = Header::read(sealed)?;
        let mut decrypted = Vec::new();
        let frame = match (&form.key, nonce) {
            (Some(id), Some(nonce)) => {
                let key = self.keys.of_account(id, identity.account).ok_or_else(|| Unopened::KeyMissing(id.clone()))?;
                decrypted.extend_from_slice(payload);
                let opened = key.open_in_place(nonce, Aad::from(bound_to(bytes, identity)), &mut decrypted);
                &*opened.map_err(|_| Unopened::Damaged("it cannot be decrypted: its bytes or its key are not those it was stored with"))?
            }
            (Some(_), None) | (None, Some(_) | None) => payload,
        };
        let original = decompress(frame, size, form.dictionary)?;
        if original.len() != size {
            return Err(Unopened::Damaged("it has not the size that it says"));
        }
        Ok((original, form))
    }
}

/// What an encrypted blob is bound to.
fn bound_to(header: &[u8], identity: Identity<'_>) -> Vec<u8> {
    [header, identity.account.0.as_bytes(), identity.sha256].concat()
}

impl<'a> Header<'a> {
    fn read(sealed: &'a [u8]) -> Result<Self, Unopened> {
        const CUT: Unopened = Unopened::Damaged("its beginning is not one of ours");
        let rest = sealed.strip_prefix(MAGIC).ok_or(CUT)?;
        let (fixed, rest) = rest.split_first_chunk::<8>().ok_or(CUT)?;
        let [version, d0, d1, s0, s1, s2, s3, id_length] = *fixed;
        let (id, rest) = rest.split_at_checked(id_length.into()).ok_or(CUT)?;
        let (nonce, rest) = rest.split_at_checked(if id_length == 0 { 0 } else { NONCE_LEN }).ok_or(CUT)?;
        let (checksum, payload) = rest.split_at_checked(CHECKSUM).ok_or(CUT)?;
        let bytes = &sealed[..sealed.len() - payload.len()];
        let described = &bytes[..bytes.len() - CHECKSUM];
        if digest(&SHA256, described).as_ref()[..CHECKSUM] != *checksum {
            return Err(CUT);
        }
        let dictionary = u16::from_be_bytes([d0, d1]);
        let newer = |what: &str| Unopened::Newer(format!("it was sealed by a newer program ({what})"));
        if version != VERSION {
            return Err(newer(&format!("version {version}")));
        }
        if dictionary != 0 && dictionary::decoder(dictionary).is_none() {
            return Err(newer(&format!("dictionary {dictionary}")));
        }
        let key = match id {
            [] => None,
            id => Some(str::from_utf8(id).ok().and_then(|id| id.parse().ok()).ok_or(CUT)?),
        };
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok();
        let size = usize::try_from(u32::from_be_bytes([s0, s1, s2, s3])).unwrap_or(usize::MAX);
        let form = Form { dictionary: (dictionary != 0).then_some(dictionary), key };
        Ok(Self { form, size, nonce, bytes, payload })
    }
}

fn compress(original: &[u8], dictionary: Option<u16>) -> std::io::Result<Vec<u8>> {
    let mut compressor = match dictionary {
        None => Compressor::new(LEVEL)?,
        Some(_) => Compressor::with_prepared_dictionary(dictionary::encoder())?,
    };
    compressor.compress(original)
}

fn decompress(frame: &[u8], size: usize, dictionary: Option<u16>) -> Result<Vec<u8>, Unopened> {
    const DAMAGED: Unopened = Unopened::Damaged("it cannot be decompressed");
    if size > MAX_FILE_BYTES {
        return Err(Unopened::Damaged("it says to be larger than any file that is taken"));
    }
    let decompressor = match dictionary.and_then(dictionary::decoder) {
        None => Decompressor::new(),
        Some(dictionary) => Decompressor::with_prepared_dictionary(dictionary),
    };
    decompressor.and_then(|mut decompressor| decompressor.decompress(frame, size)).map_err(|_| DAMAGED)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const ANN: AccountId = AccountId(Uuid::from_u128(1));
    const BOB: AccountId = AccountId(Uuid::from_u128(2));
    const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const NEW: &str = "HxwdHh8aGxgZFhcUFRITEBEODwwNCgsICQYHBAUCAwA=";

    fn keys(lines: &[(&str, &str)]) -> KeyRing {
        let file = tempfile::NamedTempFile::new().unwrap();
        let lines: Vec<_> = lines.iter().map(|(id, key)| format!("{id} {key}")).collect();
        std::fs::write(file.path(), lines.join("\n")).unwrap();
        KeyRing::from_file(file.path()).unwrap()
    }

    fn sealer(dictionary: Option<u16>, key: Option<&str>) -> Sealer {
        let form = Form { dictionary, key: key.map(|id| id.parse().unwrap()) };
        Sealer::new(keys(&[("old", OLD), ("new", NEW)]), form)
    }

    fn forms() -> [Sealer; 4] {
        [sealer(None, None), sealer(Some(1), None), sealer(None, Some("old")), sealer(Some(1), Some("new"))]
    }

    fn sha256(original: &[u8]) -> Vec<u8> {
        digest(&SHA256, original).as_ref().to_vec()
    }

    fn open(with: &Sealer, account: AccountId, original: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unopened> {
        with.open(Identity { account, sha256: &sha256(original) }, sealed).map(|(original, _)| original)
    }

    fn seal(with: &Sealer, original: &[u8]) -> Vec<u8> {
        with.seal(Identity { account: ANN, sha256: &sha256(original) }, original).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_was_sealed_in_any_form_is_opened_by_whoever_has_the_keys(original in proptest::collection::vec(any::<u8>(), 1..4000)) {
            for form in forms() {
                let sealed = seal(&form, &original);
                for other in forms() {
                    let (opened, found) = other.open(Identity { account: ANN, sha256: &sha256(&original) }, &sealed).unwrap();
                    prop_assert_eq!(&opened, &original);
                    prop_assert_eq!(&found, form.form());
                }
            }
        }

        #[test]
        fn a_flipped_bit_anywhere_is_damage_and_nothing_else(bit in any::<prop::sample::Index>(), form in 0..4_usize) {
            let original = include_bytes!("../../tests/samples/fpr12.xml");
            let form = &forms()[form];
            let mut sealed = seal(form, original);
            let bit = bit.index(sealed.len() * 8);
            sealed[bit / 8] ^= 1 << (bit % 8);
            match open(form, ANN, original, &sealed) {
                // A bit that zstd does not look at changes nothing.
                Ok(opened) => prop_assert_eq!(opened, original),
                Err(unopened) => prop_assert!(matches!(unopened, Unopened::Damaged(_)), "{unopened:?}"),
            }
        }

        #[test]
        fn a_blob_that_was_cut_short_is_damage(length in any::<prop::sample::Index>(), form in 0..4_usize) {
            let original = include_bytes!("../../tests/samples/fpr12.xml");
            let form = &forms()[form];
            let sealed = seal(form, original);
            let opened = open(form, ANN, original, &sealed[..length.index(sealed.len())]);
            prop_assert!(matches!(opened, Err(Unopened::Damaged(_))), "{opened:?}");
        }

        #[test]
        fn bytes_of_a_stranger_never_open(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for sealed in [bytes.clone(), [MAGIC.as_slice(), &bytes].concat(), [ZSTD_MAGIC.as_slice(), &bytes].concat()] {
                prop_assert!(open(&sealer(None, None), ANN, b"what was stored", &sealed).is_err());
            }
        }
    }

    #[test]
    fn frames_written_before_there_were_headers_are_opened() {
        let original = b"<FatturaElettronica/>".repeat(100);
        let frame = zstd::bulk::compress(&original, 3).unwrap();
        assert_eq!(open(&sealer(Some(1), Some("new")), BOB, &original, &frame), Ok(original));
    }

    #[test]
    fn a_key_that_is_missing_is_named_and_a_wrong_one_is_damage() {
        let original = b"an invoice".to_vec();
        let sealed = seal(&sealer(Some(1), Some("old")), &original);
        let without = Sealer::new(keys(&[("new", NEW)]), Form { dictionary: None, key: None });
        assert_eq!(open(&without, ANN, &original, &sealed), Err(Unopened::KeyMissing("old".parse().unwrap())));
        let wrong = Sealer::new(keys(&[("old", NEW)]), Form { dictionary: None, key: None });
        assert!(matches!(open(&wrong, ANN, &original, &sealed), Err(Unopened::Damaged(_))));
    }

    #[test]
    fn what_is_encrypted_for_one_account_and_file_opens_for_no_other() {
        let (original, old) = (b"an invoice".to_vec(), sealer(None, Some("old")));
        let sealed = seal(&old, &original);
        assert_eq!(open(&old, ANN, &original, &sealed), Ok(original.clone()));
        assert!(matches!(open(&old, BOB, &original, &sealed), Err(Unopened::Damaged(_))));
        assert!(matches!(open(&old, ANN, b"another invoice", &sealed), Err(Unopened::Damaged(_))));
        assert_ne!(seal(&old, &original), sealed, "no nonce comes twice");
        assert!(!sealed.windows(5).any(|window| window == b"voice"), "nothing of the file can be read");
    }

    #[test]
    fn a_blob_of_a_newer_program_is_told_as_that() {
        let original = b"an invoice".to_vec();
        let newer = Sealer { keys: Arc::default(), form: Form { dictionary: Some(999), key: None } };
        let told = open(&newer, ANN, &original, &seal(&newer, &original));
        assert_eq!(told, Err(Unopened::Newer("it was sealed by a newer program (dictionary 999)".to_owned())));
    }

    #[test]
    fn the_dictionary_halves_a_small_invoice() {
        let original = include_bytes!("../../tests/samples/fpr12-td21.xml");
        let (plain, with) = (seal(&sealer(None, None), original).len(), seal(&sealer(Some(1), None), original).len());
        assert!(with * 2 < plain, "{with} against {plain}");
    }
}
