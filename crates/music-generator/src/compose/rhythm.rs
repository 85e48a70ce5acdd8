//! Grids of sixteenths: patterns written as text, metric weight, Euclidean rhythms.
//!
//! In a pattern `X` is an accent, `x` a normal hit, `o` a soft one, `.` a ghost note and `-` a rest; blanks are for the eye.

/// The steps of a pattern that are hit, with the mean velocity of their sign in MIDI units (0 to 127).
pub fn hits(pattern: &str) -> impl Iterator<Item = (usize, f32)> + '_ {
    let steps = pattern.bytes().filter(|byte| *byte != b' ').enumerate();
    steps.filter_map(|(step, sign)| strength(sign).map(|velocity| (step, velocity)))
}

/// The mean velocity of a sign, none for a rest.
fn strength(sign: u8) -> Option<f32> {
    match sign {
        b'X' => Some(106.0),
        b'x' => Some(88.0),
        b'o' => Some(63.0),
        b'.' => Some(27.0),
        _ => None,
    }
}

/// The weight of each sixteenth of a 4/4 bar, 0 to 1 (practice of sequencers, after the metric hierarchy of Lerdahl & Jackendoff).
const WEIGHTS: [f32; 16] =
    [1.0, 0.45, 0.68, 0.42, 0.86, 0.44, 0.66, 0.48, 0.94, 0.45, 0.68, 0.42, 0.86, 0.46, 0.70, 0.52];

/// The weight of a step.
pub fn weight(step: usize) -> f32 {
    WEIGHTS[step % 16]
}

/// `pulses` hits spread as evenly as possible over `steps` steps, rotated by `rotation` steps.
pub fn euclid(pulses: usize, steps: usize, rotation: usize) -> Vec<usize> {
    let steps = steps.max(1);
    (0..steps).filter(|step| ((step + rotation) * pulses) % steps < pulses).collect()
}

/// The key of a kick in a key: tonic, fifth or fourth, near 49 Hz.
pub fn kick_key(tonic: u8) -> f32 {
    let fits = |class: u8| (29..=33).find(|key| key % 12 == class % 12);
    let key = [0, 7, 5].into_iter().find_map(|degree| fits(tonic + degree));
    f32::from(key.unwrap_or(31_u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read() {
        assert_eq!(hits("X--- --.-").collect::<Vec<_>>(), [(0, 106.0), (6, 27.0)]);
        assert_eq!([0, 3, 5].map(kick_key), [31.0, 32.0, 29.0]);
        assert_eq!(euclid(3, 8, 0), [0, 3, 6]);
        assert_eq!(euclid(5, 16, 0).len(), 5);
        assert_eq!(euclid(4, 16, 0), [0, 4, 8, 12]);
    }
}
