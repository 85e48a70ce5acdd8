//! The upper band: grains of the track at its own speed, joined where they are alike or where the join is masked.
//!
//! A grain plays at the track's own speed, so it drifts away from the playhead. Just before an onset it is replaced by a
//! grain that is exactly at the playhead, so that the attack sounds once and on time. When the drift reaches its limit
//! before an onset comes, a search finds the position on the other side of the playhead at which the waveforms are most
//! alike, and a grain there replaces the old one. Both channels join at the same positions.

use super::band_split::BandSplit;
use super::fractional_delay::{self, FractionalDelayTable, FractionalRead, Weights};

use crate::dsp::simd::{Arith, Simd, Task};
use crate::dsp::{Position, QUANTUM};
use crate::stretch::source::Source;
use crate::types::cast::{count, index, whole};
use crate::types::onset::Onset;

/// The number of frames that are compared at each lag.
const COMPARED: usize = 256;
/// A search compares lags up to this many frames before the wanted position, and after it.
const LAGS: i64 = 88;
/// The same for a join before an onset.
const ONSET_LAGS: i64 = 4;
/// Samples below this (-180 dB) are not compared, because products of their squares would be subnormal.
const FAINT: f32 = 1e-9;
/// The number of lags that a search compares in each quantum.
const LAGS_PER_QUANTUM: usize = 12;
/// The number of quanta that a search takes.
const SEARCH_QUANTA: i64 = (2 * LAGS + 1) / LAGS_PER_QUANTUM as i64 + 2;

/// A grain: the position from which the track is copied at its own speed.
#[derive(Clone, Copy, PartialEq)]
struct Grain {
    frame: i64,
    /// The fraction of a frame, from 0 to 1, by which the position is later than `frame`.
    fraction: f32,
    /// The weights with which the track is read at this fraction.
    weights: Weights,
}

/// The fade from an old grain to a new one.
#[derive(Clone, Copy)]
struct Join {
    old: Grain,
    done: usize,
    frames: usize,
    likeness: f32,
}

/// A search for the best join, spread over several quanta.
struct Search {
    /// The sound of the old grain at the moment of the join.
    grain: [[f32; COMPARED]; 2],
    /// The track around the wanted position.
    track: [[f32; COMPARED + 2 * index(LAGS.unsigned_abs())]; 2],
    /// The first frame of `track`.
    first: i64,
    /// The energy of `grain`.
    own: f32,
    /// The number of lags that were compared.
    done: usize,
    /// The best lag so far, and the likeness there.
    best: (usize, f32),
    /// The number of quanta since the search began.
    quanta: i64,
}

/// The grains of the upper band.
pub struct Grains {
    simd: Simd,
    table: &'static FractionalDelayTable,
    /// The drift in frames that a grain may reach is `drift_per_speed` times the difference between the speed and 1. It is
    /// at most this number of frames.
    largest_drift: f64,
    /// The drift that a grain may reach at any speed.
    smallest_drift: f64,
    /// The drift for each unit of difference between the speed and 1.
    drift_per_speed: f64,
    join_frames: usize,
    onset_join: i64,
    onset_gap: i64,
    attack: i64,
    onset_lookahead: f64,
    /// The position of the grain's next quantum.
    grain: Option<Grain>,
    join: Option<Join>,
    /// No search begins while the grain is before this frame of the source. It keeps joins out of an attack.
    hold: i64,
    /// The join before every onset earlier than this frame of the source has been made.
    past: i64,
    search: Box<Search>,
    searching: bool,
}

