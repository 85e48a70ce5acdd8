//! What begins at an onset and what only goes on: the power just behind it against the power just before.
//!
//! Partials are told apart by a look at 46 ms; above 1.3 kHz a look at 6 ms also finds what is over too soon for that.

use std::ops::Range;

use rustfft::num_complex::Complex32;

use super::peaks::Power;
use super::plan::{Plan, View};
use super::{ZERO, transform};
use crate::dsp::simd::Simd;
use crate::stretch::Source;

/// Power that has risen by this much is new.
const RISEN: f32 = 1.5;
const RISEN_QUICKLY: f32 = 2.0;
/// The quick look counts from this bin of its own on.
const QUICK_FROM: usize = 8;

/// The power on either side of the onset, bin by bin.
struct Look {
    view: &'static View,
    behind: Box<[f32]>,
    before: Box<[f32]>,
}

impl Look {
    fn new(view: &'static View) -> Self {
        let bins = view.window.len() / 2 + 1;
        Self { view, behind: vec![0.0; bins].into(), before: vec![0.0; bins].into() }
    }

    fn length(&self) -> usize {
        self.view.window.len()
    }

    /// The spectrum of the source from `first` on.
    fn listen(&self, source: &dyn Source, first: i64, spectrum: &mut [Complex32], scratch: &mut [Complex32]) {
        transform(self.view, scratch, source, first + (self.length() / 2) as i64, spectrum);
    }
}

pub struct News {
    long: Look,
    quick: Look,
    spectrum: Box<[Complex32]>,
    simd: Simd,
    /// The onset whose sides are known.
    behind: Option<i64>,
    before: Option<i64>,
}

impl News {
    pub fn new(size: usize) -> Self {
        let plan = Plan::shared(size);
        Self {
            long: Look::new(&plan.long),
            quick: Look::new(&plan.quick),
            spectrum: vec![ZERO; size / Plan::LONG].into(),
            simd: Simd::detect(),
            behind: None,
            before: None,
        }
    }

    pub fn forget(&mut self) {
        (self.behind, self.before) = (None, None);
    }

    pub fn moved(&mut self, by: i64) {
        self.behind = self.behind.map(|onset| onset + by);
        self.before = self.before.map(|onset| onset + by);
    }

    /// Listens to what follows `onset`, unless that is known.
    pub fn listen_behind(&mut self, source: &dyn Source, onset: i64, scratch: &mut [Complex32]) {
        if self.behind.replace(onset) != Some(onset) {
            for look in [&mut self.long, &mut self.quick] {
                let spectrum = &mut self.spectrum[..look.length()];
                look.listen(source, onset, spectrum, scratch);
                self.simd.run(Power { spectrum, power: &mut look.behind });
            }
        }
    }

    /// Listens to what precedes `onset`, unless that is known.
    pub fn listen_before(&mut self, source: &dyn Source, onset: i64, scratch: &mut [Complex32]) {
        if self.before.replace(onset) != Some(onset) {
            for look in [&mut self.long, &mut self.quick] {
                let spectrum = &mut self.spectrum[..look.length()];
                look.listen(source, onset - look.length() as i64, spectrum, scratch);
                self.simd.run(Power { spectrum, power: &mut look.before });
            }
        }
    }

    /// Whether bins `from..until` of a frame begin with the onset.
    pub fn begins(&self, from: usize, until: usize) -> bool {
        let sum = |power: &[f32], bins: Range<usize>| power[bins].iter().sum::<f32>();
        let bins = from / Plan::LONG..(until / Plan::LONG).max(from / Plan::LONG + 1);
        if sum(&self.long.behind, bins.clone()) > RISEN * sum(&self.long.before, bins) {
            return true;
        }
        let middle = (from + until) / (2 * Plan::QUICK);
        if middle < QUICK_FROM {
            return false;
        }
        // Single bins of a short look are up to chance: take those around it in, to a tenth of the frequency.
        let width = 1 + middle / 10;
        let bins = middle - width..(middle + width + 1).min(self.quick.behind.len());
        sum(&self.quick.behind, bins.clone()) > RISEN_QUICKLY * sum(&self.quick.before, bins)
    }
}
