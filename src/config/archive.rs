//! The section `archive`: where the bytes of documents rest.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::form::{bucket, http_url, parsed, path, prefix, seconds, secret, text, whole, word};
use super::reader::{Reader, Section};
use crate::archive::KeyId;
use crate::words::words;

words! {
    /// Where the bytes of new documents are put.
    pub enum Store {
        /// In the row that describes them.
        Database = "database",
        /// In a bucket of an object store that speaks S3.
        S3 = "s3",
    }
}

words! {
    /// How documents are compressed.
    pub enum Compression {
        /// With zstd and the dictionary of the program.
        Dictionary = "dictionary",
        /// With zstd alone, as every version of the program reads it.
        Zstd = "zstd",
    }
}

words! {
    /// Which documents of a deleted account may be removed, by `spazio archive retire` and nothing else.
    pub enum Retention {
        /// None.
        Keep = "keep",
        /// Those whose ten years are over (article 2220 of the civil code): to the end of the tenth year after that of their day and of
        /// their arrival.
        TenYears = "ten_years",
        /// All: the account was deleted 90 days after its expiry, and whoever needs its documents for longer has the export.
        NinetyDays = "ninety_days",
    }
}

/// Where the bytes of documents rest.
#[derive(Clone, Debug)]
pub struct Archive {
    /// Where new ones are put.
    pub store: Store,
    /// The object store, if there is one: for new ones, or for those that were put there before.
    pub s3: Option<S3>,
    /// How new ones are compressed.
    pub compression: Compression,
    /// The file with the keys; what is encrypted opens only with them.
    pub keys_file: Option<PathBuf>,
    /// The key that new ones are encrypted with; None leaves them plain.
    pub key: Option<KeyId>,
    /// The age from which on bytes that nobody needs are deleted.
    pub clean_after: Duration,
    /// What may be removed of deleted accounts.
    pub retention: Retention,
}

/// A bucket of an object store.
#[derive(Clone, Debug)]
pub struct S3 {
    /// The bucket.
    pub bucket: String,
    /// Where the store is reached; None is Amazon's own for the region.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// What the names of our objects begin with.
    pub prefix: String,
    /// Id and secret of the access key; None asks where the program runs (workload identity, instance profile).
    pub access_key: Option<(String, SecretString)>,
    /// The longest that one request may take; it is tried again within the call's time.
    pub request: Duration,
}

impl Archive {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut s = reader.section("archive", "Where the bytes of documents rest");
        let store = s.value("store", "database", "where new documents are put; `spazio archive move` moves the others", &word(Store::ALL));
        let compression = s.value(
            "compression",
            "dictionary",
            "how new documents are compressed; zstd alone takes twice the space, and is what replicas of before can read",
            &word(Compression::ALL),
        );
        let keys_file = s.optional(
            "keys_file",
            "/etc/spazio/archive/keys",
            "the keys of encrypted documents, a line each: id, space, 32 bytes in base64; keep them as long as the documents",
            &path(),
        );
        let id = "1 to 32 lower-case letters, digits, dots, hyphens and underscores: an id in archive.keys_file";
        let key = s.optional("key", "2026-11", "the key that new documents are encrypted with; without it they are not", &parsed(id));
        let clean_after =
            s.value("clean_after_hours", "48", "the age from which on objects that no document needs are deleted", &whole(1..=8_760_u64));
        s.require(
            &["archive.key", "archive.keys_file"],
            key.is_none() || keys_file.is_some(),
            "a key is found in a file: set archive.keys_file too, or neither",
        );
        let retention = s.value(
            "retention",
            "keep",
            "what `spazio archive retire` may remove of deleted accounts: nothing, what is past its ten years, or everything",
            &word(Retention::ALL),
        );
        let s3 = S3::read(&mut s);
        s.require(
            &["archive.store", "archive.s3_bucket"],
            store == Store::Database || s3.is_some(),
            "the store s3 is a bucket: set archive.s3_bucket",
        );
        Self { store, s3, compression, keys_file, key, clean_after: Duration::from_secs(clean_after * 3_600), retention }
    }
}

impl S3 {
    fn read(s: &mut Section<'_>) -> Option<Self> {
        let bucket = s.optional(
            "s3_bucket",
            "spazio-documents",
            "the bucket; needed while documents are in it, wherever new ones are put",
            &bucket(),
        );
        let endpoint = s.optional("s3_endpoint", "https://s3.provider.example", "the object store; without it Amazon's", &http_url());
        let region = s.value("s3_region", "eu-south-1", "the region that requests are signed for", &text(64));
        let prefix = s.value("s3_prefix", "spazio", "what the names of our objects begin with", &prefix());
        let id =
            s.optional("s3_access_key_id", "AKIA...", "the access key; without it the one of the place where the program runs", &text(255));
        let secret = s.optional("s3_secret_access_key", "...", "its secret; never shown", &secret());
        let request = s.value(
            "s3_request_seconds",
            "10",
            "the longest that one request may take; it is tried again within the call's time",
            &seconds(1..=60),
        );
        s.require(
            &["archive.s3_access_key_id", "archive.s3_secret_access_key"],
            id.is_some() == secret.is_some(),
            "an access key is an id and a secret: set both, or neither",
        );
        bucket.map(|bucket| Self { bucket, endpoint, region, prefix, access_key: id.zip(secret), request })
    }
}
