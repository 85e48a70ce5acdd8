//! How an engine is built.

use std::path::PathBuf;
use std::time::Duration;

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
    split: Option<Duration>,
}

impl Builder {
    pub(crate) fn new(config: EngineConfig) -> Self {
        Self { config, rate_chosen: false, record: None, split: None }
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

    /// Records what an opened output plays: stereo, as a float WAV, or as 24-bit FLAC if the name ends with `.flac`.
    ///
    /// The file grows while the engine plays and is complete ten times a second, whatever ends the program. A file that is there is
    /// never replaced: the recording gets a number then, `night-2.wav`. When the disk is full, or a WAV nears 4 GiB, the
    /// recording goes on in another file. The sound never waits for the disk: up to 20 seconds wait in memory, then frames are
    /// lost, and silence of the same length stands for them (a gap of more than 10 minutes begins another file).
    /// [`Health::recordings`](crate::Health::recordings) tells.
    pub fn record(mut self, path: impl Into<PathBuf>) -> Self {
        self.record = Some(path.into());
        self
    }

    /// Begins another file of a recording, or of an [`Output::File`], every so often, 1 second to 24 hours; one after the other they
    /// hold every frame.
    pub fn record_split(mut self, every: Duration) -> Self {
        self.split = Some(every);
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
        let Self { config, rate_chosen, record, split } = self;
        crate::output::open(crate::output::Wish { config, rate_chosen, record, split }, output)
    }
}
