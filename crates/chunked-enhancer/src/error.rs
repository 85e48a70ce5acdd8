//! Errors of the program.

use std::path::PathBuf;

use crowd_store::StoreError;
use crowd_web::LimitReached;

/// The reason why a request or command fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such track.
    #[error("there is no track \"{id}\": GET /api/tracks lists the tracks")]
    NoTrack {
        /// The id of the request.
        id: String,
    },
    /// There is no such job.
    #[error("there is no job \"{id}\": POST /api/jobs starts one and returns its id")]
    NoJob {
        /// The id of the request.
        id: String,
    },
    /// A parameter or flag has a wrong value.
    #[error("{0}")]
    Invalid(String),
    /// The library cannot open the file.
    #[error(transparent)]
    Library(crowd_library::Error),
    /// A file could not be read or written.
    #[error("cannot {doing} {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operation.
        doing: &'static str,
        /// The error of the system.
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
    /// A chunk could not be stored or read from the store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work is not needed any more, or the job was stopped.
    #[error("the job was cancelled")]
    Cancelled,
    /// A limit of the server is reached.
    #[error(transparent)]
    Busy(#[from] LimitReached),
    /// The error of shared work: all requests that waited for it receive the same error.
    #[error(transparent)]
    Same(std::sync::Arc<Self>),
    /// The error of a job, which all of its listeners receive.
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
