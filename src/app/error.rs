//! Why a server could not start, for the person at the terminal: what was wrong, where, and what to do.

use std::error::Error as _;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::catalogue::CatalogueError;
use crate::clock::ShiftError;
use crate::config::Tls;
use crate::db::{OpenError, Trouble};
use crate::edge::token::{DevelopmentKeyError, KeySetError};
use crate::notify::transport::BadServerUrl;
use crate::quota::level::InvalidThresholds;

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
    #[error("the schema of {url} is behind by {missing} migrations: run `spazio migrate` with the same settings first")]
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
    /// The catalogue cannot be read.
    #[error("the catalogue {}: {}", path.display(), errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Catalogue {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong with it.
        errors: Vec<CatalogueError>,
    },
    /// A file that the configuration names cannot be read.
    #[error("{} cannot be read: {error}; correct the setting that names it, or the file's permissions", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Something else stands where a folder is to be.
    #[error("{} is not a folder; correct {setting}", path.display())]
    Folder {
        /// What is there.
        path: PathBuf,
        /// The setting that names it.
        setting: &'static str,
    },
    /// The key set cannot be used.
    #[error(transparent)]
    Keys(#[from] KeySetError),
    /// The development key cannot be read or made.
    #[error(transparent)]
    DevelopmentKey(#[from] DevelopmentKeyError),
    /// The mail server's address is none.
    #[error(transparent)]
    Mail(#[from] BadServerUrl),
    /// The clock file cannot be read.
    #[error(transparent)]
    Clock(#[from] ShiftError),
    /// The thresholds of space make no sense.
    #[error(transparent)]
    Thresholds(#[from] InvalidThresholds),
    /// Certificate and key cannot be used.
    #[error("server.tls_certificate {}, server.tls_key {}{} cannot be used: {reason}", tls.certificate.display(), tls.key.display(), client_ca(tls))]
    Tls {
        /// The files.
        tls: Tls,
        /// Why not.
        reason: String,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        reason: String,
    },
}

impl StartError {
    pub(super) fn tls(tls: &Tls, error: &tonic::transport::Error) -> Self {
        // The error itself says no more than that it is one of the transport.
        let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        Self::Tls { tls: tls.clone(), reason }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the system's errors are an open list")]
    pub(super) fn listen(address: SocketAddr, error: &io::Error) -> Self {
        let reason = match error.kind() {
            ErrorKind::AddrInUse => "another program listens there; end it, or set server.listen to another port".to_owned(),
            ErrorKind::AddrNotAvailable => "this machine does not have that address; correct server.listen".to_owned(),
            ErrorKind::PermissionDenied => "the user that runs spazio may not; set server.listen to a port from 1024".to_owned(),
            _ => error.to_string(),
        };
        Self::Listen { address, reason }
    }

    /// Whether it is something that the configuration names.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::Catalogue { .. }
            | Self::File { .. }
            | Self::Folder { .. }
            | Self::Keys(_)
            | Self::Mail(_)
            | Self::Clock(_)
            | Self::Thresholds(_)
            | Self::Tls { .. } => true,
            Self::Open(_) | Self::Schema(_) | Self::Behind { .. } | Self::Ahead { .. } | Self::DevelopmentKey(_) | Self::Listen { .. } => {
                false
            }
        }
    }

    /// Whether it is the database that keeps the server from starting.
    #[must_use]
    pub fn is_database(&self) -> bool {
        matches!(self, Self::Open(_) | Self::Schema(_) | Self::Behind { .. } | Self::Ahead { .. })
    }
}

fn client_ca(tls: &Tls) -> String {
    tls.client_ca.as_ref().map(|path| format!(", server.tls_client_ca {}", path.display())).unwrap_or_default()
}
