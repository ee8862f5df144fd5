//! The last progressive that was given to a sender's files, whichever account they are of.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "file_name_series")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sender: String,
    pub last: i64,
}

impl ActiveModelBehavior for ActiveModel {}
