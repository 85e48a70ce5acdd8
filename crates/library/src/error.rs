//! What can go wrong with a library.

use std::io;
use std::path::PathBuf;

/// Why something of a library could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No such track, or not any more.
    #[error("there is no track \"{id}\"")]
    NoTrack {
        /// What was asked for.
        id: String,
    },
    /// What was to be the library is a file.
    #[error("{} is not a folder: give a folder of music", .path.display())]
    NotAFolder {
        /// Its name.
        path: PathBuf,
    },
    /// The file is not what it was when it was opened.
    #[error("{} was changed while it was read: ask for it again", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The file lies outside the library, is reached through a link that leads out of it, or is none.
    #[error("{} is not a file inside the library", .path.display())]
    Outside {
        /// The file.
        path: PathBuf,
    },
    /// A file or folder could not be read.
    #[error("cannot {doing} {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// The system's words.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn io(path: impl Into<PathBuf>, doing: &'static str, source: io::Error) -> Self {
        Self::Io { path: path.into(), doing, source }
    }
}
