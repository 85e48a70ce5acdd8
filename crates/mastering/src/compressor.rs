//! A stereo-linked RMS compressor.
//!
//! The static curve with its soft knee and the smoothing of the gain in decibels are those of D. Giannoulis, M. Massberg and J. D. Reiss,
//! "Digital dynamic range compressor design: a tutorial and analysis", JAES 60 (2012). Level and gain are computed every sixteen frames,
//! on multiples of sixteen of the track's own time; in between the gain changes linearly.

use crowd_engine::dsp::QUANTUM;
use crowd_engine::dsp::biquad::TINY;

use crate::settings::CompressorSettings;
use crate::state_rounding;

/// Frames between two measurements of the level. A quantum is a multiple of it.
const HOP: u64 = 16;
/// Time constant of the mean of the squares.
const RMS_SECONDS: f64 = 0.010;
/// The width of the soft knee in decibels.
const KNEE_DB: f64 = 6.0;
/// A mean square below this (-200 dB) counts as silence.
const SILENCE: f64 = 1e-20;
/// A reduction below this counts as none.
const NO_REDUCTION_DB: f64 = 1e-7;

/// The compressor, and the make-up gain after it.
#[derive(Clone, Debug)]
pub(super) struct Compressor {
    threshold_db: f64,
    /// The reduction in decibels for each decibel over the threshold.
    slope: f64,
    /// Share of the compressed signal.
    blend: f64,
    make_up: f64,
    /// The coefficient of the low-passes of the side chain: the share of its distance from the input by which each moves in a frame. 0
    /// turns the high-pass off.
    side_chain: f64,
    /// The states of the two low-passes, for left and right.
    low: [[f64; 2]; 2],
    /// The share of the mean square's distance from its input that remains after a hop.
    rms: f64,
    /// The share of the reduction's distance from its target that remains after a hop, while the reduction grows.
    attack: f64,
    /// The share of the reduction's distance from its target that remains after a hop, while the reduction shrinks.
    release: f64,
    /// The sum of squares of the current hop.
    sum: f64,
    mean: f64,
    reduction_db: f64,
    /// The gain at the latest frame.
    gain: f64,
    /// The change of the gain per frame.
    step: f64,
    /// The gain at the end of the hop.
    target: f64,
}

impl Compressor {
    pub(super) fn new(settings: &CompressorSettings, make_up_db: f32, sample_rate: f64) -> Self {
        let remaining = |seconds: f64| (-(HOP as f64) / (seconds * sample_rate)).exp();
        let make_up = 10f64.powf(f64::from(make_up_db) / 20.0);
        Self {
            threshold_db: f64::from(settings.threshold_db),
            slope: 1.0 - 1.0 / f64::from(settings.ratio),
            blend: f64::from(settings.blend),
            make_up,
            side_chain: 1.0 - (-std::f64::consts::TAU * f64::from(settings.side_chain_hz) / sample_rate).exp(),
            low: [[0.0; 2]; 2],
            rms: remaining(RMS_SECONDS),
            attack: remaining(f64::from(settings.attack_ms) / 1e3),
            release: remaining(f64::from(settings.release_ms) / 1e3),
            sum: 0.0,
            mean: 0.0,
            reduction_db: 0.0,
            gain: make_up,
            step: 0.0,
            target: make_up,
        }
    }

    /// Processes at most a quantum in place. `first` is the track's frame number of the block's first frame.
    pub(super) fn process(&mut self, first: u64, block: &mut [[f32; 2]]) {
        debug_assert!(block.len() <= QUANTUM);
        let mut rest = block;
        let mut at = first;
        while !rest.is_empty() {
            let n = (HOP - at % HOP).min(rest.len() as u64);
            let (now, later) = rest.split_at_mut(n as usize);
            for frame in now {
                let [left, right] = frame.map(f64::from);
                let filtered = self.side_chain([left, right]);
                self.sum += filtered[0] * filtered[0] + filtered[1] * filtered[1];
                self.gain += self.step;
                *frame = [(left * self.gain) as f32, (right * self.gain) as f32];
            }
            at += n;
            if at.is_multiple_of(HOP) {
                self.end_hop();
            }
            rest = later;
        }
    }

    /// The frame whose level is measured: the input without its low frequencies. Two low-passes of the first order are subtracted from it.
    #[inline]
    fn side_chain(&mut self, frame: [f64; 2]) -> [f64; 2] {
        let mut filtered = frame;
        for low in &mut self.low {
            for (sample, low) in filtered.iter_mut().zip(low) {
                *low += self.side_chain * (*sample - *low);
                *sample -= *low;
            }
        }
        filtered
    }

    /// Sets decayed states to zero before they become subnormal. It must be called at fixed frames of the track.
    pub(super) fn flush(&mut self) {
        self.low = self.low.map(|low| low.map(|v| if v.abs() < TINY { 0.0 } else { v }));
    }

