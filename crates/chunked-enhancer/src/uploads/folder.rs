//! The folder of one server's uploads, which no other server takes for one that was left.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::error::UploadError;

/// The folder of all servers' uploads inside a cache, and the file in each of its folders that its server keeps locked.
const ALL: &str = "uploads";
const LOCK: &str = ".lock";

/// A folder that is removed with it; that of a server that was killed is removed by the next one that starts.
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// An empty one inside `cache`.
    ///
    /// # Errors
    /// [`UploadError::Io`] when it cannot be made or locked.
    pub fn open(cache: &Path) -> Result<Self, UploadError> {
        let all = cache.join(ALL);
        Self::inside(&all).map_err(|source| UploadError::Io {
            path: all,
            doing: "make a folder for uploads in",
            source,
        })
    }

    fn inside(all: &Path) -> io::Result<Self> {
        fs::create_dir_all(all)?;
        // A folder whose lock is not taken yet would be removed by another server that starts: they start one by one.
        let starting = lock_file(all)?;
        starting.lock()?;
        remove_left(all)?;
        let path = new_folder(all)?;
        let lock = lock_file(&path)?;
        lock.lock()?;
        Ok(Self { path, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes a folder in it, if it is there.
    ///
    /// # Errors
    /// [`UploadError::Io`].
    pub fn remove(&self, name: &Path) -> Result<(), UploadError> {
        let path = self.path.join(name);
        match fs::remove_dir_all(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(UploadError::Io { path, doing: "remove the upload", source })
            }
            _ => Ok(()),
        }
    }

    /// Removes it; what cannot be removed now is removed at the next start.
    pub fn end(&self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.end();
    }
}

fn lock_file(folder: &Path) -> io::Result<File> {
    File::options().write(true).create(true).truncate(false).open(folder.join(LOCK))
}

/// Removes the folders whose servers are gone: their locks are free.
fn remove_left(all: &Path) -> io::Result<()> {
    for entry in fs::read_dir(all)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && lock_file(&entry.path())?.try_lock().is_ok() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// A folder that was not there yet.
fn new_folder(all: &Path) -> io::Result<PathBuf> {
    let mut n = 0_u64;
    loop {
        let folder = all.join(format!("{}-{n}", std::process::id()));
        match fs::create_dir(&folder) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => n += 1,
            made => return made.map(|()| folder),
        }
    }
}
