//! The lookahead limiter for true peaks, which include the peaks between samples.
//!
//! True peaks are peaks of the signal that a converter reconstructs from the samples. They are found by interpolation, as in ITU-R
//! BS.1770-4, Annex 2. Near half the sample rate the result depends on the converter's filter: for white noise at full level, one meter
//! reads half a decibel more than another. So peaks near the ceiling are measured a second time, at eight times the rate and with two
//! filters. One has the widest pass band, and the other has an early and steep cut-off like that of resamplers. The gain is computed from
//! the peaks as in the [engine's limiter](crowd_engine::dsp::limiter), with a longer lookahead.

use std::sync::LazyLock;

use crowd_engine::dsp::limiter::{GainCurve, Ring, gain_under};
use crowd_engine::dsp::simd::{Arith, Simd, Task};
use crowd_engine::dsp::window::kaiser;
use crowd_engine::dsp::{Lanes, QUANTUM};

/// Taps of the longest filter.
const TAPS: usize = 32;
/// Taps of the shorter filters, which are centred in the longest one.
const SHORT: usize = 24;
/// A peak between two samples is computed when this many samples after the first of the two are available.
const SAMPLES_AFTER: usize = TAPS / 2;
/// The gain is fully reduced this many frames before a peak, so that it is constant during the peak.
const GUARD: usize = SAMPLES_AFTER;
/// Peaks above this share of the ceiling are measured a second time. For lower peaks this is not necessary, because the second measurement
/// is at most a decibel higher than the first.
const NEAR: f32 = 0.87;
/// The limiter keeps this margin under the ceiling, because other meters may read more. It was determined with the meters of ffmpeg and
/// libebur128 on white noise and clicks.
pub(crate) const MARGIN_DB: f64 = 0.3;
/// Frames of lookahead at 48 kHz.
const LOOKAHEAD: usize = 4 * QUANTUM;
/// The lookahead at 48 kHz in seconds. Below 48 kHz it is longer (32 ms at 8 kHz), because the number of frames is the same. Above 48 kHz
/// it is up to twice as long, because the number of frames is a power of two.
pub(crate) const LOOKAHEAD_SECONDS: f64 = LOOKAHEAD as f64 / 48_000.0;

/// Samples of one channel: those of the previous quantum that the filters still need, then a quantum.
type Line = [f32; QUANTUM + TAPS - 1];

/// The taps of the interpolation filters. Each filter computes the signal at one fraction of a frame.
#[derive(Debug)]
struct Filters {
    /// For quarters of a frame, in the first measurement.
    quarters: [[f32; SHORT]; 3],
    /// For odd eighths of a frame, in the second measurement: the filter with the widest pass band, as in `quarters`.
    eighths: [[f32; SHORT]; 4],
    /// For all eighths of a frame, in the second measurement: the filter with the early cut-off.
    steep: [[f32; TAPS]; 7],
}

static FILTERS: LazyLock<Filters> = LazyLock::new(|| Filters {
    quarters: std::array::from_fn(|n| taps((n + 1) as f64 / 4.0, 1.0, 5.0)),
    eighths: std::array::from_fn(|n| taps((2 * n + 1) as f64 / 8.0, 1.0, 5.0)),
    steep: std::array::from_fn(|n| taps((n + 1) as f64 / 8.0, 0.97, 9.0)),
});

/// The limiter. It applies the same gain to both channels.
#[derive(Clone, Debug)]
pub(super) struct TruePeakLimiter {
    simd: Simd,
    filters: &'static Filters,
    ceiling: f32,
    lines: [Line; 2],
    /// The peak between the latest two frames that were tested.
    previous: f32,
    curve: GainCurve,
    delay: Ring<[f32; 2]>,
    latency: usize,
}

impl TruePeakLimiter {
    /// A limiter in its initial state. `ceiling_db` is in dBTP. In `release` seconds, nine tenths of the reduction are released.
    pub(super) fn new(ceiling_db: f32, release: f64, sample_rate: u32) -> Self {
        let lookahead = LOOKAHEAD * (sample_rate.div_ceil(48_000) as usize).next_power_of_two();
        let latency = lookahead + SAMPLES_AFTER + GUARD;
        Self {
            simd: Simd::detect(),
            filters: &FILTERS,
            ceiling: 10f64.powf((f64::from(ceiling_db) - MARGIN_DB) / 20.0) as f32,
            lines: [[0.0; QUANTUM + TAPS - 1]; 2],
            previous: 0.0,
            curve: GainCurve::new(sample_rate, lookahead, release),
            delay: Ring::new([0.0; 2], latency),
            latency,
        }
    }

    /// The delay of the output, in frames.
    pub(super) const fn latency(&self) -> usize {
        self.latency
    }

    /// Rounds the decaying states to their grid. It must be called at fixed frames of the track.
    pub(super) fn round_state(&mut self) {
        self.curve.settle();
    }

