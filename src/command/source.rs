//! Files as they are named on the command line.

use std::borrow::Cow;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::fatturapa::{MAX_FILE_BYTES, Words};
use crate::terminal::harmless;

/// Where a file comes from. What is named `-` comes from standard input; a file of that name is `./-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Source {
    /// Standard input.
    Input,
    /// A file.
    File(PathBuf),
}

impl Source {
    pub(super) fn named(path: &Path) -> Self {
        if path == "-" { Self::Input } else { Self::File(path.to_owned()) }
    }

    /// As it was named.
    pub(super) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Input => Cow::Borrowed("-"),
            Self::File(path) => path.to_string_lossy(),
        }
    }

    /// What is in it, or so much of it that the engine sees that it is too large.
    pub(super) fn read(&self) -> Result<Vec<u8>, NotRead> {
        Ok(match self {
            Self::Input => beginning(io::stdin().lock()),
            Self::File(path) => {
                // Opening a pipe waits until somebody writes, and a device may never end.
                let kind = fs::metadata(path)?.file_type();
                if !(kind.is_file() || kind.is_dir() || is_descriptor(path)) {
                    return Err(NotRead::no_file());
                }
                File::open(path).and_then(beginning)
            }
        }?)
    }
}

/// Whether it is one of the process's own open files, as a shell names what another program writes, `<(...)`.
fn is_descriptor(path: &Path) -> bool {
    path == "/dev/stdin" || ["/dev/fd", "/proc/self/fd"].iter().any(|folder| path.parent() == Some(Path::new(folder)))
}

fn beginning(file: impl Read) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let most = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX) + 1;
    file.take(most).read_to_end(&mut content)?;
    Ok(content)
}

/// As it was named, but harmless to a terminal.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&harmless(&self.name()))
    }
}

/// Why what was named is not read, and what to do.
#[derive(Clone, Debug)]
pub(super) struct NotRead(pub(super) Words);

impl NotRead {
    /// A pipe, a device, a socket.
    fn no_file() -> Self {
        Self(Words::new(
            "non è un file ma una pipe o un dispositivo; indicare un file, oppure - per lo standard input",
            "it is no file but a pipe or a device; name a file, or - for standard input",
        ))
    }
}

impl From<io::Error> for NotRead {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the system's errors are an open list")]
    fn from(error: io::Error) -> Self {
        Self(match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => {
                Words::new("il file non esiste; correggere il nome", "there is no such file; correct the name")
            }
            ErrorKind::PermissionDenied => Words::new(
                "chi esegue spazio non ha il permesso di leggerlo; concedere il permesso di lettura",
                "the user that runs spazio may not read it; give that user the right to",
            ),
            ErrorKind::IsADirectory => {
                Words::new("è una cartella; indicare i file che contiene", "it is a folder; name the files in it, such as FOLDER/*.xml")
            }
            _ => Words::new(
                format!("il file non si legge ({error}); controllare il disco"),
                format!("it cannot be read ({error}); look at the disk"),
            ),
        })
    }
}

impl fmt::Display for NotRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.english)
    }
}
