//! The playback rate method: the track is read faster or slower, and its pitch changes with the speed.

use super::source::Source;
use super::stretch_trait::{Latency, Stretch};
use crate::dsp::{Kernel, Position, QUANTUM, SincBank, Step};
use crate::types::cast::{count, index};
use crate::types::units::Rate;

/// Frames of the source that one quantum can read.
const WINDOW: usize = QUANTUM * count(Rate::MAX.get()) + 2 * SincBank::REACH + 2;

/// Frames of the fade from one kernel to another.
const FADE: usize = QUANTUM;

/// Reads the source through a band-limited interpolator whose cut-off frequency depends on the rate.
///
/// At rate 1 and at positions of whole frames the samples are unchanged. When the cut-off frequency changes, a fade of 64
/// frames leads from the old kernel to the new one, so that a tempo glide makes no steps.
pub struct PlaybackRate {
    bank: &'static SincBank,
    kernel: Option<Kernel>,
    /// The old kernel during a fade, and the frames of the fade that are done.
    fading: Option<(Kernel, usize)>,
    window: [[f32; WINDOW]; 2],
    old: [[f32; QUANTUM]; 2],
}

crate::types::opaque::opaque_debug!(PlaybackRate);

impl PlaybackRate {
    /// The first call in a process computes the interpolation tables, so it is not for the audio thread.
    pub fn new() -> Self {
        Self {
            bank: SincBank::shared(),
            kernel: None,
            fading: None,
            window: [[0.0; WINDOW]; 2],
            old: [[0.0; QUANTUM]; 2],
        }
    }

    /// Reads a span in which no fade begins or ends.
    fn read(&mut self, source: &dyn Source, position: Position, step: Step, kernel: Kernel, out: [&mut [f32]; 2]) {
        let [left, right] = out;
        let frames = left.len();
        if kernel == Kernel::Bypass && self.fading.is_none() {
            return source.read(position.frame(), [left, right]);
        }
        let first = position.frame() - SincBank::REACH as i64;
        let next = position.advance(step, frames);
        let span = index((next.frame() - first).max(0).unsigned_abs()).saturating_add(SincBank::REACH + 1).min(WINDOW);
        let [window_left, window_right] = &mut self.window;
        source.read(first, [&mut window_left[..span], &mut window_right[..span]]);
        let window = [&window_left[..span], &window_right[..span]];
        let start = position.offset(-first);
        self.bank.read(kernel, window, start, step, [&mut *left, &mut *right]);
        let Some((old, done)) = &mut self.fading else { return };
        let [old_left, old_right] = &mut self.old;
        let (old_left, old_right) = (&mut old_left[..frames], &mut old_right[..frames]);
        self.bank.read(*old, window, start, step, [&mut *old_left, &mut *old_right]);
        for (new, old) in [(left, old_left), (right, old_right)] {
            for ((at, new), old) in (*done..).zip(new).zip(old) {
                *new = *old + (*new - *old) * (at as f32 * (1.0 / FADE as f32));
            }
        }
        *done += frames;
        if *done == FADE {
            self.fading = None;
        }
    }
}

impl Default for PlaybackRate {
    fn default() -> Self {
        Self::new()
    }
}

impl Stretch for PlaybackRate {
    fn process(&mut self, source: &dyn Source, position: Position, step: Step, out: [&mut [f32]; 2]) {
        let [left, right] = out;
        let frames = left.len().min(right.len()).min(QUANTUM);
        let mut from = 0;
        while from < frames {
            let here = position.advance(step, from);
            let mut kernel = self.kernel.unwrap_or(Kernel::Bypass);
            if self.fading.is_none() {
                kernel = self.bank.kernel_at(step.rate(), here);
                let old = self.kernel.replace(kernel).filter(|old| *old != kernel);
                self.fading = old.map(|old| (old, 0));
            }
            let longest = self.fading.map_or(frames, |(_, done)| FADE - done);
            let until = frames.min(from + longest);
            self.read(source, here, step, kernel, [&mut left[from..until], &mut right[from..until]]);
            from = until;
        }
    }

    fn latency(&self) -> Latency {
        Latency { input: SincBank::REACH, output: 0 }
    }

    fn moved(&mut self, _by: i64) {}

    fn reset(&mut self) {
        (self.kernel, self.fading) = (None, None);
    }
}
