//! The removal of what was exported: some documents in each transaction, each of which is whole.

use std::collections::HashMap;

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait as _, FromQueryResult, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::super::export::Part;
use super::super::index;
use super::super::store::{ReceiptRow, Row};
use super::disk::whole;
use super::export::Exported;
use super::kept::kept;
use super::{RetireError, Retired, Retirement};
use crate::clock::CalendarDay;
use crate::db::entity::{document, invoice, issued, judgement, receipt, tombstone};
use crate::db::{Fault, Tx, tenant};
use crate::ids::{AccountId, InvoiceId, ReceiptId};
use crate::quota::level::Thresholds;
use crate::quota::{Change, Charge, DocumentKind};
use crate::space::Bytes;
use crate::{account, archive, quota};

/// How a removal ended, and what it removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// All of it.
    Done(Retired),
    /// The account bought or ordered something meanwhile: what was still there stays.
    AccountReturned(Retired),
}

/// Invoices, and receipts of none, that are removed in one transaction.
const AT_ONCE: usize = 100;

/// What one transaction removes.
struct Lot {
    account: AccountId,
    invoices: Vec<(Row, Vec<ReceiptRow>)>,
    receipts: Vec<ReceiptRow>,
    export_file: String,
    export_sha256: String,
    thresholds: Thresholds,
}

/// What a document's row says of it.
#[derive(FromQueryResult)]
struct Described {
    id: Uuid,
    kind: DocumentKind,
    file_name: String,
    sha256: Vec<u8>,
    size: Bytes,
    created_time: chrono::DateTime<chrono::Utc>,
}

impl Retirement {
    /// Removes what was exported, and frees its space. The file is looked at again before each transaction.
    pub async fn remove(&self, exported: Exported) -> Result<Removal, RetireError> {
        let mut removed = Retired::default();
        let (path, sha256) = (exported.path.clone(), exported.sha256.clone());
        for lot in self.lots(exported) {
            whole(&path, &sha256).await?;
            let remove = async |tx: &Tx, lot: &Lot| remove(tx, lot).await;
            match self.db.write("retire_documents", lot, remove).await? {
                Some(documents) => removed.add(Retired::of(documents.iter().map(|document| document.size))),
                None => return Ok(Removal::AccountReturned(removed)),
            }
        }
        Ok(Removal::Done(removed))
    }

    fn lots(&self, exported: Exported) -> Vec<Lot> {
        let lot = |invoices: Vec<_>, receipts: Vec<_>| Lot {
            account: exported.account,
            invoices,
            receipts,
            export_file: exported.name.clone(),
            export_sha256: exported.sha256.clone(),
            thresholds: self.thresholds,
        };
        let Part { mut invoices, mut receipts, .. } = exported.part;
        let mut lots = Vec::new();
        while !invoices.is_empty() {
            lots.push(lot(invoices.drain(..invoices.len().min(AT_ONCE)).collect(), Vec::new()));
        }
        while !receipts.is_empty() {
            lots.push(lot(Vec::new(), receipts.drain(..receipts.len().min(AT_ONCE)).collect()));
        }
        lots
    }
}

impl Lot {
    fn invoice_ids(&self) -> Vec<InvoiceId> {
        self.invoices.iter().map(|(row, _)| row.id).collect()
    }

    fn receipt_ids(&self) -> Vec<ReceiptId> {
        let of_invoices = self.invoices.iter().flat_map(|(_, receipts)| receipts);
        of_invoices.chain(&self.receipts).map(|row| row.id).collect()
    }

    fn document_ids(&self) -> Vec<Uuid> {
        let invoices = self.invoice_ids().into_iter().map(|id| id.0);
        invoices.chain(self.receipt_ids().into_iter().map(|id| id.0)).collect()
    }
}

