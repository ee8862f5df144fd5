//! A receipt of the SdI. The file rests in `document` under the same id.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::db::tenant::Tenant;
use crate::ids::{AccountId, InvoiceId, ReceiptId};
use crate::invoices::state::RecipientAnswer;
use crate::space::Bytes;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "receipt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReceiptId,
    pub account_id: AccountId,
    pub kind: Option<String>,
    pub file_name: String,
    pub invoice_file_name: Option<String>,
    pub invoice_id: Option<InvoiceId>,
    pub sdi_identifier: Option<String>,
    pub size: Bytes,
    pub created_time: DateTime<Utc>,
    pub answer: Option<RecipientAnswer>,
    pub description: Option<String>,
    pub rejections: Option<Vec<u8>>,
    pub invoice_sha256: Option<Vec<u8>>,
    pub buyer_message_id: Option<String>,
    pub reading_problems: Option<Vec<u8>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenant for Entity {
    fn account_column() -> Column {
        Column::AccountId
    }
}
