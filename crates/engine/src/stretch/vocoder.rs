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

mod frame;
mod help;
mod news;
mod peaks;
mod place;
mod plan;
mod spectrum;

use rustfft::num_complex::Complex32;

use super::source::Source;
use crate::dsp::{Position, QUANTUM, Step};
use crate::types::cast::count;
pub(crate) use frame::{Look, Maker, Order, Shape};
pub(crate) use help::Help;
use plan::{OVERLAP, Plan};

pub(super) struct Vocoder {
    shape: Shape,
    /// Frames that are copied before the first frame is made.
    rest: usize,
    plan: &'static Plan,
    maker: Maker,
    /// The frame that is being made, and whether by somebody else.
    order: Order,
    away: bool,
    /// Overlapping frames, a ring.
    sum: [Box<[f32]>; 2],
    /// Frames of output since the start, and since the hop began.
    made: usize,
    into: usize,
    /// The frame of the source at the start.
    start: i64,
    /// Frames in a row that were not turned and lie a hop apart in the source too, and where the middle of the next such
    /// one lies.
    calm: usize,
    follows: i64,
    /// The output is the source.
    wire: bool,
}

impl Vocoder {
    /// For a source of `rate` frames per second. A start copies the source for `rest` hops, in which it can be made ready,
    /// before frames are made.
    pub fn new(rate: f64, rest: usize) -> Self {
        let shape = Shape::new(rate);
        let Shape { size, hop, .. } = shape;
        Self {
            shape,
            rest: rest * hop,
            plan: Plan::shared(size),
            maker: Maker::new(size),
            order: Order::default(),
            away: false,
            sum: [vec![0.0; size].into(), vec![0.0; size].into()],
            made: 0,
            into: 0,
            start: 0,
            calm: 0,
            follows: 0,
            wire: false,
        }
    }

    /// Frames of the source that are read before and behind a position.
    pub const fn reach(&self, fastest: f64) -> usize {
        count((self.shape.hop + self.shape.size) as f64 * fastest) + self.shape.size
    }

    /// Frames from the middle of a frame to its end.
    pub const fn half(&self) -> usize {
        self.shape.size / 2
    }

    /// Whether the output is the source, sample by sample.
    pub fn is_wire(&self) -> bool {
        self.wire
    }

    pub fn reset(&mut self) {
        (self.made, self.into, self.calm, self.wire) = (0, 0, 0, false);
        (self.order, self.away) = (Order::default(), false);
        self.maker.forget();
        self.sum.iter_mut().for_each(|sum| sum.fill(0.0));
    }

    pub fn moved(&mut self, by: i64) {
        self.start += by;
        self.follows += by;
        self.order.moved(by);
        self.maker.moved(by);
    }

    /// As [`Stretch::process`](super::Stretch::process), with somebody who may make the frames.
    pub fn process(
        &mut self,
        source: &dyn Source,
        position: Position,
        step: Step,
        out: [&mut [f32]; 2],
        help: &mut dyn Help,
    ) {
        let [out_left, out_right] = out;
        let frames = out_left.len().min(out_right.len());
        let tick = self.shape.hop / Maker::STAGES;
        if self.wire && !step.is_unity() {
            self.reset();
        }
        let mut from = 0;
        while from < frames {
            let position = position.advance(step, from);
            if self.into == self.shape.hop {
                if self.made > self.rest {
                    self.finish(source, help);
                }
                self.into = 0;
            }
            if self.made == 0 {
                self.start = position.frame();
                // At its own speed there is nothing to do.
                self.wire = step.is_unity();
            }
            // What is about to sound of the frames is the source; at the playhead, unless the speed has just changed.
            let sounds = self.follows - (self.shape.hop + self.shape.size / 2) as i64;
            if self.into == 0 && step.is_unity() && self.calm > OVERLAP && sounds == position.frame() {
                self.wire = true;
            }
            if self.wire {
                source.read(position.frame(), [&mut out_left[from..frames], &mut out_right[from..frames]]);
                self.made += frames - from;
                return;
            }
            if self.into.is_multiple_of(tick) && self.made >= self.rest {
                self.work(self.into / tick, source, position, step, help);
            }
            let count = (tick - self.into % tick).min(frames - from).min(QUANTUM);
            self.take(source, [&mut out_left[from..from + count], &mut out_right[from..from + count]]);
            self.made += count;
            self.into += count;
            from += count;
        }
    }

