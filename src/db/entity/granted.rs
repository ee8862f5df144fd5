//! What a line of an order granted: the key makes it once (B9).

#![allow(missing_docs, reason = "the columns are described by the migration")]

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::clock::CalendarDay;
use crate::db::tenant::Tenant;
use crate::ids::{AccountId, OrderId, ServiceId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "granted")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub purchase_id: OrderId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub line: i64,
    pub account_id: AccountId,
    pub service_id: ServiceId,
    pub expiry_before: Option<CalendarDay>,
    pub expiry_after: CalendarDay,
    pub created_time: DateTime<Utc>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenant for Entity {
    fn account_column() -> Column {
        Column::AccountId
    }
}
