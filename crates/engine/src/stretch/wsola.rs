//! Waveform similarity overlap-add, anchored at attacks.
//!
//! W. Verhelst and M. Roelands, "An overlap-add technique based on waveform similarity (WSOLA) for high quality
//! time-scale modification of speech", ICASSP 1993, and, for copying transients untouched, S. Grofit and Y. Lavner,
//! "Time-scale modification of audio signals using enhanced WSOLA with management of transients", IEEE Transactions on
//! Audio, Speech, and Language Processing 16 (2008).
//!
//! The track is copied at its own speed, in long grains. A grain drifts away from where the playhead ought to be; before it
//! is too far off, another one takes over where the waveforms agree best. Just before an onset a grain takes over that is
//! exactly right, so that the attack sounds at its very time and once. There the join is masked, so music with drums needs
//! no other joins. Both channels are always joined at the same places.

use super::{Latency, Onset, Source, Stretch};
use crate::dsp::{Position, QUANTUM, Step};

mod search;
use search::Search;

/// Frames between decisions.
const TICK: usize = QUANTUM;
/// Ticks of one search.
const PERIOD: usize = 8;

/// Lengths in frames.
#[derive(Clone, Copy)]
struct Lengths {
    /// How far a grain may drift to either side.
    drift: f64,
    /// The least of that when the speed is near 1.
    drift_least: f64,
    /// The join of two grains that were searched.
    join: i64,
    /// The join before an onset, and the gap behind it.
    onset_join: i64,
    onset_gap: i64,
    /// How long an attack is left alone.
    attack: i64,
    /// How far ahead onsets are looked for.
    look: f64,
}

/// A grain that gives way to another.
#[derive(Clone, Copy)]
struct Join {
    old: i64,
    done: i64,
    frames: i64,
    likeness: f32,
}

/// Keeps the pitch at a small price.
pub struct Wsola {
    lengths: Lengths,
    /// The next frame of the grain that sounds; none before the first call.
    grain: Option<i64>,
    join: Option<Join>,
    /// Frames into the present tick.
    into: usize,
    tick: usize,
    /// No join before this frame of the source.
    hold: i64,
    /// Onsets before this frame are done with.
    past: i64,
    search: Search,
    scratch: [[f32; TICK]; 2],
}

impl Wsola {
    /// For an engine of `sample_rate` frames per second.
    pub fn new(sample_rate: u32) -> Self {
        let ms = |ms: f64| ms * f64::from(sample_rate) / 1000.0;
        let lengths = Lengths {
            drift: ms(20.0),
            drift_least: ms(6.0),
            join: ms(8.0) as i64,
            onset_join: ms(4.0) as i64,
            onset_gap: ms(1.0) as i64,
            attack: ms(20.0) as i64,
            look: ms(250.0),
        };
        Self {
            lengths,
            grain: None,
            join: None,
            into: 0,
            tick: 0,
            hold: i64::MIN,
            past: i64::MIN,
            search: Search::new(lengths.drift as usize),
            scratch: [[0.0; TICK]; 2],
        }
    }

    /// How far a grain may drift at a speed.
    fn drift(&self, speed: f64) -> f64 {
        let second = self.lengths.look * 4.0;
        ((speed - 1.0).abs() * second * 0.25).clamp(self.lengths.drift_least, self.lengths.drift)
    }

    /// Every tick: is it time to change grains?
    fn decide(&mut self, source: &dyn Source, grain: i64, position: Position, speed: f64) {
        let off = grain as f64 - position.to_f64();
        self.search.follow(source, position.frame());
        if (speed - 1.0).abs() < 1e-9 && off.abs() < 1.0 {
            self.search.stop();
            self.tick = 0;
            return;
        }
        let onset = self.next_onset(source, position, speed);
        let until_onset = onset.map_or(f64::INFINITY, |onset| (onset.frame as f64 - position.to_f64()) / speed);
        if let Some(onset) = onset
            && until_onset < (self.lengths.onset_join + self.lengths.onset_gap + TICK as i64) as f64
        {
            self.meet(source, grain, onset, until_onset);
            return;
        }
        let free = self.join.is_none() && grain >= self.hold;
        if self.tick == 0 {
            if free {
                self.search.begin(grain, position, speed, (PERIOD * TICK) as i64);
            }
        } else {
            self.search.go_on(self.tick, PERIOD);
        }
        self.tick += 1;
        if self.tick < PERIOD {
            return;
        }
        self.tick = 0;
        let drift = self.drift(speed);
        let away = 1.0 - speed;
        let after = TICK as f64;
        // The grain as the next tick will find it.
        let off = off + away * after;
        let lives = |off: f64| {
            if away < 0.0 {
                (off + drift) / -away
            } else if away > 0.0 {
                (drift - off) / away
            } else if off.abs() < 1.0 {
                1e9
            } else {
                0.0
            }
        };
        let left = lives(off);
        let reach = (PERIOD * TICK) as f64;
        if !free
            || left > until_onset
            || until_onset < (self.lengths.join + self.lengths.onset_join) as f64 + 4.0 * after
        {
            return;
        }
        let whole = 2.0 * drift / away.abs().max(1e-6);
        let spent = (1.0 - left / whole).clamp(0.0, 1.0);
        let must = left < reach;
        let Some(best) = self.search.best(drift, |off| lives(off).min(until_onset)) else { return };
        let allowed = 0.25 * (spent * spent * spent * spent) as f32;
        if must || 1.0 - best.likeness < allowed {
            self.search.refine(source, grain + TICK as i64, best).into_iter().for_each(|(to, likeness)| {
                // The search was for the next tick; the grain is one tick younger.
                self.take_over(grain, to - TICK as i64, self.lengths.join, likeness);
            });
        }
    }

