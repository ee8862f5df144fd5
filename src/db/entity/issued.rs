//! A number that a sent invoice has taken: one row for each invoice of a file.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use sea_orm::entity::prelude::*;

use crate::clock::CalendarDay;
use crate::db::tenant::Tenant;
use crate::ids::{AccountId, InvoiceId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "issued")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub invoice_id: InvoiceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: i64,
    pub account_id: AccountId,
    pub seller: String,
    pub credit_note: bool,
    pub period: String,
    pub number: String,
    pub issue_day: CalendarDay,
    pub released: bool,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenant for Entity {
    fn account_column() -> Column {
        Column::AccountId
    }
}
