//! The DC blocker: removes a constant from the samples.
//!
//! A constant in the samples is not audible, but it uses up headroom below the ceiling, and every gain raises it. A high-pass of the
//! first order removes it; at 20 Hz it attenuates by 0.26 dB.

use crowd_engine::dsp::biquad::TINY;

use crate::state_rounding;

/// The frequency at which the high-pass passes half the power.
const HERTZ: f64 = 5.0;

/// The high-pass.
#[derive(Clone, Debug)]
pub(super) struct DcBlocker {
    /// The share of its distance from the sample by which the mean moves in a frame.
    share: f64,
    mean: [f64; 2],
}

impl DcBlocker {
    pub(super) fn new(sample_rate: f64) -> Self {
        Self { share: 1.0 - (-std::f64::consts::TAU * HERTZ / sample_rate).exp(), mean: [0.0; 2] }
    }

    /// Processes one frame, whose samples must be finite.
    #[inline]
    pub(super) fn tick(&mut self, frame: [f32; 2]) -> [f32; 2] {
        let mut out = [0.0; 2];
        for ((out, sample), mean) in out.iter_mut().zip(frame).zip(&mut self.mean) {
            let moving = f64::from(sample) - *mean;
            *mean += self.share * moving;
            *out = moving as f32;
        }
        out
    }

    /// Rounds the means to their grid. It must be called at fixed frames of the track.
    pub(super) fn round_state(&mut self) {
        self.mean = self.mean.map(state_rounding::round_signal);
    }

    /// Sets decayed means to zero before they become subnormal. It must be called at fixed frames of the track.
    pub(super) fn flush(&mut self) {
        self.mean = self.mean.map(|mean| if mean.abs() < TINY { 0.0 } else { mean });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_is_removed_and_audible_tones_stay() {
        for rate in [8_000.0, 44_100.0, 192_000.0] {
            // The left channel has a constant, and the right one a tone of 20 Hz. What is left of both after half a second is measured.
            let mut blocker = DcBlocker::new(rate);
            let (mut left, mut right) = (0.0f32, 0.0f32);
            for n in 0..rate as usize {
                let tone = (std::f64::consts::TAU * 20.0 * n as f64 / rate).sin() as f32;
                let [constant, filtered] = blocker.tick([0.5, tone]);
                if n >= rate as usize / 2 {
                    (left, right) = (left.max(constant.abs()), right.max(filtered.abs()));
                }
            }
            let db = 20.0 * right.log10();
            assert!(left < 1e-6 && (-0.30..=-0.22).contains(&db), "{rate} Hz: {left} left, 20 Hz at {db} dB");
        }
    }
}
