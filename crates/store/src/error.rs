//! Why a chunk or a record could not be kept or read.

use std::io;
use std::path::Path;

/// Why a chunk could not be kept or read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{what} {name}: {cause}")]
pub struct StoreError {
    /// What was tried: "cannot write the chunk".
    pub what: &'static str,
    /// The file or object.
    pub name: String,
    /// The system's or the server's words.
    pub cause: String,
}

/// An error that names a file, and the way out where one is known.
pub(crate) fn of_file(what: &'static str, path: &Path, error: &io::Error) -> StoreError {
    let way_out = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ": make room on this disk, or use a cache directory elsewhere"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ": use a cache directory that can be written"
        }
        _ => "",
    };
    StoreError { what, name: path.display().to_string(), cause: format!("{error}{way_out}") }
}
