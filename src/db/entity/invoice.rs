//! What a list shows of an invoice. The file rests in `document` under the same id.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::clock::CalendarDay;
use crate::db::tenant::Tenant;
use crate::ids::{AccountId, InvoiceId};
use crate::invoices::state::{Direction, InvoiceState, RecipientAnswer};
use crate::space::Bytes;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvoiceId,
    pub account_id: AccountId,
    pub direction: Direction,
    pub state: InvoiceState,
    pub file_name: String,
    pub size: Bytes,
    pub sha256: Vec<u8>,
    pub format: Option<String>,
    pub document_type: Option<String>,
    pub number: Option<String>,
    pub issue_day: Option<CalendarDay>,
    pub seller_name: Option<String>,
    pub seller_vat: Option<String>,
    pub seller_fiscal_code: Option<String>,
    pub buyer_name: Option<String>,
    pub buyer_vat: Option<String>,
    pub buyer_fiscal_code: Option<String>,
    pub counterpart: String,
    pub total_cents: Option<i64>,
    pub currency: Option<String>,
    pub documents: i64,
    pub problems: String,
    pub sdi_identifier: Option<String>,
    pub version: i64,
    pub created_time: DateTime<Utc>,
    pub updated_time: DateTime<Utc>,
    /// The database reckons it: never set.
    pub listed_day: CalendarDay,
    pub words: Option<String>,
    pub refused: i64,
    pub advice: i64,
    pub copied_from: Option<InvoiceId>,
    pub answer: Option<RecipientAnswer>,
    pub rejections: Option<Vec<u8>>,
    pub words_day: Option<CalendarDay>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenant for Entity {
    fn account_column() -> Column {
        Column::AccountId
    }
}
