//! The settings of an engine.

use super::error::Result;
use super::error_reasons::{SettingError, SettingReason};
use super::stretch_method::StretchMethod;
use super::units::{Bpm, DeckId, SampleRate};

/// What an engine was made with, as chosen with its [`Builder`](crate::Builder); see [`Engine::config`](crate::Engine::config).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct EngineConfig {
    /// Frames per second.
    pub sample_rate: SampleRate,
    /// Decks, 1 to 16.
    pub decks: usize,
    /// Stems of each deck, 1 to 64.
    pub stems: usize,
    /// The master tempo at which decks play at rate 1; also the master tempo at the start.
    pub base_tempo: Bpm,
    /// How the decks change speed at the start.
    pub stretch: StretchMethod,
    /// How many commands may be on their way to the audio thread, and how many may wait for their moment.
    pub queue: usize,
    /// Whether a worker thread computes the STFT windows of [`StretchMethod::Hq`] in advance.
    pub stretch_worker: bool,
}

impl Default for EngineConfig {
    /// Four decks of eight stems at 44.1 kHz and 120 BPM, playback rate, 4,096 commands, no stretch worker.
    fn default() -> Self {
        Self {
            sample_rate: SampleRate::CD,
            decks: 4,
            stems: 8,
            base_tempo: Bpm::clamped(120.0, Bpm::MIN),
            stretch: StretchMethod::PlaybackRate,
            queue: 4_096,
            stretch_worker: false,
        }
    }
}

impl EngineConfig {
    /// Checks the numbers against each other and their limits.
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
        Ok(())
    }
}
