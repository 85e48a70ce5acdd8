//! A kick that lowers other stems.

use crate::synth::QUANTUM;
use crate::synth::kernels::math::decay;

/// Seconds in which a kick lowers other stems.
const ATTACK: f32 = 0.005;

/// How far stems are lowered: 0 is not at all, 1 is as far as the style says.
#[derive(Clone, Debug)]
pub struct Duck {
    rate: f32,
    amount: f32,
    aim: f32,
    rises: bool,
    curve: [f32; QUANTUM],
}

impl Duck {
    /// Nothing is lowered.
    pub const fn new(rate: f32) -> Self {
        Self { rate, amount: 0.0, aim: 0.0, rises: false, curve: [0.0; QUANTUM] }
    }

    /// Computes a quantum. `kicks` are the kicks in it, as frame and strength 0 to 1, in order; `release` are the seconds in which nine
    /// tenths return.
    pub fn advance(&mut self, kicks: &[(usize, f32)], release: f32) {
        let up = 1.0 / (ATTACK * self.rate);
        let down = decay(release.clamp(0.02, 2.0) / 2.3, self.rate, 1.0);
        let mut kicks = kicks.iter().peekable();
        for (n, out) in self.curve.iter_mut().enumerate() {
            while let Some((_, strength)) = kicks.next_if(|kick| kick.0 <= n) {
                self.aim = strength.clamp(0.0, 1.0).max(self.amount);
                self.rises = true;
            }
            if self.rises {
                self.amount += up;
                if self.amount >= self.aim {
                    self.amount = self.aim;
                    self.rises = false;
                }
            } else {
                self.amount = if self.amount < 1e-4 { 0.0 } else { self.amount * down };
            }
            *out = self.amount;
        }
    }

    /// Lowers a quantum by up to `decibels`, where `lowest` is the gain of as many decibels less.
    #[inline(always)]
    pub fn apply(&self, lowest: f32, block: &mut [[f32; QUANTUM]; 2]) {
        for samples in block {
            for (sample, amount) in samples.iter_mut().zip(&self.curve) {
                *sample *= 1.0 - amount * (1.0 - lowest);
            }
        }
    }

    /// Whether nothing is lowered in this quantum.
    pub fn is_idle(&self) -> bool {
        self.curve.iter().all(|amount| *amount == 0.0)
    }
}
