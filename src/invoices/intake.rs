//! What happens to a file before a transaction begins: it is measured, read and sealed, away from the threads that serve calls.

use std::sync::Arc;

use chrono::NaiveDate;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::InvoiceError;
use super::download::{Download, Made};
use crate::archive::{Archive, Sealed};
use crate::db::Fault;
use crate::fatturapa::{self, Look, Receipt, Reception, Unreadable};
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

    /// Takes an account's invoice in, looked at as the SdI that receives it then.
    pub async fn invoice(&self, account: AccountId, file: Vec<u8>, received: Reception) -> Result<(Sealed, Look), Fault> {
        self.take(account, file, move |file| Look::at(file, received)).await
    }

    /// Looks at an invoice as the SdI would on this day.
    pub async fn look(&self, file: Vec<u8>, received: NaiveDate) -> Result<Look, Fault> {
        self.apart(move || Ok(Look::at(&file, received))).await
    }

    /// Takes a receipt for an account in.
    pub async fn receipt(&self, account: AccountId, file: Vec<u8>) -> Result<(Sealed, Result<Receipt, Unreadable>), Fault> {
        self.take(account, file, fatturapa::read_receipt).await
    }

    /// Makes of an invoice's file what is to be downloaded.
    pub(super) async fn made(&self, file_name: String, file: Vec<u8>, made: Made, received: Reception) -> Result<Download, InvoiceError> {
        self.apart(move || Ok(Download::made_of(&file_name, &file, made, received))).await?
    }

    async fn take<T: Send + 'static>(
        &self,
        account: AccountId,
        file: Vec<u8>,
        read: impl FnOnce(&[u8]) -> T + Send + 'static,
    ) -> Result<(Sealed, T), Fault> {
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
