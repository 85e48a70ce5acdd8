//! The settings of an encoder.

use super::frame::{AacFrame, AacRate};

/// The settings of an AAC-LC encoder for stereo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AacSettings {
    /// The sample rate.
    pub rate: AacRate,
    /// Bits per second, from 32,000 to 320,000.
    pub bit_rate: u32,
}

impl AacSettings {
    /// The most bytes of this number of consecutive frames. An encoder of a constant bit rate saves at most one frame of the largest size
    /// for a passage that needs more (ISO/IEC 14496-3, clause 4.5.3.2).
    pub fn max_bytes(self, frames: u64) -> u64 {
        let bits = (frames * AacFrame::LENGTH * u64::from(self.bit_rate)).div_ceil(u64::from(self.rate.hertz()));
        bits.div_ceil(8) + AacFrame::MAX_BYTES as u64
    }
}
