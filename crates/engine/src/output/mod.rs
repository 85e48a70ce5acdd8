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

#[cfg(feature = "device")]
mod adaptive;
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
#[cfg(feature = "device")]
mod link;
#[cfg(all(feature = "device", target_os = "linux"))]
mod pulse;
#[cfg(feature = "decode")]
mod recording;
#[cfg(all(feature = "device", target_os = "linux"))]
mod rtkit;
#[cfg(feature = "device")]
mod sounds;
#[cfg(feature = "device")]
mod supervisor;
#[cfg(feature = "device")]
mod watch;

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

pub use health::{Health, Load, Realtime, RecordingHealth, RecordingState, State};
#[cfg(feature = "device")]
pub use sounds::{DeviceInfo, devices};

use crate::config::EngineConfig;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::render::Renderer;
use crate::worker::Worker;
use health::Meter;
use paced::Discard;

/// Frames of a block of the null and file outputs when none are chosen.
const BLOCK: u32 = 1_024;

/// How long a file of a recording may be.
const SPLIT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(86_400);

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
        /// Its name; a number is added when there is such a file ([`RecordingHealth::number`]).
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
                Ok(Self::Device(DeviceConfig { name, ..DeviceConfig::default() }))
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

/// What an engine is opened with beside its output.
pub(crate) struct Wish {
    pub config: EngineConfig,
    /// Whether the sample rate was chosen, or may be the device's.
    #[cfg_attr(not(feature = "device"), expect(dead_code, reason = "only a device has a rate of its own"))]
    pub rate_chosen: bool,
    /// Where to record what is played.
    pub record: Option<PathBuf>,
    /// How long a file of a recording may be.
    pub split: Option<Duration>,
}

impl Wish {
    /// Makes both halves, with the recording if one is wanted.
    fn split(&self, config: EngineConfig) -> Result<(Engine, Renderer, Option<Recorder>)> {
        #[cfg_attr(not(feature = "decode"), allow(unused_mut))]
        let (engine, mut renderer) = Engine::split(config)?;
        let Some(path) = &self.record else { return Ok((engine, renderer, None)) };
        #[cfg(feature = "decode")]
        {
            let (recorder, tape) = Recorder::start(&self.take(path), config.sample_rate)?;
            renderer.record(tape);
            Ok((engine, renderer, Some(recorder)))
        }
        #[cfg(not(feature = "decode"))]
        Err(absent(format!("file:{}", path.display()), "decode"))
    }

    #[cfg(feature = "decode")]
    fn take(&self, path: &std::path::Path) -> recording::Take {
        recording::Take { path: path.to_owned(), split: self.split }
    }

    /// The length of files is only right where some are written.
    fn check_split(&self, output: &Output) -> Result<()> {
        let cause = match self.split {
            None => return Ok(()),
            Some(_) if self.record.is_none() && !matches!(output, Output::File { .. }) => "nothing is recorded",
            Some(split) if !SPLIT.contains(&split) => "a file can have 1 second to 24 hours",
            Some(_) => return Ok(()),
        };
        Err(Error::BadConfig { what: "record_split", cause: cause.into() })
    }
}

#[cfg(feature = "decode")]
pub(crate) use recording::Recorder;
/// There is none without the WAV writer.
#[cfg(not(feature = "decode"))]
pub(crate) enum Recorder {}

/// Opens an output for a new engine; see [`Builder::open`](crate::Builder::open).
pub(crate) fn open(wish: Wish, output: Output) -> Result<Engine> {
    output.check_buffer()?;
    wish.check_split(&output)?;
    let name = output.to_string();
    let config = wish.config;
    match output {
        #[cfg(feature = "device")]
        Output::Device(wanted) => device::open(wish, wanted),
        #[cfg(not(feature = "device"))]
        Output::Device(_) => Err(absent(name, "device")),
        Output::Null { buffer_frames } => {
            let meter = Arc::new(Meter::new(name, config.sample_rate));
            let (mut engine, renderer, recording) = wish.split(config)?;
            let frames = buffer_frames.unwrap_or(BLOCK) as usize;
            let paced = paced::start(renderer, frames, config.sample_rate, meter.clone(), Discard)?;
            engine.attach(Session { meter, player: Some(Player::Paced(paced)), recording });
            Ok(engine)
        }
        #[cfg(feature = "decode")]
        Output::File { path, buffer_frames } => {
            let meter = Arc::new(Meter::new(name, config.sample_rate));
            let (mut engine, renderer, recording) = wish.split(config)?;
            let (rate, frames) = (config.sample_rate, buffer_frames.unwrap_or(BLOCK) as usize);
            let (recorder, tape) = Recorder::start(&wish.take(&path), rate)?;
            let paced = paced::start(renderer, frames, rate, meter.clone(), tape)?;
            engine.attach(Session { meter, player: Some(Player::Recorded { paced, recorder }), recording });
            Ok(engine)
        }
        #[cfg(not(feature = "decode"))]
        Output::File { .. } => Err(absent(name, "decode")),
    }
}

