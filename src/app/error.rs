//! Why a server could not start, for the person at the terminal: what was wrong, where, and what to do.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use crate::config::ConfigErrors;
use crate::db::{Fault, OpenError, Trouble};
use crate::edge::token::DevelopmentKeyError;
use crate::notify::transport::BadServerUrl;
use crate::quota::level::InvalidThresholds;
use crate::terminal::counted;

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The schema cannot be read or brought up to date.
    #[error(transparent)]
    Schema(#[from] Trouble),
    /// The schema is older than this program.
    #[error("the schema of {url} is behind by {}: run `spazio migrate` with the same settings first", counted(*missing, "migration"))]
    Behind {
        /// Where, without the password.
        url: String,
        /// How many.
        missing: usize,
    },
    /// The schema is newer than this program.
    #[error("the schema of {url} holds {}, which this program does not know: run the program that made it, or a newer one", names.join(", "))]
    Ahead {
        /// Where, without the password.
        url: String,
        /// The migrations that are not known.
        names: Vec<String>,
    },
    /// Files that the configuration names cannot be used: all of them.
    #[error(transparent)]
    Files(#[from] ConfigErrors),
    /// A key of documents could not be tried or recorded.
    #[error("the keys in archive.keys_file cannot be compared with what the database knows of them: {0}")]
    Archive(Fault),
    /// The development key cannot be read or made.
    #[error(transparent)]
    DevelopmentKey(#[from] DevelopmentKeyError),
    /// The mail server's address is none.
    #[error(transparent)]
    Mail(#[from] BadServerUrl),
    /// The thresholds of space make no sense.
    #[error(transparent)]
    Thresholds(#[from] InvalidThresholds),
    /// The address cannot be listened on.
    #[error("{setting}: cannot listen on {address}: {reason}")]
    Listen {
        /// The setting that names it.
        setting: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why not.
        reason: String,
    },
}

impl StartError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the system's errors are an open list")]
    pub(super) fn listen(setting: &'static str, address: SocketAddr, error: &io::Error) -> Self {
        let reason = match error.kind() {
            ErrorKind::AddrInUse => format!("another program listens there; end it, or set {setting} to another port"),
            ErrorKind::AddrNotAvailable => format!("this machine does not have that address; correct {setting}"),
            ErrorKind::PermissionDenied => format!("the user that runs spazio may not; set {setting} to a port from 1024"),
            _ => error.to_string(),
        };
        Self::Listen { setting, address, reason }
    }

    /// Whether it is something that the configuration names.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::Files(_) | Self::Mail(_) | Self::Thresholds(_) => true,
            Self::Open(_)
            | Self::Schema(_)
            | Self::Behind { .. }
            | Self::Ahead { .. }
            | Self::Archive(_)
            | Self::DevelopmentKey(_)
            | Self::Listen { .. } => false,
        }
    }

    /// Whether it is the database that keeps the server from starting.
    #[must_use]
    pub fn is_database(&self) -> bool {
        matches!(self, Self::Open(_) | Self::Schema(_) | Self::Behind { .. } | Self::Ahead { .. })
    }
}
