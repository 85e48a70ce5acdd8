//! Limits and hooks for decoding.

use std::fmt;
use std::sync::Arc;

/// Told how far decoding has come: frames so far, and frames in all when the file says so.
pub type Progress = Arc<dyn Fn(u64, Option<u64>) + Send + Sync>;

/// Limits and hooks for [`open`](crate::open).
#[derive(Clone)]
pub struct DecodeOptions {
    /// Refuses audio whose samples would take more bytes than this; `None` sets no limit. The default is 4 GiB, so
    /// that a small hostile file (a lossless codec can pack hours of silence into kilobytes) cannot fill the memory.
    pub max_bytes: Option<u64>,
    /// Called now and then on the decoding thread.
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
