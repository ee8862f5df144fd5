//! The file in which documents are handed out before they are removed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::super::export::{Entry, Packing, Part, entries};
use super::disk::{Unfinished, force_names, make_folder};
use super::due::Batch;
use super::{RetireError, Retirement};
use crate::ids::{AccountId, Ids};

/// The longest that one document is waited for.
const READ: Duration = Duration::from_mins(1);

/// Documents that rest in a file on the disk, which was read back and is whole.
#[derive(Debug)]
pub struct Exported {
    pub(super) account: AccountId,
    pub(super) part: Part,
    /// The file's name, under the folder of exports.
    pub(super) name: String,
    /// SHA-256 of the file, lower-case hexadecimal.
    pub(super) sha256: String,
    pub(super) path: PathBuf,
}

impl Exported {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What became of documents that are due.
#[derive(Debug)]
pub struct Export {
    /// Those that were exported; none where each is damaged.
    pub exported: Option<Exported>,
    /// How many were not: damaged ones, and those of the same invoice.
    pub left: u64,
}

impl Retirement {
    /// Writes documents to a file, whose name tells its content: none is ever replaced by another one.
    pub async fn export(&self, batch: Batch) -> Result<Export, RetireError> {
        let Batch { account, part } = batch;
        let folder = self.folder.join(account.to_string());
        make_folder(&folder).await?;
        force_names(&folder).await?;
        let mut file = Unfinished::begin(folder.join(self.unfinished())).await?;
        let mut packing = Packing::from_byte(self.archive.clone(), account, 0);
        for entry in entries(part.clone()) {
            packing = packing.add(entry, Instant::now() + READ).await?;
            file.write(&packing.take()).await?;
        }
        let (packed, damaged) = packing.finish(part.stored_time()).await?;
        file.write(&packed.rest).await?;
        let (part, left) = undamaged(part, &damaged.iter().map(Entry::document).collect());
        if part.invoices.is_empty() && part.receipts.is_empty() {
            return Ok(Export { exported: None, left });
        }
        let name = format!("{account}/{}_{}.zip", days(&part), &packed.sha256[..16]);
        let path = self.folder.join(&name);
        file.finish(&path, &packed.sha256).await?;
        Ok(Export { exported: Some(Exported { account, part, name, sha256: packed.sha256, path }), left })
    }

    /// A name that no other file has.
    pub(super) fn unfinished(&self) -> String {
        let id: Uuid = Ids::new(self.db.clock().clone()).next();
        format!("{}.unfinished", id.simple())
    }
}

/// The days of its invoices.
fn days(part: &Part) -> String {
    let days = part.invoices.first().zip(part.invoices.last()).map(|((first, _), (last, _))| (first.listed_day, last.listed_day));
    days.map_or_else(|| "receipts".to_owned(), |(first, last)| format!("{first}_{last}"))
}

/// Without the invoices of which something is damaged, and how many documents those are.
fn undamaged(mut part: Part, damaged: &HashSet<Uuid>) -> (Part, u64) {
    let mut left = 0;
    part.invoices.retain(|(row, receipts)| {
        let whole = !damaged.contains(&row.id.0) && !receipts.iter().any(|receipt| damaged.contains(&receipt.id.0));
        left += if whole { 0 } else { 1 + receipts.len() as u64 };
        whole
    });
    part.receipts.retain(|receipt| {
        let whole = !damaged.contains(&receipt.id.0);
        left += u64::from(!whole);
        whole
    });
    (part, left)
}
