//! The status of the sound output.

use crate::recording_status::RecordingStatus;

/// The status of the sound output.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct OutputStatus {
    /// The share of a block's duration that rendering takes, 0 to 1.
    pub load: f32,
    /// The number of underruns: blocks that were late.
    pub underruns: u64,
    /// The largest block that the output requests, in frames.
    pub block: u32,
    /// The block that the output is set to, in frames.
    pub buffer: u32,
    /// The status of the recording.
    pub recording: RecordingStatus,
}
