//! The outputs that can be chosen.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::types::error::{Error, Result};
use crate::types::output_error::{OutputError, OutputErrorKind};

/// Where the sound goes. Written as text: `device`, `device:NAME`, `null`, `file:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// A sound device.
    Device(DeviceConfig),
    /// Nowhere. Blocks are made at the time at which a device would have played them.
    Null {
        /// Frames of a block, 16 to 65,536; 1,024 when not given.
        buffer_frames: Option<u32>,
    },
    /// A stereo file: float WAV, or 24-bit FLAC if its name ends with `.flac`. It is written in real time: blocks are made at the
    /// time at which a device would have played them, so a minute of sound takes a minute. It grows while the engine plays, as
    /// a recording does: see [`Builder::record`](crate::Builder::record). To write a file faster than real time, render with
    /// [`Builder::offline`](crate::Builder::offline) and write the samples with `crowd_media::write`.
    File {
        /// Its name; a number is added when such a file exists ([`RecordingHealth::number`](super::RecordingHealth::number)).
        path: PathBuf,
        /// Frames of a block, 16 to 65,536; 1,024 when not given.
        buffer_frames: Option<u32>,
    },
}

/// A sound device and the size of its buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceConfig {
    /// The name of the device, as `output::devices` lists it; `None` is the system's default device.
    pub name: Option<String>,
    /// Frames per callback, 16 to 65,536. A device that cannot have so many uses the nearest number it can. `None` leaves it to
    /// the device.
    pub buffer_frames: Option<u32>,
    /// Whether the buffer grows when blocks are late. It begins with [`Self::buffer_frames`], or 512 frames. When two
    /// blocks were late (or the device reported two gaps) within 10 seconds of sound, the device is opened again with
    /// twice as many, up to 8,192; the first second after a change does not count. The engine's time goes on meanwhile, and
    /// the music with it. The buffer does not shrink again.
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

    /// The same output with a buffer that grows when blocks are late ([`DeviceConfig::adaptive`]). It changes nothing about outputs
    /// without a device.
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
