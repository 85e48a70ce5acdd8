//! The upper half: grains of the track at its own speed, joined where they are alike or where nobody hears it.
//!
//! A grain drifts away from where the playhead ought to be. Just before an onset one takes over that is exactly right, so
//! that the attack sounds at its very time, and once. When no onset comes in time, one takes over from the far side of the
//! drift, where the waveforms agree best. Both channels are joined at the same places.

use super::between::{self, Shifted, Table, Weights};
use super::split::Split;
use super::tick::TICK;
use crate::dsp::Position;
use crate::dsp::simd::{Arith, Simd, Task};
use crate::stretch::source::Source;
use crate::types::cast::{count, index, whole};
use crate::types::onset::Onset;

/// Frames that are compared.
const LIKE: usize = 256;
/// Lags to either side of the wanted place, in a search and before an onset.
const LAGS: i64 = 88;
const NEAR: i64 = 4;
/// Samples under this (-180 dB) are not compared: products of their squares would be subnormal.
const FAINT: f32 = 1e-9;
/// Lags per tick, and ticks of a search.
const SHARE: usize = 12;
const PERIOD: i64 = (2 * LAGS + 1) / SHARE as i64 + 2;

/// A place in the track from which it is copied at its own speed.
#[derive(Clone, Copy, PartialEq)]
struct Grain {
    frame: i64,
    /// How far behind the frame it lies, 0 to 1, with the weights to read it there.
    fraction: f32,
    weights: Weights,
}

/// A grain that gives way to another.
#[derive(Clone, Copy)]
struct Join {
    old: Grain,
    done: usize,
    frames: usize,
    likeness: f32,
}

/// A search on its way.
struct Search {
    /// What the grain will be at the moment of the join, and the track around the wanted place.
    grain: [[f32; LIKE]; 2],
    track: [[f32; LIKE + 2 * index(LAGS.unsigned_abs())]; 2],
    first: i64,
    own: f32,
    done: usize,
    best: (usize, f32),
    ticks: i64,
}

pub struct Grains {
    simd: Simd,
    between: &'static Table,
    /// How far a grain may drift to either side, and per unit of speed away from 1.
    most: f64,
    least: f64,
    per_speed: f64,
    join_frames: usize,
    onset_join: i64,
    onset_gap: i64,
    attack: i64,
    look: f64,
    /// The grain's next tick.
    grain: Option<Grain>,
    join: Option<Join>,
    /// No search joins before this frame of the source; onsets before this frame are done with.
    hold: i64,
    past: i64,
    search: Box<Search>,
    searching: bool,
}

impl Grains {
    pub fn new(sample_rate: f64) -> Self {
        let ms = |ms: f64| ms * sample_rate / 1000.0;
        Self {
            simd: Simd::detect(),
            between: Table::shared(),
            most: ms(10.0),
            least: ms(3.0),
            per_speed: ms(125.0),
            join_frames: count(ms(6.0)),
            onset_join: whole(ms(3.0)),
            onset_gap: whole(ms(1.0)),
            attack: whole(ms(15.0)),
            look: ms(100.0),
            grain: None,
            join: None,
            hold: i64::MIN,
            past: i64::MIN,
            search: Box::new(Search {
                grain: [[0.0; LIKE]; 2],
                track: [[0.0; LIKE + 2 * index(LAGS.unsigned_abs())]; 2],
                first: 0,
                own: 0.0,
                done: 0,
                best: (0, 0.0),
                ticks: 0,
            }),
            searching: false,
        }
    }

    pub fn reset(&mut self) {
        (self.grain, self.join, self.searching) = (None, None, false);
        (self.hold, self.past) = (i64::MIN, i64::MIN);
    }

    pub fn moved(&mut self, by: i64) {
        if let Some(grain) = &mut self.grain {
            grain.frame += by;
        }
        if let Some(join) = &mut self.join {
            join.old.frame += by;
        }
        self.hold = self.hold.saturating_add(by);
        self.past = self.past.saturating_add(by);
        self.search.first += by;
    }

