//! Transient detection: the power just after an onset is compared with the power just before it, bin by bin.
//!
//! The spans that are compared are 46 ms long, which is enough to separate partials. Above 1.3 kHz, spans of 6 ms are compared
//! too. They detect transients that are too short for the long spans.

use std::ops::Range;

use rustfft::num_complex::Complex32;

use super::fft_plan::{FftPlan, WindowedFft};
use super::peaks::Power;
use super::spectrum::{ZERO, transform};
use crate::dsp::simd::Simd;
use crate::stretch::source::Source;

/// Bins belong to a transient when their power rises by more than this factor at the onset, in the long spans.
const RISEN: f32 = 1.5;
/// The same factor for the short spans.
const RISEN_SHORT: f32 = 2.0;
/// The first bin of the short spans that is used.
const SHORT_FROM: usize = 8;

/// One side of an onset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnsetSide {
    PostOnset,
    PreOnset,
}

/// The power before an onset and after it, bin by bin.
struct OnsetPower {
    windowed: &'static WindowedFft,
    power: [Box<[f32]>; 2],
}

impl OnsetPower {
    fn new(windowed: &'static WindowedFft) -> Self {
        let power = || vec![0.0; windowed.window.len() / 2 + 1].into();
        Self { windowed, power: [power(), power()] }
    }

    fn length(&self) -> usize {
        self.windowed.window.len()
    }

    /// Whether the sum over `bins` is more than `times` as large post-onset as pre-onset.
    fn rises(&self, bins: Range<usize>, times: f32) -> bool {
        let sum = |side: OnsetSide| self.power[side as usize][bins.clone()].iter().sum::<f32>();
        sum(OnsetSide::PostOnset) > times * sum(OnsetSide::PreOnset)
    }
}

/// Finds the bins in which a transient begins at an onset.
pub struct Transients {
    long: OnsetPower,
    short: OnsetPower,
    spectrum: Box<[Complex32]>,
    simd: Simd,
    /// For each side, the onset at which it was measured.
    known: [Option<i64>; 2],
}

impl Transients {
    pub fn new(size: usize) -> Self {
        let plan = FftPlan::shared(size);
        Self {
            long: OnsetPower::new(&plan.long),
            short: OnsetPower::new(&plan.short),
            spectrum: vec![ZERO; size / FftPlan::LONG].into(),
            simd: Simd::detect(),
            known: [None; 2],
        }
    }

    pub fn clear(&mut self) {
        self.known = [None; 2];
    }

    pub fn moved(&mut self, by: i64) {
        self.known = self.known.map(|onset| onset.map(|onset| onset + by));
    }

    /// Measures one side of `onset`, unless it was measured before.
    pub fn measure(&mut self, side: OnsetSide, source: &dyn Source, onset: i64, scratch: &mut [Complex32]) {
        if self.known[side as usize].replace(onset) == Some(onset) {
            return;
        }
        for powers in [&mut self.long, &mut self.short] {
            let half = (powers.length() / 2) as i64;
            let centre = if side == OnsetSide::PostOnset { onset + half } else { onset - half };
            let spectrum = &mut self.spectrum[..powers.length()];
            transform(powers.windowed, scratch, source, centre, spectrum);
            self.simd.run(Power { spectrum, power: &mut powers.power[side as usize] });
        }
    }

    /// Whether a transient begins at the onset in bins `from..until` of an STFT frame.
    pub fn is_transient(&self, from: usize, until: usize) -> bool {
        let bins = from / FftPlan::LONG..(until / FftPlan::LONG).max(from / FftPlan::LONG + 1);
        if self.long.rises(bins, RISEN) {
            return true;
        }
        let middle = (from + until) / (2 * FftPlan::SHORT);
        if middle < SHORT_FROM {
            return false;
        }
        // Single bins of a short span are noisy, so the bins around them are included, up to a tenth of the frequency.
        let width = 1 + middle / 10;
        let bins = middle - width..(middle + width + 1).min(self.short.length() / 2 + 1);
        self.short.rises(bins, RISEN_SHORT)
    }
}
