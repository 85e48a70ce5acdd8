//! Reads an input at any frame, and seeks only when necessary.

use crate::dsp::silence;
use crate::feed::{Input, InputError};

/// Reads an [`Input`]. It seeks only when the requested frames do not follow those that were read before.
pub(super) struct InputReader<I> {
    input: I,
    /// The number of frames of the track. After them there is silence.
    frames: u64,
    /// The frames that were read last.
    held: Vec<[f32; 2]>,
    /// The number of these frames that were returned.
    taken: usize,
    /// The frame of the track in `held[taken]`. `None` before the first seek and after a failure.
    at: Option<u64>,
    /// Whether the input has ended.
    ended: bool,
}

impl<I: Input> InputReader<I> {
    pub fn new(input: I, frames: u64) -> Self {
        Self { input, frames, held: Vec::new(), taken: 0, at: None, ended: false }
    }

    /// The input.
    pub fn input(&self) -> &I {
        &self.input
    }

    /// Fills `out` with the frames from `first` on. Returns the number of frames that were silenced because a sample was not a finite
    /// number.
    pub fn fill(&mut self, first: u64, out: &mut [[f32; 2]]) -> Result<u64, InputError> {
        let music = out.len().min(usize::try_from(self.frames.saturating_sub(first)).unwrap_or(usize::MAX));
        let (music, silence) = out.split_at_mut(music);
        silence.fill([0.0; 2]);
        if !music.is_empty() {
            let read = self.read(first, music);
            self.at = read.is_ok().then(|| first + music.len() as u64);
            read?;
        }
        let mut silenced = 0;
        for frame in music.iter_mut().filter(|frame| !frame.iter().all(|sample| sample.is_finite())) {
            *frame = [0.0; 2];
            silenced += 1;
        }
        silence::flush(music.as_flattened_mut());
        Ok(silenced)
    }

    fn read(&mut self, first: u64, out: &mut [[f32; 2]]) -> Result<(), InputError> {
        if self.at != Some(first) {
            self.clear_held();
            self.ended = false;
            self.input.seek(first)?;
        }
        let mut rest = out;
        while !rest.is_empty() {
            if self.taken == self.held.len() {
                self.clear_held();
                if self.ended {
                    rest.fill([0.0; 2]);
                    break;
                }
                self.ended = !self.input.read(&mut self.held)?;
                continue;
            }
            let held = &self.held[self.taken..];
            let n = held.len().min(rest.len());
            let (now, later) = rest.split_at_mut(n);
            now.copy_from_slice(&held[..n]);
            self.taken += n;
            rest = later;
        }
        Ok(())
    }

    fn clear_held(&mut self) {
        self.held.clear();
        self.taken = 0;
    }
}