    /// Frames ahead of the playhead that are read.
    pub fn ahead(&self, speed: f64) -> i64 {
        let search = PERIOD as f64 * TICK as f64 * speed.max(1.0);
        whole(2.0 * self.most + search) + LAGS + (LIKE + 2 * TICK + between::TAPS) as i64
    }

    /// The first grain begins at frame `at` of the source.
    pub fn start(&mut self, at: i64) {
        self.grain = Some(Grain::at(at));
    }

    /// Whether the grain is where the next tick's playhead will be.
    pub fn is_at(&self, position: i64) -> bool {
        self.join.is_none() && self.grain == Some(Grain::at(position + TICK as i64))
    }

    /// Adds the next tick.
    pub fn add(
        &mut self,
        split: &Split,
        source: &dyn Source,
        position: Position,
        speed: f64,
        out: &mut [[f32; TICK]; 2],
    ) {
        let grain = *self.grain.get_or_insert(Grain::at(position.frame()));
        self.decide(split, source, grain, position, speed);
        let grain = self.grain.unwrap_or(grain);
        let mut tick = grain.read(self.simd, split);
        self.grain = Some(grain.on(TICK as i64));
        if let Some(join) = &mut self.join {
            let old = join.old.read(self.simd, split);
            join.blend(&old, &mut tick);
            if join.done >= join.frames {
                self.join = None;
            }
        }
        for (out, tick) in out.iter_mut().zip(&tick) {
            out.iter_mut().zip(tick).for_each(|(out, tick)| *out += tick);
        }
    }

    /// Is it time to change grains?
    fn decide(&mut self, split: &Split, source: &dyn Source, grain: Grain, position: Position, speed: f64) {
        let away = 1.0 - speed;
        let off = grain.frame as f64 - position.to_f64();
        if away == 0.0 {
            self.searching = false;
            let right = Grain::at(position.frame());
            if self.join.is_none() && grain != right {
                self.fetch(split, grain, right.frame, 0);
                let (_, likeness) = self.compare(0..1);
                self.take_over(grain, right, self.join_frames, likeness);
            }
            return;
        }
        let onset = self.next_onset(source, position, speed);
        // A grain that is ahead of the playhead comes to the onset too early: it gives way before it does.
        let until = onset.map_or(f64::INFINITY, |onset| (onset.frame as f64 - position.to_f64()) / speed);
        let room = onset.map_or(f64::INFINITY, |onset| until.min((onset.frame - grain.frame) as f64));
        let meeting = (self.onset_join + self.onset_gap) as f64 + TICK as f64;
        if let Some(onset) = onset.filter(|_| room < meeting) {
            return self.meet(split, grain, onset, until, room);
        }
        if self.searching {
            let ticks = (PERIOD - self.search.ticks) * TICK as i64;
            let lands = (self.search.first + LAGS) as f64 - (position.to_f64() + speed * ticks as f64);
            // The speed may have changed since it began: then the place it looks at is not the one that is needed.
            if lands.abs() <= 1.5 * self.most {
                // The new grain, too, must have its join behind it when it comes to the onset.
                let needed = meeting + self.join_frames as f64;
                let latest = onset.map_or(i64::MAX, |onset| onset.frame - whole(needed));
                return self.search_on(grain, room > needed, latest);
            }
            self.searching = false;
        }
        // Frames of output until the grain has drifted too far.
        let drift = (away.abs() * self.per_speed).clamp(self.least, self.most);
        let left = if away < 0.0 { (off + drift) / -away } else { (drift - off) / away };
        let ticks = (PERIOD * TICK as i64) as f64;
        let spare = meeting + self.join_frames as f64 + ticks;
        if left < ticks && room > spare && self.join.is_none() && grain.frame >= self.hold {
            let wanted = whole(position.to_f64() + speed * ticks - drift.copysign(away));
            let grain = grain.on(PERIOD * TICK as i64);
            if split.knows(grain.frame.max(wanted + LAGS) + (LIKE + between::TAPS) as i64) {
                self.begin(split, grain, wanted);
            }
        }
    }

