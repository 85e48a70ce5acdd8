//! Bass lines: roots that follow the kick, and notes that lead to the next chord.

use super::scale::Scale;
use crate::types::dice::Dice;

/// The range of the bass: E1 to C3.
pub const RANGE: (i32, i32) = (28, 48);

/// The key of a pitch class in a range, nearest to `near`.
pub fn place(class: u8, near: i32, range: (i32, i32)) -> i32 {
    let candidates = (range.0..=range.1).filter(|key| key.rem_euclid(12) == i32::from(class % 12));
    candidates.min_by_key(|key| (key - near).abs()).unwrap_or(range.0)
}

/// The key of the note before a bar whose bass is `next`: chromatic below, a step of the scale, a fifth above, or an octave.
pub fn approach(next: i32, from: i32, scale: &Scale, dice: &mut Dice) -> i32 {
    let step = scale.step_near(next);
    // The line approaches from the side on which it is.
    let side = if from > next { 1 } else { -1 };
    let key = match dice.pick(&[0.25, 0.45, 0.20, 0.10]) {
        0 => next - 1,
        1 => scale.key_of_step(step + side),
        2 => next + 7,
        _ => next + 12,
    };
    let key =
        if scale.contains(key.rem_euclid(12) as u8) || dice.chance(0.3) { key } else { scale.key_of_step(step + side) };
    if key > RANGE.1 {
        key - 12
    } else if key < RANGE.0 {
        key + 12
    } else {
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::config::Mode;

    #[test]
    fn notes_are_in_range() {
        let scale = Scale::of_mode(5, Mode::Aeolian);
        for class in 0..12 {
            let key = place(class, 36, RANGE);
            assert!((28..=48).contains(&key) && key.rem_euclid(12) == i32::from(class));
            let lead = approach(key, 40, &scale, &mut Dice::new(u64::from(class), "test", 0, 0));
            assert!((28..=48).contains(&lead), "{lead}");
        }
    }
}
