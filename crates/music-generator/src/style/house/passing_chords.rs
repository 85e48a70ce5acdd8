//! Chords through which the last bar of four goes.

use crate::compose::harmony::{self, BarChords};
use crate::compose::scale::Scale;
use crate::types::dice::Dice;

/// The chance that the last bar of four goes through a neighbouring chord.
const PASSING: f32 = 0.65;

/// Lets the last bar of each four bars move to a neighbouring chord of the scale in its second half, and back.
pub(super) fn pass(bars: &mut [BarChords], scale: &Scale, change: f32, dice: &mut Dice) {
    for bar in bars.iter_mut().skip(3).step_by(4) {
        let wanted = dice.chance((PASSING * change).min(1.0));
        let draw = dice.below(16);
        let [only] = &bar[..] else { continue };
        if !wanted {
            continue;
        }
        let at = scale.degrees.iter().position(|degree| *degree == only.root).unwrap_or(0);
        let count = scale.degrees.len();
        // A third below, a second above or below: the chord of the scale there, when its fifth is perfect.
        let near = [count - 2, 1, count - 1, 2].map(|by| scale.degrees[(at + by) % count]);
        let fits: Vec<_> =
            near.iter().map(|root| harmony::diatonic(scale, *root)).filter(|chord| chord.has(7)).collect();
        bar.extend(fits.get(draw % fits.len().max(1)).cloned());
    }
}
