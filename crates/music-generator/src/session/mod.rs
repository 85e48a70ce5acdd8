//! All of it together: composes, plays and mixes a block at a time.
//!
//! [`Session`] writes a bar shortly before it begins and starts its notes on the [`Player`], exact to the frame. What a program
//! changes takes effect at the next beat (density, brightness, mutes, sounds), within four to eight beats (tempo), at the next bar
//! (key, mode) or phrase (style). The same seed and the same changes in the same frames give the same notes and the same bytes,
//! however many frames are read at a time.
//!
//! Writing a bar allocates memory; rendering does not. A thread with deadlines reads from a buffer that another thread fills.

mod clock;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

pub use clock::{Clock, ClockReference};

use crate::compose::composer::Composer;
use crate::mix::{Master, ScoreLevel, StyleSound};
use crate::synth::kernels::math::gain;
#[cfg(feature = "soundfont")]
use crate::synth::sound_font::{SoundFont, SoundFontError};
use crate::synth::{Block, Player, QUANTUM, SILENCE, Stems};
use crate::types::bar::Bar;
use crate::types::config::Config;
use crate::types::note::Note;
use crate::types::stem::Stem;
use crate::types::target::Target;

/// How long before its start a bar is written, in seconds: more than the earliest note is ahead of its place.
const AHEAD_SECONDS: f64 = 0.2;
/// The most bars that wait for [`Session::take_bar`].
const MOST_BARS: usize = 64;
/// Beats of a change of tempo that is small or large.
const RAMP_BEATS: (f64, f64) = (4.0, 8.0);
/// A change of tempo is large from this ratio on.
const LARGE_RATIO: f64 = 1.1;

/// A note that waits for its time.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// When it is played, in quarter notes.
    beat: f64,
    note: Note,
}

/// Endless music in stems.
pub struct Session {
    sample_rate: u32,
    composer: Composer,
    player: Player,
    master: Master,
    score_level: ScoreLevel,
    clock: Clock,
    reference: Option<ClockReference>,
    /// What sounds, and what will from the next beat on.
    target: Target,
    wanted: Target,
    /// What was asked for without the settings.
    asked: Target,
    config: Config,
    changes: VecDeque<(u64, Target)>,
    waiting: Vec<Waiting>,
    bars: VecDeque<Bar>,
    /// The next frame to be rendered.
    frame: u64,
    /// A quantum of which a part was read.
    rest: Stems,
    left: usize,
}

impl Session {
    /// A session at its first frame. The sample rate is in hertz, 8,000 to 192,000.
    pub fn new(sample_rate: u32, seed: u64, target: Target) -> Self {
        let composer = Composer::new(seed, &target);
        let bpm = composer.tempo(&target);
        let mut player = Player::new(sample_rate, seed);
        let mut master = Master::new(sample_rate);
        player.set_target(&target);
        player.set_tempo(bpm);
        master.set_sound(&StyleSound::of(&target));
        let mut session = Self {
            sample_rate,
            composer,
            player,
            master,
            score_level: ScoreLevel::default(),
            clock: Clock::new(sample_rate, bpm),
            reference: None,
            wanted: target.clone(),
            asked: target.clone(),
            target,
            config: Config::default(),
            changes: VecDeque::new(),
            waiting: Vec::new(),
            bars: VecDeque::new(),
            frame: 0,
            rest: SILENCE,
            left: 0,
        };
        session.set_gains();
        session
    }

    /// Plays the instruments of a sound font in place of the built-in ones; the notes stay the same.
    ///
    /// # Errors
    /// The sample rate is out of range, or a sample of the file cannot be played.
    #[cfg(feature = "soundfont")]
    pub fn set_sound_font(&mut self, font: &SoundFont) -> Result<(), SoundFontError> {
        self.player.set_sound_font(font)
    }

    /// The next frame to be rendered.
    pub fn frame(&self) -> u64 {
        self.frame - self.left as u64
    }

