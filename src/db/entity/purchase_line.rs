//! A line of an order, frozen.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use sea_orm::entity::prelude::*;

use crate::cart::pricing::LineKind;
use crate::clock::CalendarDay;
use crate::db::tenant::Tenant;
use crate::ids::{AccountId, OrderId, ServiceId};
use crate::money::Euro;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "purchase_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub purchase_id: OrderId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub line: i64,
    pub account_id: AccountId,
    pub kind: LineKind,
    pub product: String,
    pub service_id: Option<ServiceId>,
    pub quantity: i64,
    pub months: i64,
    pub yearly_cents: Euro,
    pub net_cents: Euro,
    pub vat_basis_points: i64,
    pub old_expiry_day: Option<CalendarDay>,
    pub new_expiry_day: CalendarDay,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenant for Entity {
    fn account_column() -> Column {
        Column::AccountId
    }
}
