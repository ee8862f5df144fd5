//! The books of the simulated gateway.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use sea_orm::entity::prelude::*;

use crate::ids::ChargeId;
use crate::money::Euro;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "simulated_charge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChargeId,
    pub token: String,
    pub amount_cents: Euro,
    pub state: String,
    pub asked: i64,
}

impl ActiveModelBehavior for ActiveModel {}
