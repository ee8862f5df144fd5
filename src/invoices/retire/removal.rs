//! The removal of what was exported: some documents in each transaction, each of which is whole.

use std::collections::HashMap;

use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait as _, FromQueryResult, PaginatorTrait as _, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::super::export::Part;
use super::super::index;
use super::super::store::{ReceiptRow, Row};
use super::disk::{There, Whole};
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

/// How a removal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// All of it went.
    Done,
    /// The account bought or ordered something meanwhile: what was still there stays.
    AccountReturned,
}

/// Documents that are removed in one transaction, unless an invoice with its receipts has more.
const AT_ONCE: usize = 100;

/// Rows that one statement names: databases bind some ten thousand values at most, and a tombstone has twelve.
const ROWS: usize = 500;

/// What one transaction removes.
struct Lot {
    account: AccountId,
    documents: Documents,
    /// The name of the file that they are in, under the folder of exports.
    export_file: String,
    export: Whole,
    thresholds: Thresholds,
}

/// Invoices with their receipts, and receipts of none.
#[derive(Default)]
struct Documents {
    invoices: Vec<(Row, Vec<ReceiptRow>)>,
    receipts: Vec<ReceiptRow>,
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
    /// Removes what was exported, and frees its space. Tells how much was removed, however it ended. The file is read again before each
    /// transaction, and must still stand inside it.
    pub async fn remove(&self, exported: Exported) -> (Retired, Result<Removal, RetireError>) {
        let mut removed = Retired::default();
        let Exported { account, part, name, sha256, path } = exported;
        for documents in lots(part) {
            let export = match Whole::read(&path, &sha256).await {
                Ok(export) => export,
                Err(error) => return (removed, Err(error)),
            };
            let lot = Lot { account, documents, export_file: name.clone(), export, thresholds: self.thresholds };
            match self.db.write("retire_documents", lot, async |tx: &Tx, lot: &Lot| remove(tx, lot).await).await {
                Ok(Some(documents)) => removed.add(Retired::of(documents.iter().map(|document| document.size))),
                Ok(None) => return (removed, Ok(Removal::AccountReturned)),
                Err(error) => return (removed, Err(error)),
            }
        }
        (removed, Ok(Removal::Done))
    }
}

/// An invoice goes with its receipts or not at all, so that one may be larger.
fn lots(part: Part) -> Vec<Documents> {
    let mut lots = Vec::new();
    let mut lot = Documents::default();
    let mut add = |one: Documents| {
        if lot.len() + one.len() > AT_ONCE {
            lots.push(std::mem::take(&mut lot));
        }
        lot.invoices.extend(one.invoices);
        lot.receipts.extend(one.receipts);
    };
    part.invoices.into_iter().for_each(|invoice| add(Documents { invoices: vec![invoice], receipts: Vec::new() }));
    part.receipts.into_iter().for_each(|receipt| add(Documents { invoices: Vec::new(), receipts: vec![receipt] }));
    lots.push(lot);
    lots.retain(|lot| lot.len() > 0);
    lots
}

impl Documents {
    fn len(&self) -> usize {
        self.receipts.len() + self.invoices.iter().map(|(_, receipts)| 1 + receipts.len()).sum::<usize>()
    }

    fn invoice_ids(&self) -> Vec<InvoiceId> {
        self.invoices.iter().map(|(row, _)| row.id).collect()
    }

    fn receipt_ids(&self) -> Vec<ReceiptId> {
        let of_invoices = self.invoices.iter().flat_map(|(_, receipts)| receipts);
        of_invoices.chain(&self.receipts).map(|row| row.id).collect()
    }

    fn ids(&self) -> Vec<Uuid> {
        let invoices = self.invoice_ids().into_iter().map(|id| id.0);
        invoices.chain(self.receipt_ids().into_iter().map(|id| id.0)).collect()
    }
}

/// Removes a lot, and tells what was in it; none if its account keeps it. The account is held, so no purchase comes in between.
///
/// What was changed since it was exported, or has a receipt that was not, is overtaken: the lot stays as it is.
async fn remove(tx: &Tx, lot: &Lot) -> Result<Option<Vec<Described>>, RetireError> {
    let account = lot.account;
    account::hold(tx, account).await?;
    if kept(tx, account, tx.today()).await?.is_some() {
        return Ok(None);
    }
    let invoices = invoices(tx, lot).await?;
    let documents = described(tx, lot).await?;
    take_away(tx, lot, &documents, &invoices, lot.export.is_there().await?).await?;
    // Rows may have been waited for since.
    lot.export.is_there().await?;
    Ok(Some(documents))
}

