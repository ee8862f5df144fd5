//! One customer's contract: the tenant.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::account::state::AccountState;
use crate::db::tenant::Tenant;
use crate::ids::AccountId;
use crate::notify::language::Language;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AccountId,
    pub company: String,
    pub vat_number: Option<String>,
    pub fiscal_code: Option<String>,
    pub email: String,
    pub language: Language,
    pub base_plan: String,
    pub state: AccountState,
    pub version: i64,
    pub purchase_time: DateTime<Utc>,
    pub created_time: DateTime<Utc>,
    pub updated_time: DateTime<Utc>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenant for Entity {
    fn account_column() -> Column {
        Column::Id
    }
}
