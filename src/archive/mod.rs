//! Where the bytes of documents rest: sealed, in the database or in an object store, and verified whenever they are read.
//!
//! A file passes three steps, and its types let none be left out: [`Archive::seal`] compresses and encrypts it, [`Archive::put`] brings it to
//! where it is to rest, and only the [`File`] that this returns can be stored ([`store`], [`replace`]) in the transaction of its document.
//! Bytes come first and rows after: a row never names bytes that are not there, and bytes that no row names are cleaned up.
//! blob.rs tells why that can never meet an upload.

mod blob;
mod causes;
mod clean;
mod dictionary;
mod documents;
mod error;
mod keys;
mod known;
mod moving;
mod objects;
mod seal;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use ring::digest::{SHA256, digest};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

pub use blob::BlobState;
pub use clean::{Cleaned, Cleaning};
pub use documents::{Stored, delete, find, give_name, replace, store};
pub use error::{ArchiveError, OpenError};
pub use keys::{InvalidKeyId, KeyId, KeyRing, KeysError, LineFault};
pub use known::Purpose;
pub use moving::Moved;
pub use verify::Verified;

use crate::config::{self, Compression, ConfigError, ConfigErrors};
use crate::db::entity::document;
use crate::db::{Db, Fault, Tx};
use crate::ids::AccountId;
use crate::quota::DocumentKind;
use crate::space::Bytes;
use crate::words::words;
use objects::{ObjectName, Objects, Put};
use seal::{Form, Identity, Sealer, Unopened};

words! {
    /// Where the bytes of a document are.
    pub enum Place {
        /// In its row.
        Database = "database",
        /// In the object store.
        Object = "object",
    }
}

/// The longest that a job or a command waits for the object store, its attempts included.
const CALL: Duration = Duration::from_mins(1);

/// Files up to this size are opened where they are asked for: that takes less time than handing them to another thread.
const SMALL: u64 = 64 * 1024;

/// Seals, keeps and gives back the bytes of documents. Clones are the same archive.
#[derive(Clone)]
pub struct Archive(Arc<Inner>);

struct Inner {
    db: Db,
    sealer: Sealer,
    /// Where new documents are put.
    place: Place,
    objects: Option<Objects>,
    clean_after: Duration,
    /// When this process cleaned up last; only one round runs at a time.
    cleaned: Mutex<clean::Diary>,
}

/// A file that was sealed for an account and rests nowhere yet.
#[derive(Debug)]
pub struct Sealed {
    account: AccountId,
    sha256: Vec<u8>,
    size: Bytes,
    bytes: Vec<u8>,
}

/// A file whose bytes are where they will rest. Only [`Archive::put`] makes one.
#[derive(Clone, Debug)]
pub struct File {
    /// SHA-256 of the original.
    pub sha256: Vec<u8>,
    /// The rejected invoice with the same bytes that it is a copy of: such files are stored once for each of these, all others once (I4).
    copy_of: Option<Uuid>,
    /// The size of the original: what is charged (S1).
    pub size: Bytes,
    /// The form its bytes are sealed in.
    sealing: String,
    kept: Kept,
}

#[derive(Clone, Debug)]
enum Kept {
    /// They go into the row.
    Here { content: Vec<u8> },
    /// They are in the object of this generation.
    Object { generation: i64 },
}

impl File {
    /// The same bytes, as those of a copy of a rejected invoice, or of none.
    #[must_use]
    pub fn as_copy_of(self, source: Option<Uuid>) -> Self {
        Self { copy_of: source, ..self }
    }

    /// What its row is known by: the digest, which the id of the rejected invoice follows that it is a copy of.
    fn key(&self) -> Vec<u8> {
        let mut key = self.sha256.clone();
        key.extend(self.copy_of.iter().flat_map(Uuid::as_bytes));
        key
    }
}

