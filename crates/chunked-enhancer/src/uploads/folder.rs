//! The folder for the uploads of one server. Its lock shows other servers that it is in use.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::error::UploadError;

/// The folder inside a cache that contains the folders of all servers.
const ALL: &str = "uploads";
/// The lock file in the folder of each server.
const LOCK: &str = ".lock";

/// A folder that is removed when this is dropped. The folder of a server that was killed is removed by the next server that starts.
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// A new empty folder inside `cache`.
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
        // This lock lets servers start one after the other. Without it, another server that starts could remove the new folder of this
        // server before it is locked.
        let starting = lock_file(all)?;
        starting.lock()?;
        remove_leftovers(all)?;
        let path = new_folder(all)?;
        let lock = lock_file(&path)?;
        lock.lock()?;
        Ok(Self { path, _lock: lock })
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the folder `name` inside this folder, if it exists.
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

    /// Removes this folder. If that fails, the next server that starts removes it.
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

/// Removes the folders whose locks are free, because their servers have ended.
fn remove_leftovers(all: &Path) -> io::Result<()> {
    for entry in fs::read_dir(all)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && lock_file(&entry.path())?.try_lock().is_ok() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Makes a folder with a new name.
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
