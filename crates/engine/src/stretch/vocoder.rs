//! The phase vocoder behind [`Hq`](super::Hq), and behind the lower half of [`Wsola`](super::Wsola).
//!
//! J. Laroche and M. Dolson, "Improved phase vocoder time-scale modification of audio", IEEE Transactions on Speech and
//! Audio Processing 7 (1999): around each spectral peak all bins turn together. A. Röbel, "A new approach to transient
//! processing in the phase vocoder", DAFx 2003: what begins at an onset keeps the phases it has.
//!
//! Each hop takes two frames of the source, one hop apart, so that no phase is ever unwrapped. The earlier one is what the
//! latest frame of output would have been if the source ran on from there; each peak's region of the later one is turned by
//! the angle that fits the two best (the sum of their products over the region, both channels together, so that the stereo
//! image stands still). Around an onset the source runs at its own speed, and what begins there is not turned at all: the
//! frames then add up to the very samples of the attack.

mod news;
mod peaks;
mod place;
mod plan;

use rustfft::num_complex::Complex32;

use super::Source;
use crate::dsp::simd::Simd;
use crate::dsp::{Position, QUANTUM, Step};
use news::News;
use peaks::Peaks;
use place::Place;
use plan::{Plan, View};

/// Frames overlap so many times.
const OVERLAP: usize = 4;
/// Pieces of work per hop, so that no block does much more than another.
const STAGES: usize = 8;
/// How fast what was turned turns back while the speed is 1, in radians a hop: about a hertz, half a second at most.
const TURN_BACK: f32 = 0.13;

const ZERO: Complex32 = Complex32::new(0.0, 0.0);
const ONE: Complex32 = Complex32::new(1.0, 0.0);

/// A stereo spectrum: left as the real part of the signal, right as the imaginary one.
type Spectrum = Box<[Complex32]>;

pub(super) struct Vocoder {
    size: usize,
    hop: usize,
    /// Frames to either side of an onset in which the source runs at its own speed.
    zone: f64,
    /// Frames that are copied before the first frame is made.
    rest: usize,
    plan: &'static Plan,
    scratch: Spectrum,
    /// The latest frame of output; the earlier and the later frame of the source.
    latest: Spectrum,
    earlier: Spectrum,
    later: Spectrum,
    power: Box<[f32]>,
    peaks: Peaks,
    simd: Simd,
    news: News,
    /// Overlapping frames, a ring.
    sum: [Box<[f32]>; 2],
    /// Frames of output since the start, and since the hop began.
    made: usize,
    into: usize,
    /// The frame of the source at the start.
    start: i64,
    /// The frame that is being made.
    place: Place,
    /// Frames in a row that were not turned.
    calm: usize,
    /// The output is the source.
    wire: bool,
}

impl Vocoder {
    /// Frames of `size` (a power of two); around onsets the source runs at its own speed for `zone` frames to either side.
    /// A start copies the source for `rest` hops, in which it can be made ready, before frames are made.
    pub fn new(size: usize, zone: f64, rest: usize) -> Self {
        let hop = size / OVERLAP;
        let plan = Plan::shared(size);
        let spectrum = || vec![ZERO; size].into_boxed_slice();
        Self {
            size,
            hop,
            zone,
            rest: rest * hop,
            news: News::new(size),
            plan,
            scratch: vec![ZERO; plan.scratch].into(),
            latest: spectrum(),
            earlier: spectrum(),
            later: spectrum(),
            power: vec![0.0; size / 2 + 1].into(),
            peaks: Peaks::new(size / 2),
            simd: Simd::detect(),
            sum: [vec![0.0; size].into(), vec![0.0; size].into()],
            made: 0,
            into: 0,
            start: 0,
            place: Place::default(),
            calm: 0,
            wire: false,
        }
    }

    /// Frames of the source that are read before and behind a position.
    pub const fn reach(&self, fastest: f64) -> usize {
        ((self.hop + self.size) as f64 * fastest) as usize + self.size
    }

    /// Frames from the middle of a frame to its end.
    pub const fn half(&self) -> usize {
        self.size / 2
    }

