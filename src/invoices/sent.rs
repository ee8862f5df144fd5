//! What is done with sent invoices. Each runs in one transaction and ends with the charge, which decides (S3).

use uuid::Uuid;

use super::state::{Direction, InvoiceState, Move};
use super::{InvoiceError, store};
use crate::archive::{self, File, Stored};
use crate::db::Tx;
use crate::fatturapa::Invoice;
use crate::ids::{AccountId, InvoiceId};
use crate::quota::level::Thresholds;
use crate::quota::{self, Charge, DocumentKind};

/// A sent file that was read.
#[derive(Clone, Debug)]
pub(super) struct SentFile {
    pub file_name: String,
    pub file: File,
    pub read: Invoice,
}

/// Stores a draft and charges it. The same bytes again are the same invoice (I4), and cost nothing.
pub(super) async fn create(
    tx: &Tx,
    account: AccountId,
    thresholds: Thresholds,
    new: &SentFile,
) -> Result<(store::Row, bool), InvoiceError> {
    let SentFile { file_name, file, read } = new;
    let id = match archive::store(tx, account, DocumentKind::Sent, file_name, file).await? {
        Stored::New(id) => id,
        Stored::Before(id) => return Ok((store::get(tx, account, InvoiceId(id)).await?, true)),
    };
    let shown = store::reading(Direction::Sent, Ok(read));
    let row = store::insert(tx, account, InvoiceId(id), Direction::Sent, file_name, file, shown).await?;
    charge(tx, account, thresholds, file.size.as_i64(), id).await?;
    Ok((row, false))
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
pub(super) async fn update(
    tx: &Tx,
    draft: Draft,
    file_name: Option<&str>,
    file: &File,
    read: &Invoice,
) -> Result<store::Row, InvoiceError> {
    let held = store::hold_draft(tx, draft.account, draft.id, draft.version, "changed").await?;
    let file_name = file_name.unwrap_or(&held.file_name);
    archive::replace(tx, draft.account, draft.id.0, file_name, file).await?;
    let row = store::replace(tx, &held, file_name, file, store::reading(Direction::Sent, Ok(read))).await?;
    charge(tx, draft.account, draft.thresholds, file.size.as_i64() - held.size.as_i64(), draft.id.0).await?;
    Ok(row)
}

/// Deletes a draft and frees its bytes; returns how many.
pub(super) async fn delete(tx: &Tx, draft: Draft) -> Result<u64, InvoiceError> {
    let held = store::hold_draft(tx, draft.account, draft.id, draft.version, "deleted").await?;
    store::delete(tx, &held).await?;
    archive::delete(tx, draft.account, draft.id.0).await?;
    charge(tx, draft.account, draft.thresholds, -held.size.as_i64(), draft.id.0).await?;
    Ok(held.size.get())
}

/// Queues a draft for sending.
pub(super) async fn queue(tx: &Tx, draft: Draft) -> Result<store::Row, InvoiceError> {
    let held = store::hold_draft(tx, draft.account, draft.id, draft.version, "queued").await?;
    let (moved, row) = store::advance(tx, draft.account, held.id, InvoiceState::Queued, None).await?;
    match moved {
        Move::Moved => {}
        Move::AlreadyThere => return Err(InvoiceError::State { wanted: "queued", current: row.state }),
        Move::Illegal { current } => return Err(InvoiceError::State { wanted: "queued", current }),
    }
    charge(tx, draft.account, draft.thresholds, 0, draft.id.0).await?;
    Ok(row)
}

async fn charge(tx: &Tx, account: AccountId, thresholds: Thresholds, delta: i64, document: Uuid) -> Result<(), InvoiceError> {
    Ok(quota::post(tx, account, thresholds, Charge { kind: DocumentKind::Sent, delta, document }).await?)
}
