//! How an engine is built.

use std::path::PathBuf;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::output::Output;
use crate::render::Renderer;
use crate::stretch::StretchMethod;
use crate::units::{Bpm, DeckId, SampleRate};

/// What an engine is made with; all of it is fixed once the engine runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EngineConfig {
    /// Frames per second.
    pub sample_rate: SampleRate,
    /// Decks, 1 to 16.
    pub decks: usize,
    /// Stems of each deck, 1 to 64.
    pub stems: usize,
    /// The tempo at which the music on the decks was recorded: at this master tempo it plays at rate 1. Also
    /// the tempo at the start.
    pub base_tempo: Bpm,
    /// How the decks change speed until told otherwise.
    pub stretch: StretchMethod,
    /// Commands that may be on their way to the audio thread, and again that may wait for their moment.
    pub queue: usize,
    /// Whether a thread makes the frames of [`StretchMethod::Hq`] in the meantime, so that the audio thread need not.
    pub helper: bool,
}

impl Default for EngineConfig {
    /// Four decks of eight stems at 44.1 kHz and 120 BPM, playback rate, 4,096 commands, no helper.
    fn default() -> Self {
        Self {
            sample_rate: SampleRate::CD,
            decks: 4,
            stems: 8,
            base_tempo: Bpm::clamped(120.0, Bpm::MIN),
            stretch: StretchMethod::PlaybackRate,
            queue: 4_096,
            helper: false,
        }
    }
}

impl EngineConfig {
    /// Checks the numbers against each other and their limits.
    ///
    /// # Errors
    /// [`Error::BadConfig`] names the setting and what is possible.
    pub fn check(&self) -> Result<()> {
        let within = |what, value: usize, low: usize, high: usize| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(Error::BadConfig { what, cause: format!("{value} is not within {low} to {high}") })
            }
        };
        within("decks", self.decks, 1, DeckId::LIMIT)?;
        within("stems", self.stems, 1, 64)?;
        within("queue", self.queue, 16, 1 << 20)
    }
}

/// Collects the settings of an engine; see [`Engine::builder`].
#[derive(Clone, Debug, Default)]
pub struct Builder {
    config: EngineConfig,
    rate_chosen: bool,
    record: Option<PathBuf>,
}

impl Builder {
    pub(crate) fn new(config: EngineConfig) -> Self {
        Self { config, rate_chosen: false, record: None }
    }

    /// Frames per second; by default that of the device [`Builder::open`] finds, else 44,100.
    pub fn sample_rate(mut self, rate: SampleRate) -> Self {
        self.config.sample_rate = rate;
        self.rate_chosen = true;
        self
    }

    /// Decks, 1 to 16; 4 by default.
    pub fn decks(mut self, decks: usize) -> Self {
        self.config.decks = decks;
        self
    }

    /// Stems of each deck, 1 to 64; 8 by default.
    pub fn stems(mut self, stems: usize) -> Self {
        self.config.stems = stems;
        self
    }

    /// The tempo of the recorded music and at the start; 120 BPM by default.
    pub fn base_tempo(mut self, bpm: Bpm) -> Self {
        self.config.base_tempo = bpm;
        self
    }

    /// How the decks change speed until [told otherwise](crate::DeckHandle::stretch); playback rate by default.
    pub fn stretch(mut self, method: StretchMethod) -> Self {
        self.config.stretch = method;
        self
    }

    /// Commands that may be on their way, and again that may wait; 4,096 by default.
    pub fn queue(mut self, commands: usize) -> Self {
        self.config.queue = commands;
        self
    }

    /// Whether a thread of the engine's own makes the frames of [`StretchMethod::Hq`] in the meantime, so that the audio
    /// thread need not; off by default. For computers with slow cores, and more than one. The samples are the same: what is
    /// not finished in time ([`Status::helper_late`](crate::Status::helper_late)) the audio thread makes itself. Blocks
    /// longer than a hop (23 ms) leave it no time.
    pub fn helper(mut self, helps: bool) -> Self {
        self.config.helper = helps;
        self
    }

    /// Records what an opened output plays, as a stereo float WAV that appears, complete, when the engine is closed.
    /// The sound never waits for the disk: what it cannot take is counted in [`Health`](crate::Health).
    pub fn record(mut self, path: impl Into<PathBuf>) -> Self {
        self.record = Some(path.into());
        self
    }

    /// The settings so far.
    pub fn config(&self) -> &EngineConfig {
        &self.config
    }

    /// The two halves without a device: the [`Renderer`] goes where sound is wanted (your own callback, a
    /// game, JACK, a test), the [`Engine`] stays with you.
    ///
    /// # Errors
    /// [`Error::BadConfig`] when a setting is not possible.
    pub fn split(self) -> Result<(Engine, Renderer)> {
        Engine::split(self.config)
    }

    /// An engine that plays: to a device, a file or nowhere. A device is supervised: when it goes away the engine
    /// plays on unheard and the sound is back within a second of the device ([`Engine::health`] tells). The output
    /// stops when the engine is closed or dropped.
    ///
    /// # Errors
    /// [`Error::Output`] when it cannot be opened, with what there is instead; [`Error::OutOfRange`] for an
    /// impossible block; [`Error::BadConfig`].
    pub fn open(self, output: Output) -> Result<Engine> {
        let Self { config, rate_chosen, record } = self;
        crate::output::open(crate::output::Wish { config, rate_chosen, record }, output)
    }
}
