//! A look-ahead limiter that looks between the samples.
//!
//! The peak of the signal that a converter will draw through the samples is found by interpolating to four times the rate,
//! as in ITU-R BS.1770-4, Annex 2. The annex's own filter of twelve taps is an example; this one is a Kaiser-windowed sinc of
//! twenty-four, so one of its four phases is the sample itself. The gain is that of the [engine's limiter](crate::dsp::limiter)
//! with a longer look-ahead.

use crate::dsp::limiter::{GainCurve, Ring, gain_under};
use crate::dsp::simd::{Arith, Simd, Task};
use crate::dsp::window::kaiser;
use crate::dsp::{Lanes, QUANTUM};

const TAPS: usize = 24;
/// Samples that must be known behind the one a peak follows.
const AHEAD: usize = TAPS / 2;
/// Frames by which the gain is down before a peak, so that it stands still while the peak passes.
const GUARD: usize = AHEAD;
/// Phases between two samples.
const BETWEEN: usize = 3;
const BETA: f64 = 5.0;
/// By what another meter's filter may read more, measured; the worst are clicks at low sample rates.
const MARGIN_DB: f64 = 0.1;
/// A look-ahead of 5.3 ms at 48 kHz.
const LOOKAHEAD: usize = 4 * QUANTUM;

/// A quantum of one channel, behind what the filter still needs of the one before.
type Line = [f32; QUANTUM + TAPS - 1];

/// The limiter: the same gain on both channels.
#[derive(Clone, Debug)]
pub(super) struct TruePeakLimiter {
    simd: Simd,
    table: [[f32; TAPS]; BETWEEN],
    ceiling: f32,
    lines: [Line; 2],
    /// The peak between the latest two frames judged.
    before: f32,
    curve: GainCurve,
    delay: Ring<[f32; 2]>,
    latency: usize,
}

impl TruePeakLimiter {
    /// A limiter at rest; `ceiling_db` in dBTP. Nine tenths of the way back take `release` seconds.
    pub(super) fn new(ceiling_db: f32, release: f64, sample_rate: u32) -> Self {
        let lookahead = LOOKAHEAD * (sample_rate.div_ceil(48_000) as usize).next_power_of_two();
        let latency = lookahead + AHEAD + GUARD;
        Self {
            simd: Simd::detect(),
            table: std::array::from_fn(|phase| taps((phase + 1) as f64 / (BETWEEN + 1) as f64)),
            ceiling: 10f64.powf((f64::from(ceiling_db) - MARGIN_DB) / 20.0) as f32,
            lines: [[0.0; QUANTUM + TAPS - 1]; 2],
            before: 0.0,
            curve: GainCurve::new(sample_rate, lookahead, release),
            delay: Ring::new([0.0; 2], latency),
            latency,
        }
    }

    /// Frames by which the output is late.
    pub(super) const fn latency(&self) -> usize {
        self.latency
    }

    /// Puts what decays on its grid. To be called on fixed frames.
    pub(super) fn settle(&mut self) {
        self.curve.settle();
    }

    /// At most a quantum, in place. All input must be finite.
    pub(super) fn process(&mut self, block: &mut [[f32; 2]]) {
        let [left, right] = &mut self.lines;
        for ((frame, left), right) in block.iter().zip(&mut left[TAPS - 1..]).zip(&mut right[TAPS - 1..]) {
            [*left, *right] = *frame;
        }
        let mut peaks = [0.0; QUANTUM];
        self.simd.run(Between { table: &self.table, lines: &self.lines, peaks: &mut peaks });
        let [left, right] = &self.lines;
        let mut gains = [0.0; QUANTUM];
        for (n, (gain, between)) in gains.iter_mut().zip(peaks).take(block.len()).enumerate() {
            // The frame judged is the one AHEAD frames ago: itself, and what lies before and behind it.
            let sample = left[n + AHEAD - 1].abs().max(right[n + AHEAD - 1].abs());
            let peak = sample.max(between).max(std::mem::replace(&mut self.before, between));
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

/// The filter that reads a share of a frame behind the frame `TAPS / 2 - 1` taps in.
fn taps(share: f64) -> [f32; TAPS] {
    let raw: [f64; TAPS] = std::array::from_fn(|tap| {
        let x = tap as f64 - (AHEAD - 1) as f64 - share;
        let turn = std::f64::consts::PI * x;
        turn.sin() / turn * kaiser(x / AHEAD as f64, BETA)
    });
    let sum: f64 = raw.iter().sum();
    raw.map(|tap| (tap / sum) as f32)
}

/// The larger of both channels' peaks between the frames, for a whole quantum.
struct Between<'a> {
    table: &'a [[f32; TAPS]; BETWEEN],
    lines: &'a [Line; 2],
    peaks: &'a mut [f32; QUANTUM],
}

impl Task for Between<'_> {
    type Out = ();

    #[inline(always)]
    fn run<A: Arith>(self) {
        for (group, peaks) in self.peaks.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            for line in self.lines {
                let mut sums = [[0.0; 8]; BETWEEN];
                for tap in 0..TAPS {
                    let x: Lanes = std::array::from_fn(|lane| line[8 * group + tap + lane]);
                    for (sum, taps) in sums.iter_mut().zip(self.table) {
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_between_samples_are_found_up_to_nearly_half_the_rate() {
        // A sine at a quarter of the rate, sampled at 45 degrees, peaks 3 dB over its samples.
        for share in [0.02, 0.11, 0.25, 0.37, 0.42] {
            let line = std::array::from_fn(|n| (std::f64::consts::TAU * (share * n as f64 + 0.125)).sin() as f32);
            let mut peaks = [0.0; QUANTUM];
            let table = std::array::from_fn(|phase| taps((phase + 1) as f64 / 4.0));
            Simd::detect().run(Between { table: &table, lines: &[line, [0.0; QUANTUM + TAPS - 1]], peaks: &mut peaks });
            let samples = line.iter().fold(0.0f32, |peak, v| peak.max(v.abs()));
            let peak = peaks.iter().fold(samples, |peak, v| peak.max(*v));
            let db = 20.0 * peak.log10();
            // Four times the rate misses 0.6 dB at most, the more the higher.
            assert!((-0.45..0.1).contains(&db), "{share} of the rate: {db} dB");
        }
    }
}
