//! Numbers that move to their targets.

use crate::synth::QUANTUM;
use crate::synth::kernels::math::decay;

/// A number that approaches its target exponentially, a step each quantum; between steps it is a straight line.
#[derive(Clone, Copy, Debug)]
pub struct Smooth {
    now: f32,
    target: f32,
    /// The share that is left after a quantum.
    keep: f32,
}

impl Smooth {
    /// At its target, with this time constant in seconds.
    pub fn new(value: f32, tau: f32, rate: f32) -> Self {
        Self { now: value, target: value, keep: decay(tau, rate, QUANTUM as f32) }
    }

    /// Sets the target. Numbers that are not finite are ignored.
    pub fn set(&mut self, target: f32) {
        if target.is_finite() {
            self.target = target;
        }
    }

    /// Sets target and value.
    pub fn jump(&mut self, value: f32) {
        self.target = value;
        self.now = value;
    }

    /// Where it goes.
    pub const fn target(&self) -> f32 {
        self.target
    }

    /// Its value now.
    pub const fn value(&self) -> f32 {
        self.now
    }

    /// Moves on by a quantum; returns the values before and after.
    #[inline(always)]
    pub fn advance(&mut self) -> (f32, f32) {
        let before = self.now;
        let distance = (self.now - self.target) * self.keep;
        // It arrives, so that no number becomes subnormal.
        self.now = if distance.abs() < 1e-6 * (1.0 + self.target.abs()) { self.target } else { self.target + distance };
        (before, self.now)
    }
}
