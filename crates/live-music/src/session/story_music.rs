//! The built-in music, steered from panel to panel.

use std::sync::Arc;

use music_generator::prompt::blend::WeightedPrompt;
use music_generator::prompt::vocabulary::Vocabulary;
use music_generator::steering::change::{Change, Start};
use music_generator::steering::log::Header;
use music_generator::steering::status::Status;
use music_generator::steering::steered_session::SteeredSession;
use music_generator::synth::{QUANTUM, SILENCE, Stems};
use music_generator::types::config::Config;

use crate::error::Error;
use crate::story::Ramp;

/// The time between two steps of a ramp, in seconds. The music changes at beats anyway.
const STEP_SECONDS: f64 = 0.5;

/// One session of the built-in music. The same seed, story and frames of the transitions give the same samples.
pub struct StoryMusic {
    music: SteeredSession,
    header: Header,
    /// The prompts and settings that were set last.
    present: (Vec<WeightedPrompt>, Config),
    ramp: Option<RunningRamp>,
    /// The changes since they were taken, with their frames.
    changes: Vec<(u64, Change)>,
}

/// A ramp, its next step, and the frames between two steps.
struct RunningRamp {
    ramp: Ramp,
    next: u32,
    from: u64,
    step_frames: u64,
}

impl StoryMusic {
    /// The music that begins with these prompts and settings. The sample rate is in hertz, 8,000 to 192,000.
    ///
    /// # Errors
    /// When prompts or settings cannot be used.
    pub fn new(sample_rate: u32, seed: u64, prompts: Vec<WeightedPrompt>, config: Config) -> Result<Self, Error> {
        let vocabulary = Vocabulary::built_in().map_err(|error| Error::Invalid(error.to_string()))?;
        let start = Start { prompts: prompts.clone(), config: config.clone(), ..Start::default() };
        Ok(Self {
            music: SteeredSession::new(sample_rate, seed, Arc::new(vocabulary), &start)?,
            header: Header::new(sample_rate, seed, start),
            present: (prompts, config),
            ramp: None,
            changes: Vec::new(),
        })
    }

    /// The first line of a log with which music-generator makes the same music again.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next frame to be made.
    pub fn frame(&self) -> u64 {
        self.music.frame()
    }

    /// Changes to other prompts and settings from the next frame on, in a ramp of so many seconds. A ramp that runs ends where it is.
    ///
    /// # Errors
    /// When prompts or settings cannot be used. The music is then unchanged.
    pub fn transition(&mut self, prompts: Vec<WeightedPrompt>, config: Config, seconds: f64) -> Result<(), Error> {
        Change::Prompts(prompts.clone()).check()?;
        Change::Config(config.clone()).check()?;
        let rate = f64::from(self.music.sample_rate());
        let steps = (seconds / STEP_SECONDS).round().max(1.0) as u32;
        let step_frames = (seconds * rate / f64::from(steps)) as u64;
        let ramp = Ramp::new(self.present.clone(), (prompts, config), steps);
        self.ramp = Some(RunningRamp { ramp, next: 0, from: self.music.frame(), step_frames });
        Ok(())
    }

    /// Makes the next 64 frames of each stem.
    ///
    /// # Errors
    /// None that were not found by [`transition`](Self::transition).
    pub fn render(&mut self) -> Result<Stems, Error> {
        self.step_ramp()?;
        let mut stems = SILENCE;
        self.music.render(&mut stems);
        Ok(stems)
    }

    fn step_ramp(&mut self) -> Result<(), Error> {
        let frame = self.music.frame();
        let Some(RunningRamp { ramp, next, from, step_frames }) = &mut self.ramp else { return Ok(()) };
        if frame < *from + u64::from(*next) * *step_frames {
            return Ok(());
        }
        let (prompts, config) = ramp.step(*next);
        *next += 1;
        if *next >= ramp.steps() {
            self.ramp = None;
        }
        for change in [Change::Prompts(prompts.clone()), Change::Config(config.clone())] {
            self.music.apply(&change)?;
            self.changes.push((frame, change));
        }
        self.present = (prompts, config);
        Ok(())
    }

    /// The changes since this was called last, with the frames at which they were made.
    pub fn take_changes(&mut self) -> Vec<(u64, Change)> {
        std::mem::take(&mut self.changes)
    }

    /// Where the music is.
    pub fn status(&self) -> Status {
        self.music.status()
    }

    /// The number of frames that [`render`](Self::render) makes.
    pub const FRAMES: usize = QUANTUM;
}
