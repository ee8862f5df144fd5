//! What is told of documents that were removed.

use chrono::SecondsFormat;
use data_encoding::HEXLOWER;
use sea_orm::{ColumnTrait, ExprTrait as _, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::super::export::line;
use super::{RetireError, known};
use crate::db::entity::tombstone::{Column, Entity, Model};
use crate::db::{Db, tenant};
use crate::ids::{AccountId, InvoiceId, ReceiptId};
use crate::quota::DocumentKind;

/// The names of the columns.
const HEADING: [&str; 12] = [
    "account",
    "id",
    "kind",
    "file_name",
    "number",
    "day",
    "size_bytes",
    "sha256",
    "stored_time",
    "retired_time",
    "export_file",
    "export_sha256",
];

/// Rows read at once.
const PAGE: u64 = 1_000;

/// Tells of every document that was removed, of one account or of all, as lines of CSV with a heading.
pub async fn tombstones(db: &Db, only: Option<AccountId>, tell: &(dyn Fn(&str) + Sync)) -> Result<(), RetireError> {
    if let Some(account) = only {
        known(db, account).await?;
    }
    tell(&line(&HEADING));
    let mut after: Option<(AccountId, Uuid)> = None;
    loop {
        let mut rows = match only {
            Some(account) => tenant::of::<Entity>(account),
            None => tenant::every::<Entity>(),
        };
        if let Some((account, document)) = after {
            let same = Column::AccountId.eq(account).and(Column::DocumentId.gt(document));
            rows = rows.filter(Column::AccountId.gt(account).or(same));
        }
        let rows = rows.order_by_asc(Column::AccountId).order_by_asc(Column::DocumentId).limit(PAGE).all(db.reader()).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some((last.account_id, last.document_id));
        for row in &rows {
            tell(&told(row));
        }
    }
}

fn told(row: &Model) -> String {
    let id = match row.kind {
        DocumentKind::Sent | DocumentKind::Received => InvoiceId(row.document_id).to_string(),
        DocumentKind::Receipt => ReceiptId(row.document_id).to_string(),
    };
    let [stored, retired] = [row.stored_time, row.retired_time].map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true));
    line(&[
        row.account_id.to_string(),
        id,
        row.kind.to_string(),
        row.file_name.clone(),
        row.number.clone().unwrap_or_default(),
        row.day.to_string(),
        row.size.get().to_string(),
        HEXLOWER.encode(&row.sha256),
        stored,
        retired,
        row.export_file.clone(),
        row.export_sha256.clone(),
    ])
}
