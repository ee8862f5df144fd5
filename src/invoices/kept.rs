//! Documents that were stored in a transaction and are to be charged at its end.

use uuid::Uuid;

use super::InvoiceError;
use crate::archive::File;
use crate::db::Tx;
use crate::ids::AccountId;
use crate::quota::level::Thresholds;
use crate::quota::{self, Change, Charge, DocumentKind};

/// What was stored, now or before (I4). What was stored now is still to be charged: last, because a charge holds the account's row.
#[must_use = "what was stored must be charged"]
#[derive(Debug)]
pub(super) struct Kept<T> {
    /// What is shown of it.
    pub what: T,
    /// What it adds to usage; nothing when the same bytes were stored before.
    pub change: Option<Change>,
}

impl<T> Kept<T> {
    /// Stored now.
    pub(super) fn new(what: T, document: Uuid, file: &File) -> Self {
        Self { what, change: Some(Change { document, delta: file.size.as_i64() }) }
    }

    /// Stored before.
    pub(super) fn before(what: T) -> Self {
        Self { what, change: None }
    }

    /// The same, shown otherwise.
    pub(super) fn map<U>(self, shown: impl FnOnce(T) -> U) -> Kept<U> {
        Kept { what: shown(self.what), change: self.change }
    }

    /// Charges it; tells whether it was stored before.
    pub(super) async fn charged(
        self,
        tx: &Tx,
        account: AccountId,
        thresholds: Thresholds,
        kind: DocumentKind,
    ) -> Result<(T, bool), InvoiceError> {
        let Some(change) = self.change else { return Ok((self.what, true)) };
        quota::post(tx, account, thresholds, Charge { kind, changes: &[change] }).await?;
        Ok((self.what, false))
    }
}
