//! The resampler between decoded and delivered frames.

use crate::Error;
use crate::resample::{Converter, output_frames};

/// The number of frames at `to` Hz that `frames` frames at `from` Hz give.
pub(super) fn scaled(frames: u64, from: u32, to: u32) -> u64 {
    output_frames(usize::try_from(frames).unwrap_or(usize::MAX), from, to) as u64
}

/// Resamples block by block, from any frame on.
pub(super) struct ResampleStage {
    from: u32,
    pub to: u32,
    converter: Converter,
    /// Decoded frames that do not fill a block yet, interleaved.
    waiting: Vec<f32>,
    /// Frames read from the file, and whether it has ended.
    taken: u64,
    ended: bool,
    /// Frames of output still to be dropped.
    drop: usize,
    /// The position in the output, frames.
    delivered: u64,
}

impl ResampleStage {
    /// Both rates in Hz and in range, `channels` channels.
    ///
    /// # Errors
    /// As [`Converter::new`].
    pub fn new(from: u32, to: u32, channels: u16) -> Result<Self, Error> {
        let converter = Converter::new(from, to, usize::from(channels))?;
        let drop = converter.delay();
        Ok(Self { from, to, converter, waiting: Vec::new(), taken: 0, ended: false, drop, delivered: 0 })
    }

    /// Seeks, so that `frame` is the next frame. Returns the frame of the file from which input is needed. The blocks are those of a
    /// conversion from the start. A block has an effect only on the next one, so with input from one block earlier on, the samples are the
    /// same.
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

    /// Appends the next block. `more` appends decoded frames and returns false at their end. Returns false at the end.
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
            let total = scaled(self.taken, self.from, self.to);
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
