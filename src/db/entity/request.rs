//! The answer kept for a request_id.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_id: Uuid,
    pub digest: Vec<u8>,
    pub answer: Vec<u8>,
    pub created_time: DateTime<Utc>,
}

impl ActiveModelBehavior for ActiveModel {}
