//! The verification: every document is read, and every object of the bucket explained. Changes nothing, and can run while serving.

use chrono::TimeDelta;
use futures_util::stream::{self, TryStreamExt as _};
use sea_orm::{ColumnTrait as _, DbErr, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use tokio::time::Instant;
use uuid::Uuid;

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
    Sealed(String),
    Orphaned(String),
}

impl Archive {
    /// Reads every document and lists the bucket. `tell` hears of each finding, and of the progress after each page.
    pub async fn verify(&self, tell: &(dyn Fn(&str, &Verified) + Sync)) -> Result<Verified, Fault> {
        let mut verified = Verified::default();
        let mut after = None;
        loop {
            let page = self.page(after).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            verified.documents += page.len() as u64;
            let findings =
                stream::iter(page.into_iter().map(Ok::<_, Fault>)).map_ok(|id| self.verify_one(id)).try_buffer_unordered(AT_ONCE);
            verified.note(findings.try_collect().await?, tell);
            tell("", &verified);
        }
        if let Some(objects) = &self.0.objects {
            self.verify_bucket(objects, &mut verified, tell).await?;
        }
        Ok(verified)
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
                Err(fault @ Fault::Sealed { .. }) => return Ok(Finding::Sealed(format!("{fault} ({})", row.file_name))),
                Err(fault) => return Err(fault),
            }
        }
    }

    async fn verify_bucket(
        &self,
        objects: &Objects,
        verified: &mut Verified,
        tell: &(dyn Fn(&str, &Verified) + Sync),
    ) -> Result<(), Fault> {
        let mut pages = objects.list().try_chunks(usize::try_from(PAGE).unwrap_or(usize::MAX));
        while let Some(page) = pages.try_next().await.map_err(|cut| cut.1)? {
            verified.objects += page.len() as u64;
            let findings = stream::iter(page.into_iter().map(Ok::<_, Fault>));
            let findings = findings.map_ok(|listed| self.verify_object(listed)).try_buffer_unordered(AT_ONCE);
            verified.note(findings.try_collect().await?, tell);
            tell("", verified);
        }
        Ok(())
    }

    async fn verify_object(&self, listed: Listed) -> Result<Finding, Fault> {
        let age_limit = TimeDelta::from_std(self.0.clean_after).unwrap_or(TimeDelta::MAX);
        let now = self.0.db.clock().now();
        if listed.last_modified >= now - age_limit {
            return Ok(Finding::None);
        }
        let object = match listed.name {
            Ok(object) => object,
            Err(path) => return Ok(Finding::Orphaned(format!("{path} ({} bytes) is no object of ours", listed.size))),
        };
        let known = blob::known(self.0.db.reader(), object.account, &object.sha256).await?;
        Ok(match Orphan::of(&object, known) {
            Some(orphan) => Finding::Orphaned(format!("{object} ({} bytes): {}", listed.size, orphan.why())),
            None if known.is_some_and(|known| known.waits_since_before(now - age_limit * 2)) => {
                Finding::Orphaned(format!("{object} ({} bytes): the clean-up should have deleted it; does it run?", listed.size))
            }
            None => Finding::None,
        })
    }
}

impl Verified {
    fn note(&mut self, findings: Vec<Finding>, tell: &(dyn Fn(&str, &Self) + Sync)) {
        for finding in findings {
            let (count, what) = match finding {
                Finding::None => continue,
                Finding::Damaged(what) => (&mut self.damaged, what),
                Finding::Sealed(what) => (&mut self.sealed, what),
                Finding::Orphaned(what) => (&mut self.orphaned, what),
            };
            *count += 1;
            tell(&what, self);
        }
    }
}
