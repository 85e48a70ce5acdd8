//! Takes away what does not move.
//!
//! A constant in the samples is not heard, but takes room under the ceiling, and every gain lifts it. A high-pass of the first order
//! takes it away; it is 0.26 dB down at 20 Hz.

use crowd_engine::dsp::biquad::TINY;

use crate::forget;

/// Half the power passes here.
const HERTZ: f64 = 5.0;

/// The high-pass.
#[derive(Clone, Debug)]
pub(super) struct DcBlocker {
    /// Share of the way that the mean goes in a frame.
    share: f64,
    mean: [f64; 2],
}

impl DcBlocker {
    pub(super) fn new(sample_rate: f64) -> Self {
        Self { share: 1.0 - (-std::f64::consts::TAU * HERTZ / sample_rate).exp(), mean: [0.0; 2] }
    }

    /// One frame; its samples must be finite.
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

    /// Puts the means on their grid. To be called on fixed frames.
    pub(super) fn settle(&mut self) {
        self.mean = self.mean.map(forget::signal);
    }

    /// Ends tails before they become denormal. To be called on fixed frames.
    pub(super) fn flush(&mut self) {
        self.mean = self.mean.map(|mean| if mean.abs() < TINY { 0.0 } else { mean });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_is_gone_and_what_can_be_heard_stays() {
        for rate in [8_000.0, 44_100.0, 192_000.0] {
            // What is left of a constant of one channel after half a second, and of a tone of 20 Hz in the other.
            let mut blocker = DcBlocker::new(rate);
            let (mut left, mut right) = (0.0f32, 0.0f32);
            for n in 0..rate as usize {
                let tone = (std::f64::consts::TAU * 20.0 * n as f64 / rate).sin() as f32;
                let [constant, heard] = blocker.tick([0.5, tone]);
                if n >= rate as usize / 2 {
                    (left, right) = (left.max(constant.abs()), right.max(heard.abs()));
                }
            }
            let db = 20.0 * right.log10();
            assert!(left < 1e-6 && (-0.30..=-0.22).contains(&db), "{rate} Hz: {left} left, 20 Hz at {db} dB");
        }
    }
}
