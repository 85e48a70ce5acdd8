//! A file that is open, and the state it was in.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::hash::ContentHash;
use crate::state::State;

/// A file that is open, the name it was opened by, and its state then.
#[derive(Clone, Debug)]
pub struct Opened {
    pub path: Arc<Path>,
    pub file: Arc<File>,
    pub state: State,
}

impl Opened {
    pub fn new(path: &Path, file: File) -> Result<Self, Error> {
        let state = State::of(&file.metadata().map_err(|e| Error::io(path, "read", e))?);
        Ok(Self { path: path.into(), file: Arc::new(file), state })
    }

    pub fn bytes_from_the_start(&self) -> Positioned {
        Positioned { file: self.file.clone(), at: 0 }
    }

    /// Reads all of it; gives up, with `None`, when `go_on` says so.
    pub fn hash_while(&self, go_on: impl Fn() -> bool) -> Result<Option<ContentHash>, Error> {
        let hash = ContentHash::of_reader(self.bytes_from_the_start(), go_on);
        let hash = hash.map_err(|e| Error::io(&*self.path, "read", e))?;
        self.check()?;
        Ok(hash)
    }

    /// Reads all of it.
    pub fn hash(&self) -> Result<ContentHash, Error> {
        let hash = ContentHash::of(&self.file).map_err(|e| Error::io(&*self.path, "read", e))?;
        self.check()?;
        Ok(hash)
    }

    /// Whether it still holds what it held when it was opened.
    pub fn check(&self) -> Result<(), Error> {
        let metadata = self.file.metadata().map_err(|e| Error::io(&*self.path, "read", e))?;
        if self.state.is_that_of(&metadata) { Ok(()) } else { Err(Error::Changed { path: self.path.to_path_buf() }) }
    }
}

/// A reader with a place of its own in a file that is read elsewhere too.
pub struct Positioned {
    file: Arc<File>,
    at: u64,
}

impl Read for Positioned {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(into, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Positioned {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
