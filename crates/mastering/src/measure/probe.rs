//! One span of a track, measured, with its samples to run a chain on.

use std::ops::Range;

use crowd_engine::feed::Input;
use crowd_engine::{Frames, SampleRate};

use super::error::Error;
use super::read;
use super::stop::Stop;
use crate::chain::Mastering;
use crate::loudness::{Stepper, Steps};

/// Frames that are worked on at a time.
pub(super) const BLOCK: usize = 4_096;
/// Seconds that a chain takes in before a probe, so that it is in motion: the beginning of the probe itself.
const WARM_SECONDS: f64 = 0.3;
/// Samples are kept in whole numbers, with 6 dB of room for what a codec made of full scale.
const SCALE: f32 = 16_384.0;

/// One span of a track.
pub(super) struct Probe {
    pub first: u64,
    /// Its frames, [packed](packed).
    pub frames: Vec<[i16; 2]>,
    pub steps: Steps,
}

impl Probe {
    /// Reads a span of a track.
    pub fn read(input: &mut dyn Input, span: &Range<u64>, rate: SampleRate, stop: &dyn Stop) -> Result<Self, Error> {
        let length = (span.end - span.start) as usize;
        let mut frames = Vec::with_capacity(length);
        let mut stepper = Stepper::new(rate);
        let mut block = Vec::new();
        read::seek(input, span.start)?;
        let mut more = true;
        while more && frames.len() < length {
            let at = span.start + frames.len() as u64;
            more = read::next(input, at, &mut block, stop)?;
            block.truncate(length - frames.len());
            stepper.push(&block);
            frames.extend(block.iter().map(|frame| frame.map(packed)));
        }
        Ok(Self { first: span.start, frames, steps: stepper.finish() })
    }

    /// The kept frames, a block at a time, in `block`.
    pub fn each(&self, block: &mut Vec<[f32; 2]>, mut take: impl FnMut(&[[f32; 2]])) {
        for piece in self.frames.chunks(BLOCK) {
            unpack(piece, block);
            take(block);
        }
    }

    /// What of it reaches the limiter of a chain, which is at rest.
    pub fn run(&self, chain: &Mastering, rate: SampleRate, stop: &dyn Stop) -> Result<Steps, Error> {
        let mut chain = chain.clone();
        let mut stepper = Stepper::new(rate);
        let mut block = Vec::with_capacity(BLOCK);
        // On a time of its own, which begins with a warm-up where there was music before.
        let warm = if self.first == 0 { 0 } else { (WARM_SECONDS * f64::from(rate.get())) as usize };
        let mut at = 0;
        for (piece, warm) in self.frames[..warm.min(self.frames.len())]
            .chunks(BLOCK)
            .map(|piece| (piece, true))
            .chain(self.frames.chunks(BLOCK).map(|piece| (piece, false)))
        {
            read::not_stopped(stop)?;
            unpack(piece, &mut block);
            chain.process_unlimited(Frames(at), &mut block);
            if warm {
                stepper.warm(&block);
            } else {
                stepper.push(&block);
            }
            at += piece.len() as u64;
        }
        Ok(stepper.finish())
    }
}

/// A sample as it is kept.
fn packed(sample: f32) -> i16 {
    // Behind so large a number there is no room for fractions: its last bits are the nearest whole number.
    const ROUNDER: f32 = 1.5 * (1 << 23) as f32;
    let most = f32::from(i16::MAX) / SCALE;
    (sample.clamp(-most, most) * SCALE + ROUNDER).to_bits() as i16
}

fn unpack(piece: &[[i16; 2]], block: &mut Vec<[f32; 2]>) {
    block.clear();
    block.extend(piece.iter().map(|frame| frame.map(|sample| f32::from(sample) / SCALE)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_kept_to_its_nearest_step_and_no_louder_than_there_is_room_for() {
        for (sample, kept) in
            [(0.0, 0), (0.25, 4_096), (-1.0, -16_384), (3.4 / SCALE, 3), (-3.6 / SCALE, -4), (-9.0, -32_767)]
        {
            assert_eq!(packed(sample), kept, "{sample}");
        }
    }
}
