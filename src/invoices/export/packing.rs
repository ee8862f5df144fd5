//! The packing of a part: its documents one after the other, an index of them behind.

use std::io;

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::entries::{Added, Entry};
use super::index;
use super::pack::{Pack, Packed};
use crate::archive::Archive;
use crate::db::Fault;
use crate::ids::AccountId;
use crate::quota::DocumentKind;

/// A part that is being packed.
pub(in crate::invoices) struct Packing {
    archive: Archive,
    account: AccountId,
    pack: Pack,
    index: String,
    damaged: Vec<Entry>,
}

impl Packing {
    /// Of an account's documents; its reader has the first bytes already.
    pub(in crate::invoices) fn from_byte(archive: Archive, account: AccountId, from_byte: u64) -> Self {
        Self { archive, account, pack: Pack::from_byte(from_byte), index: index::line(index::HEADING), damaged: Vec::new() }
    }

    /// Packs a document, or notes that it is damaged: it must not keep the others from their owner. One that is no longer there overtakes it.
    pub(in crate::invoices) async fn add(mut self, entry: Entry, deadline: Instant) -> Result<Self, Fault> {
        let kinds = [DocumentKind::Sent, DocumentKind::Received, DocumentKind::Receipt];
        match self.archive.original(self.account, entry.document(), &kinds, deadline).await {
            Ok(Some((document, file))) => {
                self.index.push_str(&entry.line(&Added::Packed { sha256: HEXLOWER.encode(document.digest()) }));
                blocking(move || {
                    self.pack.add(entry.path(), entry.stored(), &file)?;
                    Ok(self)
                })
                .await
            }
            Ok(None) => Err(Fault::Overtaken),
            Err(fault @ Fault::Damaged { .. }) => {
                tracing::error!(document = %entry.id(), "left out of an export: {fault}");
                self.index.push_str(&entry.line(&Added::Damaged));
                self.damaged.push(entry);
                Ok(self)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Takes away what has been packed so far.
    pub(in crate::invoices) fn take(&mut self) -> Vec<u8> {
        self.pack.take()
    }

    /// Ends it with the index, which was last changed at `stored`. Gives back what was left out too.
    pub(in crate::invoices) async fn finish(self, stored: DateTime<Utc>) -> Result<(Packed, Vec<Entry>), Fault> {
        let Self { mut pack, index, damaged, .. } = self;
        let packed = blocking(move || {
            pack.add("index.csv", stored, index.as_bytes())?;
            pack.finish()
        });
        Ok((packed.await?, damaged))
    }
}

/// Work that keeps a processor busy, away from the threads that serve calls.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Fault> {
    let done = spawn_blocking(work).await.map_err(|ended| Fault::Broken(ended.to_string()))?;
    done.map_err(|error| Fault::Broken(format!("a file could not be packed: {error}")))
}
