//! Where the sound goes: a device with a supervisor, a file, or nowhere.
//!
//! ```
//! use crowd_engine::output::State;
//! use crowd_engine::{Engine, Output};
//!
//! # fn main() -> crowd_engine::Result<()> {
//! let output: Output = "null".parse()?;
//! let engine = Engine::builder().open(output)?;
//! assert_eq!(engine.health().map(|health| health.state), Some(State::Playing));
//! # Ok(())
//! # }
//! ```
//!
//! Every output calls the same `Renderer::render`; what differs is who asks for the next block and when.

mod health;
mod paced;

#[cfg(feature = "device")]
mod convert;
#[cfg(feature = "device")]
mod cpal;
#[cfg(feature = "device")]
mod device;
#[cfg(feature = "device")]
mod driver;
#[cfg(feature = "decode")]
mod recorder;
#[cfg(feature = "device")]
mod supervisor;
#[cfg(feature = "device")]
mod watch;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

#[cfg(feature = "device")]
pub use self::cpal::{DeviceInfo, devices};
pub use health::{Health, Load, Realtime, State};

use crate::config::EngineConfig;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::render::Renderer;
use health::Meter;
use paced::{Discard, Paced};

/// Frames of a block of the null and file outputs when none are chosen.
const BLOCK: u32 = 1_024;

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
    /// A stereo float WAV, in time. It appears, complete, when the engine is closed.
    File {
        /// Its name.
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

    fn check_buffer(&self) -> Result<()> {
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
                Ok(Self::Device(DeviceConfig { name, buffer_frames: None }))
            }
            ("null", "") => Ok(Self::Null { buffer_frames: None }),
            ("file", path) if !path.is_empty() => Ok(Self::File { path: path.into(), buffer_frames: None }),
            _ => Err(Error::Output {
                output: format!("{text:?}"),
                cause: "an output is `device`, `device:NAME`, `null` or `file:PATH`".into(),
            }),
        }
    }
}

/// Opens an output for a new engine; see [`Builder::open`](crate::Builder::open).
pub(crate) fn open(config: EngineConfig, rate_chosen: bool, output: Output) -> Result<Engine> {
    output.check_buffer()?;
    let name = output.to_string();
    match output {
        #[cfg(feature = "device")]
        Output::Device(wanted) => device::open(config, rate_chosen, wanted),
        #[cfg(not(feature = "device"))]
        Output::Device(_) => {
            let _undecided = rate_chosen;
            Err(absent(name, "device"))
        }
        Output::Null { buffer_frames } => {
            let (mut engine, renderer, meter) = split(config, name)?;
            let frames = buffer_frames.unwrap_or(BLOCK) as usize;
            let paced = Paced::start(renderer, frames, config.sample_rate, meter.clone(), Discard)?;
            engine.attach(Session { meter, player: Some(Player::Paced(paced)) });
            Ok(engine)
        }
        #[cfg(feature = "decode")]
        Output::File { path, buffer_frames } => {
            let (mut engine, renderer, meter) = split(config, name)?;
            let (rate, frames) = (config.sample_rate, buffer_frames.unwrap_or(BLOCK) as usize);
            let (recorder, tape) = recorder::Recorder::start(&path, rate, frames, meter.clone())?;
            let paced = Paced::start(renderer, frames, rate, meter.clone(), tape)?;
            engine.attach(Session { meter, player: Some(Player::Recorded { paced, recorder }) });
            Ok(engine)
        }
        #[cfg(not(feature = "decode"))]
        Output::File { .. } => Err(absent(name, "decode")),
    }
}

fn split(config: EngineConfig, name: String) -> Result<(Engine, Renderer, Arc<Meter>)> {
    let (engine, renderer) = Engine::split(config)?;
    Ok((engine, renderer, Arc::new(Meter::new(name, config.sample_rate))))
}

#[cfg(not(all(feature = "device", feature = "decode")))]
fn absent(output: String, feature: &str) -> Error {
    Error::Output { output, cause: format!("this program was built without crowd-engine's feature `{feature}`") }
}

/// What keeps the sound going; the [`Engine`] owns it.
pub(crate) struct Session {
    meter: Arc<Meter>,
    player: Option<Player>,
}

enum Player {
    Paced(Paced),
    #[cfg(feature = "decode")]
    Recorded {
        paced: Paced,
        recorder: recorder::Recorder,
    },
    #[cfg(feature = "device")]
    Device(device::Device),
}

impl Session {
    pub fn health(&self) -> Health {
        self.meter.health()
    }

    /// Stops the output, once.
    ///
    /// # Errors
    /// When a recording could not be finished.
    pub fn close(&mut self) -> Result<()> {
        match self.player.take() {
            None => Ok(()),
            Some(Player::Paced(mut paced)) => {
                paced.stop();
                Ok(())
            }
            #[cfg(feature = "decode")]
            Some(Player::Recorded { mut paced, mut recorder }) => {
                paced.stop();
                recorder.finish()
            }
            #[cfg(feature = "device")]
            Some(Player::Device(mut device)) => {
                device.stop();
                Ok(())
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Whoever wants to hear of a failure calls `Engine::close`.
        let _unheard = self.close();
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

    #[test]
    fn a_block_nobody_could_play_is_refused_by_name() {
        for frames in [0, 15, 65_537] {
            let output = Output::Null { buffer_frames: None }.with_buffer_frames(frames);
            let error = Engine::builder().open(output).err().unwrap().to_string();
            assert!(error.contains("buffer size") && error.contains(&frames.to_string()), "{error}");
        }
    }
}
