//! Whether a file is still what it was, without reading it.

use std::fs::Metadata;
use std::time::SystemTime;

use crowd_media::FileVersion;

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug)]
pub struct State {
    /// The state under which things are remembered; none of a file that may still be changing.
    pub id: Option<FileVersion>,
    /// Size of the file.
    pub bytes: u64,
    modified: Option<SystemTime>,
}

impl State {
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            id: FileVersion::from_metadata(metadata).ok().and_then(FileVersion::if_settled),
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }

    /// Whether a file of this state still has it. A file that lost its name has a new time of change and the same content, so
    /// that time does not count.
    pub fn is_that_of(&self, now: &Metadata) -> bool {
        (self.bytes, self.modified) == (now.len(), now.modified().ok())
    }
}
