//! What was found in an invoice's file, its attachments among it: stored beside the invoice as the contract's own message, counted on it.

use prost::Message as _;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::judged;
use super::state::InvoiceState;
use crate::db::entity::{invoice, judgement};
use crate::db::{Fault, Tx, tenant};
use crate::fatturapa::{Finding, Look, MOST_FINDINGS, TOO_MANY_STRUCTURAL};
use crate::ids::{AccountId, InvoiceId};
use crate::pb::spazio::v1 as pb;

/// What was found in a file, and in the archive about it.
#[derive(Clone, Debug, Default)]
pub struct Found(pb::ValidateInvoiceResponse);

impl Found {
    /// What the engine says of a file, and what the archive adds.
    pub(super) fn new(look: &Look, archive: &[Finding]) -> Self {
        Self(judged::judgement(look, archive))
    }

    /// The contract's message.
    pub(super) fn message(&self) -> &pb::ValidateInvoiceResponse {
        &self.0
    }

    /// The findings.
    pub(super) fn findings(&self) -> &[pb::Finding] {
        &self.0.findings
    }

    /// Those for which the SdI would refuse the document.
    pub(super) fn refused(&self) -> impl Iterator<Item = &pb::Finding> {
        self.0.findings.iter().filter(|finding| finding.severity() == pb::FindingSeverity::Refused)
    }

    /// Whether the engine may have stopped telling before it had told all.
    pub(super) fn may_be_cut(&self) -> bool {
        self.0.findings.len() >= MOST_FINDINGS || self.0.findings.iter().any(|finding| finding.code == TOO_MANY_STRUCTURAL)
    }

    /// The counts that a list shows.
    pub(super) fn counted(&self, row: invoice::ActiveModel) -> invoice::ActiveModel {
        let refused = self.refused().count();
        let count = |number: usize| Set(i64::try_from(number).unwrap_or(i64::MAX));
        invoice::ActiveModel { refused: count(refused), advice: count(self.0.findings.len() - refused), ..row }
    }

    fn is_empty(&self) -> bool {
        self.0.findings.is_empty() && self.0.signatures.is_empty() && self.0.attachments.is_empty()
    }
}

/// Stores what was found in a new file. Where nothing was, there is no row.
pub(super) async fn insert(tx: &Tx, account: AccountId, id: InvoiceId, found: &Found) -> Result<(), DbErr> {
    if found.is_empty() {
        return Ok(());
    }
    let row = judgement::ActiveModel { invoice_id: Set(id), account_id: Set(account), content: Set(found.0.encode_to_vec()) };
    let replaced = OnConflict::column(judgement::Column::InvoiceId).update_column(judgement::Column::Content).to_owned();
    judgement::Entity::insert(row).on_conflict(replaced).exec_without_returning(tx).await.map(|_| ())
}

/// Stores what was found in a file that is judged anew.
pub(super) async fn replace(tx: &Tx, account: AccountId, id: InvoiceId, found: &Found) -> Result<(), DbErr> {
    if found.is_empty() { delete(tx, account, id).await } else { insert(tx, account, id, found).await }
}

/// Forgets what was found.
pub(super) async fn delete(tx: &Tx, account: AccountId, id: InvoiceId) -> Result<(), DbErr> {
    tenant::delete_of::<judgement::Entity>(account).filter(judgement::Column::InvoiceId.eq(id)).exec(tx).await.map(|_| ())
}

/// What was found in an invoice's file when it was judged last.
pub(super) async fn read(connection: &impl ConnectionTrait, account: AccountId, id: InvoiceId) -> Result<Found, Fault> {
    let row = tenant::of::<judgement::Entity>(account).filter(judgement::Column::InvoiceId.eq(id)).one(connection).await?;
    let Some(row) = row else { return Ok(Found::default()) };
    let broken = |error| Fault::Broken(format!("what was found in {id} cannot be read: {error}"));
    pb::ValidateInvoiceResponse::decode(row.content.as_slice()).map(Found).map_err(broken)
}

/// A draft that was judged anew and not queued, by its bytes.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub account: AccountId,
    pub id: InvoiceId,
    pub sha256: Vec<u8>,
    pub found: Found,
}

/// Notes what was found in a draft, if it is still the same: GetInvoice then tells all of what a refusal had no room for.
pub(super) async fn note(tx: &Tx, note: &Note) -> Result<(), Fault> {
    let Note { account, id, sha256, found } = note;
    let counted = tenant::update_of::<invoice::Entity>(*account)
        .set(found.counted(invoice::ActiveModel::default()))
        .filter(invoice::Column::Id.eq(*id))
        .filter(invoice::Column::State.eq(InvoiceState::Draft))
        .filter(invoice::Column::Sha256.eq(sha256.as_slice()));
    if counted.exec(tx).await?.rows_affected == 1 {
        replace(tx, *account, *id, found).await?;
    }
    Ok(())
}
