//! Something an account has bought that has an expiry.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::catalogue::ServiceKind;
use crate::clock::CalendarDay;
use crate::db::tenant::Tenant;
use crate::ids::{AccountId, MandateId, ServiceId};
use crate::space::Bytes;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ServiceId,
    pub account_id: AccountId,
    pub kind: ServiceKind,
    pub product: String,
    pub quantity: i64,
    pub space_bytes: Bytes,
    pub activation_day: CalendarDay,
    pub expiry_day: CalendarDay,
    pub term_years: i64,
    pub mandate_id: Option<MandateId>,
    pub created_time: DateTime<Utc>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenant for Entity {
    fn account_column() -> Column {
        Column::AccountId
    }
}
