//! The verification: every document is read, and every object of the bucket explained. Changes nothing, and can run while serving.

use std::fmt::Display;

use chrono::TimeDelta;
use futures_util::stream::{self, TryStreamExt as _};
use sea_orm::{ColumnTrait as _, DbErr, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use tokio::time::Instant;
use uuid::Uuid;

use super::causes::Causes;
use super::clean::Orphan;
use super::objects::{Listed, Objects};
use super::{Archive, CALL, blob};
use crate::db::entity::document::{Column, Entity};
use crate::db::{Fault, tenant};

/// What a verification found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Documents that were read.
    pub documents: u64,
    /// Objects of the bucket that were looked at.
    pub objects: u64,
    /// Documents that are missing or damaged.
    pub damaged: u64,
    /// Documents that cannot be opened, because a key is missing or a newer program sealed them.
    pub sealed: u64,
    /// Objects older than the age limit of the clean-up that no row explains, and those that it should have deleted long ago.
    pub orphaned: u64,
}

impl Verified {
    /// How much is not as it should be.
    #[must_use]
    pub fn findings(&self) -> u64 {
        self.damaged + self.sealed + self.orphaned
    }
}

const PAGE: u64 = 500;
/// Documents read at once: the files in memory are at most so many.
const AT_ONCE: usize = 8;

/// What is wrong with one thing.
enum Finding {
    None,
    Damaged(String),
    Sealed { cause: String, document: String },
    Orphaned { cause: String, object: String },
}

/// What was counted so far, and what is told at the end.
#[derive(Default)]
struct Notes {
    verified: Verified,
    sealed: Causes,
    orphaned: Causes,
}

impl Archive {
    /// Reads every document and lists the bucket. `tell` hears of each damaged document, of each cause that others share, and of the progress
    /// after each page.
    pub async fn verify(&self, tell: &(dyn Fn(&str, &Verified) + Sync)) -> Result<Verified, Fault> {
        let mut notes = Notes::default();
        let whole = self.verify_all(&mut notes, tell).await;
        // What was found is told even where the rest could not be looked at.
        let Notes { verified, sealed, orphaned } = notes;
        sealed.lines("document").chain(orphaned.lines("object")).for_each(|line| tell(&line, &verified));
        whole.map(|()| verified)
    }

    async fn verify_all(&self, notes: &mut Notes, tell: &(dyn Fn(&str, &Verified) + Sync)) -> Result<(), Fault> {
        let mut after = None;
        loop {
            let page = self.page(after).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            notes.verified.documents += page.len() as u64;
            let findings =
                stream::iter(page.into_iter().map(Ok::<_, Fault>)).map_ok(|id| self.verify_one(id)).try_buffer_unordered(AT_ONCE);
            notes.take(findings.try_collect().await?, tell);
            tell("", &notes.verified);
        }
        match &self.0.objects {
            Some(objects) => self.verify_bucket(objects, notes, tell).await,
            None => Ok(()),
        }
    }

    async fn page(&self, after: Option<Uuid>) -> Result<Vec<Uuid>, DbErr> {
        let mut rows = tenant::every::<Entity>().order_by_asc(Column::Id).limit(PAGE);
        if let Some(after) = after {
            rows = rows.filter(Column::Id.gt(after));
        }
        rows.select_only().column(Column::Id).into_tuple().all(self.0.db.reader()).await
    }

    async fn verify_one(&self, id: Uuid) -> Result<Finding, Fault> {
        loop {
            let found = tenant::every::<Entity>().filter(Column::Id.eq(id)).one(self.0.db.reader()).await?;
            // A draft that was deleted meanwhile.
            let Some(mut row) = found else { return Ok(Finding::None) };
            match self.opened(&mut row, Instant::now() + CALL).await {
                Ok(_) => return Ok(Finding::None),
                Err(fault @ Fault::Damaged { .. }) if self.is_as_read(&row).await? => {
                    self.alarm(&fault);
                    return Ok(Finding::Damaged(format!("{fault} ({})", row.file_name)));
                }
                // It was changed or moved between the two reads.
                Err(Fault::Damaged { .. }) => {}
                Err(Fault::Sealed { document, what }) => {
                    return Ok(Finding::Sealed { cause: cannot_be_opened(&what), document: format!("{document} ({})", row.file_name) });
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    async fn verify_bucket(&self, objects: &Objects, notes: &mut Notes, tell: &(dyn Fn(&str, &Verified) + Sync)) -> Result<(), Fault> {
        let mut pages = objects.list().try_chunks(usize::try_from(PAGE).unwrap_or(usize::MAX));
        while let Some(page) = pages.try_next().await.map_err(|cut| cut.1)? {
            notes.verified.objects += page.len() as u64;
            let findings = stream::iter(page.into_iter().map(Ok::<_, Fault>));
            let findings = findings.map_ok(|listed| self.verify_object(listed)).try_buffer_unordered(AT_ONCE);
            notes.take(findings.try_collect().await?, tell);
            tell("", &notes.verified);
        }
        Ok(())
    }

    async fn verify_object(&self, listed: Listed) -> Result<Finding, Fault> {
        let orphaned = |cause: &str, object: &dyn Display| Finding::Orphaned {
            cause: cause.to_owned(),
            object: format!("{object} ({} bytes)", listed.size),
        };
        let age_limit = TimeDelta::from_std(self.0.clean_after).unwrap_or(TimeDelta::MAX);
        let now = self.0.db.clock().now();
        if listed.last_modified >= now - age_limit {
            return Ok(Finding::None);
        }
        let object = match listed.name {
            Ok(object) => object,
            Err(path) => return Ok(orphaned("it is no object of ours", &path)),
        };
        let known = blob::known(self.0.db.reader(), object.account, &object.sha256).await?;
        Ok(match Orphan::of(&object, known) {
            Some(orphan) => orphaned(orphan.why(), &object),
            None if known.is_some_and(|known| known.waits_since_before(now - age_limit * 2)) => {
                orphaned("the clean-up should have deleted it; does it run?", &object)
            }
            None => Finding::None,
        })
    }
}

/// Why a document cannot be opened, in the words of what many have in common.
pub(super) fn cannot_be_opened(what: &str) -> String {
    format!("cannot be opened: {what}")
}

impl Notes {
    fn take(&mut self, findings: Vec<Finding>, tell: &(dyn Fn(&str, &Verified) + Sync)) {
        for finding in findings {
            match finding {
                Finding::None => {}
                Finding::Damaged(what) => {
                    self.verified.damaged += 1;
                    tell(&what, &self.verified);
                }
                Finding::Sealed { cause, document } => {
                    self.verified.sealed += 1;
                    self.sealed.note(cause, document);
                }
                Finding::Orphaned { cause, object } => {
                    self.verified.orphaned += 1;
                    self.orphaned.note(cause, object);
                }
            }
        }
    }
}
