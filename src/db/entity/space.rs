//! An account's usage, and what it was told of it.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::db::tenant::Tenant;
use crate::ids::AccountId;
use crate::quota::level::Level;
use crate::space::Bytes;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "space")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    pub used: Bytes,
    pub sent: Bytes,
    pub received: Bytes,
    pub receipts: Bytes,
    pub sequence: i64,
    pub told_level: Level,
    pub suspended_time: Option<DateTime<Utc>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenant for Entity {
    fn account_column() -> Column {
        Column::AccountId
    }
}
