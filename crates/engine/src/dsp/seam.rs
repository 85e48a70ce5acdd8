//! Seams: steps in the music itself, where a file ends in the middle of a sound, or where a loop jumps back.
//!
//! The last sample is held, and fades out under the next sound. The next sound begins at once and unchanged.

/// The length of the fade-out, in seconds.
pub(crate) const FADE: f64 = 0.004;

/// The size of a step is compared with the steps between this many frames before it, and after it.
pub(crate) const AROUND: usize = 17;

/// A step counts as a continuation when it is at most this many times as large as the steps around it, plus two
/// quantisation steps of 16 bits.
const STEP_RATIO: f32 = 1.2;
const ROUNDING: f32 = 2.0 / 32_768.0;

/// The gain, 1 to 0, of a held sample that fades out over `fade` frames, `into` frames after the seam.
#[inline]
pub(crate) fn fade_gain(into: usize, fade: usize) -> f32 {
    let x = ((into as f32 + 0.5) / fade as f32).min(1.0);
    1.0 - x * x * (3.0 - 2.0 * x)
}

/// Whether `after` continues `before`, which means that the step between them is about as small as the steps around it.
pub(crate) fn continues(before: &[f32], after: &[f32]) -> bool {
    let (Some(last), Some(first)) = (before.last(), after.first()) else { return true };
    let steps = |side: &[f32]| side.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    (first - last).abs() <= STEP_RATIO * steps(before).max(steps(after)) + ROUNDING
}

/// The sample to hold after the end of a sound: its last sample, or 0 when silence continues the sound.
pub(crate) fn held_sample(latest: &[f32]) -> f32 {
    latest.last().copied().filter(|_| !continues(latest, &[0.0])).unwrap_or(0.0)
}

/// The fade-out after the end of a sound. `latest` is its last [`AROUND`] frames, or all its frames when there are fewer.
pub(crate) fn fade_out(latest: &[[f32; 2]], fade: usize) -> impl Iterator<Item = [f32; 2]> + use<> {
    let held: [f32; 2] = std::array::from_fn(|side| {
        let mut compared = [0.0; AROUND];
        compared.iter_mut().zip(latest).for_each(|(to, from)| *to = from[side]);
        held_sample(&compared[..latest.len().min(AROUND)])
    });
    let frames = if held == [0.0; 2] { 0 } else { fade };
    (0..frames).map(move |at| held.map(|last| last * fade_gain(at, fade)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_noise_and_silence_continue_and_a_jump_does_not() {
        let tone = |from: usize| -> Vec<f32> { (from..from + AROUND).map(|n| (n as f32 * 0.3).sin()).collect() };
        assert!((0..40).all(|n| continues(&tone(n), &tone(n + AROUND))));
        // Five frames of the tone are missing where it is steepest.
        assert!(!continues(&tone(19), &tone(19 + AROUND + 5)));
        let noise = [0.5, -0.7, 0.1, 0.6, -0.2];
        assert!(continues(&noise, &noise));
        assert!(continues(&[0.0; 5], &[0.0; 5]) && continues(&[], &[0.3]));
        assert!(!continues(&[0.5; 5], &[0.0]) && continues(&[3e-5; 5], &[0.0]));
    }

    #[test]
    fn the_fade_gain_falls_smoothly_from_one_to_zero() {
        let left: Vec<f32> = (0..=180).map(|n| fade_gain(n, 176)).collect();
        assert!(left[0] > 0.999 && left[176] == 0.0 && left[180] == 0.0);
        let steepest = left.windows(2).map(|pair| pair[0] - pair[1]).fold(0.0, f32::max);
        assert!(left.is_sorted_by(|a, b| a >= b) && steepest < 1.51 / 176.0, "{steepest}");
    }
}
