//! An attempt to charge a mandate for an order.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::clock::CalendarDay;
use crate::db::tenant::Tenant;
use crate::ids::{AccountId, ChargeId, MandateId, OrderId};
use crate::money::Euro;
use crate::payment::ChargeState;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "charge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChargeId,
    pub account_id: AccountId,
    pub purchase_id: OrderId,
    pub mandate_id: MandateId,
    pub amount_cents: Euro,
    pub state: ChargeState,
    pub message: Option<String>,
    pub due_day: CalendarDay,
    pub next_time: DateTime<Utc>,
    pub created_time: DateTime<Utc>,
    pub settled_time: Option<DateTime<Utc>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenant for Entity {
    fn account_column() -> Column {
        Column::AccountId
    }
}