async fn take_away(tx: &Tx, lot: &Lot, documents: &[Described], invoices: &[Row], export: There<'_>) -> Result<(), RetireError> {
    let account = &lot.account;
    bury(tx, lot, documents, &export).await?;
    let ids = lot.documents.invoice_ids();
    tenant::delete_of::<judgement::Entity>(*account).filter(judgement::Column::InvoiceId.is_in(ids.clone())).exec(tx).await?;
    tenant::delete_of::<issued::Entity>(*account).filter(issued::Column::InvoiceId.is_in(ids.clone())).exec(tx).await?;
    for row in invoices {
        index::delete(tx, row).await?;
    }
    for receipts in lot.documents.receipt_ids().chunks(ROWS) {
        let of_these = receipt::Column::Id.is_in(receipts.iter().copied());
        tenant::delete_of::<receipt::Entity>(*account).filter(of_these).exec(tx).await?;
    }
    // A copy outlives what it was copied from.
    let original_gone = invoice::ActiveModel { copied_from: Set(None), ..Default::default() };
    let copies = tenant::update_of::<invoice::Entity>(*account).set(original_gone).filter(invoice::Column::CopiedFrom.is_in(ids.clone()));
    copies.exec(tx).await?;
    tenant::delete_of::<invoice::Entity>(*account).filter(invoice::Column::Id.is_in(ids)).exec(tx).await?;
    for ids in lot.documents.ids().chunks(ROWS) {
        archive::delete(tx, *account, ids).await?;
    }
    free(tx, lot, documents).await?;
    Ok(())
}

/// What the rows say of the documents, which must be those that were exported: not changed, not gone, and no receipt more.
async fn described(tx: &Tx, lot: &Lot) -> Result<Vec<Described>, RetireError> {
    use document::Column;
    let Lot { account, documents, .. } = lot;
    let ids = documents.ids();
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(ROWS) {
        let rows = tenant::of::<document::Entity>(*account).filter(Column::Id.is_in(ids.iter().copied())).select_only();
        let columns = [Column::Id, Column::Kind, Column::FileName, Column::Sha256, Column::Size, Column::CreatedTime];
        found.extend(rows.columns(columns).into_model::<Described>().all(tx).await?);
    }
    let of_invoices = receipt::Column::InvoiceId.is_in(documents.invoice_ids());
    let receipts = tenant::of::<receipt::Entity>(*account).filter(of_invoices).count(tx).await?;
    let exported = documents.invoices.iter().map(|(_, receipts)| receipts.len() as u64).sum::<u64>();
    if found.len() == ids.len() && receipts == exported { Ok(found) } else { Err(RetireError::Overtaken) }
}

/// The invoices, which must be as they were exported. They are held: what finds them may have changed without a new version, and must not change
/// before it is gone.
async fn invoices(tx: &Tx, lot: &Lot) -> Result<Vec<Row>, RetireError> {
    let of_these = invoice::Column::Id.is_in(lot.documents.invoice_ids());
    let rows = tenant::of::<invoice::Entity>(lot.account).filter(of_these).lock_exclusive().all(tx).await?;
    let versions: HashMap<_, _> = rows.iter().map(|row| (row.id, row.version)).collect();
    let unchanged = lot.documents.invoices.iter().all(|(row, _)| versions.get(&row.id) == Some(&row.version));
    if unchanged { Ok(rows) } else { Err(RetireError::Overtaken) }
}

async fn bury(tx: &Tx, lot: &Lot, documents: &[Described], export: &There<'_>) -> Result<(), DbErr> {
    let invoices: HashMap<_, _> = lot.documents.invoices.iter().map(|(row, _)| (row.id.0, row)).collect();
    let tombstone = |document: &Described| {
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
            export_sha256: Set(export.sha256().to_owned()),
        }
    };
    for documents in documents.chunks(ROWS) {
        tombstone::Entity::insert_many(documents.iter().map(tombstone)).exec_without_returning(tx).await?;
    }
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