/// The keys and the form that the configuration asks for, and the object store, if it names one.
fn parts(settings: &config::Archive, meters: &crate::meters::Meters) -> Result<(Sealer, Option<Objects>), ConfigErrors> {
    let mut errors = Vec::new();
    let unusable =
        |path: &std::path::Path, error: KeysError| ConfigError::unusable("archive.keys_file", format_args!("{}: {error}", path.display()));
    let keys = match &settings.keys_file {
        Some(path) => KeyRing::from_file(path).map_err(|wrong| errors.extend(wrong.into_iter().map(|error| unusable(path, error)))).ok(),
        None => Some(KeyRing::default()),
    };
    if let (Some(keys), Some(key)) = (&keys, &settings.key)
        && !keys.holds(key)
    {
        errors.push(ConfigError::unusable(
            "archive.key",
            format_args!("archive.keys_file has no key {key}; add it, or name one that it has"),
        ));
    }
    let objects = settings.s3.as_ref().map(|s3| Objects::open(s3, meters.clone())).transpose();
    let objects = objects.map_err(|error| errors.push(ConfigError::unusable("archive.s3_bucket", error))).unwrap_or_default();
    if !errors.is_empty() {
        return Err(ConfigErrors(errors));
    }
    let dictionary = match settings.compression {
        Compression::Dictionary => Some(dictionary::CURRENT),
        Compression::Zstd => None,
    };
    Ok((Sealer::new(keys.unwrap_or_default(), Form { dictionary, key: settings.key.clone() }), objects))
}

/// Looks at what the settings name, and calls nothing.
pub fn check(settings: &config::Archive) -> Result<(), ConfigErrors> {
    parts(settings, &crate::meters::Meters::default()).map(|_| ())
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").field("place", &self.0.place).finish_non_exhaustive()
    }
}

impl Archive {
    /// The archive that the configuration asks for, with keys that the database does not know otherwise.
    ///
    /// Calls no object store, whose answers are seen when they are needed, unless a key is new to a database that has documents in it
    /// encrypted with that key.
    pub async fn open(settings: &config::Archive, db: Db, purpose: Purpose) -> Result<Self, OpenError> {
        let (sealer, objects) = parts(settings, db.meters())?;
        let place = match settings.store {
            config::Store::Database => Place::Database,
            config::Store::S3 => Place::Object,
        };
        let clean_after = settings.clean_after;
        let archive = Self(Arc::new(Inner { db, sealer, place, objects, clean_after, cleaned: Mutex::default() }));
        archive.agree_on_keys(purpose).await?;
        Ok(archive)
    }

    /// Compresses a file and encrypts it for its account. Keeps a processor busy: call it where that harms nobody.
    pub fn seal(&self, account: AccountId, original: &[u8]) -> Result<Sealed, Fault> {
        let sha256 = digest(&SHA256, original).as_ref().to_vec();
        let bytes = self.0.sealer.seal(Identity { account, sha256: &sha256 }, original).map_err(Fault::Broken)?;
        Ok(Sealed { account, sha256, size: Bytes::of_content(original), bytes })
    }

    /// Brings a sealed file to where it is to rest. In the object store it is kept for a document that is committed before the age limit of the
    /// clean-up; if none is, nothing was charged and the clean-up deletes it.
    pub async fn put(&self, sealed: Sealed, deadline: Instant) -> Result<File, Fault> {
        let Sealed { account, sha256, size, bytes } = sealed;
        let kept = match self.0.place {
            Place::Database => Kept::Here { content: bytes },
            Place::Object => Kept::Object { generation: self.upload(account, &sha256, bytes, deadline).await? },
        };
        Ok(File { sha256, copy_of: None, size, sealing: self.0.sealer.form().to_string(), kept })
    }

    /// The upload: first the intent, then the bytes. Returns the generation whose object they are.
    async fn upload(&self, account: AccountId, sha256: &[u8], bytes: Vec<u8>, deadline: Instant) -> Result<i64, Fault> {
        let objects = self.objects()?;
        let intend = async |tx: &Tx, (account, sha256): &(AccountId, Vec<u8>)| Ok::<_, Fault>(blob::intend(tx, *account, sha256).await?);
        let intended = self.0.db.write("intend_upload", (account, sha256.to_vec()), intend);
        let generation = timeout_at(deadline, intended).await.map_err(|_| Fault::NoTurn)??;
        let name = ObjectName::new(account, sha256, generation);
        match objects.put_new(&name, bytes.clone(), deadline).await? {
            Put::New => {}
            Put::There if self.is_as_sealed_now(&name, deadline).await? => {}
            // Its name carries the digest: right bytes can only be replaced by the same, in the form that is wanted now.
            Put::There => objects.put_over(&name, bytes, deadline).await?,
        }
        Ok(generation)
    }