    /// Makes the grain be where it has to be when an onset comes.
    fn meet(&mut self, split: &Split, grain: Grain, onset: Onset, until: f64, room: f64) {
        let right = whole((onset.frame as f64 - until).round());
        if self.join.is_some() {
            return;
        }
        self.past = onset.frame + 1;
        self.hold = onset.frame + self.attack;
        self.searching = false;
        // The attack is copied frame by frame.
        if (grain.frame - right).abs() <= 2 && grain.fraction == 0.0 {
            return;
        }
        let frames = index((whole(room) - self.onset_gap).clamp(16, self.join_frames as i64).unsigned_abs());
        self.fetch(split, grain, right - NEAR, 2 * index(NEAR.unsigned_abs()));
        let (lag, likeness) = self.compare(0..2 * index(NEAR.unsigned_abs()) + 1);
        self.take_over(grain, Grain::at(right - NEAR + lag as i64), frames, likeness);
    }

    fn next_onset(&self, source: &dyn Source, position: Position, speed: f64) -> Option<Onset> {
        let from = self.past.max(position.frame() + self.onset_gap);
        source.onset(from, position.frame() + whole(self.look * speed))
    }

    fn take_over(&mut self, old: Grain, new: Grain, frames: usize, likeness: f32) {
        if old != new {
            self.join = Some(Join { old, done: 0, frames, likeness });
            self.grain = Some(new);
        }
    }

    /// Begins a search for the join of the grain, when it is at `grain`, with the track around `wanted`.
    fn begin(&mut self, split: &Split, grain: Grain, wanted: i64) {
        self.fetch(split, grain, wanted - LAGS, 2 * index(LAGS.unsigned_abs()));
        (self.search.done, self.search.best, self.search.ticks) = (0, (0, f32::MIN), 0);
        self.searching = true;
    }

    /// Does a share of the search; when it is complete and the join can be made, makes it, if the new grain begins at frame
    /// `latest` or before.
    fn search_on(&mut self, grain: Grain, free: bool, latest: i64) {
        let all = 2 * index(LAGS.unsigned_abs()) + 1;
        let from = self.search.done;
        let until = (from + SHARE).min(all);
        if from < until {
            let best = self.compare(from..until);
            if best.1 > self.search.best.1 {
                self.search.best = best;
            }
            self.search.done = until;
        }
        self.search.ticks += 1;
        if self.search.ticks == PERIOD {
            self.searching = false;
            if free {
                let (lag, likeness) = self.search.best;
                let Search { grain: old, track: [left, right], first, .. } = &*self.search;
                let track = [&left[lag..lag + LIKE], &right[lag..lag + LIKE]];
                let (later, likeness) = between::tone(old, track).unwrap_or((0.0, likeness));
                let new = Grain::between(self.between, first + lag as i64, later);
                if new.frame <= latest {
                    self.take_over(grain, new, self.join_frames, likeness);
                }
            }
        }
    }

    /// Reads what is compared: the grain from `grain` on, the track from `first` on with `lags` lags.
    fn fetch(&mut self, split: &Split, grain: Grain, first: i64, lags: usize) {
        for at in (0..LIKE).step_by(TICK) {
            let tick = grain.on(at as i64).read(self.simd, split);
            for (into, tick) in self.search.grain.iter_mut().zip(&tick) {
                into[at..at + TICK].copy_from_slice(tick);
            }
        }
        let Search { grain: [left, right], track: [track_left, track_right], .. } = &mut *self.search;
        let (track_left, track_right) = (&mut track_left[..LIKE + lags], &mut track_right[..LIKE + lags]);
        split.read_high(first, [&mut *track_left, &mut *track_right]);
        for samples in [&mut left[..], right, track_left, track_right] {
            for sample in samples {
                *sample = if sample.abs() < FAINT { 0.0 } else { *sample };
            }
        }
        self.search.first = first;
        self.search.own = self.search.grain.iter().flatten().map(|x| x * x).sum();
    }