    /// Rounds the decaying states to their grid. It must be called between hops, at fixed frames of the track.
    pub(super) fn round_state(&mut self) {
        self.low = self.low.map(|low| low.map(state_rounding::round_signal));
        self.mean = state_rounding::round_square(self.mean);
        self.reduction_db = state_rounding::round_decibels(self.reduction_db);
    }

    /// Computes the gain of the next hop from the level of the one that ended.
    fn end_hop(&mut self) {
        let mean = std::mem::take(&mut self.sum) / (2 * HOP) as f64;
        self.mean = mean + (self.mean - mean) * self.rms;
        if self.mean < SILENCE {
            self.mean = 0.0;
        }
        let wanted = self.curve(10.0 * self.mean.max(SILENCE).log10());
        let left = if wanted > self.reduction_db { self.attack } else { self.release };
        self.reduction_db = wanted + (self.reduction_db - wanted) * left;
        if self.reduction_db < NO_REDUCTION_DB {
            self.reduction_db = 0.0;
        }
        // Set to the target, so that no rounding error accumulates.
        self.gain = self.target;
        let compressed = 10f64.powf(-self.reduction_db / 20.0);
        self.target = self.make_up * (1.0 + (compressed - 1.0) * self.blend);
        self.step = (self.target - self.gain) / HOP as f64;
    }

    /// The reduction of a level, in decibels.
    fn curve(&self, level_db: f64) -> f64 {
        let over = level_db - self.threshold_db;
        let rounded = if over <= -KNEE_DB / 2.0 {
            0.0
        } else if over < KNEE_DB / 2.0 {
            (over + KNEE_DB / 2.0).powi(2) / (2.0 * KNEE_DB)
        } else {
            over
        };
        rounded * self.slope
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 48_000.0;
    const SETTINGS: CompressorSettings = CompressorSettings {
        ratio: 2.5,
        threshold_db: -20.0,
        attack_ms: 10.0,
        release_ms: 100.0,
        blend: 1.0,
        side_chain_hz: 0.0,
    };

    /// The gain in decibels at each millisecond of a tone. The tone has each of the given amplitudes for half a second.
    fn gains(settings: &CompressorSettings, make_up_db: f32, amplitudes: &[f64]) -> Vec<f64> {
        let mut compressor = Compressor::new(settings, make_up_db, RATE);
        let mut gains = Vec::new();
        for n in 0..amplitudes.len() * 24_000 {
            let x = amplitudes[n / 24_000] * (std::f64::consts::TAU * 1_000.0 * n as f64 / RATE).sin();
            compressor.process(n as u64, &mut [[x as f32, x as f32]]);
            if n % 48 == 47 {
                gains.push(20.0 * compressor.gain.log10());
            }
        }
        gains
    }

    #[test]
    fn a_steady_tone_is_reduced_by_the_ratio() {
        // A sine of amplitude 1 has an RMS level of -3.01 dB, 16.99 over the threshold.
        let gain = gains(&SETTINGS, 2.0, &[1.0])[499];
        assert!((gain - (2.0 - 16.99 * 0.6)).abs() < 0.02, "{gain} dB");
        // Here half of the output is the uncompressed signal.
        let blended = gains(&CompressorSettings { blend: 0.5, ..SETTINGS }, 0.0, &[1.0])[499];
        let want = 20.0 * (0.5 + 0.5 * 10f64.powf(-16.99 * 0.6 / 20.0)).log10();
        assert!((blended - want).abs() < 0.02, "{blended} dB instead of {want}");
    }

    #[test]
    fn sound_under_the_threshold_passes_unchanged() {
        assert!(gains(&SETTINGS, 0.0, &[0.05]).iter().all(|gain| *gain == 0.0));
        assert!(gains(&CompressorSettings { ratio: 1.0, ..SETTINGS }, 0.0, &[1.0]).iter().all(|gain| *gain == 0.0));
    }

    #[test]
    fn attack_and_release_take_the_set_times() {
        let gains = gains(&SETTINGS, 0.0, &[1.0, 0.01]);
        let full = gains[499];
        // After the attack time the gain has made 63 % of its change. The mean of the squares and the hop add to that time. The same holds
        // for the release.
        let down = gains.iter().position(|gain| *gain < 0.632 * full).unwrap();
        assert!((9..25).contains(&down), "{down} ms down");
        let up = gains[500..].iter().position(|gain| *gain > 0.368 * full).unwrap();
        assert!((95..150).contains(&up), "{up} ms up");
    }

    #[test]
    fn the_gain_returns_to_exactly_one() {
        assert_eq!(gains(&SETTINGS, 0.0, &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]).last(), Some(&0.0));
    }
}
