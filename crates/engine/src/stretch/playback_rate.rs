//! Varispeed: the track is read faster or slower and its pitch follows.

use super::{Latency, Source, Stretch};
use crate::dsp::{Kernel, Position, QUANTUM, SincBank, Step};
use crate::units::Rate;

/// Frames of the source one quantum can touch.
const WINDOW: usize = QUANTUM * (Rate::MAX.get() as usize) + 2 * SincBank::REACH + 2;

/// Reads the source through a band-limited interpolator whose cut-off follows the rate.
///
/// At rate 1 on whole positions the samples come through bit for bit. Where the cut-off changes, the old
/// and the new kernel are cross-faded for one piece of a quantum, so that a tempo glide has no seams.
pub struct PlaybackRate {
    bank: &'static SincBank,
    kernel: Option<Kernel>,
    window: [[f32; WINDOW]; 2],
    fading: [[f32; QUANTUM]; 2],
}

impl PlaybackRate {
    /// Builds the interpolation tables at the first call in the process; not for the audio thread.
    pub fn new() -> Self {
        Self { bank: SincBank::shared(), kernel: None, window: [[0.0; WINDOW]; 2], fading: [[0.0; QUANTUM]; 2] }
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
        let (left, right) = (&mut left[..frames], &mut right[..frames]);
        let next = position.advance(step, frames);
        let kernel = self.bank.kernel_at(step.rate(), position);
        let before = self.kernel.replace(kernel).filter(|old| *old != kernel);
        if kernel == Kernel::Wire && before.is_none() {
            source.read(position.frame(), [left, right]);
            return;
        }

        let first = position.frame() - SincBank::REACH as i64;
        let span = ((next.frame() - first) as usize + SincBank::REACH + 1).min(WINDOW);
        let [window_left, window_right] = &mut self.window;
        let window = [&mut window_left[..span], &mut window_right[..span]];
        source.read(first, window);
        let window = [&window_left[..span], &window_right[..span]];
        let start = position.offset(-first);
        self.bank.read(kernel, window, start, step, [left, right]);
        if let Some(old) = before {
            let [old_left, old_right] = &mut self.fading;
            let (old_left, old_right) = (&mut old_left[..frames], &mut old_right[..frames]);
            self.bank.read(old, window, start, step, [old_left, old_right]);
            let slope = 1.0 / frames as f32;
            for (new, old) in [(left, old_left), (right, old_right)] {
                for (i, (new, old)) in new.iter_mut().zip(old).enumerate() {
                    *new = *old + (*new - *old) * (i as f32 * slope);
                }
            }
        }
    }

    fn latency(&self) -> Latency {
        Latency { input: SincBank::REACH, output: 0 }
    }

    fn moved(&mut self, _by: i64) {}

    fn reset(&mut self) {
        self.kernel = None;
    }
}
