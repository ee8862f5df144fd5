//! What can go wrong with stored files.

use sea_orm::DbErr;

use crate::config::ConfigErrors;
use crate::db::Fault;

/// An error of this room.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Another sent invoice has this file name (SdI 00002).
    #[error("the file name {0} was used before")]
    FileNameUsed(String),
    /// Another file was sent under this name and removed after its time (SdI 00002).
    #[error("the file name {0} is that of a file that was removed")]
    FileNameBuried(String),
    /// Another sent invoice holds the same bytes (I4).
    #[error("the file is stored already")]
    FileStored,
    /// Not the caller's.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Why the archive cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// What the settings name is of no use, or is not what the database knows: all of it.
    #[error(transparent)]
    Settings(#[from] ConfigErrors),
    /// The database, or an object that a key was to be tried on, could not be read.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<DbErr> for OpenError {
    fn from(error: DbErr) -> Self {
        Self::Fault(error.into())
    }
}

impl From<DbErr> for ArchiveError {
    fn from(error: DbErr) -> Self {
        Self::Fault(error.into())
    }
}