impl Grains {
    pub fn new(sample_rate: f64) -> Self {
        let ms = |ms: f64| ms * sample_rate / 1000.0;
        Self {
            simd: Simd::detect(),
            table: FractionalDelayTable::shared(),
            largest_drift: ms(10.0),
            smallest_drift: ms(3.0),
            drift_per_speed: ms(125.0),
            join_frames: count(ms(6.0)),
            onset_join: whole(ms(3.0)),
            onset_gap: whole(ms(1.0)),
            attack: whole(ms(15.0)),
            onset_lookahead: ms(100.0),
            grain: None,
            join: None,
            hold: i64::MIN,
            past: i64::MIN,
            search: Box::new(Search {
                grain: [[0.0; COMPARED]; 2],
                track: [[0.0; COMPARED + 2 * index(LAGS.unsigned_abs())]; 2],
                first: 0,
                own: 0.0,
                done: 0,
                best: (0, 0.0),
                quanta: 0,
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

    /// The number of frames after the playhead that grains and searches read.
    pub fn lookahead(&self, speed: f64) -> i64 {
        let search = SEARCH_QUANTA as f64 * QUANTUM as f64 * speed.max(1.0);
        whole(2.0 * self.largest_drift + search) + LAGS + (COMPARED + 2 * QUANTUM + fractional_delay::TAPS) as i64
    }

    /// Starts the first grain at frame `at` of the source.
    pub fn start(&mut self, at: i64) {
        self.grain = Some(Grain::at(at));
    }

    /// Whether the grain is at the position that the playhead has in the next quantum.
    pub fn is_at(&self, position: i64) -> bool {
        self.join.is_none() && self.grain == Some(Grain::at(position + QUANTUM as i64))
    }

    /// Adds the next quantum.
    pub fn add(
        &mut self,
        bands: &BandSplit,
        source: &dyn Source,
        position: Position,
        speed: f64,
        out: &mut [[f32; QUANTUM]; 2],
    ) {
        let grain = *self.grain.get_or_insert(Grain::at(position.frame()));
        self.update_grain(bands, source, grain, position, speed);
        let grain = self.grain.unwrap_or(grain);
        let mut quantum = grain.read(self.simd, bands);
        self.grain = Some(grain.on(QUANTUM as i64));
        if let Some(join) = &mut self.join {
            let old = join.old.read(self.simd, bands);
            join.blend(&old, &mut quantum);
            if join.done >= join.frames {
                self.join = None;
            }
        }
        for (out, quantum) in out.iter_mut().zip(&quantum) {
            out.iter_mut().zip(quantum).for_each(|(out, quantum)| *out += quantum);
        }
    }

    /// Replaces the grain, or searches for a new one, when an onset comes or the grain has drifted far enough.
    fn update_grain(&mut self, bands: &BandSplit, source: &dyn Source, grain: Grain, position: Position, speed: f64) {
        let away = 1.0 - speed;
        let off = grain.frame as f64 - position.to_f64();
        if away == 0.0 {
            self.searching = false;
            let exact = Grain::at(position.frame());
            if self.join.is_none() && grain != exact {
                self.fetch(bands, grain, exact.frame, 0);
                let (_, likeness) = self.compare(0..1);
                self.replace_grain(grain, exact, self.join_frames, likeness);
            }
            return;
        }
        let onset = self.next_onset(source, position, speed);
        // A grain that is later than the playhead would reach the onset too early, so it must be replaced before that.
        let until = onset.map_or(f64::INFINITY, |onset| (onset.frame as f64 - position.to_f64()) / speed);
        let room = onset.map_or(f64::INFINITY, |onset| until.min((onset.frame - grain.frame) as f64));
        let onset_margin = (self.onset_join + self.onset_gap) as f64 + QUANTUM as f64;
        if let Some(onset) = onset.filter(|_| room < onset_margin) {
            return self.join_at_onset(bands, grain, onset, until, room);
        }
        if self.searching {
            let quanta = (SEARCH_QUANTA - self.search.quanta) * QUANTUM as i64;
            let lands = (self.search.first + LAGS) as f64 - (position.to_f64() + speed * quanta as f64);
            // The speed may have changed since the search began. Then the position around which it searches may be too far
            // from the playhead, and the search ends.
            if lands.abs() <= 1.5 * self.largest_drift {
                // The join to the new grain must be complete before it reaches the onset.
                let needed = onset_margin + self.join_frames as f64;
                let latest = onset.map_or(i64::MAX, |onset| onset.frame - whole(needed));
                return self.continue_search(grain, room > needed, latest);
            }
            self.searching = false;
        }
        // The limit of the drift, and the number of frames of output until the grain reaches it.
        let drift = (away.abs() * self.drift_per_speed).clamp(self.smallest_drift, self.largest_drift);
        let left = if away < 0.0 { (off + drift) / -away } else { (drift - off) / away };
        let quanta = (SEARCH_QUANTA * QUANTUM as i64) as f64;
        let spare = onset_margin + self.join_frames as f64 + quanta;
        if left < quanta && room > spare && self.join.is_none() && grain.frame >= self.hold {
            let wanted = whole(position.to_f64() + speed * quanta - drift.copysign(away));
            let grain = grain.on(SEARCH_QUANTA * QUANTUM as i64);
            if bands.has_high_until(grain.frame.max(wanted + LAGS) + (COMPARED + fractional_delay::TAPS) as i64) {
                self.begin_search(bands, grain, wanted);
            }
        }
    }

    /// Joins to a grain that is exactly at the playhead when the onset is played.
    fn join_at_onset(&mut self, bands: &BandSplit, grain: Grain, onset: Onset, until: f64, room: f64) {
        let exact = whole((onset.frame as f64 - until).round());
        if self.join.is_some() {
            return;
        }
        self.past = onset.frame + 1;
        self.hold = onset.frame + self.attack;
        self.searching = false;
        // The attack is copied frame by frame.
        if (grain.frame - exact).abs() <= 2 && grain.fraction == 0.0 {
            return;
        }
        let frames = index((whole(room) - self.onset_gap).clamp(16, self.join_frames as i64).unsigned_abs());
        self.fetch(bands, grain, exact - ONSET_LAGS, 2 * index(ONSET_LAGS.unsigned_abs()));
        let (lag, likeness) = self.compare(0..2 * index(ONSET_LAGS.unsigned_abs()) + 1);
        self.replace_grain(grain, Grain::at(exact - ONSET_LAGS + lag as i64), frames, likeness);
    }

    fn next_onset(&self, source: &dyn Source, position: Position, speed: f64) -> Option<Onset> {
        let from = self.past.max(position.frame() + self.onset_gap);
        source.onset(from, position.frame() + whole(self.onset_lookahead * speed))
    }

    fn replace_grain(&mut self, old: Grain, new: Grain, frames: usize, likeness: f32) {
        if old != new {
            self.join = Some(Join { old, done: 0, frames, likeness });
            self.grain = Some(new);
        }
    }

    /// Starts a search for a join with the track around `wanted`. `grain` is the grain as it will be at the join.
    fn begin_search(&mut self, bands: &BandSplit, grain: Grain, wanted: i64) {
        self.fetch(bands, grain, wanted - LAGS, 2 * index(LAGS.unsigned_abs()));
        (self.search.done, self.search.best, self.search.quanta) = (0, (0, f32::MIN), 0);
        self.searching = true;
    }

    /// Continues the search. When it is complete, makes the join if `free` and the new grain begins at frame `latest`
    /// or earlier.
    fn continue_search(&mut self, grain: Grain, free: bool, latest: i64) {
        let all = 2 * index(LAGS.unsigned_abs()) + 1;
        let from = self.search.done;
        let until = (from + LAGS_PER_QUANTUM).min(all);
        if from < until {
            let best = self.compare(from..until);
            if best.1 > self.search.best.1 {
                self.search.best = best;
            }
            self.search.done = until;
        }
        self.search.quanta += 1;
        if self.search.quanta == SEARCH_QUANTA {
            self.searching = false;
            if free {
                let (lag, likeness) = self.search.best;
                let Search { grain: old, track: [left, right], first, .. } = &*self.search;
                let track = [&left[lag..lag + COMPARED], &right[lag..lag + COMPARED]];
                let (later, likeness) = fractional_delay::tone_offset(old, track).unwrap_or((0.0, likeness));
                let new = Grain::delayed(self.table, first + lag as i64, later);
                if new.frame <= latest {
                    self.replace_grain(grain, new, self.join_frames, likeness);
                }
            }
        }
    }

    /// Reads the frames to compare: the grain from `grain` on, and the track from `first` on with `lags` lags.
    fn fetch(&mut self, bands: &BandSplit, grain: Grain, first: i64, lags: usize) {
        for at in (0..COMPARED).step_by(QUANTUM) {
            let quantum = grain.on(at as i64).read(self.simd, bands);
            for (into, quantum) in self.search.grain.iter_mut().zip(&quantum) {
                into[at..at + QUANTUM].copy_from_slice(quantum);
            }
        }
        let Search { grain: [left, right], track: [track_left, track_right], .. } = &mut *self.search;
        let (track_left, track_right) = (&mut track_left[..COMPARED + lags], &mut track_right[..COMPARED + lags]);
        bands.read_high(first, [&mut *track_left, &mut *track_right]);
        for samples in [&mut left[..], right, track_left, track_right] {
            for sample in samples {
                *sample = if sample.abs() < FAINT { 0.0 } else { *sample };
            }
        }
        self.search.first = first;
        self.search.own = self.search.grain.iter().flatten().map(|x| x * x).sum();
    }

    /// The lag in a range at which grain and track are most alike, and their likeness there.
    fn compare(&self, lags: std::ops::Range<usize>) -> (usize, f32) {
        let mut best = (lags.start, f32::MIN);
        for lag in lags {
            let likeness = self.simd.run(Correlation { search: &self.search, lag });
            if likeness > best.1 {
                best = (lag, likeness);
            }
        }
        best
    }
}

impl Grain {
    /// A grain that starts at a frame.
    fn at(frame: i64) -> Self {
        Self { frame, fraction: 0.0, weights: [0.0; fractional_delay::TAPS] }
    }

    /// A grain that starts `later` than a frame by a fraction.
    fn delayed(table: &FractionalDelayTable, frame: i64, later: f32) -> Self {
        let fraction = later - later.floor();
        let frame = frame + whole(f64::from(later.floor()));
        if fraction == 0.0 { Self::at(frame) } else { Self { frame, fraction, weights: table.weights(fraction) } }
    }

    /// The grain `frames` frames later.
    fn on(self, frames: i64) -> Self {
        Self { frame: self.frame + frames, ..self }
    }

    /// Reads the quantum that begins at the grain.
    fn read(&self, simd: Simd, bands: &BandSplit) -> [[f32; QUANTUM]; 2] {
        let mut quantum = [[0.0; QUANTUM]; 2];
        if self.fraction == 0.0 {
            let [left, right] = &mut quantum;
            bands.read_high(self.frame, [left, right]);
            return quantum;
        }
        let mut track = [[0.0; fractional_delay::SPANNED]; 2];
        let [left, right] = &mut track;
        bands.read_high(self.frame - fractional_delay::BEFORE as i64, [left, right]);
        for (quantum, track) in quantum.iter_mut().zip(&track) {
            *quantum = simd.run(FractionalRead { weights: &self.weights, track });
        }
        quantum
    }
}

impl Join {
    /// Fades the old grain into the new one. When the grains are alike, their gains add up to one. When they are not, the
    /// squares of their gains add up to one.
    fn blend(&mut self, old: &[[f32; QUANTUM]; 2], new: &mut [[f32; QUANTUM]; 2]) {
        let scale = 1.0 / self.frames as f32;
        let likeness = self.likeness.clamp(0.0, 1.0);
        let [old_left, old_right] = old;
        let [left, right] = new;
        for i in 0..QUANTUM {
            let x = (((self.done + i) as f32 + 0.5) * scale).min(1.0);
            let rising = x * x * (3.0 - 2.0 * x);
            let falling = 1.0 - rising;
            let norm = 1.0 / (rising * rising + falling * falling + 2.0 * rising * falling * likeness).sqrt();
            left[i] = (left[i] * rising + old_left[i] * falling) * norm;
            right[i] = (right[i] * rising + old_right[i] * falling) * norm;
        }
        self.old.frame += QUANTUM as i64;
        self.done += QUANTUM;
    }
}

/// Computes the normalised correlation at a lag, over both channels.
struct Correlation<'a> {
    search: &'a Search,
    lag: usize,
}

impl Task for Correlation<'_> {
    type Out = f32;

    #[inline(always)]
    fn run<A: Arith>(self) -> f32 {
        let (mut product, mut power) = ([0.0; 8], [0.0; 8]);
        for (grain, track) in self.search.grain.iter().zip(&self.search.track) {
            let track = &track[self.lag..self.lag + COMPARED];
            for (a, b) in grain.as_chunks::<8>().0.iter().zip(track.as_chunks::<8>().0) {
                product = A::fma8(*a, *b, product);
                power = A::fma8(*b, *b, power);
            }
        }
        let (product, power): (f32, f32) = (product.iter().sum(), power.iter().sum());
        product / (self.search.own * power + 1e-12).sqrt()
    }
}
