//! What can go wrong, in the words of whoever asked.

use std::path::PathBuf;

use crowd_store::StoreError;
use crowd_web::LimitReached;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No such track, or none any more.
    #[error("there is no track \"{id}\": GET /api/tracks lists what there is")]
    NoTrack {
        /// What was asked for.
        id: String,
    },
    /// No such job.
    #[error("there is no job \"{id}\": POST /api/jobs starts one and tells its id")]
    NoJob {
        /// What was asked for.
        id: String,
    },
    /// A value that was given cannot be used.
    #[error("{0}")]
    Invalid(String),
    /// The library has not what was asked for, or has it no more.
    #[error(transparent)]
    Library(crowd_library::Error),
    /// A file could not be read or written.
    #[error("cannot {doing} {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// The system's words.
        source: std::io::Error,
    },
    /// The audio could not be read or written.
    #[error(transparent)]
    Media(#[from] crowd_media::Error),
    /// The audio could not be processed.
    #[error(transparent)]
    Engine(#[from] crowd_engine::Error),
    /// A segment or playlist could not be written.
    #[error(transparent)]
    Streaming(#[from] crowd_streaming::Error),
    /// A chunk could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody waits for it any more, or somebody stopped it.
    #[error("the job was cancelled")]
    Cancelled,
    /// More is asked for at once than the server may do.
    #[error(transparent)]
    Busy(#[from] LimitReached),
    /// What is told to each who waited for the same.
    #[error(transparent)]
    Same(std::sync::Arc<Self>),
    /// A job stopped, and this is why: told to everybody who waits for it.
    #[error("{0}")]
    Failed(std::sync::Arc<str>),
}

impl From<crowd_library::Error> for Error {
    fn from(error: crowd_library::Error) -> Self {
        match error {
            crowd_library::Error::NoTrack { id } => Self::NoTrack { id },
            crowd_library::Error::NotAFolder { path } => {
                Self::Invalid(format!("--library {}: give a folder", path.display()))
            }
            crowd_library::Error::Io { path, doing, source } => Self::Io { path, doing, source },
            other => Self::Library(other),
        }
    }
}

impl From<crowd_mastering::measure::Error> for Error {
    fn from(error: crowd_mastering::measure::Error) -> Self {
        match error {
            crowd_mastering::measure::Error::Stopped => Self::Cancelled,
            crowd_mastering::measure::Error::Engine(error) => Self::Engine(error),
            crowd_mastering::measure::Error::Media(error) => Self::Media(error),
            other => Self::Failed(other.to_string().into()),
        }
    }
}

impl Error {
    pub(crate) fn io(path: impl Into<PathBuf>, doing: &'static str, source: std::io::Error) -> Self {
        Self::Io { path: path.into(), doing, source }
    }
}
