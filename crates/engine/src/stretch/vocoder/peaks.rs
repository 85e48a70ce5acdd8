//! Spectral peaks, and operations on whole spectra. All loops are written so that the compiler vectorises them.

use crate::types::cast::low_half;
use rustfft::num_complex::Complex32;

use crate::dsp::simd::{Arith, Task};

/// The peaks of a spectrum, and the borders between their regions.
pub struct Peaks {
    /// The bins of the peaks.
    bins: Box<[u32]>,
    /// For each peak, the first bin of the next peak's region.
    borders: Box<[u32]>,
    /// For each bin, whether it is a peak.
    is_peak: Box<[bool]>,
    count: usize,
}

impl Peaks {
    /// For spectra of `half` bins up to the Nyquist frequency.
    pub fn new(half: usize) -> Self {
        Self { bins: vec![0; half].into(), borders: vec![0; half].into(), is_peak: vec![false; half].into(), count: 0 }
    }

    pub fn len(&self) -> usize {
        self.count
    }

    /// The first bin of the next peak's region. `None` for the last peak.
    pub fn border(&self, peak: usize) -> Option<usize> {
        (peak + 1 < self.count).then(|| self.borders[peak] as usize)
    }

    /// Finds the peaks and borders. A peak is stronger than the two bins below it and the two bins above it. A border is the
    /// weakest bin between two peaks.
    pub fn find(&mut self, power: &[f32]) {
        for (is_peak, around) in self.is_peak.iter_mut().skip(2).zip(power.windows(5)) {
            let [a, b, here, c, d] = [around[0], around[1], around[2], around[3], around[4]];
            *is_peak = (here > a) & (here > b) & (here >= c) & (here >= d);
        }
        let mut count = 0;
        for (bin, is_peak) in self.is_peak.iter().enumerate().skip(3) {
            self.bins[count] = low_half(bin as u64);
            count += usize::from(*is_peak && count + 1 < self.bins.len());
        }
        self.count = count;
        for (border, pair) in self.borders.iter_mut().zip(self.bins[..count].windows(2)) {
            let (first, last) = (pair[0] as usize + 1, pair[1] as usize);
            let (mut least, mut at) = (f32::INFINITY, first);
            for (bin, power) in (first..).zip(&power[first..last]) {
                let less = *power < least;
                (least, at) = if less { (*power, bin) } else { (least, at) };
            }
            *border = low_half(at as u64);
        }
    }
}

/// Computes the power of both channels in each bin up to the Nyquist frequency. The result is twice the power, which does no
/// harm: only ratios of powers are used.
pub struct Power<'a> {
    pub spectrum: &'a [Complex32],
    pub power: &'a mut [f32],
}

impl Task for Power<'_> {
    type Out = ();

    #[inline(always)]
    fn run<A: Arith>(self) {
        let (below, above) = self.spectrum.split_at(self.spectrum.len() / 2);
        let Some((first, rest)) = self.power.split_first_mut() else { return };
        *first = 2.0 * below[0].norm_sqr();
        for ((power, below), above) in rest.iter_mut().zip(&below[1..]).zip(above.iter().rev()) {
            *power = A::fma(below.re, below.re, below.im * below.im) + A::fma(above.re, above.re, above.im * above.im);
        }
    }
}

/// `spectrum = by * conj(spectrum)`, bin by bin.
pub struct Multiply<'a> {
    pub spectrum: &'a mut [Complex32],
    pub by: &'a [Complex32],
}

impl Task for Multiply<'_> {
    type Out = ();

    #[inline(always)]
    fn run<A: Arith>(self) {
        for (bin, by) in self.spectrum.iter_mut().zip(self.by) {
            let re = A::fma(by.re, bin.re, by.im * bin.im);
            let im = A::fma(by.im, bin.re, -(by.re * bin.im));
            *bin = Complex32::new(re, im);
        }
    }
}

/// `spectrum = spectrum * by`, bin by bin.
pub struct Rotate<'a> {
    pub spectrum: &'a mut [Complex32],
    pub by: &'a [Complex32],
}

impl Task for Rotate<'_> {
    type Out = ();

    #[inline(always)]
    fn run<A: Arith>(self) {
        for (bin, by) in self.spectrum.iter_mut().zip(self.by) {
            let re = A::fma(bin.re, by.re, -(bin.im * by.im));
            let im = A::fma(bin.im, by.re, bin.re * by.im);
            *bin = Complex32::new(re, im);
        }
    }
}