    /// One piece of the work for the frame that begins to sound with the next hop.
    fn work(&mut self, stage: usize, source: &dyn Source, position: Position, step: Step, help: &mut dyn Help) {
        if stage == 0 {
            let begins = self.made < self.rest + self.shape.hop;
            let start = begins.then(|| self.start + self.rest as i64);
            self.order = self.shape.order(source, position, step, start);
            self.away = help.take(&self.order, &self.maker);
        }
        if !self.away {
            self.maker.stage(stage, &self.order, source);
        }
    }

    /// Adds the frame that has been made, and makes it first when it was to come from elsewhere and has not.
    fn finish(&mut self, source: &dyn Source, help: &mut dyn Help) {
        if std::mem::take(&mut self.away) && !help.give(&mut self.maker) {
            self.maker.make(&self.order, source);
        }
        let centre = self.order.place.centre;
        let calm = !self.maker.is_turned() && centre == self.follows;
        self.calm = if calm { self.calm + 1 } else { 0 };
        self.follows = centre + self.shape.hop as i64;
        self.add();
    }

    /// Adds the finished frame to the ring, which begins with the next frame of output.
    fn add(&mut self) {
        let scale = 1.0 / self.shape.size as f32;
        let begin = self.made % self.shape.size;
        let until_end = self.shape.size - begin;
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
        let frame = self.maker.frame();
        add(&frame[..until_end], &window[..until_end], begin..self.shape.size);
        add(&frame[until_end..], &window[until_end..], 0..begin);
    }

    /// Takes finished frames of output from the ring; behind a start, what they leave of the source is added.
    fn take(&mut self, source: &dyn Source, [left, right]: [&mut [f32]; 2]) {
        let count = left.len();
        let Some(behind) = self.made.checked_sub(self.rest + self.shape.hop) else {
            return source.read(self.start + self.made as i64, [left, right]);
        };
        // A piece never crosses a hop, nor the end of the ring.
        let begin = self.made % self.shape.size;
        for (sum, out) in self.sum.iter_mut().zip([&mut *left, &mut *right]) {
            let sum = &mut sum[begin..begin + count];
            out.copy_from_slice(sum);
            sum.fill(0.0);
        }
        if behind < self.shape.size {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stretch::Onset;

    /// Noise that falls by 900 decibels in half a second, and is silent from then on; a sample is 0 or not next to it.
    struct Tail;

    impl Source for Tail {
        fn read(&self, first: i64, [left, right]: [&mut [f32]; 2]) {
            for ((n, left), right) in (first..).zip(left).zip(right) {
                let noise = (n.wrapping_mul(0x5851_F42D_4C95_7F2D) >> 40) as f64 / f64::from(1 << 23);
                let level = if n < 0 { 0.0 } else { 10f64.powf(-45.0 * n as f64 / 22_050.0) };
                *left = crate::dsp::silence::quiet(crate::types::cast::single(noise * level));
                *right = -*left;
            }
        }

        fn onset(&self, _from: i64, _until: i64) -> Option<Onset> {
            None
        }
    }

    #[test]
    fn behind_sound_no_frame_and_no_sum_is_subnormal_and_all_come_to_zero() {
        let mut vocoder = Vocoder::new(44_100.0, 1);
        let step = Step::from_rate(118.0 / 120.0);
        let mut position = Position::from_frames(0);
        let mut out = [[0.0; QUANTUM]; 2];
        let numbers = |vocoder: &Vocoder| -> Vec<f32> {
            let frame = vocoder.maker.frame().iter().flat_map(|bin| [bin.re, bin.im]);
            frame.chain(vocoder.sum.iter().flat_map(|sum| sum.iter().copied())).collect()
        };
        for _ in 0..44_100 / QUANTUM {
            let [left, right] = &mut out;
            vocoder.process(&Tail, position, step, [left, right], &mut ());
            position = position.advance(step, QUANTUM);
            assert!(out.iter().flatten().all(|sample| !sample.is_subnormal()));
            // In the middle of its making a frame is in pieces.
            if vocoder.into == vocoder.shape.hop {
                assert!(numbers(&vocoder).iter().all(|number| !number.is_subnormal()));
            }
        }
        assert!(numbers(&vocoder).iter().all(|number| *number == 0.0));
    }
}
