//! What can go wrong with invoices.

use super::state::InvoiceState;
use crate::archive::ArchiveError;
use crate::check::Invalid;
use crate::db::{Fault, Reuse};
use crate::fatturapa::Unreadable;
use crate::pb::spazio::v1::ErrorReason;
use crate::quota::QuotaError;
use crate::refusal::{Refusal, Refused, Violation, carries_faults, into_status};

/// An error of this room.
#[derive(Debug, thiserror::Error)]
pub enum InvoiceError {
    /// No such invoice in this account.
    #[error("there is no such invoice")]
    NotFound,
    /// The invoice is where this is not allowed (I1).
    #[error("the invoice is {current}")]
    State {
        /// What was wanted, for example "changed".
        wanted: &'static str,
        /// Where it is.
        current: InvoiceState,
    },
    /// The invoice changed since it was read.
    #[error("the invoice changed since it was read")]
    EtagMismatch,
    /// A sent file that cannot be read (I2).
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Another sent invoice has this file name (SdI 00002).
    #[error("the file name {0} was used before")]
    FileNameUsed(String),
    /// Another sent invoice holds the same bytes (I4).
    #[error("the file is stored already")]
    FileStored,
    /// Space or the account's state refuses.
    #[error(transparent)]
    Quota(QuotaError),
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

carries_faults!(InvoiceError);
into_status!(InvoiceError);

impl From<ArchiveError> for InvoiceError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::NotFound => Self::NotFound,
            ArchiveError::FileNameUsed(name) => Self::FileNameUsed(name),
            ArchiveError::FileStored => Self::FileStored,
            ArchiveError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<QuotaError> for InvoiceError {
    /// A fault stays a fault, so that the write is tried again for it.
    fn from(error: QuotaError) -> Self {
        match error {
            QuotaError::Fault(fault) => Self::Fault(fault),
            refused @ (QuotaError::SpaceExhausted { .. } | QuotaError::Expired { .. } | QuotaError::Deleted { .. }) => Self::Quota(refused),
        }
    }
}

impl Refusal for InvoiceError {
    fn refused(&self) -> Refused {
        match self {
            Self::NotFound => {
                Refused::new(ErrorReason::InvoiceNotFound, "this account has no such invoice; list its invoices with ListInvoices")
            }
            Self::State { wanted, current } => {
                let message = format!("the invoice is {current} and can no longer be {wanted}: only drafts can");
                Refused::new(ErrorReason::InvoiceState, message.clone()).with("state", &current).precondition(
                    "INVOICE_STATE",
                    "invoice",
                    message,
                )
            }
            Self::EtagMismatch => {
                Refused::new(ErrorReason::EtagMismatch, "the invoice changed since it was read; read it again and decide again")
            }
            Self::Unreadable(unreadable) => {
                let violations = unreadable.messages().into_iter().map(|description| Violation { field: "file".to_owned(), description });
                Refused::new(ErrorReason::DocumentUnreadable, unreadable.to_string())
                    .with("problem", &unreadable.code())
                    .violations(violations)
            }
            Self::FileNameUsed(name) => {
                let message = format!(
                    "another sent invoice of this account is named {name}; the SdI takes each name once (00002): choose the next progressive"
                );
                Refused::new(ErrorReason::FileNameUsed, message).with("file_name", &name)
            }
            Self::FileStored => Refused::new(ErrorReason::FileStored, "another sent invoice of this account holds the very same file"),
            Self::Quota(error) => error.refused(),
            Self::Invalid(error) => error.refused(),
            Self::Reuse(error) => error.refused(),
            Self::Fault(error) => error.refused(),
        }
    }
}
