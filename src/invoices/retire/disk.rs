//! Files that must be on the disk before anything else happens.
//!
//! They hold whole invoices, so nobody but their owner reads them.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
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
        whole(&self.path, sha256).await?;
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

/// That a file is there and has this digest.
pub(super) async fn whole(path: &Path, sha256: &str) -> Result<(), RetireError> {
    match digest_of(path).await {
        Ok(digest) if digest == sha256 => Ok(()),
        Ok(_) => Err(at(path, io::Error::other("it does not read back as it was written"))),
        Err(error) => Err(at(path, error)),
    }
}

async fn digest_of(path: &Path) -> io::Result<String> {
    const AT_ONCE: usize = 256 * 1024;
    let (mut file, mut buffer, mut digest) = (File::open(path).await?, vec![0; AT_ONCE], Context::new(&SHA256));
    loop {
        match file.read(&mut buffer).await? {
            0 => return Ok(HEXLOWER.encode(digest.finish().as_ref())),
            read => digest.update(&buffer[..read]),
        }
    }
}

/// Makes a folder, and those it lies in, each with its name on the disk.
pub(super) async fn make_folder(folder: &Path) -> Result<(), RetireError> {
    let missing: Vec<_> = folder.ancestors().take_while(|folder| !named(folder).exists()).map(Path::to_owned).collect();
    for folder in missing.into_iter().rev() {
        let made = folder.clone();
        let made = spawn_blocking(move || std::fs::DirBuilder::new().recursive(true).mode(0o700).create(made)).await;
        made.map_err(io::Error::other).and_then(|made| made).map_err(|error| at(&folder, error))?;
        on_the_disk(folder.parent().unwrap_or(&folder)).await?;
    }
    Ok(())
}

/// Forces the names in a folder to the disk.
async fn on_the_disk(folder: &Path) -> Result<(), RetireError> {
    let sync = async { File::open(named(folder)).await?.sync_all().await };
    sync.await.map_err(|error| at(folder, error))
}

/// The parent of a relative name has none of its own.
fn named(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}
