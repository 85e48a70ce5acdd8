//! The errors of a library.

use std::io;
use std::path::PathBuf;

/// The reason why a track or a file of a library cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The track does not exist, or no longer exists.
    #[error("there is no track \"{id}\"")]
    NoTrack {
        /// The id that was requested.
        id: String,
    },
    /// The path of the library is not a folder.
    #[error("{} is not a folder: give a folder of music", .path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The file was changed after it was opened.
    #[error("{} was changed while it was read: try again", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The file is outside the library, directly or through a link, or it is not a regular file.
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
        /// The operation that failed.
        doing: &'static str,
        /// The error of the system.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn io(path: impl Into<PathBuf>, doing: &'static str, source: io::Error) -> Self {
        Self::Io { path: path.into(), doing, source }
    }
}
