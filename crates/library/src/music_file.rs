//! An open file of music, with its content hash.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crowd_engine::feed::{FileInput, InputInfo};

use crate::error::Error;
use crate::hash::ContentHash;
use crate::identity::{ContentIdentity, LocalId};
use crate::open_file::OpenFile;

/// An open file of music with the identity of its content. It can still be read when another file has taken its path.
#[derive(Clone, Debug)]
pub struct MusicFile {
    open: OpenFile,
    identity: Arc<ContentIdentity>,
}

impl MusicFile {
    pub(crate) fn new(open: OpenFile, identity: Arc<ContentIdentity>) -> Self {
        Self { open, identity }
    }

    pub(crate) fn open_file(&self) -> &OpenFile {
        &self.open
    }

    pub(crate) fn identity(&self) -> &ContentIdentity {
        &self.identity
    }

    /// The path at which it was opened.
    pub fn path(&self) -> &Path {
        &self.open.path
    }

    /// The hash of its content. A file of
    /// [`ContentIndex::music_file_deferred`](crate::ContentIndex::music_file_deferred) has none until it is hashed.
    pub fn hash(&self) -> Option<ContentHash> {
        self.identity.content()
    }

    /// An id of its content that is valid on this machine only. It is known from the start and does not change.
    pub fn local_id(&self) -> LocalId {
        self.identity.local()
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> u64 {
        self.open.state.bytes
    }

    /// The file, for positioned reads.
    pub fn file(&self) -> &Arc<File> {
        &self.open.file
    }

    /// A new decoder that reads the file from its start.
    ///
    /// # Errors
    /// The errors of [`crowd_media::Reader::open`].
    pub fn reader(&self) -> Result<crowd_media::Reader, crowd_media::Error> {
        crowd_media::Reader::from_bytes_of(self.path(), self.open.cursor(), self.file())
    }

    /// Its sound, in stereo and at its own sample rate.
    ///
    /// # Errors
    /// The errors of [`FileInput::open`].
    pub fn input(&self) -> Result<(FileInput, InputInfo), crowd_engine::Error> {
        let music = self.clone();
        FileInput::from_opener(move || music.reader(), None)
    }

    /// Checks that the file has not changed since it was opened.
    ///
    /// # Errors
    /// [`Error::Changed`], [`Error::Io`].
    pub fn check(&self) -> Result<(), Error> {
        self.open.check()
    }
}
