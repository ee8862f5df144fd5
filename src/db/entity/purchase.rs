//! An order.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::clock::CalendarDay;
use crate::db::tenant::Tenant;
use crate::ids::{AccountId, CartId, MandateId, OrderId};
use crate::money::Euro;
use crate::order::state::OrderKind;
use crate::order::state::OrderState;
use crate::payment::PaymentMethod;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "purchase")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrderId,
    pub account_id: AccountId,
    pub number: String,
    pub kind: OrderKind,
    pub state: OrderState,
    pub cart_id: Option<CartId>,
    pub renewed_expiry_day: Option<CalendarDay>,
    pub term_years: i64,
    pub net_cents: Euro,
    pub total_cents: Euro,
    pub method: Option<PaymentMethod>,
    pub mandate_id: Option<MandateId>,
    pub terms: String,
    pub version: i64,
    pub created_time: DateTime<Utc>,
    pub confirmed_time: Option<DateTime<Utc>>,
    pub completed_time: Option<DateTime<Utc>>,
    pub lapse_time: Option<DateTime<Utc>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenant for Entity {
    fn account_column() -> Column {
        Column::AccountId
    }
}
