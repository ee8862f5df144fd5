//! The end of documents: those of deleted accounts that nobody pays for, whose time is over, are exported to files, and then removed, each leaving a tombstone.
//!
//! | file | what it holds |
//! |---|---|
//! | `due.rs` | which documents may go |
//! | `kept.rs` | which accounts keep theirs |
//! | `export.rs` | the file they are handed out in |
//! | `disk.rs` | how such a file is written, forced to the disk and read back |
//! | `removal.rs` | the transaction that removes what such a file holds |
//! | `error.rs` | why documents stay |
//! | `tombstones.rs` | what is told of them afterwards |
//!
//! Only [`Exported`] can be removed, and only [`Retirement::export`] makes one. It may be cut anywhere and run again, also while serving.

mod disk;
mod due;
mod error;
mod export;
mod kept;
mod removal;
mod tombstones;

use std::fmt;
use std::path::PathBuf;

pub use self::due::{Batch, Due};
pub use self::error::RetireError;
pub use self::export::{Export, Exported};
use self::kept::kept;
pub use self::removal::Removal;
pub use self::tombstones::tombstones;
use super::export::{Start, part};
use crate::account::standing::{Standing, standing, standings_after};
use crate::account::state::AccountState;
use crate::archive::Archive;
use crate::clock::CalendarDay;
use crate::db::{Db, Tx};
use crate::ids::AccountId;
use crate::quota::level::Thresholds;
use crate::space::Bytes;
use crate::terminal::counted;

/// Removes documents whose time is over.
#[derive(Clone)]
pub struct Retirement {
    /// Where they are.
    pub db: Db,
    /// Their bytes.
    pub archive: Archive,
    /// By which the freed space is judged.
    pub thresholds: Thresholds,
    /// Which of them.
    pub due: Due,
    /// Where their exports are written.
    pub folder: PathBuf,
}

impl fmt::Debug for Retirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retirement").field("due", &self.due).field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// What was retired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retired {
    /// Documents that were exported and removed.
    pub documents: u64,
    /// The bytes of their originals.
    pub bytes: u64,
    /// Documents that were left where they are because they are damaged, or belong to an invoice of which something is.
    pub left: u64,
    /// Accounts with which it did not come to an end.
    pub stopped: u64,
}

impl Retired {
    /// Documents of these sizes.
    fn of(sizes: impl Iterator<Item = Bytes>) -> Self {
        sizes.fold(Self::default(), |sum, size| Self { documents: sum.documents + 1, bytes: sum.bytes + size.get(), ..sum })
    }

    fn add(&mut self, more: Self) {
        self.documents += more.documents;
        self.bytes += more.bytes;
        self.left += more.left;
        self.stopped += more.stopped;
    }
}

/// Accounts looked at in one go.
const PAGE: u32 = 500;

impl Retirement {
    /// Retires what is due of one deleted account, or of all. `tell` hears of each file, of what was left, and in the end of the sum, also
    /// when it stopped before.
    pub async fn run(&self, only: Option<AccountId>, tell: &(dyn Fn(&str) + Sync)) -> Result<Retired, RetireError> {
        self.each(only, tell, "retired", async |account, retired| self.run_one(account, retired, tell).await).await
    }

    /// What [`Retirement::run`] would retire, damaged documents included. Changes nothing.
    pub async fn dry_run(&self, only: Option<AccountId>, tell: &(dyn Fn(&str) + Sync)) -> Result<Retired, RetireError> {
        self.each(only, tell, "would be retired", async |account, due| self.dry_run_one(account, due, tell).await).await
    }

    /// What is the matter with one account keeps no other from its turn. What is the matter with the database or the folder stops all.
    async fn each(
        &self,
        only: Option<AccountId>,
        tell: &(dyn Fn(&str) + Sync),
        done: &str,
        one: impl AsyncFn(AccountId, &mut Retired) -> Result<(), RetireError>,
    ) -> Result<Retired, RetireError> {
        let (mut retired, mut ended) = (Retired::default(), Ok(()));
        for account in self.accounts(only, tell).await? {
            if let Err(error) = one(account, &mut retired).await {
                retired.stopped += 1;
                tell(&format!(
                    "{account}: stopped: {}; what is left of it stays until the command is run again",
                    error.told(self.db.url())
                ));
                ended = self.usable(error).await;
                if ended.is_err() {
                    break;
                }
            }
        }
        tell(&format!("{} ({} bytes) {done}", counted(retired.documents, "document"), retired.bytes));
        ended.map(|()| retired)
    }

