//! How one frame of output is made.

use rustfft::num_complex::Complex32;

use super::news::{News, Side};
use super::peaks::{self, Peaks};
use super::place::Place;
use super::plan::{OVERLAP, Plan};
use super::spectrum::{ONE, Spectrum, ZERO, transform};
use crate::dsp::simd::Simd;
use crate::dsp::{Position, Step};
use crate::stretch::source::Source;
use crate::types::cast::count;

/// How fast what was turned turns back while the speed is 1, in radians a hop: about a hertz, half a second at most.
const TURN_BACK: f32 = 0.13;

/// Products of two spectra under this tell no angle, and their squares would be subnormal.
const FAINT: f32 = 1e-15;

/// Seconds of a frame, about; it is rounded to a power of two of frames.
const FRAME: f64 = 0.093;
/// The shortest frame, for the lowest sample rates.
const SHORTEST: usize = 128;
/// Seconds to either side of an onset in which the source runs at its own speed.
const ZONE: f64 = 0.025;

/// What a frame is made from; all of it is known when the making begins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
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

/// The measures of frames.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Frames of the source in a frame, a power of two.
    pub size: usize,
    pub hop: usize,
    /// Frames to either side of an onset in which the source runs at its own speed.
    pub zone: f64,
}

impl Shape {
    /// For a source of `rate` frames per second.
    pub fn new(rate: f64) -> Self {
        let size = count((rate * FRAME).log2().round().exp2()).max(SHORTEST);
        Self { size, hop: size / OVERLAP, zone: rate * ZONE }
    }

    /// The order for the frame whose making begins at `position`, which follows the untouched source from `start` on when
    /// that is given.
    pub fn order(&self, source: &dyn Source, position: Position, step: Step, start: Option<i64>) -> Order {
        let middle = self.size / 2;
        Order {
            place: Place::find(source, position, step.rate(), (self.hop + middle) as f64, self.zone),
            untouched: start.map(|start| start + middle as i64),
            back: step.is_unity(),
        }
    }
}

/// What the source has to say for a frame, whatever was heard before: two of its spectra a hop apart, and what begins there.
pub struct Look {
    size: usize,
    plan: &'static Plan,
    scratch: Spectrum,
    /// The earlier and the later frame of the source.
    earlier: Spectrum,
    later: Spectrum,
    power: Box<[f32]>,
    peaks: Peaks,
    simd: Simd,
    news: News,
}

impl Look {
    /// The first stage that needs more than a look.
    const STAGES: usize = 5;

    pub fn new(size: usize) -> Self {
        let plan = Plan::shared(size);
        let spectrum = || vec![ZERO; size].into_boxed_slice();
        Self {
            size,
            plan,
            scratch: vec![ZERO; plan.scratch].into(),
            earlier: spectrum(),
            later: spectrum(),
            power: vec![0.0; size / 2 + 1].into(),
            peaks: Peaks::new(size / 2),
            simd: Simd::detect(),
            news: News::new(size),
        }
    }

    /// Looks as far as can be without knowing what was heard before.
    pub fn make(&mut self, order: &Order, source: &dyn Source) {
        (0..Self::STAGES).for_each(|stage| self.stage(stage, &order.place, source));
    }

    fn stage(&mut self, stage: usize, place: &Place, source: &dyn Source) {
        let Self { plan, scratch, .. } = self;
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
                self.simd.run(peaks::Power { spectrum: &self.later, power: &mut self.power });
                self.peaks.find(&self.power);
            }
            _ => {}
        }
    }
}

/// Makes frames, each from the one before.
pub struct Maker {
    look: Look,
    /// The latest frame of output.
    latest: Spectrum,
    turned: bool,
}

impl Maker {
    /// Pieces of work in a frame, about as long as each other.
    pub const STAGES: usize = 8;

    /// Of the frames that [`Hq`](crate::stretch::Hq) is made of, for an engine of `sample_rate` frames per second.
    pub fn for_hq(sample_rate: u32) -> Self {
        Self::new(Shape::new(f64::from(sample_rate)).size)
    }

