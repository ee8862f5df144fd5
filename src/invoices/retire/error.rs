//! Why documents stay that could have gone.

use std::io;
use std::path::PathBuf;

use sea_orm::DbErr;

use crate::db::{self, Fault, Trouble, Url};
use crate::ids::AccountId;

/// Why it stopped. What was retired before is retired.
#[derive(Debug, thiserror::Error)]
pub enum RetireError {
    /// The database or the object store.
    #[error(transparent)]
    Fault(Fault),
    /// What was to go is no longer what it was when it was looked for.
    #[error("its documents changed or went meanwhile; does another run retire them?")]
    Overtaken,
    /// There is no such account.
    #[error("there is no account {0}")]
    NoAccount(AccountId),
    /// A file or a folder of the exports.
    #[error("{}: {error}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What was the matter.
        error: io::Error,
    },
}

impl RetireError {
    /// Why an account was left, and what to do, for the person at the terminal.
    pub(super) fn told(&self, url: &Url) -> String {
        match self {
            Self::Fault(Fault::Database(error)) => Trouble::of(url, error).what().to_owned(),
            Self::Fault(fault @ (Fault::Sealed { .. } | Fault::Damaged { .. } | Fault::Broken(_))) => {
                format!("{fault}; see spazio archive verify and spazio audit")
            }
            Self::Fault(Fault::OutcomeUnknown(_) | Fault::NoTurn | Fault::Overtaken | Fault::StoreUnavailable(_))
            | Self::Overtaken
            | Self::NoAccount(_) => self.to_string(),
            Self::File { .. } => format!("{self}; put that right"),
        }
    }
}

impl From<Fault> for RetireError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Overtaken => Self::Overtaken,
            fault @ (Fault::Database(_)
            | Fault::OutcomeUnknown(_)
            | Fault::NoTurn
            | Fault::StoreUnavailable(_)
            | Fault::Sealed { .. }
            | Fault::Damaged { .. }
            | Fault::Broken(_)) => Self::Fault(fault),
        }
    }
}

impl From<DbErr> for RetireError {
    fn from(error: DbErr) -> Self {
        Self::Fault(error.into())
    }
}

impl db::Failure for RetireError {
    fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            Self::Overtaken | Self::NoAccount(_) | Self::File { .. } => None,
        }
    }
}