    /// The position of the next frame to be rendered in quarter notes, exact when whole quanta are rendered.
    pub fn beat(&self) -> f64 {
        self.clock.beat_at(self.frame())
    }

    /// The tempo now, in quarter notes a minute.
    pub fn bpm(&self) -> f64 {
        self.clock.bpm_at(self.frame)
    }

    /// The delay between a note's time and its sound, in frames.
    pub fn latency(&self) -> usize {
        self.master.latency()
    }

    /// The stems' bars that repeat a block of four bars of the last ten minutes.
    pub fn repeats(&self) -> u64 {
        self.composer.repeats()
    }

    /// What the music is to be from now on.
    pub fn set_target(&mut self, target: Target) {
        self.set_target_at(self.frame(), target);
    }

    /// What the music is to be from a frame on. Changes for the same frame replace each other.
    pub fn set_target_at(&mut self, frame: u64, target: Target) {
        let place = self.changes.iter().position(|(other, _)| *other > frame).unwrap_or(self.changes.len());
        self.changes.insert(place, (frame, target));
    }

    /// Settings that go before those of the target.
    pub fn set_config(&mut self, config: Config) {
        self.config = config;
        self.set_target(self.asked.clone());
    }

    /// Follows the beats and the tempo of another clock, in place of the tempo of the target, until this is called with `None`. A change
    /// of that clock is followed at once, a difference of the beats within some bars.
    pub fn follow_clock(&mut self, reference: Option<ClockReference>) {
        self.reference =
            reference.filter(|reference| reference.beat.is_finite() && (20.0..=400.0).contains(&reference.bpm));
    }

    /// The next bar that was written and not taken. Bars are written a fifth of a second before they begin.
    pub fn take_bar(&mut self) -> Option<Bar> {
        self.bars.pop_front()
    }

    /// Renders frames of the stems, in the order of [`Stem::ALL`]: as many as the shortest block has.
    pub fn read(&mut self, mut out: [&mut [[f32; 2]]; Stem::COUNT]) {
        let frames = out.iter().map(|block| block.len()).min().unwrap_or(0);
        let mut done = 0;
        while done < frames {
            if self.left == 0 {
                let mut stems = SILENCE;
                self.render(&mut stems);
                self.rest = stems;
                self.left = QUANTUM;
            }
            let count = self.left.min(frames - done);
            let from = QUANTUM - self.left;
            for (block, rest) in out.iter_mut().zip(&self.rest) {
                block[done..done + count].copy_from_slice(&rest[from..from + count]);
            }
            done += count;
            self.left -= count;
        }
    }

    /// Renders the next 64 frames of each stem.
    pub fn render(&mut self, out: &mut Stems) {
        self.advance();
        self.start_notes();
        self.player.render(out);
        self.master.process(out);
        self.frame += QUANTUM as u64;
    }

    /// Composes the next 64 frames without their sound: the bars are those of [`Session::render`]. A session whose sound is wanted
    /// later must render from its first frame on.
    pub fn pass(&mut self) {
        self.advance();
        let next = self.span().1;
        while self.waiting.last().is_some_and(|waiting| waiting.beat < next) {
            self.waiting.pop();
        }
        self.frame += QUANTUM as u64;
    }

    /// Takes changes, and writes bars.
    fn advance(&mut self) {
        if let Some(reference) = &self.reference {
            self.clock.follow(self.frame, reference);
        }
        self.follow();
        self.compose();
    }

    /// The mix of the stems.
    pub fn sum(stems: &Stems) -> Block {
        Master::sum(stems)
    }

