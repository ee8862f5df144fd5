//! What can be wrong with the configuration, told all at once.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::sources::Origin;

/// How a setting is given on the command line.
const ASSIGNMENT: &str = "--set wants SECTION.KEY=VALUE, for example --set log.format=json";

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the file {path} cannot be read: {reason}")]
    FileUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file is no TOML.
    #[error("the file {path} is no TOML, line {line}: {reason}")]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Where, counted from 1.
        line: usize,
        /// What was expected. Never the line's text: it may hold a secret.
        reason: String,
    },
    /// A flag that is not KEY=VALUE.
    #[error("{ASSIGNMENT}; found {found:?}")]
    NotAnAssignment {
        /// What was there.
        found: String,
    },
    /// No setting has this name.
    #[error("{name} ({origin}) is no setting; {}", advice(nearest.as_deref(), origin))]
    Unknown {
        /// The name found.
        name: String,
        /// Where it stands.
        origin: Origin,
        /// What may have been meant.
        nearest: Option<String>,
    },
    /// A value that is not allowed.
    #[error("{key} ({origin}) is {found}; allowed: {allowed}")]
    NotAllowed {
        /// The setting.
        key: String,
        /// Where the value came from.
        origin: Origin,
        /// The value, unless it is a secret.
        found: String,
        /// What is allowed.
        allowed: String,
    },
    /// A file or folder that the setting names, as it is, is of no use.
    #[error("{}: {reason}", keys.join(" and "))]
    Unusable {
        /// The settings; more than one where they are of use only together.
        keys: Vec<&'static str>,
        /// Which file, why not, and what to do.
        reason: String,
    },
    /// Values that are right each by itself, but not together.
    #[error("{}: {reason}", keys.join(" and "))]
    Conflict {
        /// The settings.
        keys: Vec<&'static str>,
        /// Why not, and what to do.
        reason: &'static str,
    },
}

impl ConfigError {
    /// A file or folder that this setting names is of no use.
    pub(crate) fn unusable(key: &'static str, reason: impl fmt::Display) -> Self {
        Self::Unusable { keys: vec![key], reason: reason.to_string() }
    }

    /// A file that this setting names cannot be read.
    pub(crate) fn unreadable(key: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::unusable(key, format_args!("{} cannot be read: {error}; correct it", path.display()))
    }
}

/// What to write instead of a name that is no setting's.
fn advice(nearest: Option<&str>, origin: &Origin) -> String {
    let form = match (nearest, origin) {
        (Some(name), _) => return format!("did you mean {name}?"),
        (None, Origin::Flag(_)) => ASSIGNMENT,
        (None, Origin::Variable(_)) => "a variable is SPAZIO_SECTION_KEY, for example SPAZIO_LOG_FORMAT",
        (None, Origin::File(_) | Origin::Default) => "a setting is a key in a section, for example format = \"json\" under [log]",
    };
    format!("{form}; `spazio check-config` without it lists all settings")
}

/// Everything that is wrong, in the order of the sources and then of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is not usable:")?;
        self.0.iter().try_for_each(|error| write!(f, "\n  - {error}"))
    }
}

impl std::error::Error for ConfigErrors {}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}
