//! How one frame of output is made.

use rustfft::num_complex::Complex32;

use super::news::{News, Side};
use super::peaks::{self, Peaks};
use super::place::Place;
use super::plan::Plan;
use super::{ONE, OVERLAP, Spectrum, Vocoder, ZERO, transform};
use crate::dsp::simd::Simd;
use crate::stretch::Source;

/// How fast what was turned turns back while the speed is 1, in radians a hop: about a hertz, half a second at most.
const TURN_BACK: f32 = 0.13;

/// What a frame is made from; all of it is known when the making begins.
#[derive(Clone, Copy, Debug, Default)]
pub struct Order {
    pub place: Place,
    /// Behind a start: the middle of the frame of the source that was heard untouched, and so is the latest.
    pub untouched: Option<i64>,
    /// The speed is 1: turn back to the source.
    pub back: bool,
}

impl Order {
    pub fn moved(&mut self, by: i64) {
        self.place.moved(by);
        self.untouched = self.untouched.map(|centre| centre + by);
    }
}

/// Makes frames, each from the one before.
pub struct Maker {
    size: usize,
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
    turned: bool,
}

impl Maker {
    /// Pieces of work in a frame, about as long as each other.
    pub const STAGES: usize = 8;

    /// Of the frames that [`Hq`](crate::stretch::Hq) is made of, for an engine of `sample_rate` frames per second.
    pub fn for_hq(sample_rate: u32) -> Self {
        Self::new(Vocoder::size(f64::from(sample_rate)))
    }

    /// Of frames of `size`.
    pub fn new(size: usize) -> Self {
        let plan = Plan::shared(size);
        let spectrum = || vec![ZERO; size].into_boxed_slice();
        Self {
            size,
            plan,
            scratch: vec![ZERO; plan.scratch].into(),
            latest: spectrum(),
            earlier: spectrum(),
            later: spectrum(),
            power: vec![0.0; size / 2 + 1].into(),
            peaks: Peaks::new(size / 2),
            simd: Simd::detect(),
            news: News::new(size),
            turned: false,
        }
    }

    pub fn forget(&mut self) {
        self.news.forget();
    }

    pub fn moved(&mut self, by: i64) {
        self.news.moved(by);
    }

    /// The finished frame, left and right as real and imaginary parts, not windowed yet.
    pub fn frame(&self) -> &[Complex32] {
        &self.later
    }

    /// Whether anything in it stands otherwise than in the source.
    pub fn is_turned(&self) -> bool {
        self.turned
    }

    /// From now on the latest frame is `other`'s.
    pub fn follow(&mut self, other: &Self) {
        self.latest.copy_from_slice(&other.latest);
    }

    /// Takes the frame that `other` has made.
    pub fn take(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.latest, &mut other.latest);
        std::mem::swap(&mut self.later, &mut other.later);
        self.turned = other.turned;
    }

    /// Makes a whole frame.
    pub fn make(&mut self, order: &Order, source: &dyn Source) {
        (0..Self::STAGES).for_each(|stage| self.stage(stage, order, source));
    }

    /// One piece of the work.
    pub fn stage(&mut self, stage: usize, order: &Order, source: &dyn Source) {
        let Self { plan, scratch, .. } = self;
        let place = &order.place;
        let hop = (self.size / OVERLAP) as i64;
        match stage {
            0 => transform(&plan.forward, scratch, source, place.centre - hop, &mut self.earlier),
            1 => {
                if let Some(onset) = place.onset {
                    self.news.listen(Side::Behind, source, onset, scratch);
                }
            }
            2 => transform(&plan.forward, scratch, source, place.centre, &mut self.later),
            3 => {
                if let Some(onset) = place.onset {
                    self.news.listen(Side::Before, source, onset, scratch);
                }
            }
            4 => {
                if let Some(untouched) = order.untouched {
                    transform(&plan.forward, scratch, source, untouched, &mut self.latest);
                }
                self.compare();
            }
            6 => self.turn(order),
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
    fn turn(&mut self, order: &Order) {
        let half = self.size / 2;
        let mut from = 1;
        self.turned = false;
        for peak in 0..self.peaks.len() {
            let until = self.peaks.border(peak).unwrap_or(half);
            let turn = self.angle(from, until, order);
            self.turned |= turn != ONE;
            self.earlier[from..until].fill(turn);
            self.earlier[self.size - until + 1..self.size - from + 1].fill(turn.conj());
            from = until;
        }
        if self.peaks.len() == 0 {
            self.earlier.fill(ONE);
        }
        (self.earlier[0], self.earlier[half]) = (ONE, ONE);
        if self.turned {
            self.simd.run(peaks::Turn { spectrum: &mut self.later, by: &self.earlier });
        }
    }

    /// By how much bins `from..until` are turned, as a number on the unit circle.
    fn angle(&self, from: usize, until: usize, order: &Order) -> Complex32 {
        if order.place.onset.is_some() && self.news.begins(from, until) {
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
        if order.back {
            let angle = turn.arg();
            let rest = angle.abs() - TURN_BACK;
            return if rest > 0.0 { Complex32::cis(rest.copysign(angle)) } else { ONE };
        }
        turn
    }
}
