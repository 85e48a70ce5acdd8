//! A stream whose clock differs a little from that of its player.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Adjustable, Async, FixedAsync, Resampler, SincInterpolationParameters, WindowFunction};

use crate::Error;
use crate::error::Source;

/// The number of frames that are converted at once: 5 ms at 48 kHz.
const BLOCK: usize = 256;
/// The length of the windowed sinc, in frames.
const TAPS: usize = 128;

/// Plays stereo sound a little faster or slower, so that a source and a player with clocks of their own stay together: two sound cards, or a
/// sender and a receiver in a network. The sample rate stays the same. The filter is a windowed sinc of 128 frames (rubato's `Async`).
pub struct DriftResampler {
    resampler: Async<f32>,
    /// Samples that do not fill a block yet, interleaved.
    waiting: Vec<f32>,
    block: Vec<f32>,
    /// Samples still to be dropped, so that the sound is not delayed.
    drop: usize,
    ppm: f64,
}

impl DriftResampler {
    /// The largest change of the speed, in parts per million: half a cent.
    pub const MAX_PPM: f64 = 300.0;

    /// A resampler that does not change the speed yet.
    ///
    /// # Errors
    /// [`ErrorKind::Library`](crate::ErrorKind::Library).
    pub fn new() -> Result<Self, Error> {
        let parameters = SincInterpolationParameters::new(TAPS, WindowFunction::BlackmanHarris2);
        let most = 1.0 + 2.0 * Self::MAX_PPM / 1e6;
        let resampler = Async::new_sinc(1.0, most, &parameters, BLOCK, 2, FixedAsync::Input).map_err(refused)?;
        let block = vec![0.0; 2 * resampler.output_frames_max()];
        let drop = 2 * resampler.output_delay();
        Ok(Self { resampler, waiting: Vec::new(), block, drop, ppm: 0.0 })
    }

    /// By how much the sound is faster, in parts per million.
    pub fn ppm(&self) -> f64 {
        self.ppm
    }

    /// Plays the following sound faster by this number of parts per million, at most [`MAX_PPM`](Self::MAX_PPM), or slower if it is negative.
    ///
    /// # Errors
    /// [`ErrorKind::Library`](crate::ErrorKind::Library).
    pub fn set_ppm(&mut self, ppm: f64) -> Result<(), Error> {
        let ppm = if ppm.is_finite() { ppm.clamp(-Self::MAX_PPM, Self::MAX_PPM) } else { 0.0 };
        self.resampler.set_resample_ratio(1.0 / (1.0 + ppm / 1e6), true).map_err(refused)?;
        self.ppm = ppm;
        Ok(())
    }

    /// Takes frames, and appends those that are ready to `out`. They are at most two blocks and half the filter behind, which is 8 ms at
    /// 48 kHz.
    ///
    /// # Errors
    /// [`ErrorKind::Library`](crate::ErrorKind::Library).
    pub fn push(&mut self, frames: &[[f32; 2]], out: &mut Vec<[f32; 2]>) -> Result<(), Error> {
        self.waiting.extend_from_slice(frames.as_flattened());
        let mut fed = 0;
        while let Some(input) = self.waiting.get(fed..fed + 2 * BLOCK) {
            let source = InterleavedSlice::new(input, 2, BLOCK).map_err(refused)?;
            let room = self.block.len() / 2;
            let mut sink = InterleavedSlice::new_mut(&mut self.block[..], 2, room).map_err(refused)?;
            let (_, made) = self.resampler.process_into_buffer(&source, &mut sink, None).map_err(refused)?;
            let made = self.block.get(..2 * made).unwrap_or_default();
            let skip = self.drop.min(made.len());
            self.drop -= skip;
            out.extend_from_slice(made.get(skip..).unwrap_or_default().as_chunks().0);
            fed += 2 * BLOCK;
        }
        self.waiting.drain(..fed);
        Ok(())
    }
}

impl std::fmt::Debug for DriftResampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DriftResampler").field("ppm", &self.ppm).finish_non_exhaustive()
    }
}

fn refused(error: impl Into<Source>) -> Error {
    Error::library("the error of the resampler", "give it blocks of whole frames", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last half of a sine of 997 Hz that is played faster by `ppm`, and the number of all frames.
    fn sine(ppm: f64, frames: usize) -> (Vec<f64>, usize) {
        let mut resampler = DriftResampler::new().unwrap();
        resampler.set_ppm(ppm).unwrap();
        let turn = std::f64::consts::TAU * 997.0 / 48_000.0;
        let input: Vec<[f32; 2]> = (0..frames).map(|n| [(0.5 * (turn * n as f64).sin()) as f32; 2]).collect();
        let mut out = Vec::new();
        for block in input.chunks(777) {
            resampler.push(block, &mut out).unwrap();
        }
        assert!(out.iter().all(|frame| frame[0] == frame[1]));
        (out[out.len() / 2..].iter().map(|frame| f64::from(frame[0])).collect(), out.len())
    }

    #[test]
    fn the_speed_changes_by_the_given_amount_and_a_sine_stays_clean() {
        let frames = 48_000 * 20;
        for ppm in [0.0, 300.0, -300.0, 17.5] {
            let (sound, length) = sine(ppm, frames);
            let expected = frames as f64 / (1.0 + ppm / 1e6);
            assert!((length as f64 - expected).abs() < 2.0 * BLOCK as f64, "{ppm}: {length} of {expected}");
            // Only a sine of this pitch fulfils x[n+1] + x[n-1] = 2 cos(w) x[n].
            let turn = std::f64::consts::TAU * 997.0 / 48_000.0 * (1.0 + ppm / 1e6);
            let wrong = sound.windows(3).map(|x| (x[2] + x[0] - 2.0 * turn.cos() * x[1]).abs());
            assert!(wrong.fold(0.0, f64::max) < 2e-6, "{ppm}");
            let peak = sound.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
            assert!((0.499..0.501).contains(&peak), "{ppm}: {peak}");
        }
    }
}
