//! A folder of small files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crowd_media::{Error, atomic};

use crate::leftovers;

/// A folder of small files, each of which is written completely or not at all.
#[derive(Clone, Debug)]
pub struct FileFolder {
    path: PathBuf,
}

impl FileFolder {
    /// The folder at this path, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of one of its files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The bytes of a file; `None` when it does not exist or cannot be read.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.file(name)).ok()
    }

    /// Writes a file completely or not at all, in place of the one that was there.
    ///
    /// # Errors
    /// The errors of [`atomic::write`], when the folder does not exist or cannot be written. The previous file then stays.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        atomic::write(&self.file(name), bytes)
    }

    /// All its files except temporary ones, with the times at which they were written.
    ///
    /// # Errors
    /// The errors of the system, when the folder cannot be read.
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

    /// Removes the leftovers of killed processes: temporary files (`.<name>.<random>.part`) that have not been written to for ten
    /// minutes.
    pub fn sweep(&self) {
        leftovers::remove_abandoned(&self.path);
    }
}
