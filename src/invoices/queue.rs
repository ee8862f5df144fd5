//! Queueing: a draft is judged anew, outside the transaction; inside it, exactly what was judged is queued.

use sea_orm::ActiveValue::Set;

use super::error::Wanted;
use super::findings::{self, Found};
use super::sent::{Draft, charge};
use super::state::InvoiceState;
use super::{InvoiceError, index, issued, names, receipts, store};
use crate::archive;
use crate::db::Tx;
use crate::db::entity::invoice::ActiveModel;
use crate::fatturapa::{Finding, Look};

/// A draft's file as it was judged: by its bytes, whatever else happened to the draft.
#[derive(Clone, Debug)]
pub(super) struct Looked {
    pub sha256: Vec<u8>,
    pub look: Look,
    /// What is advised beside it.
    pub advice: Vec<Finding>,
}

/// Queues a draft, if the SdI would take it.
///
/// Fails with [`InvoiceError::Superseded`] when the draft's file is not the one that was judged: judge it and try again.
pub(super) async fn queue(tx: &Tx, draft: Draft, looked: Option<&Looked>) -> Result<store::Row, InvoiceError> {
    let Draft { account, id, version, thresholds } = draft;
    let held = store::hold_draft(tx, account, id, version, Wanted::Queued).await?;
    let Looked { look, advice, .. } = looked.filter(|looked| looked.sha256 == held.sha256).ok_or(InvoiceError::Superseded)?;
    // The account's space is held from here on, by whoever records a receipt as well: one of the two sees what the other did. Numbers are taken
    // after it, as everywhere, so that no two wait for each other.
    charge(tx, account, thresholds, 0, id.0).await?;
    let mut archive = issued::compare(tx, account, Some(id), &look.identities).await?;
    if archive.is_empty() {
        archive = issued::take(tx, account, id, &look.identities).await?;
    }
    archive.extend(names::misnamed(&held.file_name, &look.judgement));
    archive.extend(advice.iter().cloned());
    let found = Found::new(look, &archive);
    if found.refused().next().is_some() {
        return Err(InvoiceError::Refused(Box::new(found)));
    }
    findings::replace(tx, account, id, &found).await?;
    let mut change = found.counted(ActiveModel::default());
    if held.file_name.is_empty() {
        let name = names::next(tx, account, look.judgement.is_wrapped()).await?;
        archive::give_name(tx, account, id.0, &name).await?;
        change.file_name = Set(name.clone());
        // A row that has no words yet gets them, this name's among them, from the background job.
        if held.words.is_some() {
            change = index::with_file_name(ActiveModel { words: Set(held.words.clone()), ..change }, &name);
        }
    }
    let row = store::advance(tx, &held, InvoiceState::Queued, change).await?;
    index::replace(tx, &held, &row).await?;
    receipts::apply(tx, row).await
}
