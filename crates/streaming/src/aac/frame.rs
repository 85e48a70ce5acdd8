//! An encoded frame, and the sample rates that frames have here.

use super::window::Window;

/// The sample rate of an AAC stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AacRate {
    /// 32 kHz.
    Hz32000,
    /// 44.1 kHz.
    Hz44100,
    /// 48 kHz.
    Hz48000,
}

impl AacRate {
    /// The rate of this many frames per second; `None` for other rates than these three.
    pub fn new(hertz: u32) -> Option<Self> {
        [Self::Hz32000, Self::Hz44100, Self::Hz48000].into_iter().find(|rate| rate.hertz() == hertz)
    }

    /// Frames per second.
    pub const fn hertz(self) -> u32 {
        match self {
            Self::Hz32000 => 32_000,
            Self::Hz44100 => 44_100,
            Self::Hz48000 => 48_000,
        }
    }

    /// The index of the rate (ISO/IEC 14496-3, table 1.18).
    pub(crate) const fn index(self) -> u8 {
        match self {
            Self::Hz32000 => 5,
            Self::Hz44100 => 4,
            Self::Hz48000 => 3,
        }
    }

    /// The AudioSpecificConfig of stereo AAC-LC (ISO/IEC 14496-3, clause 1.6.2.1): 5 bits object type 2, 4 bits rate, 4 bits channels 2,
    /// 3 bits 0.
    pub(crate) fn specific_config(self) -> [u8; 2] {
        (2 << 11 | u16::from(self.index()) << 7 | 2 << 3).to_be_bytes()
    }
}

/// An encoded stereo frame of AAC-LC, without a transport header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AacFrame(Vec<u8>);

impl AacFrame {
    /// The number of audio frames in an AAC frame.
    pub const LENGTH: u64 = 1_024;
    /// The largest frame: 6,144 bits for each of two channels (ISO/IEC 14496-3, clause 4.5.3.2).
    pub const MAX_BYTES: usize = 2 * 6_144 / 8;

    /// A frame of these bytes; `None` if there are none, or more than [`MAX_BYTES`](Self::MAX_BYTES).
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (1..=Self::MAX_BYTES).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// The bytes of the frame.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The transform windows of the frame; `None` if its first element is not a channel pair with common windows.
    pub fn window(&self) -> Option<Window> {
        Window::of(&self.0)
    }
}
