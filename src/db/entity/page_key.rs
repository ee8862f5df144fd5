//! The key that seals page tokens: one row, made with the table, shared by all replicas.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "page_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub content: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
