//! The error type of the station.

use std::path::{Path, PathBuf};

/// The reason why the station cannot do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting or an argument that cannot be used, with advice.
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
    /// A file of the station cannot be parsed.
    #[error("{}: {problem}: {advice}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// What to do.
        advice: &'static str,
    },
    /// The sound of an item of the program cannot be read.
    #[error("item {number} of the program: {source}")]
    Sound {
        /// The number of the item.
        number: u64,
        /// The first frame of the program that could not be made.
        from: u64,
        /// The reason.
        source: Box<Error>,
    },
    /// A music file has other content than when it was prepared.
    #[error("{}: the file has changed since it was prepared: run crowd-radio setup again", .0.display())]
    Changed(PathBuf),
    /// The other machines of a station have an item that is not prepared on this one.
    #[error("\"{}\" is not in the music that is prepared on this machine", .0.escape_debug())]
    NotPrepared(String),
    /// A music file is still being opened or read. This is no failure: the same is to be asked again.
    #[error("{}: waiting for the disk or the share", .0.display())]
    Waiting(PathBuf),
    /// The disk or the share of a music file does not answer.
    #[error("{}: the disk or the share has not answered for {seconds} s", file.display())]
    NoAnswer {
        /// The file.
        file: PathBuf,
        /// The time since it was asked.
        seconds: u64,
    },
    /// Live sound was not received yet. This is no failure: the same is to be asked again.
    #[error("waiting for a live source")]
    NotReceived,
    /// A music file is on a disk or a share that does not answer.
    #[error("{}: not tried, because the disk or the share still does not answer for {}", file.display(), given_up.display())]
    Unreachable {
        /// The file.
        file: PathBuf,
        /// The file that was given up.
        given_up: PathBuf,
    },
    /// A music file cannot be found or opened.
    #[error(transparent)]
    Library(#[from] crowd_library::Error),
    /// A music file cannot be read.
    #[error(transparent)]
    Media(#[from] crowd_media::Error),
    /// The engine refused something.
    #[error(transparent)]
    Engine(#[from] crowd_engine::Error),
    /// The loudness of a file cannot be measured.
    #[error(transparent)]
    Measure(#[from] crowd_mastering::measure::Error),
    /// Something cannot be published on IPFS.
    #[error("IPFS: {0}")]
    Ipfs(#[from] crowd_ipfs::Error),
    /// A bucket cannot be used.
    #[error(transparent)]
    Bucket(#[from] crowd_store::StoreError),
    /// A stream cannot be written.
    #[error(transparent)]
    Streaming(#[from] crowd_streaming::Error),
}

impl Error {
    /// The same error, for an item whose sound is missing from this frame on.
    #[must_use]
    pub fn from_frame(self, frame: u64) -> Self {
        match self {
            Self::Sound { number, source, .. } => Self::Sound { number, from: frame, source },
            other => other,
        }
    }

    /// Whether something is not done yet, and nothing has failed.
    pub fn is_waiting(&self) -> bool {
        match self {
            Self::Waiting(_) | Self::NotReceived => true,
            Self::Sound { source, .. } => source.is_waiting(),
            _ => false,
        }
    }

    /// An error of the operating system.
    pub fn io(path: impl AsRef<Path>, doing: &'static str, source: std::io::Error) -> Self {
        Self::Io { path: path.as_ref().to_owned(), doing, source }
    }
}
