//! An open file of music.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crowd_engine::feed::{FileInput, Shape};

use crate::error::Error;
use crate::hash::ContentHash;
use crate::state::State;

/// A file that is open, and known by what it holds. Its name may come to mean another file: this one is read on.
#[derive(Clone, Debug)]
pub struct Music {
    path: Arc<Path>,
    file: Arc<File>,
    state: State,
    hash: ContentHash,
}

impl Music {
    pub(crate) fn new(path: &Path, file: File, state: State, hash: ContentHash) -> Self {
        Self { path: path.into(), file: Arc::new(file), state, hash }
    }

    /// The name it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it holds.
    pub fn hash(&self) -> ContentHash {
        self.hash
    }

    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.state.bytes
    }

    /// The file, for positioned reads.
    pub fn file(&self) -> &Arc<File> {
        &self.file
    }

    pub(crate) fn bytes_from_the_start(&self) -> Positioned {
        Positioned { file: self.file.clone(), at: 0 }
    }

    /// A decoder of its own.
    ///
    /// # Errors
    /// As [`crowd_media::Reader::open`].
    pub fn reader(&self) -> Result<crowd_media::Reader, crowd_media::Error> {
        crowd_media::Reader::from_bytes_of(&self.path, self.bytes_from_the_start(), &self.file)
    }

    /// Its sound, stereo and at its own rate.
    ///
    /// # Errors
    /// As [`FileInput::open`].
    pub fn input(&self) -> crowd_engine::Result<(FileInput, Shape)> {
        let music = self.clone();
        FileInput::over(move || music.reader(), None)
    }

    /// Whether it still holds what it held when it was hashed.
    ///
    /// # Errors
    /// [`Error::Changed`], [`Error::Io`].
    pub fn check(&self) -> Result<(), Error> {
        let metadata = self.file.metadata().map_err(|e| Error::io(&*self.path, "read", e))?;
        if self.state.is_that_of(&metadata) { Ok(()) } else { Err(Error::Changed { path: self.path.to_path_buf() }) }
    }
}

/// A reader with a place of its own in a file that is read elsewhere too.
pub(crate) struct Positioned {
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
