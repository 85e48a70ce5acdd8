//! The container, sample format, rate and channels of a file.

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind};

/// How a sample is stored in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleFormat {
    /// 16-bit integers.
    I16,
    /// 24-bit integers.
    I24,
    /// 32-bit floats.
    F32,
}

impl SampleFormat {
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

impl fmt::Display for SampleFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I16 => "16",
            Self::I24 => "24",
            Self::F32 => "32f",
        })
    }
}

impl FromStr for SampleFormat {
    type Err = Error;

    /// Reads `16`, `24` or `32f`; anything else is an [`ErrorKind::UnknownName`].
    fn from_str(text: &str) -> Result<Self, Error> {
        let known = [Self::I16, Self::I24, Self::F32].into_iter().find(|format| format.to_string() == text);
        let advice = "choose 16, 24 or 32f (float)";
        known.ok_or_else(|| Error::refusal(ErrorKind::UnknownName, "the sample format", format!("{text:?}"), advice))
    }
}

/// The kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Container {
    /// WAV. Files over 4 GiB are RF64. It supports every sample format and up to [`crate::MAX_CHANNELS`] channels.
    Wav,
    /// FLAC: lossless, with about half to two thirds of the size. It supports integers and up to 8 channels.
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

    /// Reads `wav` or `flac`; anything else is an [`ErrorKind::UnknownName`].
    fn from_str(text: &str) -> Result<Self, Error> {
        let known = [Self::Wav, Self::Flac].into_iter().find(|container| container.to_string() == text);
        let advice = "choose wav or flac";
        known.ok_or_else(|| Error::refusal(ErrorKind::UnknownName, "the file format", format!("{text:?}"), advice))
    }
}

/// A container and a sample format that it supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AudioFormat {
    container: Container,
    sample_format: SampleFormat,
}

impl AudioFormat {
    /// The format of `sample_format` in `container`.
    ///
    /// # Errors
    /// [`ErrorKind::FormatLimit`] for floats in FLAC, which supports only integers.
    pub fn new(container: Container, sample_format: SampleFormat) -> Result<Self, Error> {
        if container == Container::Flac && sample_format == SampleFormat::F32 {
            return Err(no_floats());
        }
        Ok(Self { container, sample_format })
    }

    /// The kind of file.
    pub fn container(self) -> Container {
        self.container
    }

    /// How a sample is stored.
    pub fn sample_format(self) -> SampleFormat {
        self.sample_format
    }

    /// The file extension, without the dot.
    pub fn extension(self) -> &'static str {
        self.container.name()
    }
}

pub(super) fn no_floats() -> Error {
    let advice = "choose 16 or 24, or write floats to a WAV";
    Error::refusal(ErrorKind::FormatLimit, "the sample format of a FLAC file", SampleFormat::F32.to_string(), advice)
}

/// The rate, channels and sample format of a file, and how samples are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AudioSpec {
    /// The sample rate, in [`crate::MIN_RATE`]..=[`crate::MAX_RATE`].
    pub sample_rate: u32,
    /// The number of channels: 1..=[`crate::MAX_CHANNELS`] in WAV, 1..=8 in FLAC.
    pub channels: u16,
    /// The sample format.
    pub sample_format: SampleFormat,
    /// Whether triangular dither of +-1 LSB is added when floats are rounded to integers. Integers are never dithered.
    pub dither: bool,
    /// The WAVEFORMATEXTENSIBLE channel mask, which is written for more than two channels. 0 means the usual layout.
    pub speakers: u32,
}

impl AudioSpec {
    /// A spec without dither and with the usual layout.
    pub fn new(sample_rate: u32, channels: u16, sample_format: SampleFormat) -> Self {
        Self { sample_rate, channels, sample_format, dither: false, speakers: 0 }
    }

    /// Bytes of one frame without compression.
    pub fn frame_bytes(self) -> u64 {
        u64::from(self.channels) * u64::from(self.sample_format.bytes())
    }
}
