//! An equal-power crossfade.

use std::f64::consts::FRAC_PI_2;

/// A crossfade, and how far it is. The gains are the cosine and the sine of an angle from 0 to a quarter turn, so the sum of their
/// squares is 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fade {
    frames: usize,
    at: usize,
}

impl Fade {
    /// Over so many frames.
    pub fn new(frames: usize) -> Self {
        Self { frames: frames.max(1), at: 0 }
    }

    /// The frames that are left.
    pub fn left(&self) -> usize {
        self.frames - self.at
    }

    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        self.at > 0
    }

    /// Whether more than half of it is over.
    pub fn is_past_middle(&self) -> bool {
        2 * self.at > self.frames
    }

    /// Adds the next frames of both. The sum is limited to 16 bits.
    pub fn mix(&mut self, from: &mut [i16], to: &[i16], channels: usize) {
        for (from, to) in from.chunks_exact_mut(channels).zip(to.chunks_exact(channels)) {
            let angle = (self.at as f64 + 0.5) / self.frames as f64 * FRAC_PI_2;
            let (rising, falling) = (libm::sin(angle), libm::cos(angle));
            for (from, to) in from.iter_mut().zip(to) {
                let sum = libm::round(falling * f64::from(*from) + rising * f64::from(*to));
                #[allow(clippy::cast_possible_truncation, reason = "it is limited to 16 bits before")]
                let sum = sum.clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16;
                *from = sum;
            }
            self.at = (self.at + 1).min(self.frames);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_powers_is_constant_and_sums_are_limited() {
        let mut fade = Fade::new(1_000);
        let mut from: Vec<i16> = [20_000, 0].repeat(1_000);
        let to: Vec<i16> = [0, 20_000].repeat(1_000);
        let (first, second) = from.split_at_mut(600);
        fade.mix(first, &to[..600], 2);
        assert_eq!(fade.left(), 700);
        fade.mix(second, &to[600..], 2);
        assert_eq!(fade.left(), 0);
        for frame in from.chunks(2) {
            let power = frame.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / 4e8;
            assert!((power - 1.0).abs() < 1e-4, "{power}");
        }
        let mut loud = vec![i16::MAX; 10];
        Fade::new(10).mix(&mut loud, &[i16::MAX; 10], 1);
        assert_eq!(loud[5], i16::MAX);
    }
}
