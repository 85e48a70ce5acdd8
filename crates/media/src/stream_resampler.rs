//! Sample rate conversion of a stream.

use crate::Error;
use crate::audio::{check_rate, check_shape};
use crate::resample::{Converter, output_frames};

/// Converts the sample rate of a stream whose samples arrive piece by piece, with the method and the quality of
/// [`resample`](crate::resample()). The samples are the same as if the whole stream were converted at once.
///
/// ```
/// # fn main() -> Result<(), crowd_media::Error> {
/// let mut resampler = crowd_media::StreamResampler::new(32_000, 48_000, 2)?;
/// let mut out = Vec::new();
/// resampler.push(&[0.5; 2 * 32_000], &mut out)?;
/// resampler.finish(&mut out)?;
/// assert_eq!(out.len(), 2 * 48_000);
/// # Ok(())
/// # }
/// ```
pub struct StreamResampler {
    from: u32,
    to: u32,
    channels: u16,
    converter: Converter,
    /// Samples that do not fill a block yet, interleaved.
    waiting: Vec<f32>,
    /// Frames of output still to be dropped.
    drop: usize,
    /// Frames that were pushed, and frames that were returned.
    pushed: usize,
    returned: usize,
}

impl StreamResampler {
    /// From rate `from` to rate `to`, both in Hz, with `channels` channels.
    ///
    /// # Errors
    /// [`ErrorKind::SampleRate`](crate::ErrorKind::SampleRate) or [`ErrorKind::FrameShape`](crate::ErrorKind::FrameShape) for a rate or a
    /// number of channels that is not valid, [`ErrorKind::Library`](crate::ErrorKind::Library) when the resampler refuses the two rates.
    pub fn new(from: u32, to: u32, channels: u16) -> Result<Self, Error> {
        check_rate(from)?;
        check_rate(to)?;
        check_shape(0, channels)?;
        let converter = Converter::new(from, to, usize::from(channels))?;
        let drop = converter.delay();
        Ok(Self { from, to, channels, converter, waiting: Vec::new(), drop, pushed: 0, returned: 0 })
    }

    /// Takes interleaved samples, and appends those that are ready to `out`. They are at most 0.1 s behind at rates from 16 kHz on.
    ///
    /// # Errors
    /// [`ErrorKind::FrameShape`](crate::ErrorKind::FrameShape) for half a frame, [`ErrorKind::Library`](crate::ErrorKind::Library).
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) -> Result<(), Error> {
        check_shape(samples.len(), self.channels)?;
        self.pushed += samples.len() / self.converter.width;
        if self.from == self.to {
            self.returned = self.pushed;
            out.extend_from_slice(samples);
            return Ok(());
        }
        self.waiting.extend_from_slice(samples);
        let block = self.converter.block_in * self.converter.width;
        let mut fed = 0;
        while let Some(samples) = self.waiting.get(fed..fed + block) {
            self.converter.process(samples, f64::from)?;
            self.take(usize::MAX, out);
            fed += block;
        }
        self.waiting.drain(..fed);
        Ok(())
    }

    /// Appends the rest: in total `round(frames * to / from)` frames are returned. Nothing may be pushed afterwards.
    ///
    /// # Errors
    /// [`ErrorKind::Library`](crate::ErrorKind::Library).
    pub fn finish(&mut self, out: &mut Vec<f32>) -> Result<(), Error> {
        let total = output_frames(self.pushed, self.from, self.to);
        while self.returned < total {
            self.converter.process(&self.waiting, f64::from)?;
            self.waiting.clear();
            self.take(total - self.returned, out);
        }
        Ok(())
    }

    /// Appends what the latest block gave.
    fn take(&mut self, most: usize, out: &mut Vec<f32>) {
        let skip = self.drop.min(self.converter.block_out);
        self.drop -= skip;
        let take = (self.converter.block_out - skip).min(most);
        self.converter.take(skip..skip + take, out);
        self.returned += take;
    }
}

impl std::fmt::Debug for StreamResampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamResampler").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_in_pieces_gives_the_samples_of_the_whole() {
        let samples: Vec<f32> = (0..60_002).map(|index: u16| f32::from(index % 601) / 601.0 - 0.5).collect();
        for (from, to) in [(32_000, 48_000), (48_000, 44_100), (48_000, 48_000)] {
            let mut resampler = StreamResampler::new(from, to, 2).unwrap();
            let mut out = Vec::new();
            for piece in samples.chunks(962) {
                resampler.push(piece, &mut out).unwrap();
            }
            resampler.finish(&mut out).unwrap();
            let whole = crate::resample(&samples, 2, from, to).unwrap();
            assert_eq!(out.len(), whole.len());
            assert!(out.iter().zip(&whole).all(|(a, b)| (a - b).abs() < 1e-6), "{from} to {to}");
        }
        assert!(StreamResampler::new(0, 48_000, 2).is_err());
        assert!(StreamResampler::new(48_000, 44_100, 2).unwrap().push(&[0.0], &mut Vec::new()).is_err());
    }
}
