//! Errors of uploads.

use std::io;
use std::path::PathBuf;

use crowd_web::LimitReached;

/// The reason why an upload is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// It is not a music file that can be read.
    #[error("{name}: {problem}")]
    NotMusic {
        /// The file.
        name: String,
        /// The fault of the file.
        problem: String,
    },
    /// It is larger than an upload may be.
    #[error("{name}: {bytes} bytes are too many: at most {most} can be sent; put it into the library instead")]
    TooLarge {
        /// The file.
        name: String,
        /// Its size.
        bytes: u64,
        /// The largest size.
        most: u64,
    },
    /// The room is reserved for files that are being received.
    #[error(
        "{name}: there is no room for {bytes} bytes while other files are received; send it again when they have arrived"
    )]
    NoRoom {
        /// The file.
        name: String,
        /// Its size.
        bytes: u64,
    },
    /// The client disconnected before the end.
    #[error("{name}: only {received} of its {bytes} bytes arrived: send it again")]
    Incomplete {
        /// The file.
        name: String,
        /// Bytes that arrived.
        received: u64,
        /// The length that Content-Length announces, in bytes.
        bytes: u64,
    },
    /// There is no such upload.
    #[error("there is no upload \"{id}\": GET /api/uploads lists the uploads")]
    NoUpload {
        /// The id of the request.
        id: String,
    },
    /// Too many uploads at once.
    #[error(transparent)]
    Busy(#[from] LimitReached),
    /// A file or folder cannot be read or written.
    #[error("cannot {doing} {}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operation.
        doing: &'static str,
        /// The error of the system.
        source: io::Error,
    },
}