    /// Of frames of `size`.
    pub fn new(size: usize) -> Self {
        Self { look: Look::new(size), latest: vec![ZERO; size].into(), turned: false }
    }

    pub fn forget(&mut self) {
        self.look.news.forget();
    }

    pub fn moved(&mut self, by: i64) {
        self.look.news.moved(by);
    }

    /// The finished frame, left and right as real and imaginary parts, not windowed yet.
    pub fn frame(&self) -> &[Complex32] {
        &self.look.later
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
        std::mem::swap(&mut self.look.later, &mut other.look.later);
        self.turned = other.turned;
    }

    /// Makes a whole frame.
    pub fn make(&mut self, order: &Order, source: &dyn Source) {
        (0..Self::STAGES).for_each(|stage| self.stage(stage, order, source));
    }

    /// Makes the frame of which `look` is the first part; gives the look before back.
    pub fn finish(&mut self, order: &Order, look: Look) -> Look {
        let used = std::mem::replace(&mut self.look, look);
        self.compare();
        self.turn(order);
        self.sound();
        used
    }

    /// One piece of the work.
    pub fn stage(&mut self, stage: usize, order: &Order, source: &dyn Source) {
        match stage {
            ..Look::STAGES => self.look.stage(stage, &order.place, source),
            5 => {
                if let Some(untouched) = order.untouched {
                    let Look { plan, scratch, .. } = &mut self.look;
                    transform(&plan.forward, scratch, source, untouched, &mut self.latest);
                }
                self.compare();
            }
            6 => self.turn(order),
            _ => self.sound(),
        }
    }

    /// For each bin the product that tells its angle to where the latest frame goes on.
    fn compare(&mut self) {
        let Look { simd, earlier, .. } = &mut self.look;
        simd.run(peaks::Multiply { spectrum: earlier, by: &self.latest });
    }

    /// From the spectrum to sound.
    fn sound(&mut self) {
        let Look { plan, scratch, later, .. } = &mut self.look;
        self.latest.copy_from_slice(later);
        plan.inverse.process_with_scratch(later, scratch);
    }

    /// Turns every peak's region of the later frame.
    fn turn(&mut self, order: &Order) {
        let (size, half) = (self.look.size, self.look.size / 2);
        let mut from = 1;
        self.turned = false;
        for peak in 0..self.look.peaks.len() {
            let until = self.look.peaks.border(peak).unwrap_or(half);
            let turn = self.angle(from, until, order);
            self.turned |= turn != ONE;
            self.look.earlier[from..until].fill(turn);
            self.look.earlier[size - until + 1..size - from + 1].fill(turn.conj());
            from = until;
        }
        let Look { earlier, later, simd, peaks, .. } = &mut self.look;
        if peaks.len() == 0 {
            earlier.fill(ONE);
        }
        (earlier[0], earlier[half]) = (ONE, ONE);
        if self.turned {
            simd.run(peaks::Turn { spectrum: later, by: earlier });
        }
    }

    /// By how much bins `from..until` are turned, as a number on the unit circle.
    fn angle(&self, from: usize, until: usize, order: &Order) -> Complex32 {
        if order.place.onset.is_some() && self.look.news.begins(from, until) {
            return ONE;
        }
        let size = self.look.size;
        let below = &self.look.earlier[from..until];
        let above = &self.look.earlier[size - until + 1..size - from + 1];
        let mut product = ZERO;
        for (below, above) in below.iter().zip(above) {
            product.re += below.re + above.re;
            product.im += below.im - above.im;
        }
        if product.re.abs().max(product.im.abs()) < FAINT {
            return ONE;
        }
        let turn = product.unscale(product.norm_sqr().sqrt());
        if order.back {
            let angle = turn.arg();
            let rest = angle.abs() - TURN_BACK;
            return if rest > 0.0 { Complex32::cis(rest.copysign(angle)) } else { ONE };
        }
        turn
    }
}
