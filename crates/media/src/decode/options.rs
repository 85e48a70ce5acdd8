//! Limits and hooks for decoding.

use std::fmt;
use std::sync::Arc;

/// A callback that receives the number of frames decoded so far, and the number of all frames of the file if it is known.
pub type Progress = Arc<dyn Fn(u64, Option<u64>) + Send + Sync>;

/// Limits and hooks for [`open`](crate::open).
#[derive(Clone)]
pub struct DecodeOptions {
    /// The limit in bytes for the samples of a file. A file with more is refused. `None` sets no limit. The default is 4 GiB. Without a
    /// limit a small hostile file could fill the memory, because a lossless codec can pack hours of silence into kilobytes.
    pub max_bytes: Option<u64>,
    /// A function that is called on the decoding thread every 262,144 frames, and at the end.
    pub progress: Option<Progress>,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        Self { max_bytes: Some(4 << 30), progress: None }
    }
}

impl fmt::Debug for DecodeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let progress = self.progress.as_ref().map(|_| "..");
        f.debug_struct("DecodeOptions").field("max_bytes", &self.max_bytes).field("progress", &progress).finish()
    }
}