    /// Whether the output is the source, sample by sample.
    pub fn is_wire(&self) -> bool {
        self.wire
    }

    pub fn reset(&mut self) {
        (self.made, self.into, self.calm, self.wire) = (0, 0, 0, false);
        self.place = Place::default();
        self.news.forget();
        self.sum.iter_mut().for_each(|sum| sum.fill(0.0));
    }

    pub fn moved(&mut self, by: i64) {
        self.start += by;
        self.place.moved(by);
        self.news.moved(by);
    }

    /// As [`Stretch::process`](super::Stretch::process).
    pub fn process(&mut self, source: &dyn Source, position: Position, step: Step, out: [&mut [f32]; 2]) {
        let [out_left, out_right] = out;
        let frames = out_left.len().min(out_right.len());
        let tick = self.hop / STAGES;
        if self.wire && !step.is_unity() {
            self.reset();
        }
        let mut from = 0;
        while from < frames {
            let position = position.advance(step, from);
            if self.into == self.hop {
                if self.made > self.rest {
                    self.add();
                }
                self.into = 0;
            }
            if self.made == 0 {
                self.start = position.frame();
                // At its own speed there is nothing to do.
                self.wire = step.is_unity();
            }
            if self.into == 0 && step.is_unity() && self.calm > OVERLAP {
                self.wire = true;
            }
            if self.wire {
                source.read(position.frame(), [&mut out_left[from..frames], &mut out_right[from..frames]]);
                self.made += frames - from;
                return;
            }
            if self.into.is_multiple_of(tick) && self.made >= self.rest {
                self.stage(self.into / tick, source, position, step);
            }
            let count = (tick - self.into % tick).min(frames - from).min(QUANTUM);
            self.take(source, [&mut out_left[from..from + count], &mut out_right[from..from + count]]);
            self.made += count;
            self.into += count;
            from += count;
        }
    }

    /// One piece of the work for the frame that begins to sound with the next hop.
    fn stage(&mut self, stage: usize, source: &dyn Source, position: Position, step: Step) {
        let Self { plan, scratch, .. } = self;
        match stage {
            0 => {
                let ahead = (self.hop + self.size / 2) as f64;
                self.place = Place::find(source, position, step.rate(), ahead, self.zone);
                let centre = self.place.centre - self.hop as i64;
                transform(&plan.forward, scratch, source, centre, &mut self.earlier);
            }
            1 => {
                if let Some(onset) = self.place.onset {
                    self.news.listen_behind(source, onset, scratch);
                }
            }
            2 => transform(&plan.forward, scratch, source, self.place.centre, &mut self.later),
            3 => {
                if let Some(onset) = self.place.onset {
                    self.news.listen_before(source, onset, scratch);
                }
            }
            4 => {
                if self.made < self.rest + self.hop {
                    let untouched = self.start + (self.rest + self.size / 2) as i64;
                    transform(&plan.forward, scratch, source, untouched, &mut self.latest);
                }
                self.compare();
            }
            6 => self.turn(step.is_unity()),
            7 => {
                self.latest.copy_from_slice(&self.later);
                plan.inverse.process_with_scratch(&mut self.later, scratch);
            }
            _ => {}
        }
    }

    /// Finds the peaks of the later frame, and for each bin the product that tells its angle to where the latest goes on.
    fn compare(&mut self) {
        self.simd.run(peaks::Power { spectrum: &self.later, power: &mut self.power });
        self.peaks.find(&self.power);
        self.simd.run(peaks::Multiply { spectrum: &mut self.earlier, by: &self.latest });
    }

    /// Turns every peak's region of the later frame.
    fn turn(&mut self, back: bool) {
        let half = self.size / 2;
        let mut turned = false;
        let mut from = 1;
        for peak in 0..self.peaks.len() {
            let until = self.peaks.border(peak).unwrap_or(half);
            let turn = self.angle(from, until, back);
            turned |= turn != ONE;
            self.earlier[from..until].fill(turn);
            self.earlier[self.size - until + 1..self.size - from + 1].fill(turn.conj());
            from = until;
        }
        if self.peaks.len() == 0 {
            self.earlier.fill(ONE);
        }
        (self.earlier[0], self.earlier[half]) = (ONE, ONE);
        self.calm = if turned { 0 } else { self.calm + 1 };
        if turned {
            self.simd.run(peaks::Turn { spectrum: &mut self.later, by: &self.earlier });
        }
    }