#[cfg(not(all(feature = "device", feature = "decode")))]
fn absent(output: String, feature: &str) -> Error {
    Error::Output { output, cause: format!("this program was built without crowd-engine's feature `{feature}`") }
}

/// What keeps the sound going; the [`Engine`] owns it.
pub(crate) struct Session {
    meter: Arc<Meter>,
    player: Option<Player>,
    recording: Option<Recorder>,
}

enum Player {
    Paced(Worker),
    #[cfg(feature = "decode")]
    Recorded {
        paced: Worker,
        recorder: Recorder,
    },
    #[cfg(feature = "device")]
    Device(device::Device),
}

impl Session {
    pub fn health(&self) -> Health {
        let recorders = self.player.as_ref().and_then(Player::recorder).into_iter().chain(&self.recording);
        Health { recordings: recorders.map(Recorder::health).collect(), ..self.meter.health() }
    }

    /// Stops the output and finishes the recording, once.
    ///
    /// # Errors
    /// When a recording could not be finished.
    pub fn close(&mut self) -> Result<()> {
        let output = self.player.take().map_or(Ok(()), Player::close);
        let recording = self.recording.take().map_or(Ok(()), Recorder::close);
        output.and(recording)
    }
}

impl Player {
    /// What records instead of playing.
    fn recorder(&self) -> Option<&Recorder> {
        match self {
            #[cfg(feature = "decode")]
            Self::Recorded { recorder, .. } => Some(recorder),
            _ => None,
        }
    }

    fn close(self) -> Result<()> {
        match self {
            Self::Paced(mut paced) => {
                paced.stop();
                Ok(())
            }
            #[cfg(feature = "decode")]
            Self::Recorded { mut paced, recorder } => {
                paced.stop();
                recorder.close()
            }
            #[cfg(feature = "device")]
            Self::Device(mut device) => {
                device.stop();
                Ok(())
            }
        }
    }
}

#[cfg(not(feature = "decode"))]
impl Recorder {
    fn close(self) -> Result<()> {
        match self {}
    }

    fn health(&self) -> RecordingHealth {
        match *self {}
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

    #[cfg(feature = "decode")]
    #[test]
    fn what_is_played_is_recorded_beside_the_output() {
        let folder = std::env::temp_dir().join(format!("crowd-engine-record-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("set.wav");
        let mut engine = Engine::builder().record(&path).open("null".parse().unwrap()).unwrap();
        let track = crate::Track::from_interleaved(vec![0.25; 64], crate::SampleRate::CD, 1).unwrap();
        engine.deck(crate::DeckId::A).load(&track).unwrap().play().unwrap();
        while engine.status().frames.0 < 4_096 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let recordings = engine.health().unwrap().recordings;
        assert_eq!((recordings.len(), recordings[0].lost_frames, &recordings[0].path), (1, 0, &path));
        engine.close().unwrap();
        let heard = crowd_media::open(&path, &crowd_media::DecodeOptions::default()).unwrap();
        let sounding = heard.to_f32().iter().filter(|x| **x == 0.25).count();
        assert!(heard.frames() >= 4_096 && sounding == 128, "{} frames, {sounding} samples", heard.frames());
        std::fs::remove_dir_all(&folder).unwrap();
        let error = Engine::builder().record(&path).open("null".parse().unwrap()).err().unwrap();
        assert!(error.to_string().contains("set.wav"), "{error}");
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
