//! An open file with its path and the state that it had when it was opened.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::file_state::FileState;
use crate::hash::ContentHash;

/// An open file, the path at which it was opened, and its state at that time.
#[derive(Clone, Debug)]
pub struct OpenFile {
    pub path: Arc<Path>,
    pub file: Arc<File>,
    pub state: FileState,
}

impl OpenFile {
    pub fn new(path: &Path, file: File) -> Result<Self, Error> {
        let state = FileState::of(&file.metadata().map_err(|e| Error::io(path, "read", e))?);
        Ok(Self { path: path.into(), file: Arc::new(file), state })
    }

    pub fn cursor(&self) -> FileCursor {
        FileCursor { file: self.file.clone(), at: 0 }
    }

    /// Hashes the file. Returns `None` when `keep_going` returns `false` before the end.
    pub fn hash_while(&self, keep_going: impl Fn() -> bool) -> Result<Option<ContentHash>, Error> {
        let hash = ContentHash::of_reader(self.cursor(), keep_going);
        let hash = hash.map_err(|e| Error::io(&*self.path, "read", e))?;
        self.check()?;
        Ok(hash)
    }

    /// Hashes the file.
    pub fn hash(&self) -> Result<ContentHash, Error> {
        let hash = ContentHash::of(&self.file).map_err(|e| Error::io(&*self.path, "read", e))?;
        self.check()?;
        Ok(hash)
    }

    /// Checks that the file has not changed since it was opened.
    pub fn check(&self) -> Result<(), Error> {
        let metadata = self.file.metadata().map_err(|e| Error::io(&*self.path, "read", e))?;
        if self.state.is_same_as(&metadata) { Ok(()) } else { Err(Error::Changed { path: self.path.to_path_buf() }) }
    }
}

/// A reader with its own position in a file that has other readers.
pub struct FileCursor {
    file: Arc<File>,
    at: u64,
}

impl Read for FileCursor {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(into, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for FileCursor {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
        };
        self.at = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
