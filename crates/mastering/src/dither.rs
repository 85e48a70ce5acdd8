//! Dither whose noise depends on the position in the track, and not on the run.

use crowd_engine::dsp::simd::{Arith, Simd, Task};

/// The number of samples that are processed in parallel.
const SIDE_BY_SIDE: usize = 8;

/// Rounds to a word length with triangular noise of two steps (TPDF), which makes the error a steady noise that does not depend on the
/// signal: S. P. Lipshitz, R. A. Wannamaker and J. Vanderkooy, "Quantization and dither: a theoretical survey", JAES 40 (1992). The noise
/// is a function of the frame number and the channel. So a frame is always the same, in whatever order frames are rendered.
#[derive(Clone, Copy, Debug)]
pub struct Dither {
    simd: Simd,
    /// The number of quantisation steps from 0 to full scale.
    steps: f64,
}

impl Dither {
    /// Dither for samples of `bits` bits, 8 to 24; other numbers are limited to that range.
    pub fn new(bits: u32) -> Self {
        Self { simd: Simd::detect(), steps: f64::from(1u32 << (bits.clamp(8, 24) - 1)) }
    }

    /// Rounds a block in place. `first` is the track's frame number of the block's first frame. The output is a whole number of steps
    /// within the word length.
    pub fn process(&self, first: u64, block: &mut [[f32; 2]]) {
        // The noise repeats after 2^32 samples: half a day.
        let position = first.wrapping_mul(2) as u32;
        self.simd.run(RoundedBlock { steps: self.steps, position, samples: block.as_flattened_mut() });
    }
}

struct RoundedBlock<'a> {
    steps: f64,
    /// The position of the first sample.
    position: u32,
    samples: &'a mut [f32],
}

impl Task for RoundedBlock<'_> {
    type Out = ();

    #[inline(always)]
    fn run<A: Arith>(self) {
        let Self { steps, mut position, samples } = self;
        let (groups, rest) = samples.as_chunks_mut::<SIDE_BY_SIDE>();
        for group in groups {
            for (lane, sample) in (0..).zip(group) {
                *sample = rounded(*sample, steps, position.wrapping_add(lane));
            }
            position = position.wrapping_add(SIDE_BY_SIDE as u32);
        }
        for (lane, sample) in (0..).zip(rest) {
            *sample = rounded(*sample, steps, position.wrapping_add(lane));
        }
    }
}

/// The step that is nearest to the sample plus its noise. A number as large as `ROUNDER` has no fractional bits, so adding it rounds.
#[inline(always)]
fn rounded(sample: f32, steps: f64, position: u32) -> f32 {
    const ROUNDER: f64 = 1.5 * (1u64 << 52) as f64;
    let nearest = (f64::from(sample) * steps + noise(position) + ROUNDER) - ROUNDER;
    // A power of two, so its inverse is exact.
    (nearest.max(-steps).min(steps - 1.0) * (1.0 / steps)) as f32
}

/// The noise at a position, -1 to 1: the difference of two uniform numbers of 16 bits. The numbers are the halves of a hash of the
/// position, whose values at neighbouring positions are unrelated (`lowbias32` of C. Wellons, "Prospecting for hash functions", 2018).
#[inline(always)]
fn noise(position: u32) -> f64 {
    let x = position.wrapping_add(0x9E37_79B9);
    let x = (x ^ (x >> 16)).wrapping_mul(0x7FEB_352D);
    let x = (x ^ (x >> 15)).wrapping_mul(0x846C_A68B);
    let x = x ^ (x >> 16);
    f64::from((x >> 16) as i32 - (x & 0xFFFF) as i32) / 65_536.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_steady_noise_for_any_signal() {
        // The input is a constant between two steps. The mean of the output is this constant, and the mean square of the error is a quarter
        // of the square of a step.
        for offset in [0.0, 0.1, 0.25, 0.5, 0.9] {
            let steps = f64::from(1 << 15);
            let value = (1_000.0 + offset) / steps;
            let mut block = vec![[value as f32; 2]; 400_000];
            Dither::new(16).process(77, &mut block);
            let errors = block.as_flattened().iter().map(|v| (f64::from(*v) - f64::from(value as f32)) * steps);
            let count = block.len() as f64 * 2.0;
            let (sum, power) = errors.fold((0.0, 0.0), |(sum, power), e| (sum + e, power + e * e));
            assert!((sum / count).abs() < 0.003, "mean {}", sum / count);
            assert!((power / count - 0.25).abs() < 0.003, "power {}", power / count);
        }
    }

    #[test]
    fn the_channels_have_noise_of_their_own_and_neighbours_are_unrelated() {
        let noise: Vec<f64> = (0..200_000).map(noise).collect();
        for lag in 1..5 {
            let related = noise.windows(lag + 1).map(|w| w[0] * w[lag]).sum::<f64>() / noise.len() as f64;
            assert!(related.abs() < 0.003, "lag {lag}: {related}");
        }
    }

    #[test]
    fn the_output_fits_the_word_length_and_does_not_depend_on_how_it_is_split() {
        for bits in [8, 16, 24] {
            let steps = f64::from(1u32 << (bits - 1));
            let mut whole: Vec<[f32; 2]> = (0..4_000).map(|n| [n as f32 / 1_900.0 - 1.05, 0.0]).collect();
            let mut split = whole.clone();
            Dither::new(bits).process(10, &mut whole);
            for (n, block) in split.chunks_mut(7).enumerate().collect::<Vec<_>>().into_iter().rev() {
                Dither::new(bits).process(10 + 7 * n as u64, block);
            }
            assert_eq!(whole, split);
            for sample in whole.as_flattened().iter().map(|v| f64::from(*v) * steps) {
                assert!(sample.fract() == 0.0 && (-steps..=steps - 1.0).contains(&sample), "{bits} bits: {sample}");
            }
        }
    }
}
