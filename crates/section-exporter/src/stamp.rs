//! Whether a file is still what it was, without reading it.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

/// A file that has not been written to has the same of these.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamp {
    bytes: u64,
    /// When its content was changed, in nanoseconds since 1970.
    modified: u128,
    /// When it was changed in any way, where the system tells: unlike the other, no program can set it back.
    changed: Option<(i64, i64)>,
}

impl Stamp {
    /// Of a file that is there.
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

    /// Without what changes when a file is only moved, linked or given other rights.
    pub fn of_content(self) -> Self {
        Self { changed: None, ..self }
    }
}