    /// Makes the grain be where it has to be when an onset comes.
    fn meet(&mut self, source: &dyn Source, grain: i64, onset: Onset, until: f64) {
        self.past = onset.frame + 1;
        self.hold = onset.frame + self.lengths.attack;
        self.tick = 0;
        self.search.stop();
        let error = grain as f64 + until - onset.frame as f64;
        if error.abs() <= 4.0 || self.join.is_some() {
            return;
        }
        let right = (onset.frame as f64 - until).round() as i64;
        let frames = (until as i64 - self.lengths.onset_gap).max(16);
        let (to, likeness) = self.search.nearby(source, grain, right, 6, frames as usize);
        self.take_over(grain, to, frames, likeness);
    }

    fn take_over(&mut self, old: i64, new: i64, frames: i64, likeness: f32) {
        if old != new {
            self.join = Some(Join { old, done: 0, frames, likeness });
            self.grain = Some(new);
        }
    }

    fn next_onset(&self, source: &dyn Source, position: Position, speed: f64) -> Option<Onset> {
        let from = self.past.max(position.frame() + self.lengths.onset_gap);
        source.onset(from, position.frame() + (self.lengths.look * speed) as i64)
    }

    /// Copies a piece of at most a tick.
    fn copy(&mut self, source: &dyn Source, grain: i64, [left, right]: [&mut [f32]; 2]) {
        let frames = left.len();
        source.read(grain, [&mut *left, &mut *right]);
        if let Some(join) = &mut self.join {
            let [old_left, old_right] = &mut self.scratch;
            let (old_left, old_right) = (&mut old_left[..frames], &mut old_right[..frames]);
            source.read(join.old, [&mut *old_left, &mut *old_right]);
            let scale = 1.0 / join.frames as f32;
            let likeness = join.likeness.clamp(0.0, 1.0);
            for i in 0..frames {
                let x = ((join.done + i as i64) as f32 + 0.5) * scale;
                let x = x.min(1.0);
                let new = x * x * (3.0 - 2.0 * x);
                let old = 1.0 - new;
                // What is alike adds up in amplitude, what is not in power.
                let norm = 1.0 / (new * new + old * old + 2.0 * new * old * likeness).sqrt();
                left[i] = (left[i] * new + old_left[i] * old) * norm;
                right[i] = (right[i] * new + old_right[i] * old) * norm;
            }
            join.old += frames as i64;
            join.done += frames as i64;
            if join.done >= join.frames {
                self.join = None;
            }
        }
    }
}

impl Stretch for Wsola {
    fn process(&mut self, source: &dyn Source, position: Position, step: Step, out: [&mut [f32]; 2]) {
        let [left, right] = out;
        let speed = step.rate();
        let frames = left.len().min(right.len());
        let mut from = 0;
        while from < frames {
            let position = position.advance(step, from);
            let grain = *self.grain.get_or_insert(position.frame());
            if self.into == 0 {
                self.decide(source, grain, position, speed);
            }
            let grain = self.grain.unwrap_or(grain);
            let count = (TICK - self.into).min(frames - from);
            let span = from..from + count;
            self.copy(source, grain, [&mut left[span.clone()], &mut right[span]]);
            self.grain = Some(grain + count as i64);
            self.into = (self.into + count) % TICK;
            from += count;
        }
    }

    fn latency(&self) -> Latency {
        Latency { input: self.search.reach(), output: 0 }
    }

    fn moved(&mut self, by: i64) {
        if by == 0 {
            return;
        }
        self.grain = self.grain.map(|grain| grain + by);
        if let Some(join) = &mut self.join {
            join.old += by;
        }
        self.hold = self.hold.saturating_add(by);
        self.past = self.past.saturating_add(by);
        self.search.moved(by);
    }

    fn reset(&mut self) {
        (self.grain, self.join, self.into, self.tick) = (None, None, 0, 0);
        (self.hold, self.past) = (i64::MIN, i64::MIN);
        self.search.reset();
    }
}
