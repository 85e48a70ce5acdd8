//! A gain that moves along a curve.

use crate::dsp::Ramp;
use crate::types::crossfade_law::CrossfadeLaw;

/// A gain that moves to its target along the curve of a [`CrossfadeLaw`] and reaches it on an exact frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fade {
    /// Without a curve, the gain itself. With a curve, the progress along it, from 0 to 1.
    ramp: Ramp,
    curve: Option<Curve>,
}

#[derive(Clone, Copy, Debug)]
struct Curve {
    law: CrossfadeLaw,
    from: f32,
    to: f32,
}

impl Curve {
    /// The gain at `progress`, 0 to 1.
    fn at(&self, progress: f32) -> f32 {
        if progress >= 1.0 {
            return self.to;
        }
        let (falling, rising) = self.law.gains(2.0 * progress - 1.0);
        if self.to > self.from {
            self.from + (self.to - self.from) * rising.get()
        } else {
            self.to + (self.from - self.to) * falling.get()
        }
    }
}

impl Fade {
    /// A fade at rest at `value` (linear gain).
    pub const fn new(value: f32) -> Self {
        Self { ramp: Ramp::new(value), curve: None }
    }

    /// Moves from the present value to `target` in `frames` frames; 0 frames set it at once.
    pub fn set(&mut self, target: f32, frames: usize, law: CrossfadeLaw) {
        if let Some(curve) = self.curve.take() {
            self.ramp = Ramp::new(curve.at(self.ramp.value()));
        }
        if law == CrossfadeLaw::Linear || frames == 0 {
            self.ramp.set(target, frames);
            return;
        }
        let to = Ramp::new(target).value();
        self.curve = Some(Curve { law, from: self.ramp.value(), to });
        self.ramp = Ramp::new(0.0);
        self.ramp.set(1.0, frames);
    }

    /// Advances by one frame and returns the gain of that frame.
    #[inline]
    #[allow(clippy::should_implement_trait, reason = "a gain has no end, so it is no iterator")]
    pub fn next(&mut self) -> f32 {
        let value = self.ramp.next();
        self.curve.map_or(value, |curve| curve.at(value))
    }

    /// The gain of the latest frame.
    #[inline]
    pub fn value(&self) -> f32 {
        let value = self.ramp.value();
        self.curve.map_or(value, |curve| curve.at(value))
    }

    /// The gain at which the fade ends. For a fade at rest this is its present gain.
    pub fn target(&self) -> f32 {
        self.curve.map_or(self.ramp.target(), |curve| curve.to)
    }

    /// True once the target is reached.
    pub const fn is_settled(&self) -> bool {
        self.ramp.is_settled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_fade_is_a_ramp() {
        let (mut fade, mut ramp) = (Fade::new(1.0), Ramp::new(1.0));
        for (target, frames, run) in [(0.0, 100, 40), (0.7, 33, 33), (0.1, 0, 1), (1.0, 50, 80)] {
            fade.set(target, frames, CrossfadeLaw::Linear);
            ramp.set(target, frames);
            for _ in 0..run {
                assert_eq!((fade.next(), fade.is_settled()), (ramp.next(), ramp.is_settled()));
            }
        }
    }

    #[test]
    fn two_fades_of_equal_power_keep_the_power_and_arrive_exactly() {
        let (mut up, mut down) = (Fade::new(0.0), Fade::new(1.0));
        up.set(1.0, 1_000, CrossfadeLaw::EqualPower);
        down.set(0.0, 1_000, CrossfadeLaw::EqualPower);
        for _ in 0..1_000 {
            let power = up.next().powi(2) + down.next().powi(2);
            assert!((power - 1.0).abs() < 1e-5, "{power}");
        }
        assert_eq!((up.value(), up.target(), down.value(), down.target()), (1.0, 1.0, 0.0, 0.0));
        assert!(up.is_settled() && down.is_settled());
    }

    #[test]
    fn a_reversed_fade_continues_from_its_present_gain() {
        let mut fade = Fade::new(0.0);
        fade.set(1.0, 1_000, CrossfadeLaw::EqualPower);
        (0..500).for_each(|_| _ = fade.next());
        let present = fade.value();
        for law in [CrossfadeLaw::EqualPower, CrossfadeLaw::Linear, CrossfadeLaw::Cut] {
            let mut back = fade;
            back.set(0.0, 1_000, law);
            assert!((back.next() - present).abs() < 0.002, "{law:?}");
            (0..999).for_each(|_| _ = back.next());
            assert_eq!(back.value(), 0.0);
        }
    }
}
