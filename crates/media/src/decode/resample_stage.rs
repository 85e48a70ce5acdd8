//! The resampler between decoded frames and what is delivered.

use crate::Error;
use crate::resample::{Converter, output_frames};

/// Frames that `frames` at `from` Hz become at `to` Hz.
pub(super) fn scaled(frames: u64, from: u32, to: u32) -> u64 {
    output_frames(usize::try_from(frames).unwrap_or(usize::MAX), from, to) as u64
}

/// Brings frames to another rate, block by block, from any frame on.
pub(super) struct ResampleStage {
    pub converter: Converter,
    /// StreamDecoder frames that do not fill a block yet, interleaved.
    waiting: Vec<f32>,
    /// Frames taken from the file, and whether there are no more.
    taken: u64,
    ended: bool,
    /// Frames the converter still gives that are not wanted.
    drop: usize,
    /// Frames delivered, as a position.
    delivered: u64,
}

impl ResampleStage {
    pub fn new(converter: Converter) -> Self {
        let drop = converter.delay();
        Self { converter, waiting: Vec::new(), taken: 0, ended: false, drop, delivered: 0 }
    }

    /// Prepares for frame `frame` to come next; returns the frame of the file to feed from. The blocks are those of a
    /// conversion from the start, and only a block's neighbour reaches into it: one block ahead, and nothing differs.
    pub fn seek(&mut self, frame: u64) -> u64 {
        let at = frame + self.converter.delay() as u64;
        let block = at / self.converter.block_out as u64;
        let first = block.saturating_sub(1);
        self.converter.reset();
        self.waiting.clear();
        self.ended = false;
        self.drop = (at - first * self.converter.block_out as u64) as usize;
        self.delivered = frame;
        self.taken = first * self.converter.block_in as u64;
        self.taken
    }

    /// Appends the next block; `more` appends decoded frames, and tells when there are none left. False at the end.
    pub fn next(
        &mut self,
        out: &mut Vec<f32>,
        mut more: impl FnMut(&mut Vec<f32>) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let width = self.converter.width;
        let need = self.converter.block_in * width;
        while !self.ended && self.waiting.len() < need {
            self.ended = !more(&mut self.waiting)?;
        }
        let fed = self.waiting.len().min(need);
        self.taken += (fed / width) as u64;
        let wanted = if self.ended && self.waiting.len() <= need {
            let total = scaled(self.taken, self.converter.from, self.converter.to);
            if self.delivered >= total {
                return Ok(false);
            }
            usize::try_from(total - self.delivered).unwrap_or(usize::MAX)
        } else {
            usize::MAX
        };
        self.converter.process(self.waiting.get(..fed).unwrap_or_default(), f64::from)?;
        self.waiting.drain(..fed);
        let skip = self.drop.min(self.converter.block_out);
        self.drop -= skip;
        let take = (self.converter.block_out - skip).min(wanted);
        self.converter.take(skip..skip + take, out);
        self.delivered += take as u64;
        Ok(true)
    }
}
