//! A probe: one measured span of a track, with its samples, so that a chain can be run on them.

use std::ops::Range;

use crowd_engine::feed::Input;
use crowd_engine::{Frames, SampleRate};

use super::error::Error;
use super::read;
use super::stop::Stop;
use crate::chain::Mastering;
use crate::loudness::{LoudnessSteps, StepMeter};

/// Frames that are processed at a time.
pub(super) const BLOCK: usize = 4_096;
/// Before a chain processes a probe, it processes this many seconds of sound to reach a steady state. The sound is the beginning of the
/// probe itself.
const WARM_SECONDS: f64 = 0.3;
/// Samples are multiplied by this to be stored as integers. It leaves 6 dB of headroom, because decoded samples can exceed full scale.
const SCALE: f32 = 16_384.0;

/// One measured span of a track.
pub(super) struct Probe {
    pub first: u64,
    /// Its frames, each sample [packed](packed).
    pub frames: Vec<[i16; 2]>,
    pub steps: LoudnessSteps,
}

impl Probe {
    /// Reads a span of a track.
    pub fn read(input: &mut dyn Input, span: &Range<u64>, rate: SampleRate, stop: &dyn Stop) -> Result<Self, Error> {
        let length = (span.end - span.start) as usize;
        let mut frames = Vec::with_capacity(length);
        let mut stepper = StepMeter::new(rate);
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

    /// Unpacks the frames into `block`, a block at a time.
    pub fn each(&self, block: &mut Vec<[f32; 2]>, mut take: impl FnMut(&[[f32; 2]])) {
        for packed in self.frames.chunks(BLOCK) {
            unpack(packed, block);
            take(block);
        }
    }

    /// Runs a clone of `chain`, which must be in its initial state, over the probe, and measures the input of the chain's limiter.
    pub fn run(&self, chain: &Mastering, rate: SampleRate, stop: &dyn Stop) -> Result<LoudnessSteps, Error> {
        let mut chain = chain.clone();
        let mut stepper = StepMeter::new(rate);
        let mut block = Vec::with_capacity(BLOCK);
        // The chain runs on its own time line, which begins with a warm-up unless the probe is the start of the track.
        let warm = if self.first == 0 { 0 } else { (WARM_SECONDS * f64::from(rate.get())) as usize };
        let mut at = 0;
        for (packed_block, warm) in self.frames[..warm.min(self.frames.len())]
            .chunks(BLOCK)
            .map(|packed_block| (packed_block, true))
            .chain(self.frames.chunks(BLOCK).map(|packed_block| (packed_block, false)))
        {
            read::not_stopped(stop)?;
            unpack(packed_block, &mut block);
            chain.process_unlimited(Frames(at), &mut block);
            if warm {
                stepper.warm(&block);
            } else {
                stepper.push(&block);
            }
            at += packed_block.len() as u64;
        }
        Ok(stepper.finish())
    }
}

/// Packs a sample.
fn packed(sample: f32) -> i16 {
    // A number this large has no fractional bits: its last bits are the nearest integer.
    const ROUNDER: f32 = 1.5 * (1 << 23) as f32;
    let most = f32::from(i16::MAX) / SCALE;
    (sample.clamp(-most, most) * SCALE + ROUNDER).to_bits() as i16
}

fn unpack(packed_block: &[[i16; 2]], block: &mut Vec<[f32; 2]>) {
    block.clear();
    block.extend(packed_block.iter().map(|frame| frame.map(|sample| f32::from(sample) / SCALE)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_rounded_to_its_nearest_step_and_limited_to_the_headroom() {
        for (sample, kept) in
            [(0.0, 0), (0.25, 4_096), (-1.0, -16_384), (3.4 / SCALE, 3), (-3.6 / SCALE, -4), (-9.0, -32_767)]
        {
            assert_eq!(packed(sample), kept, "{sample}");
        }
    }
}
