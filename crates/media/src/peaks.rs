//! Peaks of a waveform: the smallest sample, the largest sample and the RMS per column of time, at several resolutions.

use std::ops::Range;

use crate::audio::check_shape;
use crate::{Audio, Error};

/// The number of frames in a column of the finest resolution. At 48 kHz they last 5.3 ms.
pub const FINEST: usize = 256;
/// The number of columns that make one column of the next coarser resolution.
const FACTOR: usize = 4;
/// The number of frames that are read from an [`Audio`] at a time.
const BLOCK: usize = 4096;

/// The samples of one channel during one column of time. Full scale is 1.0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PeakColumn {
    /// Smallest sample.
    pub min: f32,
    /// Largest sample.
    pub max: f32,
    /// Root of the mean square.
    pub rms: f32,
}

/// A column that can be joined with others: `square` is the mean square of its `frames` frames.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cell {
    min: f32,
    max: f32,
    square: f32,
    frames: u32,
}

const NOTHING: Cell = Cell { min: f32::INFINITY, max: f32::NEG_INFINITY, square: 0.0, frames: 0 };

impl Cell {
    fn join(self, other: Self) -> Self {
        let frames = self.frames + other.frames;
        let sum = f64::from(self.square) * f64::from(self.frames) + f64::from(other.square) * f64::from(other.frames);
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            square: (sum / f64::from(frames.max(1))) as f32,
            frames,
        }
    }

    fn column(self) -> PeakColumn {
        if self.frames == 0 {
            return PeakColumn::default();
        }
        PeakColumn { min: self.min, max: self.max, rms: self.square.sqrt() }
    }
}

/// The peaks of a whole track. At the finest resolution they take about 3 kB for each second and channel. All coarser resolutions together
/// take a third of that.
#[derive(Clone, Debug, PartialEq)]
pub struct Peaks {
    channels: u16,
    sample_rate: u32,
    frames: usize,
    /// Level n has `FINEST * FACTOR^n` frames per cell; the cells of one column are adjacent, one per channel.
    levels: Vec<Vec<Cell>>,
}

impl Peaks {
    /// The peaks of all of `audio`.
    pub fn of(audio: &Audio) -> Self {
        let mut builder = PeaksBuilder::unchecked(audio.channels.max(1), audio.sample_rate);
        let mut block = vec![0.0; BLOCK * usize::from(audio.channels.max(1))];
        let mut at = 0;
        loop {
            let frames = audio.read_f32(at, &mut block);
            if frames == 0 {
                return builder.finish();
            }
            builder.add(block.get(..frames * usize::from(audio.channels)).unwrap_or_default());
            at += frames;
        }
    }

    /// Number of channels.
    pub fn channels(&self) -> u16 {
        self.channels
    }

    /// Frames per second.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.sample_rate.max(1))
    }

    /// `count` columns of equal length over `frames` of `channel`, for example one per pixel column.
    ///
    /// A column includes every stored column that it touches, so no peak is lost. Its edges are exact to [`FINEST`] frames, or to the
    /// length of the column if that is more. The time after the end is silent, and so is a channel that does not exist.
    pub fn columns(&self, channel: u16, frames: Range<usize>, count: usize) -> Vec<PeakColumn> {
        let length = frames.end.saturating_sub(frames.start);
        let each = length / count.max(1);
        let mut size = FINEST;
        let mut cells = self.levels.first();
        for level in self.levels.iter().skip(1) {
            if size * FACTOR > each {
                break;
            }
            size *= FACTOR;
            cells = Some(level);
        }
        let Some(cells) = cells.filter(|_| channel < self.channels) else { return vec![PeakColumn::default(); count] };
        let width = usize::from(self.channels);
        let edge = |n: usize| frames.start + (length as u128 * n as u128 / count.max(1) as u128) as usize;
        (0..count)
            .map(|n| {
                let (from, to) = (edge(n) / size, edge(n + 1).div_ceil(size).max(edge(n) / size + 1));
                let span = (from * width).min(cells.len())..(to * width).min(cells.len());
                let touched = cells.get(span).unwrap_or_default();
                touched.iter().skip(usize::from(channel)).step_by(width).fold(NOTHING, |a, &b| a.join(b)).column()
            })
            .collect()
    }
}

/// Makes [`Peaks`] of a stream, block by block.
#[derive(Clone, Debug)]
pub struct PeaksBuilder {
    channels: u16,
    sample_rate: u32,
    frames: usize,
    done: Vec<Cell>,
    /// Per channel: smallest, largest, sum of squares of the column that is not full yet.
    open: Vec<(f32, f32, f64)>,
    open_frames: u32,
}

impl PeaksBuilder {
    /// A builder without frames, for `channels` interleaved channels at `sample_rate` Hz.
    ///
    /// # Errors
    /// [`ErrorKind::FrameShape`](crate::ErrorKind) unless there are 1..=[`MAX_CHANNELS`](crate::MAX_CHANNELS) channels.
    pub fn new(channels: u16, sample_rate: u32) -> Result<Self, Error> {
        check_shape(0, channels)?;
        Ok(Self::unchecked(channels, sample_rate))
    }

    fn unchecked(channels: u16, sample_rate: u32) -> Self {
        let open = vec![(f32::INFINITY, f32::NEG_INFINITY, 0.0); usize::from(channels)];
        Self { channels, sample_rate, frames: 0, done: Vec::new(), open, open_frames: 0 }
    }

