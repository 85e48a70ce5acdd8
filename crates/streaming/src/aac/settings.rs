//! The settings of an encoder.

use super::frame::AacRate;

/// The settings of an AAC-LC encoder for stereo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AacSettings {
    /// The sample rate.
    pub rate: AacRate,
    /// Bits per second, from 32,000 to 320,000.
    pub bit_rate: u32,
}
