//! Detects changes of a file without reading it.

use std::fs::Metadata;
use std::time::SystemTime;

use crowd_media::FileVersion;

/// The metadata of a file by which a change is detected.
#[derive(Clone, Copy, Debug)]
pub struct FileState {
    /// The version of the file; `None` when it was changed so recently that the next change may have the same version.
    pub version: Option<FileVersion>,
    /// The size of the file.
    pub bytes: u64,
    modified: Option<SystemTime>,
}

impl FileState {
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            version: FileVersion::from_metadata(metadata).ok().and_then(FileVersion::if_settled),
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }

    /// Whether the metadata `now` describes the same state. The time of the last change (ctime) is not compared, because it also changes
    /// when a file loses its name.
    pub fn is_same_as(&self, now: &Metadata) -> bool {
        (self.bytes, self.modified) == (now.len(), now.modified().ok())
    }
}