    /// Takes the changes whose frame has come, and lets them sound when a beat begins in this quantum.
    fn follow(&mut self) {
        while self.changes.front().is_some_and(|(frame, _)| *frame <= self.frame) {
            if let Some((_, target)) = self.changes.pop_front() {
                self.wanted = with_config(target.clone(), &self.config);
                self.asked = target;
            }
        }
        let (now, next) = self.span();
        let beat_begins = self.frame == 0 || libm::floor(next) > libm::floor(now);
        if !beat_begins || self.wanted == self.target {
            return;
        }
        self.target = self.wanted.clone();
        self.player.set_target(&self.target);
        self.master.set_sound(&StyleSound::of(&self.target));
        self.set_gains();
        let bpm = self.composer.tempo(&self.target);
        let from = self.clock.target();
        if self.reference.is_some() {
            self.player.set_tempo(from);
        } else if (bpm - from).abs() > 1e-9 {
            let large = bpm > from * LARGE_RATIO || from > bpm * LARGE_RATIO;
            self.clock.ramp_to(self.frame, bpm, if large { RAMP_BEATS.1 } else { RAMP_BEATS.0 });
        }
    }

    fn set_gains(&mut self) {
        for stem in Stem::ALL {
            let muted = self.target.muted.get(stem.index()).copied().unwrap_or(false);
            let change = self.target.stem_gains_db.get(stem.index()).copied().unwrap_or(0.0).clamp(-12.0, 12.0);
            self.player.set_stem_gain(stem, if muted { 0.0 } else { gain(change) });
        }
    }

    /// The quarter notes at the start and at the end of this quantum.
    fn span(&self) -> (f64, f64) {
        (self.clock.beat_at(self.frame), self.clock.beat_at(self.frame + QUANTUM as u64))
    }

    /// Writes the bars that begin soon.
    fn compose(&mut self) {
        let bpm = self.clock.bpm_at(self.frame);
        let horizon = self.clock.beat_at(self.frame) + AHEAD_SECONDS * bpm / 60.0;
        while self.composer.next_start().to_beats() <= horizon {
            let bar = self.composer.compose(&self.wanted, bpm);
            self.player.set_tempo(bpm);
            let sound = StyleSound::of(&self.wanted);
            self.master.set_score_gain(self.score_level.gain_db(&bar, self.wanted.density, &sound));
            for note in &bar.notes {
                let beat = note.start.to_beats() + f64::from(note.late_ms) / 60_000.0 * bpm;
                self.waiting.push(Waiting { beat: beat.max(0.0), note: *note });
            }
            // The latest first, so that the next note is taken from the end. The sort is stable: the order of the bar decides.
            self.waiting.sort_by(|a, b| b.beat.total_cmp(&a.beat));
            if self.bars.len() == MOST_BARS {
                self.bars.pop_front();
            }
            self.bars.push_back(bar);
        }
    }

    /// Starts the notes of this quantum that the density lets sound.
    fn start_notes(&mut self) {
        let (now, next) = self.span();
        let bpm = self.clock.bpm_at(self.frame);
        while self.waiting.last().is_some_and(|waiting| waiting.beat < next) {
            let Some(Waiting { beat, note }) = self.waiting.pop() else { return };
            if note.from_density > self.target.density {
                continue;
            }
            let place = ((beat - now) / (next - now) * QUANTUM as f64).clamp(0.0, QUANTUM as f64 - 1.0);
            let seconds = note.length.to_beats() * 60.0 / bpm;
            self.player.start(&note, 0.0, place as usize, seconds as f32);
        }
    }

    /// The sample rate in hertz.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }
}

/// A target with the settings of a configuration in place of its own.
pub fn with_config(mut target: Target, config: &Config) -> Target {
    target.bpm = config.bpm.or(target.bpm);
    if let Some((tonic, mode)) = config.scale {
        target.tonic = Some(tonic);
        target.mode = Some(mode);
    }
    target.density = config.density.unwrap_or(target.density).clamp(0.0, 1.0);
    target.brightness = config.brightness.unwrap_or(target.brightness).clamp(0.0, 1.0);
    for (muted, wanted) in target.muted.iter_mut().zip(config.muted) {
        *muted |= wanted;
    }
    // The target holds what prompts add to the usual temperature; the setting replaces the usual one.
    target.temperature = (config.temperature + (target.temperature - Config::default().temperature)).clamp(0.0, 3.0);
    target
}
