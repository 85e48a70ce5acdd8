//! A session that follows prompts and settings.

use std::collections::VecDeque;
use std::sync::Arc;

use super::change::{Change, Start, SteeringError};
use super::status::{Score, Status};
use crate::prompt::blend::{WeightedPrompt, apply, blend};
use crate::prompt::reading::{Filtered, Reading};
use crate::prompt::vocabulary::{Vocabulary, style_name};
use crate::session::{ClockReference, Session};
use crate::synth::Stems;
#[cfg(feature = "soundfont")]
use crate::synth::sound_font::{SoundFont, SoundFontError};
use crate::types::bar::Bar;
use crate::types::config::Config;
use crate::types::target::Target;

/// The most bars that wait for [`SteeredSession::take_bar`].
const MOST_BARS: usize = 64;

/// A [`Session`] that follows prompts and settings. The same seed, the same start and the same changes in the same frames give the same
/// bytes.
///
/// ```
/// use std::sync::Arc;
/// use music_generator::prompt::blend::WeightedPrompt;
/// use music_generator::prompt::vocabulary::Vocabulary;
/// use music_generator::steering::change::{Change, Start};
/// use music_generator::steering::steered_session::SteeredSession;
/// use music_generator::synth::SILENCE;
///
/// let vocabulary = Arc::new(Vocabulary::built_in()?);
/// let mut music = SteeredSession::new(48_000, 7, vocabulary, &Start::default())?;
/// let mut stems = SILENCE;
/// music.render(&mut stems);
/// music.apply(&Change::Prompts(vec![WeightedPrompt { text: "rainy night".to_owned(), weight: 1.0 }]))?;
/// music.render(&mut stems);
/// assert_eq!(music.status().frame, 128);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SteeredSession {
    session: Session,
    vocabulary: Arc<Vocabulary>,
    prompts: Vec<WeightedPrompt>,
    config: Config,
    /// What prompts or a target ask for, without the settings: a mute of the settings must not stay when they change.
    asked: Target,
    not_understood: Vec<String>,
    bars: VecDeque<Bar>,
    score: Score,
}

impl SteeredSession {
    /// A session at its first frame. The sample rate is in hertz, 8,000 to 192,000.
    ///
    /// # Errors
    /// A weight or a setting is out of range, or there are too many prompts.
    pub fn new(sample_rate: u32, seed: u64, vocabulary: Arc<Vocabulary>, start: &Start) -> Result<Self, SteeringError> {
        start.check()?;
        let blended = blend(&vocabulary, &start.prompts, &Config::default(), None)?;
        let mut asked = blended.target;
        if let Some(style) = start.style {
            asked.styles = Target::of_style(style).styles;
        }
        let mut target = asked.clone();
        apply(&start.config, &mut target);
        Ok(Self {
            session: Session::new(sample_rate, seed, target),
            vocabulary,
            prompts: start.prompts.clone(),
            config: start.config.clone(),
            asked,
            not_understood: not_understood(&start.prompts, &blended.readings),
            bars: VecDeque::new(),
            score: Score::default(),
        })
    }

    /// Plays the instruments of a sound font in place of the built-in ones; the notes stay the same. For the start, before the first
    /// frame: it takes some tenths of a second.
    ///
    /// # Errors
    /// The sample rate is out of range, or a sample of the file cannot be played.
    #[cfg(feature = "soundfont")]
    pub fn set_sound_font(&mut self, font: &SoundFont) -> Result<(), SoundFontError> {
        self.session.set_sound_font(font)
    }

    /// Changes the music from the next beat on.
    ///
    /// # Errors
    /// A number is out of range. The music is then unchanged.
    pub fn apply(&mut self, change: &Change) -> Result<(), SteeringError> {
        change.check()?;
        match change {
            Change::Prompts(prompts) => {
                let blended = blend(&self.vocabulary, prompts, &Config::default(), Some(&self.asked))?;
                self.not_understood = not_understood(prompts, &blended.readings);
                self.prompts.clone_from(prompts);
                self.asked = blended.target;
            }
            Change::Config(config) => self.config = config.clone(),
            Change::Target(target) => {
                self.asked = Target::clone(target);
                self.prompts.clear();
                self.not_understood.clear();
            }
        }
        self.session.set_target(self.target());
        Ok(())
    }

    /// Renders the next 64 frames of each stem.
    pub fn render(&mut self, out: &mut Stems) {
        self.session.render(out);
        self.keep_bars();
    }

    /// Composes the next 64 frames without their sound, as [`Session::pass`] does.
    pub fn pass(&mut self) {
        self.session.pass();
        self.keep_bars();
    }

    fn keep_bars(&mut self) {
        while let Some(bar) = self.session.take_bar() {
            self.score.push(&bar);
            if self.bars.len() == MOST_BARS {
                self.bars.pop_front();
            }
            self.bars.push_back(bar);
        }
        self.score.advance(self.session.beat());
    }

    /// The next bar that was written and not taken. At most 64 wait.
    pub fn take_bar(&mut self) -> Option<Bar> {
        self.bars.pop_front()
    }

    /// The next frame to be rendered.
    pub fn frame(&self) -> u64 {
        self.session.frame()
    }

    /// The position of that frame in quarter notes.
    pub fn beat(&self) -> f64 {
        self.session.beat()
    }

    /// The sample rate in hertz.
    pub fn sample_rate(&self) -> u32 {
        self.session.sample_rate()
    }

    /// What the music is to be: prompts or a target, and settings.
    pub fn target(&self) -> Target {
        let mut target = self.asked.clone();
        apply(&self.config, &mut target);
        target
    }

    /// The prompts.
    pub fn prompts(&self) -> &[WeightedPrompt] {
        &self.prompts
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The words that prompts may have.
    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    /// Follows the beats and the tempo of another clock, in place of the tempo of prompts and settings, until this is called with `None`.
    pub fn follow_clock(&mut self, reference: Option<ClockReference>) {
        self.session.follow_clock(reference);
    }

    /// Where the music is.
    #[allow(clippy::cast_precision_loss, reason = "frames of many years are exact in an f64")]
    pub fn status(&self) -> Status {
        let mut status = Status {
            frame: self.frame(),
            seconds: self.frame() as f64 / f64::from(self.sample_rate()),
            bpm: self.session.bpm(),
            beat: self.session.beat(),
            style: style_name(self.asked.style()),
            not_understood: self.not_understood.clone(),
            ..Status::default()
        };
        self.score.describe(&mut status);
        status
    }
}

/// What was not understood, with the prompt that it belongs to.
pub(crate) fn not_understood(prompts: &[WeightedPrompt], readings: &[Result<Reading, Filtered>]) -> Vec<String> {
    let mut sentences = Vec::new();
    for (prompt, reading) in prompts.iter().zip(readings) {
        let shown: String = prompt.text.chars().take(40).collect();
        let shown = shown.escape_debug();
        match reading {
            Ok(reading) => sentences.extend(reading.warnings.iter().map(|warning| format!("\"{shown}\": {warning}"))),
            Err(filtered) => sentences.push(format!("\"{shown}\" has no effect: {filtered}")),
        }
    }
    sentences
}
