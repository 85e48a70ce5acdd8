//! The settings of an engine.

use std::time::Duration;

use super::error::Result;
use super::error_reasons::{SettingError, SettingReason};
use super::stretch_method::StretchMethod;
use super::units::{Bpm, DeckId, SampleRate};

/// The settings of an engine, as chosen with its [`Builder`](crate::Builder). [`Engine::config`](crate::Engine::config) returns them.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct EngineConfig {
    /// The sample rate.
    pub sample_rate: SampleRate,
    /// The number of decks, from 1 to 16.
    pub decks: usize,
    /// The number of stems of each deck, from 1 to 64.
    pub stems: usize,
    /// The master tempo at the start. At this master tempo decks play at the recorded speed.
    pub base_tempo: Bpm,
    /// The stretch method of all decks at the start.
    pub stretch: StretchMethod,
    /// The number of commands that may be in the queue to the audio thread, and also the number that may wait for their moment.
    pub queue: usize,
    /// Whether a worker thread computes STFT frames of [`StretchMethod::Hq`].
    pub stretch_worker: bool,
    /// Whether each beat of the clock is reported as an [`Event::Beat`](crate::Event::Beat).
    pub beat_events: bool,
    /// The length of the sound for which a tap of the output has room, from 1 to 60 s. `None` for no tap.
    pub tap: Option<Duration>,
}

impl Default for EngineConfig {
    /// Four decks of eight stems at 44.1 kHz and 120 BPM, playback rate, 4,096 commands, no stretch worker, no tap.
    fn default() -> Self {
        Self {
            sample_rate: SampleRate::CD,
            decks: 4,
            stems: 8,
            base_tempo: Bpm::clamped(120.0, Bpm::MIN),
            stretch: StretchMethod::PlaybackRate,
            queue: 4_096,
            stretch_worker: false,
            beat_events: false,
            tap: None,
        }
    }
}

impl EngineConfig {
    /// Checks that every number is within its limits.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) names the setting and what is possible.
    pub(crate) fn check(&self) -> Result<()> {
        let within = |setting, value: usize, low: usize, high: usize| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(SettingError::new(setting, SettingReason::NotWithin { value, low, high }))
            }
        };
        within("decks", self.decks, 1, DeckId::LIMIT)?;
        within("stems", self.stems, 1, 64)?;
        within("queue", self.queue, 16, 1 << 20)?;
        let tap_seconds = self.tap.map_or(1, |tap| usize::try_from(tap.as_secs()).unwrap_or(usize::MAX));
        within("tap (in seconds)", tap_seconds, 1, 60)?;
        Ok(())
    }
}