    /// The lag of a range at which both are most alike, and how much.
    fn compare(&self, lags: std::ops::Range<usize>) -> (usize, f32) {
        let mut best = (lags.start, f32::MIN);
        for lag in lags {
            let likeness = self.simd.run(Likeness { search: &self.search, lag });
            if likeness > best.1 {
                best = (lag, likeness);
            }
        }
        best
    }
}

impl Grain {
    /// From a frame on.
    fn at(frame: i64) -> Self {
        Self { frame, fraction: 0.0, weights: [0.0; between::TAPS] }
    }

    /// From so much later than a frame on.
    fn between(table: &Table, frame: i64, later: f32) -> Self {
        let fraction = later - later.floor();
        let frame = frame + whole(f64::from(later.floor()));
        if fraction == 0.0 { Self::at(frame) } else { Self { frame, fraction, weights: table.weights(fraction) } }
    }

    /// The same grain so many frames on.
    fn on(self, frames: i64) -> Self {
        Self { frame: self.frame + frames, ..self }
    }

    /// The tick that begins here.
    fn read(&self, simd: Simd, split: &Split) -> [[f32; TICK]; 2] {
        let mut tick = [[0.0; TICK]; 2];
        if self.fraction == 0.0 {
            let [left, right] = &mut tick;
            split.read_high(self.frame, [left, right]);
            return tick;
        }
        let mut track = [[0.0; between::SPANNED]; 2];
        let [left, right] = &mut track;
        split.read_high(self.frame - between::BEFORE as i64, [left, right]);
        for (tick, track) in tick.iter_mut().zip(&track) {
            *tick = simd.run(Shifted { weights: &self.weights, track });
        }
        tick
    }
}

impl Join {
    /// Fades the old grain into the new one. What is alike adds up in amplitude, what is not in power.
    fn blend(&mut self, old: &[[f32; TICK]; 2], new: &mut [[f32; TICK]; 2]) {
        let scale = 1.0 / self.frames as f32;
        let likeness = self.likeness.clamp(0.0, 1.0);
        let [old_left, old_right] = old;
        let [left, right] = new;
        for i in 0..TICK {
            let x = (((self.done + i) as f32 + 0.5) * scale).min(1.0);
            let rising = x * x * (3.0 - 2.0 * x);
            let falling = 1.0 - rising;
            let norm = 1.0 / (rising * rising + falling * falling + 2.0 * rising * falling * likeness).sqrt();
            left[i] = (left[i] * rising + old_left[i] * falling) * norm;
            right[i] = (right[i] * rising + old_right[i] * falling) * norm;
        }
        self.old.frame += TICK as i64;
        self.done += TICK;
    }
}

/// Normalised correlation of both channels at a lag.
struct Likeness<'a> {
    search: &'a Search,
    lag: usize,
}

impl Task for Likeness<'_> {
    type Out = f32;

    #[inline(always)]
    fn run<A: Arith>(self) -> f32 {
        let (mut product, mut power) = ([0.0; 8], [0.0; 8]);
        for (grain, track) in self.search.grain.iter().zip(&self.search.track) {
            let track = &track[self.lag..self.lag + LIKE];
            for (a, b) in grain.as_chunks::<8>().0.iter().zip(track.as_chunks::<8>().0) {
                product = A::fma8(*a, *b, product);
                power = A::fma8(*b, *b, power);
            }
        }
        let (product, power): (f32, f32) = (product.iter().sum(), power.iter().sum());
        product / (self.search.own * power + 1e-12).sqrt()
    }
}