    /// Whether an object that was put before, by somebody who perhaps crashed, or long ago, opens and has the form that is wanted now.
    async fn is_as_sealed_now(&self, name: &ObjectName, deadline: Instant) -> Result<bool, Fault> {
        let opened = match self.objects()?.get(name, deadline).await? {
            Some(there) => self.unsealed(name.account, name.sha256.clone(), there).await?,
            None => return Ok(false),
        };
        Ok(match opened {
            Ok((_, form)) => form == *self.0.sealer.form(),
            Err(Unopened::Damaged(what)) => {
                tracing::error!(object = %name, "it was damaged ({what}), and is put anew");
                self.0.db.meters().document_damaged();
                false
            }
            Err(Unopened::KeyMissing(_) | Unopened::Newer(_)) => {
                tracing::warn!(object = %name, "it could not be opened by this server as it is configured, and is put anew");
                false
            }
        })
    }

    /// A document's row and its file as it came, if there is one of these kinds. Never wrong bytes: one that does not match its digest is
    /// damaged.
    pub async fn original(
        &self,
        account: AccountId,
        id: Uuid,
        kinds: &[DocumentKind],
        deadline: Instant,
    ) -> Result<Option<(document::Model, Vec<u8>)>, Fault> {
        let Some(mut document) = documents::one(self.0.db.reader(), account, id, kinds).await? else { return Ok(None) };
        let original = self.opened(&mut document, deadline).await.inspect_err(|fault| self.alarm(fault))?.0;
        Ok(Some((document, original)))
    }

    /// Damage is an alarm, whoever meets it.
    fn alarm(&self, fault: &Fault) {
        if matches!(fault, Fault::Damaged { .. }) {
            self.0.db.meters().document_damaged();
        }
    }

    /// The file of a row, whose content it takes, and the form it was sealed in.
    async fn opened(&self, document: &mut document::Model, deadline: Instant) -> Result<(Vec<u8>, Form), Fault> {
        let content = std::mem::take(&mut document.content);
        let document = &*document;
        let damaged = |what: &str| Fault::Damaged { document: document.reference(), what: what.to_owned() };
        let sealed = match document.place {
            Place::Database => content,
            Place::Object => {
                let generation = document.generation.ok_or_else(|| damaged("its row does not name its object"))?;
                let name = ObjectName::new(document.account_id, document.digest(), generation);
                self.objects()?.get(&name, deadline).await?.ok_or_else(|| damaged("its object is not there"))?
            }
        };
        let sealed_away = |what| Fault::Sealed { document: document.reference(), what };
        let opened = if document.size.get() <= SMALL {
            self.0.sealer.open(Identity { account: document.account_id, sha256: document.digest() }, &sealed)
        } else {
            self.unsealed(document.account_id, document.digest().to_vec(), sealed).await?
        };
        match opened {
            Ok((original, _)) if Bytes::of_content(&original) != document.size => Err(damaged("its size is not that of its row")),
            Ok(opened) => Ok(opened),
            Err(Unopened::Damaged(what)) => Err(damaged(what)),
            Err(Unopened::KeyMissing(key)) => {
                Err(sealed_away(format!("it is encrypted with the key {key}, which is not in archive.keys_file")))
            }
            Err(Unopened::Newer(what)) => Err(sealed_away(what)),
        }
    }

    async fn unsealed(&self, account: AccountId, sha256: Vec<u8>, sealed: Vec<u8>) -> Result<Result<(Vec<u8>, Form), Unopened>, Fault> {
        let archive = self.clone();
        let opened = spawn_blocking(move || archive.0.sealer.open(Identity { account, sha256: &sha256 }, &sealed));
        opened.await.map_err(|ended| Fault::Broken(ended.to_string()))
    }

    fn objects(&self) -> Result<&Objects, Fault> {
        let missing = || Fault::StoreUnavailable("the bytes are in an object store, and archive.s3_bucket is not set".to_owned());
        self.0.objects.as_ref().ok_or_else(missing)
    }
}
