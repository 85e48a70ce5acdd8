//! The error type.

use std::path::{Path, PathBuf};

/// The reason why something cannot be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A story, a setting or an argument that cannot be used, with advice.
    #[error("{0}")]
    Invalid(String),
    /// The operating system refused an operation on a file.
    #[error("{}: cannot {doing}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operation: "open", "write".
        doing: &'static str,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The music cannot be steered.
    #[error(transparent)]
    Steering(#[from] music_generator::steering::change::SteeringError),
    /// A file of sound or a picture cannot be written.
    #[error(transparent)]
    Media(#[from] crowd_media::Error),
}

impl Error {
    /// A refused operation on a file.
    pub fn io(path: impl AsRef<Path>, doing: &'static str, source: std::io::Error) -> Self {
        Self::Io { path: path.as_ref().to_owned(), doing, source }
    }
}
