//! Small files by name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crowd_media::{Error, atomic};

use crate::leftovers;

/// A folder of small files, each written whole or not at all.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder of this name, which need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Its name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of one of its files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What a file holds; `None` when it is not there or cannot be read.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.file(name)).ok()
    }

    /// Writes a file in place of the one that was there, whole or not at all.
    ///
    /// # Errors
    /// As [`atomic::write`]: when the folder is not there or takes nothing. What was there is then still there.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        atomic::write(&self.file(name), bytes)
    }

    /// All its files but those under construction, and when each was written.
    ///
    /// # Errors
    /// As the system gives them, when the folder cannot be read.
    pub fn files(&self) -> io::Result<Vec<(SystemTime, PathBuf)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if !leftovers::is_temporary(&entry.file_name())
                && let Ok(written) = entry.metadata().and_then(|metadata| metadata.modified())
            {
                files.push((written, entry.path()));
            }
        }
        Ok(files)
    }

    /// Removes what processes that were killed left half written here: temporary files (`.<name>.<random>.part`) to which
    /// nothing was written for ten minutes.
    pub fn sweep(&self) {
        leftovers::remove_abandoned(&self.path);
    }
}
