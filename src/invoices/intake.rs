//! What happens to a file before a transaction begins: it is measured, read and sealed, away from the threads that serve calls.

use std::sync::Arc;

use chrono::NaiveDate;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::archive::{Archive, Sealed};
use crate::db::Fault;
use crate::fatturapa::{self, Invoice, Judgement, Receipt, Unreadable};
use crate::ids::AccountId;

/// Reads and seals files, a few at a time: an async deadline does not stop a parser, so their number is bounded.
#[derive(Clone, Debug)]
pub struct Intake {
    places: Arc<Semaphore>,
    archive: Archive,
}

impl Intake {
    /// An intake with so many files at a time.
    #[must_use]
    pub fn new(parser_threads: usize, archive: Archive) -> Self {
        Self { places: Arc::new(Semaphore::new(parser_threads)), archive }
    }

    /// Takes an account's invoice in.
    pub async fn invoice(&self, account: AccountId, file: Vec<u8>) -> Result<(Sealed, Result<Invoice, Unreadable>), Fault> {
        self.take(account, file, fatturapa::read).await
    }

    /// Judges a file as the SdI would if it received it on this day.
    pub async fn judge(&self, file: Vec<u8>, received: NaiveDate) -> Result<Judgement, Fault> {
        self.apart(move || Ok(Judgement::of(&file, Some(received)))).await
    }

    /// Takes a receipt for an account in.
    pub async fn receipt(&self, account: AccountId, file: Vec<u8>) -> Result<(Sealed, Result<Receipt, Unreadable>), Fault> {
        self.take(account, file, fatturapa::read_receipt).await
    }

    async fn take<T: Send + 'static>(
        &self,
        account: AccountId,
        file: Vec<u8>,
        read: fn(&[u8]) -> Result<T, Unreadable>,
    ) -> Result<(Sealed, Result<T, Unreadable>), Fault> {
        let archive = self.archive.clone();
        let taken = move || {
            let reading = read(&file);
            archive.seal(account, &file).map(|sealed| (sealed, reading))
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
