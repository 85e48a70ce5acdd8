//! The settings of an engine, and the functions that make both its halves.

use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use crate::audio::Renderer;
use crate::control::Engine;
use crate::output::{self, MakeRenderer, Output, OutputRequest, RunningOutput};
use crate::types::config::EngineConfig;
use crate::types::error::Result;
use crate::types::error_reasons::{SettingError, SettingReason};
use crate::types::output_error::{OutputError, OutputErrorKind};
use crate::types::stretch_method::StretchMethod;
use crate::types::units::{Bpm, SampleRate};

impl Engine {
    /// Starts a [`Builder`] from the defaults: four decks at 44.1 kHz.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

/// The settings of an engine, and the three ways to start it: [`split`](Self::split), [`offline`](Self::offline) and
/// [`open`](Self::open). [`Engine::builder`] makes one.
///
/// Settings are checked when the engine is started.
#[derive(Clone, Debug, Default)]
#[must_use = "a builder makes no engine before `open`, `split` or `offline`"]
pub struct Builder {
    config: EngineConfig,
    rate_chosen: bool,
    record: Option<PathBuf>,
    split: Option<Duration>,
}

impl Builder {
    /// Frames per second; by default those of the device that [`Builder::open`] opens, else 44,100.
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

    /// The master tempo at which decks play their tracks at the recorded speed, and the master tempo at the start; 120 BPM by
    /// default. Any number you choose is right, as long as [`match_tempo`](crate::DeckHandle::match_tempo) is called on every deck
    /// with the tempo of its music.
    pub fn base_tempo(mut self, bpm: Bpm) -> Self {
        self.config.base_tempo = bpm;
        self
    }

    /// How the decks change speed until [another method is chosen](crate::DeckHandle::stretch); playback rate by default.
    pub fn stretch(mut self, method: StretchMethod) -> Self {
        self.config.stretch = method;
        self
    }

    /// How many commands may be on their way to the audio thread, and how many may wait for their moment: 16 to 1,048,576 each,
    /// 4,096 by default.
    pub fn queue(mut self, commands: usize) -> Self {
        self.config.queue = commands;
        self
    }

    /// Whether a worker thread computes the STFT windows of [`StretchMethod::Hq`] in advance, so that the audio thread need
    /// not; off by default. For computers with slow cores, and more than one. The samples are the same: a job that is
    /// not finished in time ([`Status::stretch_jobs_late`](crate::Status::stretch_jobs_late)) is done by the audio thread.
    /// Blocks longer than a hop (23 ms) leave the worker no time.
    pub fn stretch_worker(mut self, on: bool) -> Self {
        self.config.stretch_worker = on;
        self
    }

    /// Records what an [opened](Self::open) output plays: stereo, as a float WAV, or as 24-bit FLAC if the name ends with `.flac`.
    /// [`split`](Self::split) and [`offline`](Self::offline) have no output and refuse it.
    ///
    /// The file grows while the engine plays and is complete after every write, ten a second, whatever ends the program. A file
    /// that exists is never replaced: the name gets a number, `night-2.wav`. When the disk is full, or a WAV nears 4 GiB, the
    /// recording goes on in another file. The sound never waits for the disk: up to 20 seconds are kept in memory, later frames
    /// are lost, and the file has silence of the same length in their place (a gap of more than 10 minutes begins another
    /// file). [`Health::recordings`](crate::Health::recordings) has the state.
    pub fn record(mut self, path: impl Into<PathBuf>) -> Self {
        self.record = Some(path.into());
        self
    }

    /// Begins another file of a recording, or of an [`Output::File`], each time this long has passed: 1 second to 24 hours.
    /// Together the files hold every frame once.
    pub fn record_split(mut self, every: Duration) -> Self {
        self.split = Some(every);
        self
    }

    /// Makes the two halves without an output: your own callback (a plug-in, a game, JACK, a test) calls the [`Renderer`], your
    /// program keeps the [`Engine`].
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) when a setting is not possible, and after [`record`](Self::record) or
    /// [`record_split`](Self::record_split): only an output that [`open`](Self::open) opens is recorded. Write the rendered samples
    /// with `crowd_media::write` instead.
    pub fn split(self) -> Result<(Engine, Renderer)> {
        if self.record.is_some() {
            return Err(SettingError::new("record", SettingReason::NoOutput).into());
        }
        if self.split.is_some() {
            return Err(SettingError::new("record_split", SettingReason::NoOutput).into());
        }
        Engine::split(self.config)
    }

    /// Makes an engine that plays through a device, into a file or to nowhere.
    ///
    /// A device is supervised: when it goes away the engine plays on unheard, and the sound is back within a second of the
    /// device's return; [`Engine::health`] has the state. The output stops when the engine is closed or dropped.
    ///
    /// # Errors
    /// [`Error::Output`](crate::Error::Output) when the output cannot be opened; its message names the outputs there are; [`Error::OutOfRange`](crate::Error::OutOfRange) for an
    /// impossible block; [`Error::Setting`](crate::Error::Setting).
    pub fn open(self, output: Output) -> Result<Engine> {
        self.request().check(&output)?;
        self.play_through(|request, make| output::open(request, output, make))
    }

    /// An engine whose renderer is played by what `open` opens.
    pub(crate) fn play_through(
        self,
        open: impl FnOnce(OutputRequest, MakeRenderer) -> Result<RunningOutput>,
    ) -> Result<Engine> {
        let config = self.config;
        config.check()?;
        let (sender, made) = mpsc::channel();
        let lost = |kind, cause: &str| OutputError::new("the output", kind, cause);
        let make = move |sample_rate| {
            let (engine, renderer) = Engine::split(EngineConfig { sample_rate, ..config })?;
            // When the device took too long to open, nothing receives the engine any more.
            sender.send(engine).map_err(|_| lost(OutputErrorKind::TimedOut, "it took too long to open"))?;
            Ok(renderer)
        };
        let session = open(self.request(), Box::new(make))?;
        let mut engine = made.recv().map_err(|_| lost(OutputErrorKind::Other, "it was opened without an engine"))?;
        engine.attach(session);
        Ok(engine)
    }

    fn request(&self) -> OutputRequest {
        let Self { config, rate_chosen, ref record, split } = *self;
        OutputRequest { rate: config.sample_rate, rate_chosen, record: record.clone(), split }
    }
}
