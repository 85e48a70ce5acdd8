//! Resamples a span of a track.

use std::ops::Range;

use crate::Error;
use crate::resample::{Converter, block};

/// Resamples a span of a track from only the frames that affect it. The blocks are those of a conversion from the start of the track, and
/// a block affects only the next one.
pub(super) struct SpanResampler {
    /// `None` if the two rates are the same.
    converter: Option<Converter>,
    /// Samples that do not fill a block yet, interleaved.
    waiting: Vec<f32>,
    width: usize,
    /// Frames of output still to be dropped, and frames still to be delivered.
    drop: u64,
    wanted: u64,
}

impl SpanResampler {
    /// The frames of the track that affect the span `frames` of the resampled track. They may reach past the end of the track, after
    /// which silence is assumed.
    pub fn needs(from: u32, to: u32, frames: Range<u64>) -> Range<u64> {
        if from == to || frames.is_empty() {
            return frames;
        }
        let block_in = block(from, to) as u64;
        let block_out = block_in * u64::from(to) / u64::from(from);
        let delay = block_out / 2;
        let first = ((frames.start + delay) / block_out).saturating_sub(1);
        let last = (frames.end - 1 + delay) / block_out;
        first * block_in..(last + 1) * block_in
    }

    /// Prepares for the frames that [`needs`](Self::needs) returns.
    pub fn new(from: u32, to: u32, width: usize, frames: Range<u64>) -> Result<Self, Error> {
        let wanted = frames.end.saturating_sub(frames.start);
        if from == to {
            return Ok(Self { converter: None, waiting: Vec::new(), width, drop: 0, wanted });
        }
        let converter = Converter::new(from, to, width)?;
        let first = Self::needs(from, to, frames.clone()).start / converter.block_in as u64;
        let drop = frames.start + converter.delay() as u64 - first * converter.block_out as u64;
        Ok(Self { converter: Some(converter), waiting: Vec::new(), width, drop, wanted })
    }

    /// Takes the next samples, interleaved, and appends the resampled ones. With `last`, silence follows.
    pub fn push(&mut self, samples: impl Iterator<Item = f32>, last: bool, out: &mut Vec<f32>) -> Result<(), Error> {
        let Some(converter) = &mut self.converter else {
            out.extend(samples);
            return Ok(());
        };
        self.waiting.extend(samples);
        let need = converter.block_in * self.width;
        while self.waiting.len() >= need || (last && self.wanted > 0) {
            let fed = need.min(self.waiting.len());
            converter.process(self.waiting.get(..fed).unwrap_or_default(), f64::from)?;
            self.waiting.drain(..fed);
            let skip = self.drop.min(converter.block_out as u64);
            self.drop -= skip;
            let take = (converter.block_out as u64 - skip).min(self.wanted);
            self.wanted -= take;
            converter.take(skip as usize..(skip + take) as usize, out);
        }
        Ok(())
    }
}