    /// By how much bins `from..until` are turned, as a number on the unit circle.
    fn angle(&self, from: usize, until: usize, back: bool) -> Complex32 {
        if self.place.onset.is_some() && self.news.begins(from, until) {
            return ONE;
        }
        let below = &self.earlier[from..until];
        let above = &self.earlier[self.size - until + 1..self.size - from + 1];
        let mut product = ZERO;
        for (below, above) in below.iter().zip(above) {
            product.re += below.re + above.re;
            product.im += below.im - above.im;
        }
        let power = product.norm_sqr();
        if power < 1e-30 {
            return ONE;
        }
        let turn = product.unscale(power.sqrt());
        if back {
            let angle = turn.arg();
            let rest = angle.abs() - TURN_BACK;
            return if rest > 0.0 { Complex32::cis(rest.copysign(angle)) } else { ONE };
        }
        turn
    }

    /// Adds the finished frame to the ring, which begins with the next frame of output.
    fn add(&mut self) {
        let scale = 1.0 / self.size as f32;
        let begin = self.made % self.size;
        let until_end = self.size - begin;
        let [left, right] = &mut self.sum;
        let mut add = |frame: &[Complex32], window: &[f32], span: std::ops::Range<usize>| {
            let sums = left[span.clone()].iter_mut().zip(&mut right[span]);
            for ((frame, window), (left, right)) in frame.iter().zip(window).zip(sums) {
                let weight = window * scale;
                *left += frame.re * weight;
                *right += frame.im * weight;
            }
        };
        let window = &self.plan.forward.window;
        add(&self.later[..until_end], &window[..until_end], begin..self.size);
        add(&self.later[until_end..], &window[until_end..], 0..begin);
    }

    /// Takes finished frames of output from the ring; behind a start, what they leave of the source is added.
    fn take(&mut self, source: &dyn Source, [left, right]: [&mut [f32]; 2]) {
        let count = left.len();
        let Some(behind) = self.made.checked_sub(self.rest + self.hop) else {
            return source.read(self.start + self.made as i64, [left, right]);
        };
        // A piece never crosses a hop, nor the end of the ring.
        let begin = self.made % self.size;
        for (sum, out) in self.sum.iter_mut().zip([&mut *left, &mut *right]) {
            let sum = &mut sum[begin..begin + count];
            out.copy_from_slice(sum);
            sum.fill(0.0);
        }
        if behind < self.size {
            let mut copy = [[0.0; QUANTUM]; 2];
            let [copy_left, copy_right] = &mut copy;
            let (copy_left, copy_right) = (&mut copy_left[..count], &mut copy_right[..count]);
            source.read(self.start + self.made as i64, [&mut *copy_left, &mut *copy_right]);
            for (out, copy) in [(left, copy_left), (right, copy_right)] {
                let weights = &self.plan.leaving[behind..behind + count];
                out.iter_mut().zip(copy).zip(weights).for_each(|((out, copy), weight)| *out += *copy * weight);
            }
        }
    }
}

/// The spectrum of the windowed source around `centre`.
fn transform(view: &View, scratch: &mut [Complex32], source: &dyn Source, centre: i64, into: &mut [Complex32]) {
    const PIECE: usize = 256;
    let first = centre - (view.window.len() / 2) as i64;
    let mut piece = [[0.0; PIECE]; 2];
    let [left, right] = &mut piece;
    for ((at, out), window) in (first..).step_by(PIECE).zip(into.chunks_mut(PIECE)).zip(view.window.chunks(PIECE)) {
        let (left, right) = (&mut left[..out.len()], &mut right[..out.len()]);
        source.read(at, [&mut *left, &mut *right]);
        for (((out, window), left), right) in out.iter_mut().zip(window).zip(left).zip(right) {
            *out = Complex32::new(*left * window, *right * window);
        }
    }
    view.fft.process_with_scratch(into, scratch);
}
