//! A stored means of payment (N1).

#![allow(missing_docs, reason = "the columns are described by the migration")]

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::db::tenant::Tenant;
use crate::ids::{AccountId, MandateId};
use crate::payment::PaymentMethod;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mandate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MandateId,
    pub account_id: AccountId,
    pub method: PaymentMethod,
    pub token: String,
    pub created_time: DateTime<Utc>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenant for Entity {
    fn account_column() -> Column {
        Column::AccountId
    }
}