    /// Processes at most a quantum, in place. All input must be finite.
    pub(super) fn process(&mut self, block: &mut [[f32; 2]]) {
        let [left, right] = &mut self.lines;
        for ((frame, left), right) in block.iter().zip(&mut left[TAPS - 1..]).zip(&mut right[TAPS - 1..]) {
            [*left, *right] = *frame;
        }
        let mut peaks = [0.0; QUANTUM];
        let near = NEAR * self.ceiling;
        self.simd.run(InterSamplePeaks { filters: self.filters, near, lines: &self.lines, peaks: &mut peaks });
        let [left, right] = &self.lines;
        let mut gains = [0.0; QUANTUM];
        for (n, (gain, between)) in gains.iter_mut().zip(peaks).take(block.len()).enumerate() {
            // The tested frame is SAMPLES_AFTER frames old. Its peak is the largest of its samples and of the peaks between it and its
            // two neighbours.
            let sample = left[n + SAMPLES_AFTER - 1].abs().max(right[n + SAMPLES_AFTER - 1].abs());
            let peak = sample.max(between).max(std::mem::replace(&mut self.previous, between));
            *gain = gain_under(self.ceiling, peak);
        }
        for gain in gains.iter_mut().take(block.len()) {
            *gain = self.curve.next(*gain);
        }
        for line in &mut self.lines {
            line.copy_within(block.len()..block.len() + TAPS - 1, 0);
        }
        self.delay.pass(block);
        let ceiling = self.ceiling;
        for (frame, gain) in block.iter_mut().zip(gains) {
            let gain = gain as f32;
            *frame = frame.map(|v| (v * gain).clamp(-ceiling, ceiling));
        }
    }
}

/// The taps of a filter that computes the signal `share` of a frame after the sample at tap `N / 2 - 1`. It is a sinc in a Kaiser window
/// with the parameter `beta`. It passes frequencies below `cut`, a fraction of half the sample rate.
fn taps<const N: usize>(share: f64, cut: f64, beta: f64) -> [f32; N] {
    let middle = (N / 2) as f64;
    let raw: [f64; N] = std::array::from_fn(|tap| {
        let x = tap as f64 - (middle - 1.0) - share;
        let phase = std::f64::consts::PI * cut * x;
        let sinc = if phase == 0.0 { 1.0 } else { phase.sin() / phase };
        sinc * kaiser(x / middle, beta)
    });
    let sum: f64 = raw.iter().sum();
    raw.map(|tap| (tap / sum) as f32)
}

/// Computes the peak between each frame of a quantum and the next frame: the larger one of both channels.
struct InterSamplePeaks<'a> {
    filters: &'a Filters,
    /// Peaks above this are measured a second time.
    near: f32,
    lines: &'a [Line; 2],
    peaks: &'a mut [f32; QUANTUM],
}

impl Task for InterSamplePeaks<'_> {
    type Out = ();

    #[inline(always)]
    fn run<A: Arith>(self) {
        let Self { filters, near, lines, peaks } = self;
        for (group, peaks) in peaks.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            for line in lines {
                raise_peaks::<A, _, _>(&filters.quarters, line, 8 * group, peaks);
            }
            if peaks.iter().any(|peak| *peak > near) {
                for line in lines {
                    raise_peaks::<A, _, _>(&filters.eighths, line, 8 * group, peaks);
                    raise_peaks::<A, _, _>(&filters.steep, line, 8 * group, peaks);
                }
            }
        }
    }
}

/// Computes the signal after each of eight frames, from the frame `first` on, with these filters. A value of `peaks` that is smaller is
/// raised to the result.
#[inline(always)]
fn raise_peaks<A: Arith, const N: usize, const POSITIONS: usize>(
    filters: &[[f32; N]; POSITIONS],
    line: &Line,
    first: usize,
    peaks: &mut Lanes,
) {
    // A filter with fewer taps is centred in the longest one.
    let first = first + (TAPS - N) / 2;
    let mut sums = [[0.0; 8]; POSITIONS];
    for tap in 0..N {
        let x: Lanes = std::array::from_fn(|lane| line[first + tap + lane]);
        for (sum, taps) in sums.iter_mut().zip(filters) {
            *sum = A::fma8([taps[tap]; 8], x, *sum);
        }
    }
    for sum in sums {
        for (peak, sum) in peaks.iter_mut().zip(sum) {
            let sum = sum.abs();
            *peak = if sum > *peak { sum } else { *peak };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_between_samples_are_found_up_to_nearly_half_the_sample_rate() {
        // The peak of a sine at a quarter of the rate is 3 dB over its samples, if it is sampled at 45 degrees.
        for share in [0.02, 0.11, 0.25, 0.37, 0.42] {
            let line = std::array::from_fn(|n| (std::f64::consts::TAU * (share * n as f64 + 0.125)).sin() as f32);
            let mut peaks = [0.0; QUANTUM];
            let lines = [line, [0.0; QUANTUM + TAPS - 1]];
            Simd::detect().run(InterSamplePeaks { filters: &FILTERS, near: 0.5, lines: &lines, peaks: &mut peaks });
            let samples = line.iter().fold(0.0f32, |peak, v| peak.max(v.abs()));
            let peak = peaks.iter().fold(samples, |peak, v| peak.max(*v));
            let db = 20.0 * peak.log10();
            // Measured at eight times the sample rate, a peak is too low by 0.17 dB at most. The error grows with the frequency.
            assert!((-0.15..0.1).contains(&db), "{share} of the rate: {db} dB");
        }
    }
}
