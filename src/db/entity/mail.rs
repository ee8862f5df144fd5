//! A mail in the outbox. `once` names what it tells, so that it is told once.

#![allow(missing_docs, reason = "the columns are described by the migration")]

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::ids::{AccountId, MailId};
use crate::notify::MailState;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MailId,
    pub account_id: Option<AccountId>,
    pub recipient: String,
    pub subject: String,
    pub content: String,
    pub once: String,
    pub state: MailState,
    pub attempts: i64,
    pub next_time: DateTime<Utc>,
    pub created_time: DateTime<Utc>,
    pub sent_time: Option<DateTime<Utc>>,
}

impl ActiveModelBehavior for ActiveModel {}
