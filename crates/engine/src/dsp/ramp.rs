//! A linear gain ramp counted in frames.

use crate::types::cast::single;

use super::silence;

/// A gain that moves linearly and reaches its target on an exact frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    target: f32,
    /// The change per frame.
    slope: f64,
    /// The number of frames until the target is reached.
    left: u32,
}

impl Ramp {
    /// A ramp that stays at `value` (linear gain).
    pub const fn new(value: f32) -> Self {
        Self { target: silence::gain(value), slope: 0.0, left: 0 }
    }

    /// Moves to `target` from the present value. The `frames`-th frame from now is the first with the target. With zero frames
    /// the gain changes at once. A target below [`FAINTEST`](silence::FAINTEST) is 0. Gains must be finite, which is checked
    /// where they enter the engine.
    pub fn set(&mut self, target: f32, frames: usize) {
        let target = silence::gain(target);
        let from = self.exact();
        self.left = u32::try_from(frames).unwrap_or(u32::MAX);
        self.slope = if self.left == 0 { 0.0 } else { (f64::from(target) - from) / f64::from(self.left) };
        self.target = target;
    }

    /// Advances by one frame and returns the gain of that frame.
    #[inline]
    #[allow(clippy::should_implement_trait, reason = "a gain has no end, so it is no iterator")]
    pub fn next(&mut self) -> f32 {
        self.left = self.left.saturating_sub(1);
        self.value()
    }

    /// The gain of the latest frame.
    #[inline]
    pub fn value(&self) -> f32 {
        single(self.exact())
    }

    /// The gain at which the ramp ends. For a ramp at rest this is its present gain.
    pub const fn target(&self) -> f32 {
        self.target
    }

    /// True once the target is reached.
    pub const fn is_settled(&self) -> bool {
        self.left == 0
    }

    /// The gain in double precision. It is computed back from the target, so that no rounding error accumulates, and so that the
    /// gain of the last frame is exactly the target.
    #[inline]
    fn exact(&self) -> f64 {
        f64::from(self.target) - self.slope * f64::from(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrives_exactly_and_stays() {
        let mut ramp = Ramp::new(0.1);
        ramp.set(0.7, 441);
        let gains: Vec<f32> = (0..500).map(|_| ramp.next()).collect();
        assert!(gains[439] < 0.7);
        assert!(gains[440..].iter().all(|&g| g == 0.7));
        assert!(gains.windows(2).all(|w| w[0] <= w[1]));
        assert!(ramp.is_settled());
    }

    #[test]
    fn a_new_target_starts_from_the_present_value() {
        let mut ramp = Ramp::new(0.0);
        ramp.set(1.0, 100);
        for _ in 0..50 {
            ramp.next();
        }
        let before = ramp.value();
        ramp.set(0.0, 100);
        assert!((ramp.next() - before).abs() < 0.006);
        assert_eq!((ramp.value() > 0.0, ramp.target()), (true, 0.0));
    }

    #[test]
    fn a_gain_close_to_zero_is_zero() {
        let mut ramp = Ramp::new(1e-30);
        assert_eq!(ramp.value(), 0.0);
        ramp.set(9e-7, 10);
        assert_eq!(ramp.target(), 0.0);
    }

    #[test]
    fn zero_frames_is_at_once() {
        let mut ramp = Ramp::new(1.0);
        ramp.set(0.25, 0);
        assert_eq!((ramp.value(), ramp.next(), ramp.is_settled()), (0.25, 0.25, true));
    }
}
