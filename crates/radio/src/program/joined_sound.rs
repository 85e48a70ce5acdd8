//! The sound of the program across the joins of its items.

use std::f32::consts::FRAC_PI_2;
use std::ops::Range;

use super::placed_item::PlacedItem;
use crate::error::Error;
use crate::sound::SoundCache;

/// The sound of a range of the program. `items` are the items with a frame in the range, in their order. Where two items overlap, the
/// earlier one fades out and the later one fades in with equal power; the gains are the cosine and the sine of the same angle. An item that
/// does not play to its end fades out with the same cosine. Where there is no item, there is silence.
///
/// # Errors
/// [`Error::Sound`] for an item that cannot be read.
pub fn read_joined(items: &[PlacedItem], range: Range<u64>, sounds: &mut SoundCache) -> Result<Vec<[f32; 2]>, Error> {
    let length = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0);
    let mut sum = vec![[0.0_f32; 2]; length];
    for (index, placed) in items.iter().enumerate() {
        let span = placed.span();
        let wanted = span.start.max(range.start)..span.end.min(range.end);
        if wanted.is_empty() {
            continue;
        }
        let fade_in =
            index.checked_sub(1).and_then(|before| items.get(before)).map(|before| span.start..before.end().0);
        let overlapped = items.get(index + 1).map(|next| next.start.0..span.end);
        let ending = span.end - placed.fade_out.0..span.end;
        let add = |first: u64, block: &[[f32; 2]]| {
            let first = first + span.start;
            let offset = usize::try_from(first - range.start).unwrap_or(usize::MAX);
            for ((frame, sum), at) in block.iter().zip(sum.iter_mut().skip(offset)).zip(first..) {
                let gain = fade_in.as_ref().and_then(|fade| angle(fade, at)).map_or(1.0, f32::sin)
                    * overlapped.as_ref().and_then(|fade| angle(fade, at)).map_or(1.0, f32::cos)
                    * angle(&ending, at).map_or(1.0, f32::cos);
                *sum = [sum[0] + gain * frame[0], sum[1] + gain * frame[1]];
            }
        };
        sounds
            .read(&placed.item, wanted.start - span.start..wanted.end - span.start, add)
            .map_err(|error| Error::Sound { number: placed.number, from: range.start, source: Box::new(error) })?;
    }
    Ok(sum)
}

/// The angle of a fade at a frame, from 0 to a right angle; `None` outside the fade.
fn angle(fade: &Range<u64>, frame: u64) -> Option<f32> {
    fade.contains(&frame).then(|| {
        let place = (frame - fade.start) as f64 + 0.5;
        (place / (fade.end - fade.start) as f64) as f32 * FRAC_PI_2
    })
}
