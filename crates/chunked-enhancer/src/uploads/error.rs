//! Why a file cannot be tried.

use std::io;
use std::path::PathBuf;

use crowd_web::LimitReached;

/// Why a file that was sent is not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// It is no music, or none that can be read.
    #[error("{name}: {problem}")]
    NotMusic {
        /// The file.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// One file is larger than all may be.
    #[error("{name}: {bytes} bytes are too many: at most {most} can be sent; put it into the library instead")]
    TooLarge {
        /// The file.
        name: String,
        /// Its size.
        bytes: u64,
        /// What it may be.
        most: u64,
    },
    /// What is being received needs the room.
    #[error(
        "{name}: there is no room for {bytes} bytes while other files are received; send it again when they are there"
    )]
    NoRoom {
        /// The file.
        name: String,
        /// Its size.
        bytes: u64,
    },
    /// The sender is gone before its end.
    #[error("{name}: only {got} of its {bytes} bytes came: send it again")]
    Incomplete {
        /// The file.
        name: String,
        /// Bytes that came.
        got: u64,
        /// Bytes that were announced.
        bytes: u64,
    },
    /// No such upload, or not any more.
    #[error("there is no upload \"{id}\": GET /api/uploads lists what there is")]
    NoUpload {
        /// What was asked for.
        id: String,
    },
    /// Too many at once.
    #[error(transparent)]
    Busy(#[from] LimitReached),
    /// The disk would not.
    #[error("cannot {doing} {}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// The system's words.
        source: io::Error,
    },
}
