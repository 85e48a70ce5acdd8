//! An open file of music.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crowd_engine::feed::{FileInput, Shape};

use crate::error::Error;
use crate::hash::ContentHash;
use crate::identity::{Identity, LocalId};
use crate::opened::Opened;

/// A file that is open, and known by what it holds. Its name may come to mean another file: this one is read on.
#[derive(Clone, Debug)]
pub struct Music {
    opened: Opened,
    identity: Arc<Identity>,
}

impl Music {
    pub(crate) fn new(opened: Opened, identity: Arc<Identity>) -> Self {
        Self { opened, identity }
    }

    pub(crate) fn opened(&self) -> &Opened {
        &self.opened
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The name it was opened by.
    pub fn path(&self) -> &Path {
        &self.opened.path
    }

    /// What it holds, as soon as all of it was read: always, but for [`Contents::music_at_once`](crate::Contents::music_at_once).
    pub fn hash(&self) -> Option<ContentHash> {
        self.identity.content()
    }

    /// What it holds, in a name that means something on this machine only. It is known from the start and stays.
    pub fn local_id(&self) -> LocalId {
        self.identity.local()
    }

    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.opened.state.bytes
    }

    /// The file, for positioned reads.
    pub fn file(&self) -> &Arc<File> {
        &self.opened.file
    }

    /// A decoder of its own.
    ///
    /// # Errors
    /// As [`crowd_media::Reader::open`].
    pub fn reader(&self) -> Result<crowd_media::Reader, crowd_media::Error> {
        crowd_media::Reader::from_bytes_of(self.path(), self.opened.bytes_from_the_start(), self.file())
    }

    /// Its sound, stereo and at its own rate.
    ///
    /// # Errors
    /// As [`FileInput::open`].
    pub fn input(&self) -> Result<(FileInput, Shape), crowd_engine::Error> {
        let music = self.clone();
        FileInput::over(move || music.reader(), None)
    }

    /// Whether it still holds what it held when it was opened.
    ///
    /// # Errors
    /// [`Error::Changed`], [`Error::Io`].
    pub fn check(&self) -> Result<(), Error> {
        self.opened.check()
    }
}
