//! What a file is to hold: container, depth, shape.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// How a sample is kept in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// 16-bit integers.
    I16,
    /// 24-bit integers.
    I24,
    /// 32-bit floats.
    F32,
}

impl Depth {
    /// Bytes of one sample.
    pub fn bytes(self) -> u16 {
        match self {
            Self::I16 => 2,
            Self::I24 => 3,
            Self::F32 => 4,
        }
    }

    /// Bits of one sample.
    pub fn bits(self) -> u32 {
        8 * u32::from(self.bytes())
    }
}

impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I16 => "16",
            Self::I24 => "24",
            Self::F32 => "32f",
        })
    }
}

impl FromStr for Depth {
    type Err = Error;

    /// Reads `16`, `24` or `32f`.
    fn from_str(text: &str) -> Result<Self, Error> {
        [Self::I16, Self::I24, Self::F32].into_iter().find(|d| d.to_string() == text).ok_or_else(|| Error::Invalid {
            what: "the bit depth",
            value: format!("{text:?}"),
            way_out: "choose 16, 24 or 32f (float)",
        })
    }
}

/// The kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// WAV, RF64 past 4 GiB. Every depth, up to [`crate::MAX_CHANNELS`] channels.
    Wav,
    /// FLAC: without loss in about half to two thirds of the size. Integers, up to 8 channels.
    Flac,
}

impl Container {
    fn name(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Flac => "flac",
        }
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Container {
    type Err = Error;

    /// Reads `wav` or `flac`.
    fn from_str(text: &str) -> Result<Self, Error> {
        [Self::Wav, Self::Flac].into_iter().find(|c| c.to_string() == text).ok_or_else(|| Error::Invalid {
            what: "the file format",
            value: format!("{text:?}"),
            way_out: "choose wav or flac",
        })
    }
}

/// A container and a depth that go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioFormat {
    container: Container,
    depth: Depth,
}

impl AudioFormat {
    /// The format of `depth` in `container`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for floats in FLAC, which holds integers only.
    pub fn new(container: Container, depth: Depth) -> Result<Self, Error> {
        if container == Container::Flac && depth == Depth::F32 {
            return Err(no_floats());
        }
        Ok(Self { container, depth })
    }

    /// The kind of file.
    pub fn container(self) -> Container {
        self.container
    }

    /// How a sample is kept.
    pub fn depth(self) -> Depth {
        self.depth
    }

    /// What the file's name ends with, without the dot.
    pub fn extension(self) -> &'static str {
        self.container.name()
    }
}

pub(super) fn no_floats() -> Error {
    Error::Invalid {
        what: "the bit depth of a FLAC file",
        value: Depth::F32.to_string(),
        way_out: "choose 16 or 24, or write floats to a WAV",
    }
}

/// What a writer writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Frames per second, in [`crate::MIN_RATE`]..=[`crate::MAX_RATE`].
    pub sample_rate: u32,
    /// Interleaved channels, 1..=[`crate::MAX_CHANNELS`] in WAV, 1..=8 in FLAC.
    pub channels: u16,
    /// How a sample is kept.
    pub format: Depth,
    /// Adds triangular dither of +-1 LSB when floats are rounded to integers. Integers are never dithered.
    pub dither: bool,
    /// WAVEFORMATEXTENSIBLE channel mask, written for more than two channels; 0 means the usual layout.
    pub speakers: u32,
}

impl Spec {
    /// A spec without dither and with the usual layout.
    pub fn new(sample_rate: u32, channels: u16, format: Depth) -> Self {
        Self { sample_rate, channels, format, dither: false, speakers: 0 }
    }

    /// Bytes of one frame without compression.
    pub fn frame_bytes(self) -> u64 {
        u64::from(self.channels) * u64::from(self.format.bytes())
    }
}
