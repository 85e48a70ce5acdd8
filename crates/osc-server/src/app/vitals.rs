//! What the machine has to do with the sound.

use crate::recordings::Recording;

/// What the machine has to do with the sound, for the status.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Vitals {
    /// Share of a block's time that rendering it takes, 0..1.
    pub load: f32,
    /// Blocks that came too late.
    pub underruns: u64,
    /// The largest block the output asks for, in frames.
    pub block: u32,
    /// The block it is meant to ask for, in frames.
    pub buffer: u32,
    /// What is recorded.
    pub recording: Recording,
}
