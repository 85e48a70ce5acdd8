//! Sample rate conversion between fixed rates, for files. It does not follow a varying speed.

use std::num::NonZeroUsize;

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

use crate::audio::{Audio, Samples, check_rate, check_shape};
use crate::error::Source;
use crate::{Error, ErrorKind};

/// Fewest frames per FFT block at the lower rate. With the squared Blackman-Harris window the pass band then ends
/// within 1.4 % of the lower Nyquist frequency (21.7 kHz at 44.1 kHz).
const MIN_BLOCK: usize = 1024;

/// Converts interleaved `samples` of `channels` channels from rate `from` to rate `to`, both in Hz.
///
/// Method: FFT overlap-add with a linear-phase windowed sinc (rubato's `Fft`), computed in f64. The output holds exactly `round(frames *
/// to / from)` frames, and its frame 0 is at the time of the input's: the filter delay is removed. Signal to noise and distortion is over
/// 120 dB for sines up to 20 kHz. Besides input and output, one FFT block per channel is held in memory.
///
/// # Errors
/// [`ErrorKind::SampleRate`] or [`ErrorKind::FrameShape`] for a rate or a number of channels or samples that is not valid,
/// [`ErrorKind::OutOfMemory`] when the output does not fit, [`ErrorKind::Library`] when the resampler refuses the two rates.
pub fn resample(samples: &[f32], channels: u16, from: u32, to: u32) -> Result<Vec<f32>, Error> {
    run(samples, channels, from, to, f64::from)
}

impl Audio {
    /// The same audio at `rate` Hz: length `round(frames * rate / sample_rate)`, no delay, [`Samples::F32`].
    ///
    /// At the same rate the audio is returned as it is. See [`resample`](crate::resample()) for the quality.
    ///
    /// # Errors
    /// [`ErrorKind::SampleRate`] for a rate out of range, [`ErrorKind::OutOfMemory`], [`ErrorKind::Library`].
    pub fn resampled(self, rate: u32) -> Result<Self, Error> {
        check_rate(rate)?;
        if rate == self.sample_rate {
            return Ok(self);
        }
        let samples = match &self.samples {
            Samples::I16(v) => run(v, self.channels, self.sample_rate, rate, |s| f64::from(s) / 32768.0)?,
            Samples::F32(v) => run(v, self.channels, self.sample_rate, rate, f64::from)?,
        };
        Ok(Self { samples: Samples::F32(samples), sample_rate: rate, ..self })
    }
}

fn run<S: Copy>(samples: &[S], channels: u16, from: u32, to: u32, float: impl Fn(S) -> f64) -> Result<Vec<f32>, Error> {
    check_rate(from)?;
    check_rate(to)?;
    check_shape(samples.len(), channels)?;
    let width = usize::from(channels);
    let frames = samples.len() / width;
    let wanted = output_frames(frames, from, to);

    let mut out = Vec::new();
    let bytes = wanted.saturating_mul(width).saturating_mul(size_of::<f32>());
    out.try_reserve_exact(wanted.saturating_mul(width)).map_err(|_| Error::new(ErrorKind::OutOfMemory { bytes }))?;
    if from == to {
        out.extend(samples.iter().map(|&s| float(s) as f32));
        return Ok(out);
    }

    let mut converter = Converter::new(from, to, width)?;
    let mut to_drop = converter.delay();
    let mut at = 0;
    while out.len() < wanted * width {
        let fed = samples.get(at * width..).unwrap_or_default();
        at = at.saturating_add(converter.block_in).min(frames);
        converter.process(fed, &float)?;
        let skip = to_drop.min(converter.block_out);
        to_drop -= skip;
        let take = (converter.block_out - skip).min(wanted - out.len() / width);
        converter.take(skip..skip + take, &mut out);
    }
    Ok(out)
}

/// Converts block by block. A block affects its own output and that of the next block only.
pub(crate) struct Converter {
    pub width: usize,
    /// Frames of a block of input and of output.
    pub block_in: usize,
    pub block_out: usize,
    fft: Fft<f64>,
    input: Vec<Vec<f64>>,
    output: Vec<Vec<f64>>,
}

impl Converter {
    /// Both rates in Hz and in range, `width` channels.
    pub fn new(from: u32, to: u32, width: usize) -> Result<Self, Error> {
        let fft = Fft::<f64>::new_custom(
            from as usize,
            to as usize,
            block(from, to),
            1,
            width,
            WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        )
        .map_err(refused)?;
        let (block_in, block_out) = (fft.input_frames_next(), fft.output_frames_next());
        let (input, output) = (vec![vec![0.0; block_in]; width], vec![vec![0.0; block_out]; width]);
        Ok(Self { width, block_in, block_out, fft, input, output })
    }

    /// Frames of output that come before the input's time zero. The block is an even multiple of the smallest one, so
    /// half of it is a whole number of frames on both sides.
    pub fn delay(&self) -> usize {
        self.fft.output_delay()
    }

    /// Drops the state of the last block.
    #[cfg(feature = "reader")]
    pub fn reset(&mut self) {
        self.fft.reset();
    }

    /// Converts the first block of `fed`, interleaved; a shorter one is filled with silence.
    pub fn process<S: Copy>(&mut self, fed: &[S], float: impl Fn(S) -> f64) -> Result<(), Error> {
        for (channel, lane) in self.input.iter_mut().enumerate() {
            lane.fill(0.0);
            for (to, &s) in lane.iter_mut().zip(fed.iter().skip(channel).step_by(self.width)) {
                *to = float(s);
            }
        }
        let source = SequentialSliceOfVecs::new(&self.input, self.width, self.block_in).map_err(refused)?;
        let mut sink = SequentialSliceOfVecs::new_mut(&mut self.output, self.width, self.block_out).map_err(refused)?;
        self.fft.process_into_buffer(&source, &mut sink, None).map_err(refused)?;
        Ok(())
    }

    /// Appends frames of the latest block, interleaved.
    pub fn take(&self, frames: std::ops::Range<usize>, out: &mut Vec<f32>) {
        for frame in frames {
            out.extend(self.output.iter().filter_map(|lane| lane.get(frame)).map(|&s| s as f32));
        }
    }
}

fn refused(error: impl Into<Source>) -> Error {
    Error::library("the error of the resampler", "choose common rates such as 44100 and 48000 Hz", error)
}

/// `round(frames * to / from)`: the frames of a converted span.
pub(crate) fn output_frames(frames: usize, from: u32, to: u32) -> usize {
    let from = u128::from(from.max(1));
    usize::try_from((frames as u128 * u128::from(to) + from / 2) / from).unwrap_or(usize::MAX)
}

/// Input frames per FFT block: an even multiple of the smallest block the ratio allows.
pub(crate) fn block(from: u32, to: u32) -> usize {
    let gcd = gcd(from as usize, to as usize);
    let (unit_in, unit_out) = (from as usize / gcd, to as usize / gcd);
    MIN_BLOCK.div_ceil(unit_in.min(unit_out)).next_multiple_of(2) * unit_in
}

fn gcd(a: usize, b: usize) -> usize {
    match NonZeroUsize::new(b) {
        None => a.max(1),
        Some(b) => gcd(b.get(), a % b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_rate_keeps_sixteen_bit_samples_untouched() {
        let audio = Audio::new(Samples::I16(vec![1, -1, 32767, -32768]), 48_000, 2).unwrap();
        assert_eq!(audio.clone().resampled(48_000).unwrap(), audio);
    }
}
