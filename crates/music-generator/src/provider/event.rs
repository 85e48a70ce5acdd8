//! What a provider reports.

use std::sync::Arc;
use std::time::Duration;

use super::capabilities::Setting;
use super::fault::Fault;
use super::mark::Mark;
use crate::prompt::blend::WeightedPrompt;
use crate::types::config::Config;

/// The format of 16-bit audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PcmFormat {
    /// Frames a second.
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u16,
}

impl PcmFormat {
    /// The bytes of a frame.
    pub fn frame_bytes(self) -> usize {
        2 * usize::from(self.channels)
    }

    /// How long so many frames last.
    pub fn duration(self, frames: usize) -> Duration {
        Duration::from_secs_f64(frames as f64 / f64::from(self.sample_rate.max(1)))
    }
}

/// What a piece of audio was made with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceMetadata {
    /// The prompts. A change is heard from the next beat (built-in) or chunk on.
    pub prompts: Arc<[WeightedPrompt]>,
    /// The settings.
    pub config: Arc<Config>,
    /// The bars and chords that begin in the audio, as far as they are known.
    pub marks: Vec<Mark>,
}

/// A piece of audio.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioChunk {
    /// Samples of 16 bits, channels interleaved.
    pub pcm: Vec<i16>,
    /// Their format.
    pub format: PcmFormat,
    /// The number of its first frame in the session. Frames are counted on when a provider is restarted.
    pub frame: u64,
    /// Whether it does not continue the audio before it, because the provider was started or reset between them.
    pub starts_anew: bool,
    /// What it was made with.
    pub source: SourceMetadata,
}

impl AudioChunk {
    /// The number of frames.
    pub fn frames(&self) -> usize {
        self.pcm.len() / usize::from(self.format.channels.max(1))
    }

    /// How long it lasts.
    pub fn duration(&self) -> Duration {
        self.format.duration(self.frames())
    }

    /// The frames as left and right, full scale 1; mono is on both sides.
    pub fn stereo(&self) -> impl Iterator<Item = [f32; 2]> + '_ {
        let sample = |value: &i16| f32::from(*value) / 32_768.0;
        self.pcm.chunks_exact(usize::from(self.format.channels.max(1))).map(move |frame| match frame {
            [left, right, ..] => [sample(left), sample(right)],
            [mono] => [sample(mono); 2],
            [] => [0.0; 2],
        })
    }
}

/// Something that a user should know. The session goes on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Warning {
    /// The provider says it, in its own words.
    #[error("{0}")]
    Said(String),
    /// Settings have no effect, because the provider does not have them.
    #[error("settings without effect: {}", settings(.0))]
    WithoutEffect(Vec<Setting>),
    /// The provider sent a message of an unknown kind.
    #[error("a message of an unknown kind: {0:?}")]
    UnknownMessage(String),
    /// The connection ended, and is made again.
    #[error("{fault}; restart {attempt} in {after:?}")]
    Restarts {
        /// Why it ended.
        fault: Fault,
        /// How many times it was restarted since it last worked well, from 1.
        attempt: u32,
        /// After how long it is made again.
        after: Duration,
    },
    /// The time that may be used in a day is used up. The music is paused, and goes on by itself.
    #[error(
        "{most:?} of music were made today (UTC), which is the daily limit; the music goes on in {goes_on_in:?}, at 00:00 UTC"
    )]
    DailyLimit {
        /// The time that may be used in a day.
        most: Duration,
        /// After how long the music goes on.
        goes_on_in: Duration,
    },
}

fn settings(list: &[Setting]) -> String {
    list.iter().map(|setting| format!("{setting:?}").to_lowercase()).collect::<Vec<_>>().join(", ")
}

/// Why a session closed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CloseReason {
    /// It was asked to.
    #[error("closed as asked")]
    Asked,
    /// The provider failed too often.
    #[error("given up after {attempts} restarts: {fault}")]
    GivenUp {
        /// The last fault.
        fault: Fault,
        /// The number of restarts.
        attempts: u32,
    },
    /// The thread of the provider failed.
    #[error("the thread of the provider ended unexpectedly")]
    Failed,
}

/// What a provider reports.
#[derive(Clone, Debug, PartialEq)]
pub enum ProviderEvent {
    /// The next audio.
    Audio(AudioChunk),
    /// A prompt has no effect.
    Filtered {
        /// Its text.
        text: String,
        /// Why.
        reason: String,
    },
    /// Something that a user should know.
    Warning(Warning),
    /// The last event: the session is closed.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}
