//! A whole track at another speed, on every core.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Kit, StretchMethod};
use crate::dsp::{Position, QUANTUM, Step};
use crate::track::Track;
use crate::units::{Frames, Rate};

/// Seconds of the source after which a piece may end, and after which any onset will do.
const PIECE: f64 = 8.0;
const ENOUGH: f64 = 12.0;
/// Seconds in which one piece fades into the next, and from there to the onset that hides it.
const FADE: f64 = 0.003;
const GAP: f64 = 0.001;

/// Stretches `track` to `speed` (2 is twice as fast, half as long) and returns interleaved stereo at the track's own rate:
/// exactly its length divided by the speed, to the nearest frame, without any delay.
///
/// The work is done in pieces of some ten seconds that begin at onsets, where a fresh start is not heard, and on all
/// processors; the result does not depend on how many there are. `progress` hears, from any of them, of frames of output
/// that are made. Takes memory for the whole result; not for an audio thread.
pub fn export(track: &Track, method: StretchMethod, speed: Rate, progress: impl Fn(Frames) + Sync) -> Vec<f32> {
    let frames = (track.frames().0 as f64 / speed.get()).round() as u64;
    let starts = starts(track, method, speed, frames);
    let fade = track.sample_rate().frames_in(FADE);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            let Some(&from) = starts.get(piece) else { return done };
            let until = starts.get(piece + 1).map_or(frames, |next| (next + fade as u64).min(frames));
            done.push((piece, render(track, method, speed, from..until, &progress)));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(starts.len());
    let mut pieces: Vec<(usize, Vec<f32>)> = std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut pieces = work();
        for helper in helpers {
            match helper.join() {
                Ok(more) => pieces.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        pieces
    });
    pieces.sort_unstable_by_key(|(piece, _)| *piece);
    join(&pieces, &starts, frames, fade)
}

/// The frames of output at which pieces begin.
fn starts(track: &Track, method: StretchMethod, speed: Rate, frames: u64) -> Vec<u64> {
    let rate = f64::from(track.sample_rate().get());
    let mut starts = vec![0];
    // A playback rate has no phases to lose: its pieces could begin anywhere, and do so at the same places.
    let least = if method.keeps_pitch() { 6.0 } else { 0.0 };
    let mut last = 0.0;
    for onset in track.onsets() {
        let at = onset.frame as f64;
        let long = at - last > rate * if onset.strength > least { PIECE } else { ENOUGH };
        let start = ((at - rate * (FADE + GAP)) / speed.get()).floor();
        if long && start > 0.0 && (start as u64) < frames {
            starts.push(start as u64);
            last = at;
        }
    }
    starts
}

/// Frames `span` of the output, by a stretcher that begins there.
fn render(
    track: &Track,
    method: StretchMethod,
    speed: Rate,
    span: std::ops::Range<u64>,
    progress: &(impl Fn(Frames) + Sync),
) -> Vec<f32> {
    let mut kit = Kit::new(method, track.sample_rate().get());
    let step = Step::from_rate(speed.get());
    let count = (span.end - span.start) as usize;
    let mut position = Position::ZERO.advance(step, span.start as usize);
    let mut out = Vec::with_capacity(2 * count);
    let mut quantum = [[0.0; QUANTUM]; 2];
    let mut told = 0;
    while out.len() < 2 * count {
        let frames = QUANTUM.min(count - out.len() / 2);
        let [left, right] = &mut quantum;
        let (left, right) = (&mut left[..frames], &mut right[..frames]);
        kit.process(track, position, step, [&mut *left, &mut *right]);
        position = position.advance(step, frames);
        out.extend(left.iter().zip(right.iter()).flat_map(|(left, right)| [*left, *right]));
        if out.len() / 2 - told >= 1 << 16 || out.len() == 2 * count {
            progress(Frames((out.len() / 2 - told) as u64));
            told = out.len() / 2;
        }
    }
    out
}

/// Fades each piece into the next.
fn join(pieces: &[(usize, Vec<f32>)], starts: &[u64], frames: u64, fade: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(2 * frames as usize);
    for ((_, piece), start) in pieces.iter().zip(starts) {
        let overlap = out.len() - 2 * *start as usize;
        let tail = out.len() - overlap;
        for (i, (old, new)) in out[tail..].as_chunks_mut::<2>().0.iter_mut().zip(piece.as_chunks::<2>().0).enumerate() {
            let x = (i as f32 + 0.5) / fade as f32;
            old.iter_mut().zip(new).for_each(|(old, new)| *old += (new - *old) * x);
        }
        out.extend_from_slice(&piece[overlap..]);
    }
    out
}
