//! The clean-up: objects that no document needs are deleted, once nobody can be on the way of needing them.
//!
//! What it does is safe in any number of processes at once, and may be cut anywhere: each step is a conditional statement (blob.rs), and what
//! was left half done is taken up by the next round. The round in the background looks at rows alone: whoever uploads leaves one first. Only the
//! command lists the bucket, and finds what a restored database has forgotten.

use std::cmp::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, TryStreamExt as _};
use tokio::time::Instant;

use super::blob::{self, BlobState, Known, Taken};
use super::objects::{Listed, ObjectName, Objects};
use super::{Archive, CALL};
use crate::db::entity::blob::Model;
use crate::db::{Fault, Tx};
use crate::meters::CleanOutcome;

/// When a process cleaned up last.
#[derive(Debug, Default)]
pub(super) struct Diary {
    last: Option<DateTime<Utc>>,
}

/// How a clean-up is done.
#[derive(Clone, Copy, Debug)]
pub struct Cleaning {
    /// The age from which on what nobody needs is deleted.
    pub older_than: TimeDelta,
    /// Only tell, delete nothing.
    pub dry_run: bool,
}

/// What a clean-up did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Objects that were deleted.
    pub deleted: u64,
    /// Objects that a document still needs: they are kept.
    pub kept: u64,
    /// Objects that are not explained by any row, or are none of ours: left alone.
    pub unexplained: u64,
}

/// How often a process looks.
const AGAIN: TimeDelta = TimeDelta::minutes(15);
/// Rows looked at in one go.
const PAGE: u64 = 200;
/// Objects deleted at once.
const AT_ONCE: usize = 8;

impl Archive {
    /// Cleans up in the background, if it is time; returns how many objects were deleted or found to be needed.
    pub async fn clean_when_due(&self) -> Result<u64, Fault> {
        let Some(objects) = &self.0.objects else { return Ok(0) };
        let mut diary = self.0.cleaned.lock().await;
        let now = self.0.db.clock().now();
        if diary.last.is_some_and(|last| last <= now && now < last + AGAIN) {
            return Ok(0);
        }
        let older_than = TimeDelta::from_std(self.0.clean_after).unwrap_or(TimeDelta::MAX);
        let mut cleaned = Cleaned::default();
        self.clean_rows(objects, Cleaning { older_than, dry_run: false }, &mut cleaned, &|_| {}).await?;
        diary.last = Some(now);
        Ok(cleaned.deleted + cleaned.kept)
    }

    /// Cleans up rows and bucket, and tells each step.
    pub async fn clean(&self, how: Cleaning, tell: &(dyn Fn(&str) + Sync)) -> Result<Cleaned, Fault> {
        let mut cleaned = Cleaned::default();
        // Without a bucket in the settings there is nothing that could be deleted.
        let Some(objects) = &self.0.objects else { return Ok(cleaned) };
        self.clean_bucket(objects, how, &mut cleaned, tell).await?;
        self.clean_rows(objects, how, &mut cleaned, tell).await?;
        Ok(cleaned)
    }

