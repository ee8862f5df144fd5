//! A stored file. `size` is that of the original; `content` is sealed, and empty when the bytes are in the object store. `sha256` is the
//! original's digest; of a copy of a rejected invoice the id of that invoice follows it (docs/decisions/0007-sent-invoices.md).

#![allow(missing_docs, reason = "the columns are described by the migration")]

use std::fmt;

use chrono::{DateTime, Utc};
use ring::digest::SHA256_OUTPUT_LEN;
use sea_orm::entity::prelude::*;

use crate::archive::Place;
use crate::db::tenant::Tenant;
use crate::ids::{AccountId, InvoiceId, ReceiptId};
use crate::quota::DocumentKind;
use crate::space::Bytes;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: AccountId,
    pub kind: DocumentKind,
    pub file_name: String,
    pub sha256: Vec<u8>,
    pub size: Bytes,
    pub created_time: DateTime<Utc>,
    pub content: Vec<u8>,
    pub place: Place,
    pub generation: Option<i64>,
    pub sealing: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// A document as people and the contract know it: `inv_... of acc_...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Whose it is.
    pub account: AccountId,
    /// What it is.
    pub kind: DocumentKind,
    /// Its id.
    pub id: Uuid,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            DocumentKind::Sent | DocumentKind::Received => write!(f, "{}", InvoiceId(self.id))?,
            DocumentKind::Receipt => write!(f, "{}", ReceiptId(self.id))?,
        }
        write!(f, " of {}", self.account)
    }
}

impl Model {
    /// What it is known by.
    #[must_use]
    pub fn reference(&self) -> Reference {
        Reference { account: self.account_id, kind: self.kind, id: self.id }
    }

    /// SHA-256 of the original.
    #[must_use]
    pub fn digest(&self) -> &[u8] {
        digest_of(&self.sha256)
    }
}

/// The digest in what a row is known by.
#[must_use]
pub fn digest_of(key: &[u8]) -> &[u8] {
    &key[..key.len().min(SHA256_OUTPUT_LEN)]
}

impl Tenant for Entity {
    fn account_column() -> Column {
        Column::AccountId
    }
}
