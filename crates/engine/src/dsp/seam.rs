//! Steps that are in the music itself: where a file ends in the middle of a sound, or a loop jumps back.
//!
//! What came before is held and fades out under what comes next, which begins at once and as it is.

/// Seconds in which it fades out.
pub(crate) const FADE: f64 = 0.004;

/// Frames to either side of a step that tell how far the sound steps by itself.
pub(crate) const AROUND: usize = 17;

/// A step may be so many times as large as those around it, and by so much larger: two steps of 16 bits.
const ALIKE: f32 = 1.2;
const ROUNDING: f32 = 2.0 / 32_768.0;

/// How much is left of what came before, so many frames behind it, when it fades out over `fade` frames: 1 to 0.
#[inline]
pub(crate) fn left_of_it(into: usize, fade: usize) -> f32 {
    let x = ((into as f32 + 0.5) / fade as f32).min(1.0);
    1.0 - x * x * (3.0 - 2.0 * x)
}

/// Whether `after` goes on from `before`: the step between them is about as small as those to either side.
pub(crate) fn goes_on(before: &[f32], after: &[f32]) -> bool {
    let (Some(last), Some(first)) = (before.last(), after.first()) else { return true };
    let steps = |side: &[f32]| side.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    (first - last).abs() <= ALIKE * steps(before).max(steps(after)) + ROUNDING
}

/// What a sound ends with that silence does not go on from; nothing where it ends like silence.
pub(crate) fn ends_with(latest: &[f32]) -> f32 {
    latest.last().copied().filter(|_| !goes_on(latest, &[0.0])).unwrap_or(0.0)
}

/// What is heard behind the end of a sound whose latest frames these are, [`AROUND`] of them if there are as many.
pub(crate) fn fade_out(latest: &[[f32; 2]], fade: usize) -> impl Iterator<Item = [f32; 2]> + use<> {
    let held: [f32; 2] = std::array::from_fn(|side| {
        let mut known = [0.0; AROUND];
        known.iter_mut().zip(latest).for_each(|(to, from)| *to = from[side]);
        ends_with(&known[..latest.len().min(AROUND)])
    });
    let frames = if held == [0.0; 2] { 0 } else { fade };
    (0..frames).map(move |at| held.map(|last| last * left_of_it(at, fade)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_noise_and_silence_go_on_and_a_jump_does_not() {
        let tone = |from: usize| -> Vec<f32> { (from..from + AROUND).map(|n| (n as f32 * 0.3).sin()).collect() };
        assert!((0..40).all(|n| goes_on(&tone(n), &tone(n + AROUND))));
        // Half a turn is left out where the tone is steepest and where it is not.
        assert!(!goes_on(&tone(19), &tone(19 + AROUND + 5)));
        let noise = [0.5, -0.7, 0.1, 0.6, -0.2];
        assert!(goes_on(&noise, &noise));
        assert!(goes_on(&[0.0; 5], &[0.0; 5]) && goes_on(&[], &[0.3]));
        assert!(!goes_on(&[0.5; 5], &[0.0]) && goes_on(&[3e-5; 5], &[0.0]));
    }

    #[test]
    fn what_is_left_falls_from_one_to_nothing_without_a_corner() {
        let left: Vec<f32> = (0..=180).map(|n| left_of_it(n, 176)).collect();
        assert!(left[0] > 0.999 && left[176] == 0.0 && left[180] == 0.0);
        let steepest = left.windows(2).map(|pair| pair[0] - pair[1]).fold(0.0, f32::max);
        assert!(left.is_sorted_by(|a, b| a >= b) && steepest < 1.51 / 176.0, "{steepest}");
    }
}