/// Removes a lot, and tells what was in it; none if its account keeps it. The account is held, so no purchase comes in between.
///
/// What was changed since it was exported, or has a receipt that was not, is overtaken: the lot stays as it is.
async fn remove(tx: &Tx, lot: &Lot) -> Result<Option<Vec<Described>>, Fault> {
    let account = lot.account;
    account::hold(tx, account).await?;
    if kept(tx, account, tx.today()).await?.is_some() {
        return Ok(None);
    }
    unchanged(tx, lot).await?;
    let documents = described(tx, lot).await?;
    bury(tx, lot, &documents).await?;
    let ids = lot.invoice_ids();
    tenant::delete_of::<judgement::Entity>(account).filter(judgement::Column::InvoiceId.is_in(ids.clone())).exec(tx).await?;
    tenant::delete_of::<issued::Entity>(account).filter(issued::Column::InvoiceId.is_in(ids.clone())).exec(tx).await?;
    for (row, _) in &lot.invoices {
        index::delete(tx, row).await?;
    }
    tenant::delete_of::<receipt::Entity>(account).filter(receipt::Column::Id.is_in(lot.receipt_ids())).exec(tx).await?;
    // A copy outlives what it was copied from.
    let original_gone = invoice::ActiveModel { copied_from: Set(None), ..Default::default() };
    let copies = tenant::update_of::<invoice::Entity>(account).set(original_gone).filter(invoice::Column::CopiedFrom.is_in(ids.clone()));
    copies.exec(tx).await?;
    tenant::delete_of::<invoice::Entity>(account).filter(invoice::Column::Id.is_in(ids)).exec(tx).await?;
    archive::delete(tx, account, &lot.document_ids()).await?;
    free(tx, lot, &documents).await?;
    Ok(Some(documents))
}

/// That the invoices are those that were exported.
async fn unchanged(tx: &Tx, lot: &Lot) -> Result<(), Fault> {
    use invoice::Column;
    let rows = tenant::of::<invoice::Entity>(lot.account).filter(Column::Id.is_in(lot.invoice_ids()));
    let versions: Vec<(InvoiceId, i64)> = rows.select_only().columns([Column::Id, Column::Version]).into_tuple().all(tx).await?;
    let versions: HashMap<_, _> = versions.into_iter().collect();
    let same = lot.invoices.iter().all(|(row, _)| versions.get(&row.id) == Some(&row.version));
    // A receipt that came meanwhile refers to its invoice, which the database then keeps.
    if same { Ok(()) } else { Err(Fault::Overtaken) }
}

async fn described(tx: &Tx, lot: &Lot) -> Result<Vec<Described>, Fault> {
    use document::Column;
    let ids = lot.document_ids();
    let wanted = ids.len();
    let rows = tenant::of::<document::Entity>(lot.account).filter(Column::Id.is_in(ids)).select_only();
    let columns = [Column::Id, Column::Kind, Column::FileName, Column::Sha256, Column::Size, Column::CreatedTime];
    let found = rows.columns(columns).into_model::<Described>().all(tx).await?;
    if found.len() == wanted { Ok(found) } else { Err(Fault::Overtaken) }
}

async fn bury(tx: &Tx, lot: &Lot, documents: &[Described]) -> Result<(), Fault> {
    let invoices: HashMap<_, _> = lot.invoices.iter().map(|(row, _)| (row.id.0, row)).collect();
    let rows = documents.iter().map(|document| {
        let invoice = invoices.get(&document.id);
        tombstone::ActiveModel {
            document_id: Set(document.id),
            account_id: Set(lot.account),
            kind: Set(document.kind),
            file_name: Set(document.file_name.clone()),
            sha256: Set(document::digest_of(&document.sha256).to_vec()),
            size: Set(document.size),
            number: Set(invoice.and_then(|row| row.number.clone())),
            day: Set(invoice.map_or_else(|| CalendarDay::of(document.created_time), |row| row.listed_day)),
            stored_time: Set(document.created_time),
            retired_time: Set(tx.now()),
            export_file: Set(lot.export_file.clone()),
            export_sha256: Set(lot.export_sha256.clone()),
        }
    });
    tombstone::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

async fn free(tx: &Tx, lot: &Lot, documents: &[Described]) -> Result<(), Fault> {
    let freed = |kind| {
        let of_this = documents.iter().filter(move |document| document.kind == kind);
        of_this.map(|document| Change { document: document.id, delta: -document.size.as_i64() }).collect::<Vec<_>>()
    };
    let by_kind: Vec<_> = DocumentKind::ALL.iter().map(|kind| (*kind, freed(*kind))).filter(|(_, changes)| !changes.is_empty()).collect();
    let charges: Vec<_> = by_kind.iter().map(|(kind, changes)| Charge { kind: *kind, changes }).collect();
    quota::free(tx, lot.account, lot.thresholds, &charges).await
}
