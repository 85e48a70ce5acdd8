//! Where sound can go.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::types::error::{Error, Result};
use crate::types::output_error::{OutputError, OutputErrorKind};

/// Where the sound is to go. As text: `device`, `device:NAME`, `null`, `file:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// A sound device.
    Device(DeviceConfig),
    /// Nowhere, but in time.
    Null {
        /// Frames of a block, 16 to 65,536; 1,024 when not given.
        buffer_frames: Option<u32>,
    },
    /// A stereo file, in time: float WAV, or 24-bit FLAC if its name ends so. It grows while the engine plays and can be read at
    /// any moment; see [`Builder::record`](crate::Builder::record), which it is like in everything else.
    File {
        /// Its name; a number is added when there is such a file ([`RecordingHealth::number`](super::RecordingHealth::number)).
        path: PathBuf,
        /// Frames of a block, 16 to 65,536; 1,024 when not given.
        buffer_frames: Option<u32>,
    },
}

/// Which device, and how it is asked for sound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceConfig {
    /// A name from `devices`, or the system's default device.
    pub name: Option<String>,
    /// Frames per callback, 16 to 65,536: a wish, devices take what they can. Without one the device decides.
    pub buffer_frames: Option<u32>,
    /// Whether the buffer grows when blocks come late. It begins with [`Self::buffer_frames`], or 512 frames. When two
    /// blocks were late (or the device told of two gaps) within 10 seconds of sound, the device is opened again with
    /// twice as many, up to 8,192; the first second with a size does not count. The engine's time goes on meanwhile, and
    /// the music with it. The buffer never shrinks again.
    pub adaptive: bool,
}

impl Output {
    /// The same with blocks of `frames` frames.
    pub fn with_buffer_frames(mut self, frames: u32) -> Self {
        match &mut self {
            Self::Device(DeviceConfig { buffer_frames, .. })
            | Self::Null { buffer_frames }
            | Self::File { buffer_frames, .. } => *buffer_frames = Some(frames),
        }
        self
    }

    /// The same with a buffer that grows when blocks come late ([`DeviceConfig::adaptive`]). Outputs without a device have
    /// nobody to be late for, and stay as they are.
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
