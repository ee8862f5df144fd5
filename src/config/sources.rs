//! Where settings come from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fmt, fs};

use super::error::ConfigError;

/// What variables of ours begin with.
const PREFIX: &str = "SPAZIO_";

/// Where settings are looked for; by default nowhere, which leaves the defaults.
#[derive(Clone, Default)]
pub struct Sources {
    /// A TOML file.
    pub file: Option<PathBuf>,
    /// Environment variables, by name. Those that do not begin with `SPAZIO_` are passed over.
    pub variables: Vec<(String, String)>,
    /// Assignments `SECTION.KEY=VALUE` from the command line (`--set`); of two for one key the later one counts.
    pub flags: Vec<String>,
    /// The database's URL from the command line (`--database`), stronger than all others.
    pub database: Option<String>,
}

impl Sources {
    /// This file, this process's environment, and these flags.
    #[must_use]
    pub fn of_process(file: Option<PathBuf>, flags: Vec<String>, database: Option<String>) -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let variables = env::vars_os().map(|(name, value)| (lossy(name), lossy(value))).collect();
        Self { file, variables, flags, database }
    }
}

impl fmt::Debug for Sources {
    /// Without values: any of them may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The file.
    File(PathBuf),
    /// The variable of this name.
    Variable(String),
    /// This flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// A value as it was found.
pub(super) struct Given {
    pub(super) text: String,
    pub(super) origin: Origin,
}

/// The values found, by `section.key`; where several sources have one, that of the strongest.
pub(super) fn gather(sources: &Sources, errors: &mut Vec<ConfigError>) -> BTreeMap<String, Given> {
    let mut given = BTreeMap::new();
    if let Some(path) = &sources.file {
        match read_file(path) {
            Ok(table) => add_table(&mut given, errors, path, "", table),
            Err(error) => errors.push(error),
        }
    }
    for (name, text) in &sources.variables {
        if let Some(key) = key_of_variable(name, text) {
            given.insert(key, Given { text: text.clone(), origin: Origin::Variable(name.clone()) });
        }
    }
    for flag in &sources.flags {
        match flag.split_once('=') {
            // What follows may be a secret.
            Some((key, _)) if key.trim().is_empty() => errors.push(ConfigError::NotAnAssignment { found: "=...".to_owned() }),
            Some((key, text)) => {
                given.insert(key.trim().to_owned(), Given { text: text.to_owned(), origin: Origin::Flag("--set") });
            }
            None => errors.push(ConfigError::NotAnAssignment { found: flag.clone() }),
        }
    }
    if let Some(url) = &sources.database {
        given.insert("database.url".to_owned(), Given { text: url.clone(), origin: Origin::Flag("--database") });
    }
    given
}

fn read_file(path: &Path) -> Result<toml::Table, ConfigError> {
    let text =
        fs::read_to_string(path).map_err(|error| ConfigError::FileUnreadable { path: path.to_owned(), reason: error.to_string() })?;
    text.parse().map_err(|error: toml::de::Error| {
        let (line, reason) = toml_fault(&text, &error);
        ConfigError::NotToml { path: path.to_owned(), line, reason }
    })
}

/// The line of a fault in a TOML text, counted from 1, and what it is. Never the text of the line: it may hold a secret.
pub(crate) fn toml_fault(text: &str, error: &toml::de::Error) -> (usize, String) {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    (before.matches('\n').count() + 1, error.message().replace('\n', ", "))
}

/// Flattens tables: `[server] listen` becomes `server.listen`.
fn add_table(given: &mut BTreeMap<String, Given>, errors: &mut Vec<ConfigError>, path: &Path, prefix: &str, table: toml::Table) {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        let origin = Origin::File(path.to_owned());
        let text = match value {
            toml::Value::Table(inner) => {
                add_table(given, errors, path, &format!("{key}."), inner);
                continue;
            }
            toml::Value::Array(_) => {
                errors.push(ConfigError::NotAllowed { key, origin, found: "a list".to_owned(), allowed: "one value".to_owned() });
                continue;
            }
            toml::Value::String(text) => text,
            toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) | toml::Value::Datetime(_) => value.to_string(),
        };
        given.insert(key, Given { text, origin });
    }
}

/// `SPAZIO_SERVER_MAX_CONNECTION_AGE_SECONDS` is `server.max_connection_age_seconds`: no section's name has an underscore.
fn key_of_variable(name: &str, text: &str) -> Option<String> {
    let rest = name.strip_prefix(PREFIX)?;
    // What the tests tell each other is no setting, and their child processes inherit it.
    if rest.starts_with("TEST_") || is_set_by_kubernetes(rest, text) {
        return None;
    }
    Some(rest.to_ascii_lowercase().replacen('_', ".", 1))
}

/// Beside a Kubernetes service called `spazio` or `spazio-...`, every container of the namespace finds variables like
/// `SPAZIO_SERVICE_HOST` and `SPAZIO_PORT_50051_TCP`. They are nobody's mistake, so they must not stop the start.
fn is_set_by_kubernetes(rest: &str, text: &str) -> bool {
    let is_link = |text: &str| text.starts_with("tcp://") || text.starts_with("udp://") || text.starts_with("sctp://");
    let names_service = rest.contains("SERVICE_HOST") || rest.contains("SERVICE_PORT");
    let names_port = rest.contains("PORT_") && ["_TCP", "_UDP", "_SCTP"].iter().any(|protocol| rest.contains(protocol));
    names_service || names_port || (rest.ends_with("PORT") && is_link(text))
}

/// The variable that sets `section.key`.
pub(super) fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_ascii_uppercase())
}