    /// Adds whole interleaved frames. Non-finite samples count as 0.
    ///
    /// # Errors
    /// [`ErrorKind::FrameShape`](crate::ErrorKind) when the last frame is not whole.
    pub fn push(&mut self, samples: &[f32]) -> Result<(), Error> {
        check_shape(samples.len(), self.channels)?;
        self.add(samples);
        Ok(())
    }

    fn add(&mut self, samples: &[f32]) {
        for frame in samples.chunks_exact(usize::from(self.channels)) {
            for ((min, max, sum), &s) in self.open.iter_mut().zip(frame) {
                let s = if s.is_finite() { s } else { 0.0 };
                *min = min.min(s);
                *max = max.max(s);
                *sum += f64::from(s) * f64::from(s);
            }
            self.frames += 1;
            self.open_frames += 1;
            if self.open_frames == FINEST as u32 {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        let frames = self.open_frames;
        self.open_frames = 0;
        for (min, max, sum) in &mut self.open {
            self.done.push(Cell { min: *min, max: *max, square: (*sum / f64::from(frames)) as f32, frames });
            (*min, *max, *sum) = (f32::INFINITY, f32::NEG_INFINITY, 0.0);
        }
    }

    /// The peaks of all frames so far.
    pub fn finish(mut self) -> Peaks {
        if self.open_frames > 0 {
            self.close();
        }
        let width = usize::from(self.channels);
        let mut levels = vec![std::mem::take(&mut self.done)];
        while let Some(finer) = levels.last().filter(|cells| cells.len() > width * FACTOR) {
            let mut coarser = Vec::with_capacity(finer.len().div_ceil(FACTOR) + width);
            for group in finer.chunks(width * FACTOR) {
                for channel in 0..width {
                    coarser.push(group.iter().skip(channel).step_by(width).fold(NOTHING, |a, &b| a.join(b)));
                }
            }
            levels.push(coarser);
        }
        Peaks { channels: self.channels, sample_rate: self.sample_rate, frames: self.frames, levels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Samples;

    fn noise(frames: usize) -> Vec<f32> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as f32 / u32::MAX as f32 - 0.5
        };
        (0..frames).flat_map(|n| [next() * (n as f32 / frames as f32), next() * 0.1]).collect()
    }

    #[test]
    fn columns_agree_with_the_samples_at_every_resolution() {
        let samples = noise(100_003);
        let peaks = Peaks::of(&Audio::new(Samples::F32(samples.clone()), 48_000, 2).unwrap());
        for size in [FINEST, FINEST * 4, FINEST * 16, FINEST * 64] {
            let count = 100_003 / size;
            let got = peaks.columns(0, 0..count * size, count);
            for (n, column) in got.iter().enumerate() {
                let span: Vec<f32> = samples[n * size * 2..(n + 1) * size * 2].iter().step_by(2).copied().collect();
                let min = span.iter().copied().fold(f32::INFINITY, f32::min);
                let max = span.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let rms = (span.iter().map(|s| f64::from(s * s)).sum::<f64>() / size as f64).sqrt() as f32;
                assert_eq!((column.min, column.max), (min, max), "column {n} of {size} frames");
                assert!((column.rms - rms).abs() < 1e-5, "{} not {rms}", column.rms);
            }
        }
    }

    #[test]
    fn no_peak_is_lost_at_any_zoom() {
        let mut samples = vec![0.0; 2 * 50_000];
        samples[2 * 33_333 + 1] = -0.9;
        let peaks = Peaks::of(&Audio::new(Samples::F32(samples), 48_000, 2).unwrap());
        for count in [1, 7, 100, 1600, 60_000] {
            let lowest = peaks.columns(1, 0..50_000, count).iter().fold(0.0, |m: f32, b| m.min(b.min));
            assert_eq!(lowest, -0.9, "{count} columns");
            assert!(peaks.columns(0, 0..50_000, count).iter().all(|b| *b == PeakColumn::default()));
        }
    }

    #[test]
    fn blocks_of_any_size_give_the_same_peaks() {
        let samples = noise(10_000);
        let whole = Peaks::of(&Audio::new(Samples::F32(samples.clone()), 48_000, 2).unwrap());
        let mut builder = PeaksBuilder::new(2, 48_000).unwrap();
        samples.chunks(2 * 77).for_each(|block| builder.push(block).unwrap());
        assert_eq!(builder.finish(), whole);
        assert!(PeaksBuilder::new(2, 48_000).unwrap().push(&[0.0; 3]).is_err());
        assert!(PeaksBuilder::new(0, 48_000).is_err());
    }

    #[test]
    fn time_and_channels_that_do_not_exist_are_silent() {
        let peaks = Peaks::of(&Audio::new(Samples::I16(vec![i16::MIN; 300]), 48_000, 1).unwrap());
        assert_eq!(peaks.columns(0, 0..1200, 4)[0].min, -1.0);
        assert_eq!(peaks.columns(0, 600..1200, 2), [PeakColumn::default(); 2]);
        assert_eq!(peaks.columns(3, 0..300, 2), [PeakColumn::default(); 2]);
        assert_eq!(peaks.columns(0, 0..300, 0), []);
        let empty = Peaks::of(&Audio::new(Samples::I16(vec![]), 48_000, 1).unwrap());
        assert_eq!(empty.columns(0, 0..10, 1), [PeakColumn::default()]);
    }
}
