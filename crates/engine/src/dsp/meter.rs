//! Peak, RMS and momentary loudness of the stereo output.

use super::biquad::Cascade;
use super::loudness::{k_weighting, lufs};
use crate::types::cast::single;

/// The number of sub-windows of 100 ms in a window of 400 ms.
const BLOCKS: usize = 4;
/// A sample above this is invalid and is metered as silence.
const LARGEST: f32 = 1e6;

/// A stereo meter over a window of 400 ms that moves on in steps of 100 ms.
///
/// Loudness follows ITU-R BS.1770-5 (K-weighting, any sample rate) and the momentary window of EBU Tech 3341.
#[derive(Clone, Debug)]
pub struct Meter {
    weighting: Cascade<2, 2>,
    block_frames: u32,
    done: [Block; BLOCKS],
    oldest: usize,
    now: Block,
}

/// Sums over some frames, both channels together.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    frames: u32,
    power: f64,
    weighted: f64,
}

impl Meter {
    /// A meter that has measured silence. `sample_rate` is in Hz, and must be above 4 kHz.
    ///
    /// # Panics
    /// If the sample rate is too low for the weighting filter.
    pub fn new(sample_rate: u32) -> Self {
        assert!(sample_rate > 4_000, "the meter needs a sample rate above 4000 Hz, not {sample_rate}");
        Self {
            weighting: Cascade::new(k_weighting(f64::from(sample_rate))),
            block_frames: (sample_rate + 5) / 10,
            done: [Block::default(); BLOCKS],
            oldest: 0,
            now: Block::default(),
        }
    }

    /// Meters a block.
    pub fn process(&mut self, block: &[[f32; 2]]) {
        let mut rest = block;
        while !rest.is_empty() {
            let n = rest.len().min((self.block_frames - self.now.frames) as usize);
            let (now, later) = rest.split_at(n);
            self.add_span(now);
            if self.now.frames == self.block_frames {
                self.done[self.oldest] = std::mem::take(&mut self.now);
                self.oldest = (self.oldest + 1) % BLOCKS;
            }
            rest = later;
        }
    }

    fn add_span(&mut self, frames: &[[f32; 2]]) {
        // Copies, so that the state that is carried from frame to frame stays in registers.
        let (mut weighting, mut now) = (self.weighting.clone(), self.now);
        for frame in frames {
            let [l, r] = frame.map(|v| if v.abs() <= LARGEST { v } else { 0.0 });
            let [l, r] = [f64::from(l), f64::from(r)];
            now.power += l * l + r * r;
            let [l, r] = weighting.tick([l, r]);
            now.weighted += l * l + r * r;
        }
        now.frames += u32::try_from(frames.len()).unwrap_or(u32::MAX);
        (self.weighting, self.now) = (weighting, now);
    }

    /// The linear root mean square of both channels together, over the last 400 ms. It is computed every 100 ms. For a
    /// full-scale sine it is 0.707.
    pub fn rms(&self) -> f32 {
        single((self.mean(|block| block.power) / 2.0).sqrt())
    }

    /// The momentary loudness in LUFS, over the last 400 ms. It is computed every 100 ms. For silence it is `-inf`. The time
    /// before the first frame counts as silence.
    pub fn momentary(&self) -> f32 {
        single(lufs(self.mean(|block| block.weighted)))
    }

    /// The mean per frame over the whole window.
    fn mean(&self, of: impl Fn(&Block) -> f64) -> f64 {
        self.done.iter().map(of).sum::<f64>() / (BLOCKS as f64 * f64::from(self.block_frames))
    }
}

#[cfg(test)]
mod tests;
