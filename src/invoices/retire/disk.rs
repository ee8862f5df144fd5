//! Files that must be on the disk before anything else happens.
//!
//! They hold whole invoices, so nobody but their owner reads them.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use ring::digest::{Context, SHA256};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::spawn_blocking;

use super::RetireError;

/// A file in the making. Dropped before its end, it is deleted.
pub(super) struct Unfinished {
    path: PathBuf,
    file: File,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Once it is renamed there is none of this name. A process that is killed leaves it.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Unfinished {
    /// Begins a file that is not there yet.
    pub(super) async fn begin(path: PathBuf) -> Result<Self, RetireError> {
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await;
        let file = opened.map_err(|error| at(&path, error))?;
        Ok(Self { path, file })
    }

    /// Adds bytes at its end.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), RetireError> {
        self.file.write_all(bytes).await.map_err(|error| at(&self.path, error))
    }

    /// Ends it: forces it to the disk, reads it back, and gives it its name. The name must tell the content: what has it already is then the
    /// same, or no longer whole.
    pub(super) async fn finish(mut self, path: &Path, sha256: &str) -> Result<(), RetireError> {
        self.file.flush().await.map_err(|error| at(&self.path, error))?;
        self.file.sync_all().await.map_err(|error| at(&self.path, error))?;
        Whole::read(&self.path, sha256).await?;
        fs::rename(&self.path, path).await.map_err(|error| at(path, error))?;
        match path.parent() {
            Some(folder) => on_the_disk(folder).await,
            None => Ok(()),
        }
    }
}

fn at(path: &Path, error: io::Error) -> RetireError {
    RetireError::File { path: path.to_owned(), error }
}

/// A file that was read to its end and is what it should be. It is kept open: no other file is given its inode meanwhile.
#[derive(Debug)]
pub(super) struct Whole {
    path: PathBuf,
    sha256: String,
    mark: Mark,
    _open: File,
}

/// That a file which was read still stands under its name. Nothing is removed without.
pub(super) struct There<'w>(&'w Whole);

/// By which a file is known again without being read.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    /// Nobody can set this one back.
    changed: (i64, i64),
}

impl Mark {
    fn of(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
            length: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }
}

impl Whole {
    /// Reads the file with this name, which must have this digest.
    pub(super) async fn read(path: &Path, sha256: &str) -> Result<Self, RetireError> {
        let read = async {
            let mut file = File::open(path).await?;
            let mark = Mark::of(&file.metadata().await?);
            if digest_of(&mut file).await? == sha256 {
                Ok(Self { path: path.to_owned(), sha256: sha256.to_owned(), mark, _open: file })
            } else {
                Err(io::Error::other("it does not read back as it was written"))
            }
        };
        read.await.map_err(|error| at(path, error))
    }

    /// That it still stands under its name, unchanged. Reads nothing of it, so that it can be asked while others wait.
    pub(super) async fn is_there(&self) -> Result<There<'_>, RetireError> {
        let found = fs::metadata(&self.path).await.map_err(|error| at(&self.path, error))?;
        if Mark::of(&found) == self.mark {
            Ok(There(self))
        } else {
            Err(at(&self.path, io::Error::other("it is no longer the file that was read")))
        }
    }
}

impl There<'_> {
    /// SHA-256 of the file, lower-case hexadecimal.
    pub(super) fn sha256(&self) -> &str {
        &self.0.sha256
    }
}

async fn digest_of(file: &mut File) -> io::Result<String> {
    const AT_ONCE: usize = 256 * 1024;
    let (mut buffer, mut digest) = (vec![0; AT_ONCE], Context::new(&SHA256));
    loop {
        match file.read(&mut buffer).await? {
            0 => return Ok(HEXLOWER.encode(digest.finish().as_ref())),
            read => digest.update(&buffer[..read]),
        }
    }
}

/// Makes a folder and those it lies in, where they are missing. It is none that leads elsewhere: what is handed out to one account must not lie
/// among what is handed out to another.
pub(super) async fn make_folder(folder: &Path) -> Result<(), RetireError> {
    let made = folder.to_owned();
    let made = spawn_blocking(move || {
        DirBuilder::new().recursive(true).mode(0o700).create(&made)?;
        if made.symlink_metadata()?.is_symlink() {
            Err(io::Error::other("it is a link; an account's exports have a folder of their own"))
        } else {
            Ok(())
        }
    });
    made.await.map_err(io::Error::other).flatten().map_err(|error| at(folder, error))
}

/// Forces the name of a folder to the disk, and of each that it lies in up to where its file system begins: whoever made them, it may have been
/// a moment ago.
pub(super) async fn force_names(folder: &Path) -> Result<(), RetireError> {
    let folder = fs::canonicalize(folder).await.map_err(|error| at(folder, error))?;
    let device = async |folder: &Path| fs::metadata(folder).await.map(|found| found.dev()).map_err(|error| at(folder, error));
    let this = device(&folder).await?;
    for above in folder.ancestors() {
        if device(above).await? != this {
            break;
        }
        match on_the_disk(above).await {
            // Made by somebody else, for others to pass through only.
            Err(RetireError::File { error, .. }) if above != folder && error.kind() == io::ErrorKind::PermissionDenied => {}
            forced => forced?,
        }
    }
    Ok(())
}

/// That files can be made in a folder: one of this name is, and deleted.
pub(super) async fn takes_files(folder: &Path, name: &str) -> Result<(), RetireError> {
    match Unfinished::begin(folder.join(name)).await {
        Err(RetireError::File { error, .. }) => Err(at(folder, error)),
        begun => begun.map(drop),
    }
}

/// Forces the names in a folder to the disk.
async fn on_the_disk(folder: &Path) -> Result<(), RetireError> {
    let sync = async { File::open(folder).await?.sync_all().await };
    sync.await.map_err(|error| at(folder, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File as Opened;
    use std::io::Write as _;

    #[tokio::test]
    async fn a_file_that_was_written_over_is_another_though_its_length_and_time_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.zip");
        std::fs::write(&path, "whole").unwrap();
        let whole = Whole::read(&path, &HEXLOWER.encode(ring::digest::digest(&SHA256, b"whole").as_ref())).await.unwrap();
        assert!(whole.is_there().await.is_ok());
        let before = std::fs::metadata(&path).unwrap();
        let mut file = Opened::options().write(true).open(&path).unwrap();
        file.write_all(b"other").unwrap();
        // The file system's clock goes in steps.
        loop {
            file.set_modified(before.modified().unwrap()).unwrap();
            if std::fs::metadata(&path).unwrap().ctime_nsec() != before.ctime_nsec() {
                break;
            }
        }
        let after = std::fs::metadata(&path).unwrap();
        assert_eq!((after.len(), after.modified().unwrap()), (before.len(), before.modified().unwrap()));
        assert!(matches!(whole.is_there().await, Err(RetireError::File { .. })));
    }
}