    /// After an error: whether what all accounts need can still be used.
    async fn usable(&self, after: RetireError) -> Result<(), RetireError> {
        match after {
            RetireError::Fault(_) => self.db.write("retire_documents", (), async |_: &Tx, (): &()| Ok(())).await,
            RetireError::File { .. } => disk::takes_files(&self.folder, &self.unfinished()).await,
            RetireError::Overtaken | RetireError::NoAccount(_) => Ok(()),
        }
    }

    async fn run_one(&self, account: AccountId, retired: &mut Retired, tell: &(dyn Fn(&str) + Sync)) -> Result<(), RetireError> {
        let mut start = Some(Start::Beginning);
        while let Some((batch, next)) = self.batch(account, start).await? {
            start = next;
            let Export { exported, left } = self.export(batch).await?;
            if left > 0 {
                retired.left += left;
                tell(&format!("{account}: {left} left: damaged, or of an invoice of which something is damaged"));
            }
            let Some(exported) = exported else { continue };
            let file = exported.path().display().to_string();
            let (removed, ended) = self.remove(exported).await;
            if removed.documents > 0 {
                retired.add(removed);
                tell(&format!("{account}: {} ({} bytes) retired, in {file}", counted(removed.documents, "document"), removed.bytes));
            }
            match ended? {
                Removal::Done => {}
                Removal::AccountReturned => {
                    tell(&format!("{account}: something was bought or ordered meanwhile; its other documents stay"));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn dry_run_one(&self, account: AccountId, due: &mut Retired, tell: &(dyn Fn(&str) + Sync)) -> Result<(), RetireError> {
        let mut of_this = Retired::default();
        let mut start = Some(Start::Beginning);
        while let Some((batch, next)) = self.batch(account, start).await? {
            start = next;
            of_this.add(Retired::of(batch.sizes()));
        }
        if of_this.documents > 0 {
            tell(&format!("{account}: {} ({} bytes) would be retired", counted(of_this.documents, "document"), of_this.bytes));
        }
        due.add(of_this);
        Ok(())
    }

    /// The first of an account's documents that are due, as many as one file holds.
    pub async fn first(&self, account: AccountId) -> Result<Option<Batch>, RetireError> {
        Ok(self.batch(account, Some(Start::Beginning)).await?.map(|(batch, _)| batch))
    }

    /// Accounts that have documents and do not keep them. `tell` hears why one keeps them that was asked for, or is deleted.
    async fn accounts(&self, only: Option<AccountId>, tell: &(dyn Fn(&str) + Sync)) -> Result<Vec<AccountId>, RetireError> {
        let today = CalendarDay::of(self.db.clock().now());
        let found = match only {
            Some(account) => vec![known(&self.db, account).await?.account],
            None => self.deleted(today).await?,
        };
        let mut may_go = Vec::new();
        for account in found {
            match kept(self.db.reader(), account, today).await? {
                Some(why) => tell(&format!("{account}: {why}: it keeps everything")),
                None => may_go.push(account),
            }
        }
        Ok(may_go)
    }

    /// Deleted accounts that have documents.
    async fn deleted(&self, today: CalendarDay) -> Result<Vec<AccountId>, RetireError> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = standings_after(self.db.reader(), after, PAGE, today).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.account);
            let deleted = page.iter().filter(|standing| standing.state(today) == AccountState::Deleted && standing.used > Bytes::ZERO);
            found.extend(deleted.map(|standing| standing.account));
        }
    }

    /// The next of an account's documents that are due, as many as one file holds, and where those behind them begin.
    async fn batch(&self, account: AccountId, mut start: Option<Start>) -> Result<Option<(Batch, Option<Start>)>, RetireError> {
        let Some(period) = self.due.period() else { return Ok(None) };
        while let Some(from) = start {
            let part = part(self.db.reader(), account, period, from).await?;
            start = part.next;
            if let Some(batch) = Batch::of(account, part, self.due) {
                return Ok(Some((batch, start)));
            }
        }
        Ok(None)
    }
}

/// How an account stands, if there is one.
async fn known(db: &Db, account: AccountId) -> Result<Standing, RetireError> {
    let found = standing(db.reader(), account, CalendarDay::of(db.clock().now())).await?;
    found.ok_or(RetireError::NoAccount(account))
}