    async fn clean_rows(&self, objects: &Objects, how: Cleaning, cleaned: &mut Cleaned, tell: &(dyn Fn(&str) + Sync)) -> Result<(), Fault> {
        let now = self.0.db.clock().now();
        let limit = now - how.older_than;
        let mut after = None;
        loop {
            let page = blob::waiting(self.0.db.reader(), limit, now, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some((last.account_id, last.sha256.clone()));
            let steps = stream::iter(page.into_iter().map(Ok::<_, Fault>));
            let outcomes = steps.map_ok(|row| self.clean_row(objects, row, how, limit, tell)).try_buffer_unordered(AT_ONCE);
            let outcomes: Vec<Taken> = outcomes.try_collect().await?;
            cleaned.deleted += outcomes.iter().filter(|taken| **taken == Taken::Deleting).count() as u64;
            cleaned.kept += outcomes.iter().filter(|taken| **taken == Taken::Needed).count() as u64;
        }
    }

    async fn clean_row(
        &self,
        objects: &Objects,
        row: Model,
        how: Cleaning,
        limit: DateTime<Utc>,
        tell: &(dyn Fn(&str) + Sync),
    ) -> Result<Taken, Fault> {
        let object = ObjectName::new(row.account_id, &row.sha256, row.generation);
        let taken = match (row.state, how.dry_run) {
            (BlobState::Deleting, _) => Taken::Deleting,
            (BlobState::Uploading | BlobState::Stored | BlobState::Released | BlobState::Deleted, true) => {
                let known = blob::known(self.0.db.reader(), row.account_id, &row.sha256).await?;
                if known.is_some_and(|known| known.needed) { Taken::Needed } else { Taken::Deleting }
            }
            (BlobState::Uploading | BlobState::Stored | BlobState::Released | BlobState::Deleted, false) => {
                let take =
                    async |tx: &Tx, (object, limit): &(ObjectName, DateTime<Utc>)| Ok::<_, Fault>(blob::take(tx, object, *limit).await?);
                self.0.db.write("take_object", (object.clone(), limit), take).await?
            }
        };
        match taken {
            Taken::Deleting => self.delete(objects, &object, row.state.as_str(), how, tell).await?,
            Taken::Needed => self.0.db.meters().cleaned(CleanOutcome::Kept),
            Taken::Lost => {}
        }
        Ok(taken)
    }

    /// Deletes an object that was taken for it, or only tells so.
    async fn delete(
        &self,
        objects: &Objects,
        object: &ObjectName,
        why: &str,
        how: Cleaning,
        tell: &(dyn Fn(&str) + Sync),
    ) -> Result<(), Fault> {
        if how.dry_run {
            tell(&format!("{object} ({why}) would be deleted"));
            return Ok(());
        }
        objects.delete(object, Instant::now() + CALL).await.inspect_err(|_| self.0.db.meters().cleaned(CleanOutcome::Failed))?;
        let deleted = async |tx: &Tx, object: &ObjectName| Ok::<_, Fault>(blob::deleted(tx, object).await?);
        self.0.db.write("object_deleted", object.clone(), deleted).await?;
        self.0.db.meters().cleaned(CleanOutcome::Deleted);
        tracing::info!(%object, why, "nobody needs it: deleted");
        tell(&format!("{object} ({why}) deleted"));
        Ok(())
    }

    async fn clean_bucket(
        &self,
        objects: &Objects,
        how: Cleaning,
        cleaned: &mut Cleaned,
        tell: &(dyn Fn(&str) + Sync),
    ) -> Result<(), Fault> {
        let limit = self.0.db.clock().now() - how.older_than;
        let old = objects.list().try_filter(|listed| std::future::ready(listed.last_modified < limit));
        let outcomes = old.map_ok(|listed| self.clean_object(objects, listed, how, limit, tell)).try_buffer_unordered(AT_ONCE);
        let (deleted, unexplained) = outcomes
            .try_fold((0, 0), |(deleted, unexplained), fate| {
                std::future::ready(Ok(match fate {
                    Fate::Deleted => (deleted + 1, unexplained),
                    Fate::Explained => (deleted, unexplained),
                    Fate::Unexplained => (deleted, unexplained + 1),
                }))
            })
            .await?;
        cleaned.deleted += deleted;
        cleaned.unexplained += unexplained;
        Ok(())
    }

    /// Deletes an object that is older than the limit if its row does not know it. Whatever is stored, or on its way, its row knows.
    async fn clean_object(
        &self,
        objects: &Objects,
        listed: Listed,
        how: Cleaning,
        limit: DateTime<Utc>,
        tell: &(dyn Fn(&str) + Sync),
    ) -> Result<Fate, Fault> {
        let object = match listed.name {
            Ok(object) => object,
            Err(path) => {
                tell(&format!("{path} is no object of ours: left alone"));
                return Ok(Fate::Unexplained);
            }
        };
        let why = match Orphan::of(&object, blob::known(self.0.db.reader(), object.account, &object.sha256).await?) {
            None => return Ok(Fate::Explained),
            Some(Orphan::Unreleased) => {
                if !how.dry_run {
                    let release = async |tx: &Tx, (object, limit): &(ObjectName, DateTime<Utc>)| {
                        Ok::<_, Fault>(blob::release_unneeded(tx, object, *limit).await?)
                    };
                    self.0.db.write("release_object", (object.clone(), limit), release).await?;
                }
                // The rows come next, and it is among them now.
                return Ok(Fate::Explained);
            }
            Some(orphan @ Orphan::Newer) => {
                tell(&format!("{object} ({}): left alone", orphan.why()));
                return Ok(Fate::Unexplained);
            }
            Some(orphan @ Orphan::Stranger) => {
                let take = async |tx: &Tx, object: &ObjectName| Ok::<_, Fault>(blob::take_stranger(tx, object).await?);
                if !how.dry_run && !self.0.db.write("take_object", object.clone(), take).await? {
                    return Ok(Fate::Explained);
                }
                orphan.why()
            }
            Some(orphan @ Orphan::Older) => orphan.why(),
        };
        self.delete(objects, &object, why, how, tell).await?;
        Ok(Fate::Deleted)
    }
}

/// What becomes of an object of the bucket.
enum Fate {
    Deleted,
    Explained,
    Unexplained,
}

/// Why an object is one that no row explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Orphan {
    /// Nothing is known of its account and digest.
    Stranger,
    /// Its generation is over: no document can name it any more.
    Older,
    /// Its generation has not come yet. The database is an older copy, or somebody changed it.
    Newer,
    /// It is stored, and no document needs it.
    Unreleased,
}

impl Orphan {
    /// Why this object is an orphan, if it is one.
    pub(super) fn of(object: &ObjectName, known: Option<Known>) -> Option<Self> {
        let Some(known) = known else { return Some(Self::Stranger) };
        match (object.generation.cmp(&known.generation), known.state) {
            // Of its own generation and yet deleted: an upload that was given up long ago, and came through after the deletion.
            (Ordering::Less, _) | (Ordering::Equal, BlobState::Deleted) => Some(Self::Older),
            (Ordering::Greater, _) => Some(Self::Newer),
            (Ordering::Equal, BlobState::Stored) if !known.needed => Some(Self::Unreleased),
            (Ordering::Equal, BlobState::Uploading | BlobState::Stored | BlobState::Released | BlobState::Deleting) => None,
        }
    }

    pub(super) fn why(self) -> &'static str {
        match self {
            Self::Stranger => "nothing is known of it",
            Self::Older => "its generation is over",
            Self::Newer => "its generation has not come yet: was an older copy of the database restored?",
            Self::Unreleased => "it is stored, and no document needs it",
        }
    }
}
