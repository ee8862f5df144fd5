//! Money that came in. Without an account when its order is not known (B11).

#![allow(missing_docs, reason = "the columns are described by the migration")]

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::ids::{AccountId, OrderId, PaymentId};
use crate::money::Euro;
use crate::payment::PaymentMethod;
use crate::payment::PaymentOutcome;
use crate::payment::ReviewReason;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PaymentId,
    pub account_id: Option<AccountId>,
    pub purchase_id: Option<OrderId>,
    pub order_number: String,
    pub amount_cents: Euro,
    pub currency: String,
    pub method: PaymentMethod,
    pub reference: String,
    pub outcome: PaymentOutcome,
    pub review_reason: Option<ReviewReason>,
    pub created_time: DateTime<Utc>,
}

impl ActiveModelBehavior for ActiveModel {}
