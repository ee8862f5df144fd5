//! What tells of a document that was removed after its time.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::clock::CalendarDay;
use crate::db::tenant::Tenant;
use crate::ids::AccountId;
use crate::quota::DocumentKind;
use crate::space::Bytes;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tombstone")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: Uuid,
    pub account_id: AccountId,
    pub kind: DocumentKind,
    pub file_name: String,
    pub sha256: Vec<u8>,
    pub size: Bytes,
    pub number: Option<String>,
    pub day: CalendarDay,
    pub stored_time: DateTime<Utc>,
    pub retired_time: DateTime<Utc>,
    pub export_file: String,
    pub export_sha256: String,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenant for Entity {
    fn account_column() -> Column {
        Column::AccountId
    }
}
