//! The size and times of a file. They change with the content of the file, so an unchanged file need not be read.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

/// The size and times of a file. They stay the same as long as the file is not written to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileStamp {
    bytes: u64,
    /// The time of the last change of its content, in nanoseconds since 1970.
    modified: u128,
    /// The time of the last change of any kind, if the system has it. No program can set it back, unlike `modified`.
    changed: Option<(i64, i64)>,
}

impl FileStamp {
    /// The stamp of a file; `None` when it does not exist.
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
        #[cfg(unix)]
        let changed = {
            use std::os::unix::fs::MetadataExt;
            Some((metadata.ctime(), metadata.ctime_nsec()))
        };
        #[cfg(not(unix))]
        let changed = None;
        Some(Self { bytes: metadata.len(), modified, changed })
    }

    /// The stamp without the time of the last change of any kind. That time changes also when a file is moved, linked or
    /// given other permissions.
    pub fn of_content(self) -> Self {
        Self { changed: None, ..self }
    }
}
