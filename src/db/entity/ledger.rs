//! Every change of usage, append-only.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::db::tenant::Tenant;
use crate::ids::AccountId;
use crate::quota::DocumentKind;
use crate::space::Bytes;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    pub delta: i64,
    pub used_after: Bytes,
    pub capacity: Bytes,
    pub kind: DocumentKind,
    pub document_id: Uuid,
    pub created_time: DateTime<Utc>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenant for Entity {
    fn account_column() -> Column {
        Column::AccountId
    }
}
