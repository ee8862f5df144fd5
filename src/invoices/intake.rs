//! What happens to a file before a transaction begins: it is measured, read and compressed, away from the threads that serve calls.

use std::sync::Arc;

use chrono::NaiveDate;
use ring::digest::{SHA256, digest};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::InvoiceError;
use super::download::{Download, Made};
use crate::db::Fault;
use crate::fatturapa::{self, Look, MAX_FILE_BYTES, Receipt, Unreadable};
use crate::space::Bytes;

/// A file, ready to be stored.
#[derive(Clone, Debug)]
pub struct File {
    /// SHA-256 of the original.
    pub sha256: Vec<u8>,
    /// The rejected invoice with the same bytes that it is a copy of: such files are stored once for each of these, all others once (I4).
    pub copy_of: Option<Uuid>,
    /// The size of the original: what is charged (S1).
    pub size: Bytes,
    /// The original, compressed.
    pub content: Vec<u8>,
}

/// Reads and compresses files, a few at a time: an async deadline does not stop a parser, so their number is bounded.
#[derive(Clone, Debug)]
pub struct Intake {
    places: Arc<Semaphore>,
}

const COMPRESSION_LEVEL: i32 = 3;

impl Intake {
    /// An intake with so many files at a time.
    #[must_use]
    pub fn new(parser_threads: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(parser_threads)) }
    }

    /// Takes an invoice in, looked at as the SdI would on this day.
    pub async fn invoice(&self, file: Vec<u8>, received: NaiveDate) -> Result<(File, Look), Fault> {
        self.take(file, move |file| Look::at(file, received)).await
    }

    /// Looks at an invoice as the SdI would on this day.
    pub async fn look(&self, file: Vec<u8>, received: NaiveDate) -> Result<Look, Fault> {
        self.apart(move || Ok(Look::at(&file, received))).await
    }

    /// Takes a receipt in.
    pub async fn receipt(&self, file: Vec<u8>) -> Result<(File, Result<Receipt, Unreadable>), Fault> {
        self.take(file, fatturapa::read_receipt).await
    }

    /// Makes of an invoice's file what is to be downloaded.
    pub(super) async fn made(&self, file_name: String, file: Vec<u8>, made: Made, today: NaiveDate) -> Result<Download, InvoiceError> {
        self.apart(move || Ok(Download::made_of(&file_name, &file, made, today))).await?
    }

    async fn take<T: Send + 'static>(&self, file: Vec<u8>, read: impl FnOnce(&[u8]) -> T + Send + 'static) -> Result<(File, T), Fault> {
        let taken = move || {
            let reading = read(&file);
            compress(&file).map(|file| (file, reading))
        };
        self.apart(taken).await
    }

    /// Does work that keeps a processor busy, away from the threads that serve calls.
    async fn apart<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
        let place = self.places.clone().acquire_owned().await.map_err(|closed| Fault::Broken(closed.to_string()))?;
        let work = spawn_blocking(move || {
            let _place = place;
            work()
        });
        work.await.map_err(|ended| Fault::Broken(format!("a file could not be read: {ended}")))?
    }
}

fn compress(original: &[u8]) -> Result<File, Fault> {
    let content = zstd::bulk::compress(original, COMPRESSION_LEVEL).map_err(|error| Fault::Broken(error.to_string()))?;
    let sha256 = digest(&SHA256, original).as_ref().to_vec();
    Ok(File { sha256, copy_of: None, size: Bytes::of_content(original), content })
}

impl File {
    /// What its bytes are known by: the digest, which the id of the rejected invoice follows that it is a copy of.
    #[must_use]
    pub fn key(&self) -> Vec<u8> {
        let mut key = self.sha256.clone();
        key.extend(self.copy_of.iter().flat_map(Uuid::as_bytes));
        key
    }

    /// The original, when it still is what it was.
    pub fn original(&self) -> Result<Vec<u8>, &'static str> {
        let size = usize::try_from(self.size.get()).unwrap_or(usize::MAX);
        if size > MAX_FILE_BYTES {
            return Err("it is larger than any file that is taken");
        }
        let original = zstd::bulk::decompress(&self.content, size).map_err(|_| "it cannot be decompressed")?;
        if original.len() != size || digest(&SHA256, &original).as_ref() != self.sha256 {
            return Err("it does not match its digest");
        }
        Ok(original)
    }
}
