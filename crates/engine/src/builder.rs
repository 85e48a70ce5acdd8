//! The settings of an engine, and the functions that make its two halves.

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
    /// The sample rate. The default is that of the device that [`Builder::open`] opens, and 44,100 Hz without a device.
    pub fn sample_rate(mut self, rate: SampleRate) -> Self {
        self.config.sample_rate = rate;
        self.rate_chosen = true;
        self
    }

    /// The number of decks, from 1 to 16. The default is 4.
    pub fn decks(mut self, decks: usize) -> Self {
        self.config.decks = decks;
        self
    }

    /// The number of stems of each deck, from 1 to 64. The default is 8.
    pub fn stems(mut self, stems: usize) -> Self {
        self.config.stems = stems;
        self
    }

    /// The master tempo at the start. At this master tempo, decks play their tracks at the recorded speed. The default is 120 BPM.
    ///
    /// You may choose any tempo, as long as you call [`match_tempo`](crate::DeckHandle::match_tempo) on every deck with the tempo of
    /// its music.
    pub fn base_tempo(mut self, bpm: Bpm) -> Self {
        self.config.base_tempo = bpm;
        self
    }

    /// The stretch method of all decks, until [another one is chosen](crate::DeckHandle::stretch). The default is playback rate.
    pub fn stretch(mut self, method: StretchMethod) -> Self {
        self.config.stretch = method;
        self
    }

    /// The number of commands that may be in the queue to the audio thread. The same number of commands may wait for their moment.
    /// It is from 16 to 1,048,576. The default is 4,096.
    pub fn queue(mut self, commands: usize) -> Self {
        self.config.queue = commands;
        self
    }

    /// Whether a worker thread computes STFT frames of [`StretchMethod::Hq`], so that the audio thread has less to do. The default is
    /// false. It is useful on computers with several slow cores.
    ///
    /// The samples are the same in both cases. The audio thread does the jobs that the worker has not finished in time
    /// ([`Status::stretch_jobs_late`](crate::Status::stretch_jobs_late)). If blocks are longer than a hop (23 ms), the worker has no
    /// time to do any.
    pub fn stretch_worker(mut self, on: bool) -> Self {
        self.config.stretch_worker = on;
        self
    }

    /// Whether each beat of the clock is reported as an [`Event::Beat`](crate::Event::Beat). The default is off.
    pub fn beat_events(mut self, on: bool) -> Self {
        self.config.beat_events = on;
        self
    }

    /// Makes a tap of the output, for a thread of your program that sends or analyses the played sound:
    /// [`Engine::take_tap`](crate::Engine::take_tap) returns it. It has room for this length of sound, from 1 to 60 s. When the
    /// thread is later than that, frames of the tap are lost and counted. The sound of the output never waits for it.
    pub fn tap(mut self, length: Duration) -> Self {
        self.config.tap = Some(length);
        self
    }

    /// Records the sound of an output that [`open`](Self::open) opens. The file is a stereo float WAV, or 24-bit FLAC if the name
    /// ends with `.flac`. After this call, [`split`](Self::split) and [`offline`](Self::offline) return an error, because they have
    /// no output.
    ///
    /// The file grows while the engine plays. It is written ten times a second, and is complete after every write, even if the program
    /// is killed then. No existing file is replaced: the name gets a number, like `night-2.wav`. When the disk is full, or when a WAV
    /// becomes almost 4 GiB long, the recording continues in another file.
    ///
    /// The sound never waits for the disk. When the disk is slow, up to 20 seconds are kept in memory. Later frames are lost, and the
    /// file gets silence of the same length in their place. After a gap of more than 10 minutes another file begins.
    /// [`Health::recordings`](crate::Health::recordings) has the state.
    pub fn record(mut self, path: impl Into<PathBuf>) -> Self {
        self.record = Some(path.into());
        self
    }

    /// Splits a recording, or an [`Output::File`], into files of this length, from 1 second to 24 hours. Every frame is in exactly
    /// one of the files.
    pub fn record_split(mut self, every: Duration) -> Self {
        self.split = Some(every);
        self
    }

    /// Makes the two halves without an output. Your own callback (of a plug-in, a game, JACK or a test) calls the [`Renderer`], and
    /// your program keeps the [`Engine`].
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) when a setting is not possible. It is also returned after [`record`](Self::record) or
    /// [`record_split`](Self::record_split), because only an output that [`open`](Self::open) opens is recorded. Write the rendered
    /// samples with `crowd_media::write` instead.
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
    /// A device is supervised. When it is lost, the engine plays on without being heard. When the device is back, the sound is back
    /// within a second. [`Engine::health`] has the state. The output stops when the engine is closed or dropped.
    ///
    /// # Errors
    /// [`Error::Output`](crate::Error::Output) when the output cannot be opened. Its message names the available outputs.
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for an impossible block size. [`Error::Setting`](crate::Error::Setting) when a
    /// setting is not possible.
    pub fn open(self, output: Output) -> Result<Engine> {
        self.request().check(&output)?;
        self.play_through(|request, make| output::open(request, output, make))
    }

    /// An engine whose renderer is called by the output that `open` opens.
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
