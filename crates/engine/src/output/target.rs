//! The choice of an output.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::types::error::{Error, Result};
use crate::types::output_error::{OutputError, OutputErrorKind};

/// The destination of the sound. As text it is `device`, `device:NAME`, `null` or `file:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// A sound device.
    Device(DeviceConfig),
    /// No destination. Blocks are made at the time at which a device would have played them, and discarded.
    Null {
        /// The number of frames in a block, from 16 to 65,536. The default is 1,024.
        buffer_frames: Option<u32>,
    },
    /// A stereo file: float WAV, or 24-bit FLAC if its name ends with `.flac`.
    ///
    /// The file is written in real time: blocks are made at the time at which a device would have played them, so a minute of sound
    /// takes a minute. The file grows while the engine plays, like a recording ([`Builder::record`](crate::Builder::record)). To write
    /// a file faster than real time, render with [`Builder::offline`](crate::Builder::offline) and write the samples with
    /// `crowd_media::write`.
    File {
        /// The path. If there is such a file, a number is added ([`RecordingHealth::number`](super::RecordingHealth::number)).
        path: PathBuf,
        /// The number of frames in a block, from 16 to 65,536. The default is 1,024.
        buffer_frames: Option<u32>,
    },
}

/// A sound device and the size of its buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceConfig {
    /// The name of the device, as listed by `output::devices`. `None` is the system's default device.
    pub name: Option<String>,
    /// The number of frames per callback, from 16 to 65,536. A device that does not support this number uses the nearest number that
    /// it supports. With `None` the device chooses.
    pub buffer_frames: Option<u32>,
    /// Whether the buffer grows when blocks are late.
    ///
    /// The buffer begins with [`Self::buffer_frames`], or with 512 frames. When two blocks were late within 10 seconds of sound, or
    /// the device reported two gaps, the device is opened again with a buffer of twice the size, up to 8,192 frames. The first second
    /// after a change does not count. Meanwhile the engine's time continues, and the music with it. The buffer never becomes smaller.
    pub adaptive: bool,
}

impl Output {
    /// The same output with blocks of `frames` frames.
    #[must_use]
    pub fn with_buffer_frames(mut self, frames: u32) -> Self {
        match &mut self {
            Self::Device(DeviceConfig { buffer_frames, .. })
            | Self::Null { buffer_frames }
            | Self::File { buffer_frames, .. } => *buffer_frames = Some(frames),
        }
        self
    }

    /// The same output with a buffer that grows when blocks are late ([`DeviceConfig::adaptive`]). Outputs without a device do not
    /// change.
    #[must_use]
    pub fn with_adaptive_buffer(mut self) -> Self {
        if let Self::Device(device) = &mut self {
            device.adaptive = true;
        }
        self
    }

    pub(super) fn check_buffer(&self) -> Result<()> {
        let (Self::Device(DeviceConfig { buffer_frames, .. })
        | Self::Null { buffer_frames }
        | Self::File { buffer_frames, .. }) = self;
        match *buffer_frames {
            Some(frames) if !(16..=65_536).contains(&frames) => Err(Error::OutOfRange {
                what: "buffer size",
                unit: " frames",
                value: f64::from(frames),
                low: 16.0,
                high: 65_536.0,
            }),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(DeviceConfig { name: Some(name), .. }) => write!(f, "device:{name}"),
            Self::Device(_) => f.write_str("device"),
            Self::Null { .. } => f.write_str("null"),
            Self::File { path, .. } => write!(f, "file:{}", path.display()),
        }
    }
}

impl FromStr for Output {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.split_once(':').unwrap_or((text, "")) {
            ("device", name) => {
                let name = (!name.is_empty()).then(|| name.to_owned());
                Ok(Self::Device(DeviceConfig { name, ..DeviceConfig::default() }))
            }
            ("null", "") => Ok(Self::Null { buffer_frames: None }),
            ("file", path) if !path.is_empty() => Ok(Self::File { path: path.into(), buffer_frames: None }),
            _ => {
                let message = "an output is `device`, `device:NAME`, `null` or `file:PATH`";
                Err(OutputError::new(format!("{text:?}"), OutputErrorKind::InvalidName, message).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_written_as_they_are_read() {
        for text in ["device", "device:hw:CARD=0,DEV=0", "null", "file:/tmp/a:b.wav"] {
            assert_eq!(text.parse::<Output>().unwrap().to_string(), text);
        }
        let output: Output = "device:".parse().unwrap();
        assert_eq!(output, Output::Device(DeviceConfig::default()));
    }

    #[test]
    fn an_unknown_output_is_refused_with_the_ones_there_are() {
        for text in ["", "speaker", "null:1", "file", "file:"] {
            let error = text.parse::<Output>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")) && error.contains("file:PATH"), "{error}");
        }
    }
}
