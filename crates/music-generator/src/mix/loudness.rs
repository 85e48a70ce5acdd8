//! The loudness of the mix (ITU-R BS.1770-5), and its slow correction.

use crate::synth::{Block, QUANTUM};

/// The loudness that a session has, in LUFS.
pub const TARGET_LUFS: f32 = -18.0;
/// How fast the gain is corrected, in decibels a second: 0.5 dB a minute.
const SPEED: f32 = 0.5 / 60.0;
/// How far it is corrected at most, in decibels.
const MOST: f32 = 4.0;
/// The time constant over which loudness is averaged, in seconds: longer than a section.
const AVERAGE: f32 = 45.0;
/// Seconds of sound before the correction begins.
const WARM_UP: f32 = 12.0;

/// A section of second order in transposed form.
#[derive(Clone, Copy, Debug, Default)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
    s: [[f64; 2]; 2],
}

impl Section {
    #[inline(always)]
    fn tick(&mut self, channel: usize, x: f64) -> f64 {
        let s = &mut self.s[channel];
        let y = self.b[0] * x + s[0];
        s[0] = self.b[1] * x - self.a[0] * y + s[1];
        s[1] = self.b[2] * x - self.a[1] * y;
        y
    }
}

/// The weighting filter of BS.1770 at any rate (B. De Man, "Evaluation of implementations of the EBU R128 loudness measurement", AES
/// 145, 2018).
fn k_weighting(rate: f64) -> [Section; 2] {
    let k = libm::tan(core::f64::consts::PI * 1_681.974_450_955_533 / rate);
    let q = 0.707_175_236_955_419_6;
    let high = libm::exp10(3.999_843_853_973_347 / 20.0);
    let middle = libm::pow(high, 0.499_666_774_154_541_6);
    let a0 = 1.0 + k / q + k * k;
    let shelf = Section {
        b: [(high + middle * k / q + k * k) / a0, 2.0 * (k * k - high) / a0, (high - middle * k / q + k * k) / a0],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
        s: [[0.0; 2]; 2],
    };
    let k = libm::tan(core::f64::consts::PI * 38.135_470_876_024_44 / rate);
    let q = 0.500_327_037_323_877_3;
    let a0 = 1.0 + k / q + k * k;
    let high_pass =
        Section { b: [1.0, -2.0, 1.0], a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0], s: [[0.0; 2]; 2] };
    [shelf, high_pass]
}

/// Measures the mix and corrects its gain slowly.
#[derive(Clone, Debug)]
pub struct Loudness {
    filters: [Section; 2],
    seconds: f32,
    /// The average of the weighted power.
    power: f32,
    heard: f32,
    correction_db: f32,
}

impl Loudness {
    /// No sound yet.
    pub fn new(rate: f32) -> Self {
        Self {
            filters: k_weighting(f64::from(rate)),
            seconds: QUANTUM as f32 / rate,
            power: 0.0,
            heard: 0.0,
            correction_db: 0.0,
        }
    }

    /// The correction in decibels after a quantum of the mix, whose gain includes the correction so far.
    #[inline(always)]
    pub fn advance(&mut self, mix: &Block) -> f32 {
        let mut sum = 0.0;
        for frame in mix {
            for (channel, sample) in frame.iter().enumerate() {
                let y = self.filters[0].tick(channel, f64::from(*sample));
                let y = self.filters[1].tick(channel, y);
                sum += y * y;
            }
        }
        for section in &mut self.filters {
            for state in section.s.as_flattened_mut() {
                *state = if state.abs() < 1e-30 { 0.0 } else { *state };
            }
        }
        let power = sum as f32 / QUANTUM as f32;
        // Silence, below -60 LUFS, is not counted.
        if power > 1e-6 {
            self.heard += self.seconds;
            let share = self.seconds / self.heard.min(AVERAGE);
            self.power += (power - self.power) * share;
            if self.heard > WARM_UP {
                let error = TARGET_LUFS - self.lufs();
                let step = SPEED * self.seconds;
                // Within 0.2 dB nothing is done.
                if error.abs() > 0.2 {
                    self.correction_db = (self.correction_db + step.copysign(error)).clamp(-MOST, MOST);
                }
            }
        }
        self.correction_db
    }

    /// The average loudness in LUFS.
    pub fn lufs(&self) -> f32 {
        -0.691 + 10.0 * libm::log10f(self.power + 1e-12)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::kernels::math::sine;

    #[test]
    fn a_sine_of_997_hz_has_the_loudness_of_the_standard() {
        let mut loudness = Loudness::new(48_000.0);
        for quantum in 0..3_000_u32 {
            let block = std::array::from_fn(|n| {
                let n = f64::from(quantum) * 64.0 + n as f64;
                let y = 0.1 * sine((n * 997.0 / 48_000.0 % 1.0) as f32);
                [y, y]
            });
            loudness.advance(&block);
        }
        // BS.1770: 0 dBFS in one channel is -3.01 LUFS, so -20 dBFS in both is -20.
        assert!((loudness.lufs() + 20.0).abs() < 0.1, "{}", loudness.lufs());
    }
}
