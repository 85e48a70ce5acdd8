//! The status of the sound output.

use crate::broadcast_status::BroadcastStatus;
use crate::recording_status::RecordingStatus;

/// The status of the sound output.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct OutputStatus {
    /// The share of a block's duration that rendering takes, 0 to 1.
    pub load: f32,
    /// The number of known gaps in the sound of the output.
    pub underruns: u64,
    /// The largest block that the output requests, in frames.
    pub block: u32,
    /// The size of a block that was requested from the device, in frames. It is `block` if none was requested, or there is no device.
    pub buffer: u32,
    /// The status of the recording.
    pub recording: RecordingStatus,
    /// The status of the broadcast.
    pub broadcast: BroadcastStatus,
}
