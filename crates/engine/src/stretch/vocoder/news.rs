//! What begins at an onset and what only goes on: the power just behind it against the power just before.
//!
//! Partials are told apart by a look at 46 ms; above 1.3 kHz a look at 6 ms also finds what is over too soon for that.

use std::ops::Range;

use rustfft::num_complex::Complex32;

use super::peaks::Power;
use super::plan::{Plan, View};
use super::spectrum::{ZERO, transform};
use crate::dsp::simd::Simd;
use crate::stretch::source::Source;

/// Power that has risen by this much is new.
const RISEN: f32 = 1.5;
const RISEN_QUICKLY: f32 = 2.0;
/// The quick look counts from this bin of its own on.
const QUICK_FROM: usize = 8;

/// A side of an onset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Behind,
    Before,
}

/// The power on either side of the onset, bin by bin.
struct Look {
    view: &'static View,
    power: [Box<[f32]>; 2],
}

impl Look {
    fn new(view: &'static View) -> Self {
        let power = || vec![0.0; view.window.len() / 2 + 1].into();
        Self { view, power: [power(), power()] }
    }

    fn length(&self) -> usize {
        self.view.window.len()
    }

    /// Whether the sum over `bins` is more than `times` as large behind the onset as before it.
    fn rises(&self, bins: Range<usize>, times: f32) -> bool {
        let sum = |side: Side| self.power[side as usize][bins.clone()].iter().sum::<f32>();
        sum(Side::Behind) > times * sum(Side::Before)
    }
}

pub struct News {
    long: Look,
    quick: Look,
    spectrum: Box<[Complex32]>,
    simd: Simd,
    /// The onset of which each side is known.
    known: [Option<i64>; 2],
}

impl News {
    pub fn new(size: usize) -> Self {
        let plan = Plan::shared(size);
        Self {
            long: Look::new(&plan.long),
            quick: Look::new(&plan.quick),
            spectrum: vec![ZERO; size / Plan::LONG].into(),
            simd: Simd::detect(),
            known: [None; 2],
        }
    }

    pub fn forget(&mut self) {
        self.known = [None; 2];
    }

    pub fn moved(&mut self, by: i64) {
        self.known = self.known.map(|onset| onset.map(|onset| onset + by));
    }

    /// Listens to one side of `onset`, unless that is known.
    pub fn listen(&mut self, side: Side, source: &dyn Source, onset: i64, scratch: &mut [Complex32]) {
        if self.known[side as usize].replace(onset) == Some(onset) {
            return;
        }
        for look in [&mut self.long, &mut self.quick] {
            let half = (look.length() / 2) as i64;
            let centre = if side == Side::Behind { onset + half } else { onset - half };
            let spectrum = &mut self.spectrum[..look.length()];
            transform(look.view, scratch, source, centre, spectrum);
            self.simd.run(Power { spectrum, power: &mut look.power[side as usize] });
        }
    }

    /// Whether bins `from..until` of a frame begin with the onset.
    pub fn begins(&self, from: usize, until: usize) -> bool {
        let bins = from / Plan::LONG..(until / Plan::LONG).max(from / Plan::LONG + 1);
        if self.long.rises(bins, RISEN) {
            return true;
        }
        let middle = (from + until) / (2 * Plan::QUICK);
        if middle < QUICK_FROM {
            return false;
        }
        // Single bins of a short look are up to chance: take those around it in, to a tenth of the frequency.
        let width = 1 + middle / 10;
        let bins = middle - width..(middle + width + 1).min(self.quick.length() / 2 + 1);
        self.quick.rises(bins, RISEN_QUICKLY)
    }
}
