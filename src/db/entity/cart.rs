//! A cart. `modules` holds their codes, separated by commas.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::db::tenant::Tenant;
use crate::ids::{AccountId, CartId, OrderId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cart")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CartId,
    pub account_id: AccountId,
    pub quantity_gb: i64,
    pub term_years: i64,
    pub extension: bool,
    pub additional_users: i64,
    pub modules: String,
    pub order_id: Option<OrderId>,
    pub version: i64,
    pub created_time: DateTime<Utc>,
    pub updated_time: DateTime<Utc>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenant for Entity {
    fn account_column() -> Column {
        Column::AccountId
    }
}
