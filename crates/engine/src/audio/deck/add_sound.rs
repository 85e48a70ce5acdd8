//! The sum of the stems of a deck.

use crate::dsp::QUANTUM;

/// Reads sound with `read`, multiplies it with a gain, and adds it to `out`. With `overwrite` it is read directly into
/// `out` instead.
///
/// `steady` is the gain if it is the same for all frames. Otherwise `gain` is called for each frame. A steady gain of 1
/// changes no bit.
pub(super) fn add_sound(
    out: [&mut [f32]; 2],
    overwrite: &mut bool,
    steady: Option<f32>,
    mut gain: impl FnMut() -> f32,
    read: impl FnOnce([&mut [f32]; 2]),
) {
    let [left, right] = out;
    let frames = left.len();
    let mut scratch = [[0.0; QUANTUM]; 2];
    let [scratch_left, scratch_right] = &mut scratch;
    let (new_left, new_right) = if *overwrite {
        (&mut *left, &mut *right)
    } else {
        (&mut scratch_left[..frames], &mut scratch_right[..frames])
    };
    read([&mut *new_left, &mut *new_right]);
    match steady {
        Some(1.0) => {}
        Some(gain) => new_left.iter_mut().chain(new_right.iter_mut()).for_each(|x| *x *= gain),
        None => {
            for (left, right) in new_left.iter_mut().zip(new_right.iter_mut()) {
                let gain = gain();
                *left *= gain;
                *right *= gain;
            }
        }
    }
    if !std::mem::take(overwrite) {
        left.iter_mut().zip(scratch_left).for_each(|(out, new)| *out += *new);
        right.iter_mut().zip(scratch_right).for_each(|(out, new)| *out += *new);
    }
}
