//! What is done with drafts of sent invoices. Each runs in one transaction and ends with the charge, which decides (S3).

use uuid::Uuid;

use super::error::{InTheWay, Wanted};
use super::findings::{self, Found};
use super::kept::Kept;
use super::state::{Direction, InvoiceState};
use super::store::Beginning;
use super::{InvoiceError, copies, store};
use crate::archive::{self, File, Stored};
use crate::db::Tx;
use crate::fatturapa::{Invoice, Unreadable};
use crate::ids::{AccountId, InvoiceId};
use crate::quota::level::Thresholds;
use crate::quota::{self, Change, Charge, DocumentKind};

/// What a sent document is here for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    /// To be sent from here.
    ToBeSent,
    /// To be kept: it was sent elsewhere.
    WasSent,
}

impl Errand {
    /// Whether a file is refused that cannot be read as an invoice. What was sent while its old format was taken is kept as it is.
    pub(super) const fn is_refused_for(self, unreadable: &Unreadable) -> bool {
        match self {
            Self::ToBeSent => true,
            Self::WasSent => !matches!(unreadable, Unreadable::OldFormat { .. }),
        }
    }
}

/// An invoice's file that was read and judged.
#[derive(Clone, Debug)]
pub(super) struct NewInvoice {
    /// Empty for a draft that has none yet.
    pub file_name: String,
    pub file: File,
    pub read: Result<Invoice, Unreadable>,
    pub found: Found,
}

/// Stores a sent invoice that is here in its life. The same bytes again are the same invoice (I4), and cost nothing.
pub(super) async fn keep(tx: &Tx, account: AccountId, state: InvoiceState, new: &NewInvoice) -> Result<Kept<store::Row>, InvoiceError> {
    match archive::store(tx, account, DocumentKind::Sent, &new.file_name, &new.file).await? {
        Stored::New(id) => insert(tx, account, InvoiceId(id), Beginning { state, copied_from: None }, new).await,
        Stored::Before(id) => {
            let row = store::get(tx, account, InvoiceId(id)).await?;
            // It would be sent again from here.
            let is_left_behind = row.state == InvoiceState::Draft && state != InvoiceState::Draft;
            if is_left_behind { Err(InvoiceError::FileStored { by: Some(InTheWay::of(&row, true)) }) } else { Ok(Kept::before(row)) }
        }
    }
}

/// Stores a draft and charges it; tells whether the same bytes were stored before.
pub(super) async fn create(
    tx: &Tx,
    account: AccountId,
    thresholds: Thresholds,
    new: &NewInvoice,
) -> Result<(store::Row, bool), InvoiceError> {
    keep(tx, account, InvoiceState::Draft, new).await?.charged(tx, account, thresholds, DocumentKind::Sent).await
}

/// Stores what is known of an invoice whose file is stored.
pub(super) async fn insert(
    tx: &Tx,
    account: AccountId,
    id: InvoiceId,
    beginning: Beginning,
    new: &NewInvoice,
) -> Result<Kept<store::Row>, InvoiceError> {
    let row = store::insert(tx, account, id, Direction::Sent, beginning, new).await?;
    findings::insert(tx, account, id, &new.found).await?;
    Ok(Kept::new(row, id.0, &new.file))
}

/// Which draft, in which version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draft {
    pub account: AccountId,
    pub id: InvoiceId,
    pub version: Option<i64>,
    pub thresholds: Thresholds,
}

/// Replaces a draft's file and charges or frees the difference. Without a new name it keeps its own.
pub(super) async fn update(tx: &Tx, draft: Draft, new: &NewInvoice) -> Result<store::Row, InvoiceError> {
    let held = store::hold_draft(tx, draft.account, draft.id, draft.version, Wanted::Changed).await?;
    let file_name = if new.file_name.is_empty() { &held.file_name } else { &new.file_name };
    let file = copies::known_by(tx, draft.account, &held, &new.file).await?;
    if let Some(other) = archive::find(tx, draft.account, DocumentKind::Sent, &file).await?.filter(|other| *other != draft.id.0) {
        let other = store::get(tx, draft.account, InvoiceId(other)).await?;
        return Err(InvoiceError::FileStored { by: Some(InTheWay::of(&other, false)) });
    }
    archive::replace(tx, draft.account, draft.id.0, file_name, &file).await?;
    let row = store::replace(tx, &held, file_name, new).await?;
    findings::replace(tx, draft.account, draft.id, &new.found).await?;
    charge(tx, draft.account, draft.thresholds, file.size.as_i64() - held.size.as_i64(), draft.id.0).await?;
    Ok(row)
}

/// Deletes a draft and frees its bytes; returns how many.
pub(super) async fn delete(tx: &Tx, draft: Draft) -> Result<u64, InvoiceError> {
    let held = store::hold_draft(tx, draft.account, draft.id, draft.version, Wanted::Deleted).await?;
    findings::delete(tx, draft.account, draft.id).await?;
    store::delete(tx, &held).await?;
    archive::delete(tx, draft.account, &[draft.id.0]).await?;
    charge(tx, draft.account, draft.thresholds, -held.size.as_i64(), draft.id.0).await?;
    Ok(held.size.get())
}

pub(super) async fn charge(tx: &Tx, account: AccountId, thresholds: Thresholds, delta: i64, document: Uuid) -> Result<(), InvoiceError> {
    Ok(quota::post(tx, account, thresholds, Charge { kind: DocumentKind::Sent, changes: &[Change { document, delta }] }).await?)
}
