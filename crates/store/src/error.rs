//! The error of all stores.

use std::io;
use std::path::Path;

/// The reason why a chunk or a record could not be kept or read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{what} {name}: {cause}")]
pub struct StoreError {
    /// The operation that failed: "cannot write the chunk".
    pub what: &'static str,
    /// The file or object.
    pub name: String,
    /// The error of the system or the server.
    pub cause: String,
}

/// An error of the system that names the file, with advice where there is any.
pub(crate) fn of_file(what: &'static str, path: &Path, error: &io::Error) -> StoreError {
    let advice = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ": make room on this disk, or use a cache directory elsewhere"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ": use a cache directory that can be written"
        }
        _ => "",
    };
    StoreError { what, name: path.display().to_string(), cause: format!("{error}{advice}") }
}
