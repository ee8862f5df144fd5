//! The file in which documents are handed out before they are removed.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::HEXLOWER;
use ring::digest::{Context, SHA256};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;
use uuid::Uuid;

use super::super::export::{Packing, Part, entries};
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
    path: PathBuf,
    left: u64,
}

impl Exported {
    /// The file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// How many documents it does not hold although they are due: damaged ones, and those of the same invoice.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }
}

impl Retirement {
    /// Writes documents to a file. The same documents give the same file under the same name.
    pub async fn export(&self, batch: Batch) -> Result<Exported, RetireError> {
        let Batch { account, part } = batch;
        let name = format!("{account}/{}.zip", title(&part));
        let path = self.folder.join(&name);
        // Whoever runs at the same time writes a file of its own, and both come to the same.
        let unfinished = self.folder.join(format!("{name}.{}.unfinished", Ids::new(self.db.clock().clone()).next::<Uuid>().simple()));
        let at = |path: &Path| {
            let path = path.to_owned();
            move |error| RetireError::File { path, error }
        };
        let folder = self.folder.join(account.to_string());
        fs::create_dir_all(&folder).await.map_err(at(&folder))?;
        let mut file = File::create(&unfinished).await.map_err(at(&unfinished))?;
        let stored = part.stored_time();
        let mut packing = Packing::from_byte(self.archive.clone(), account, 0);
        for entry in entries(part.clone()) {
            packing = packing.add(entry, Instant::now() + READ).await?;
            file.write_all(&packing.take()).await.map_err(at(&unfinished))?;
        }
        let (packed, damaged) = packing.finish(stored).await?;
        file.write_all(&packed.rest).await.map_err(at(&unfinished))?;
        file.sync_all().await.map_err(at(&unfinished))?;
        drop(file);
        whole(&unfinished, &packed.sha256).await.map_err(at(&unfinished))?;
        fs::rename(&unfinished, &path).await.map_err(at(&path))?;
        // The names are on the disk too.
        for folder in [&folder, &self.folder] {
            File::open(folder).await.map_err(at(folder))?.sync_all().await.map_err(at(folder))?;
        }
        let damaged = damaged.iter().map(super::super::export::Entry::document).collect();
        let (part, left) = undamaged(part, &damaged);
        Ok(Exported { account, part, name, sha256: packed.sha256, path, left })
    }
}

/// What a file is called: by the days of its invoices, and by what tells these from others of the same days.
fn title(part: &Part) -> String {
    let days = part.invoices.first().zip(part.invoices.last()).map(|((first, _), (last, _))| (first.listed_day, last.listed_day));
    let days = days.map_or_else(|| "receipts".to_owned(), |(first, last)| format!("{first}_{last}"));
    format!("{days}_{}", HEXLOWER.encode(&part.fingerprint()))
}

/// Reads a file back: a disk that gives back what it was not given must not become the only place of a document.
async fn whole(path: &Path, sha256: &str) -> io::Result<()> {
    const AT_ONCE: usize = 256 * 1024;
    let (mut file, mut buffer, mut digest) = (File::open(path).await?, vec![0; AT_ONCE], Context::new(&SHA256));
    loop {
        match file.read(&mut buffer).await? {
            0 => break,
            read => digest.update(&buffer[..read]),
        }
    }
    if HEXLOWER.encode(digest.finish().as_ref()) == sha256 {
        Ok(())
    } else {
        Err(io::Error::other("it does not read back as it was written"))
    }
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
