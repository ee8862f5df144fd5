//! What can go wrong with accounts.

use crate::check::Invalid;
use crate::db::{Fault, Reuse};
use crate::pb::spazio::v1::ErrorReason;
use crate::refusal::{Refusal, Refused, carries_faults, etag_mismatch, into_status};

/// An error of this room.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// No such account, or another one's.
    #[error("there is no such account")]
    NotFound,
    /// The VAT number or fiscal code belongs to another account.
    #[error("an account with this VAT number or fiscal code exists")]
    Exists,
    /// The account changed since it was read.
    #[error("the account changed since it was read")]
    EtagMismatch {
        /// Its version now.
        current: i64,
    },
    /// Fields are missing or wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The request_id was used before.
    #[error(transparent)]
    Reuse(#[from] Reuse),
    /// Not the caller's.
    #[error(transparent)]
    Fault(#[from] Fault),
}

carries_faults!(AccountError);
into_status!(AccountError);

impl Refusal for AccountError {
    fn refused(&self) -> Refused {
        match self {
            Self::NotFound => Refused::new(ErrorReason::AccountNotFound, "there is no such account; check the account-id"),
            Self::Exists => {
                let message = "an account with this VAT number or fiscal code exists; find it with ListAccounts";
                Refused::new(ErrorReason::AccountExists, message)
            }
            Self::EtagMismatch { current } => etag_mismatch("account", current),
            Self::Invalid(error) => error.refused(),
            Self::Reuse(error) => error.refused(),
            Self::Fault(error) => error.refused(),
        }
    }
}
