//! The laws of a crossfader.

use crate::types::units::Gain;

/// How the gains of the two sides follow the crossfader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum CrossfadeLaw {
    /// The gains add up to 1: the same music on both sides keeps its level.
    #[default]
    Linear,
    /// The squares of the gains add up to 1: different music keeps its loudness; both gains are -3 dB in the middle.
    EqualPower,
    /// Both gains are 1 in the middle; towards each end the other side falls to 0. For scratching.
    Cut,
}

impl CrossfadeLaw {
    /// Gains of the left and right side with the fader at `position`, -1 (left) to 1 (right).
    /// Outside counts as the end, NaN as the middle.
    pub fn gains(self, position: f32) -> (Gain, Gain) {
        let right = if position.is_nan() { 0.5 } else { (position.clamp(-1.0, 1.0) + 1.0) * 0.5 };
        let (left, right) = match self {
            Self::Linear => (1.0 - right, right),
            Self::EqualPower => {
                let angle = right * std::f32::consts::FRAC_PI_2;
                // cos(pi/2) in floats is not quite 0; the end of the fader is.
                (if right == 1.0 { 0.0 } else { angle.cos() }, angle.sin())
            }
            Self::Cut => (((1.0 - right) * 2.0).min(1.0), (right * 2.0).min(1.0)),
        };
        (Gain::clamped(left, Gain::SILENCE), Gain::clamped(right, Gain::SILENCE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_law_has_a_constant_sum_and_ends_in_silence() {
        for step in 0..=20 {
            let position = step as f32 / 10.0 - 1.0;
            let (left, right) = CrossfadeLaw::Linear.gains(position);
            assert!((left.get() + right.get() - 1.0).abs() < 1e-6);
            let (left, right) = CrossfadeLaw::EqualPower.gains(position);
            assert!((left.get().powi(2) + right.get().powi(2) - 1.0).abs() < 1e-6);
        }
        for law in [CrossfadeLaw::Linear, CrossfadeLaw::EqualPower, CrossfadeLaw::Cut] {
            assert_eq!(law.gains(-1.0), (Gain::UNITY, Gain::SILENCE));
            assert_eq!(law.gains(1.0), (Gain::SILENCE, Gain::UNITY));
        }
    }

    #[test]
    fn between_its_ends_each_law_has_its_curve() {
        let check = |law: CrossfadeLaw, position: f32, [left, right]: [f32; 2]| {
            let (l, r) = law.gains(position);
            let off = (l.get() - left).abs().max((r.get() - right).abs());
            assert!(off < 1e-6, "{law:?} at {position}: {l:?}, {r:?}");
        };
        let (sin, cos) = (std::f32::consts::FRAC_PI_8.sin(), std::f32::consts::FRAC_PI_8.cos());
        let half = std::f32::consts::FRAC_1_SQRT_2;
        for (position, linear, power, cut) in [
            (-0.5, [0.75, 0.25], [cos, sin], [1.0, 0.5]),
            (
                -0.25,
                [0.625, 0.375],
                [(0.375 * std::f32::consts::FRAC_PI_2).cos(), (0.375 * std::f32::consts::FRAC_PI_2).sin()],
                [1.0, 0.75],
            ),
            (0.0, [0.5; 2], [half; 2], [1.0; 2]),
            (0.5, [0.25, 0.75], [sin, cos], [0.5, 1.0]),
            (f32::NAN, [0.5; 2], [half; 2], [1.0; 2]),
        ] {
            check(CrossfadeLaw::Linear, position, linear);
            check(CrossfadeLaw::EqualPower, position, power);
            check(CrossfadeLaw::Cut, position, cut);
        }
    }
}
