//! Noises of places, media and weather: a bed of noise and single events at random times. No loops.

mod bed;
mod grains;
mod table;

use bed::Bed;
use grains::Grains;
use table::{BEDS, GRAINS, table};

use super::smooth::Smooth;
use crate::synth::QUANTUM;
use crate::synth::kernels::filter::{Cutoff, Svf, run_both};
use crate::synth::kernels::math::gain;
use crate::types::dice::Dice;
use crate::types::target::Noise;

/// Above this, brightness raises and lowers the noises, in hertz.
const CORNER: f32 = 1_000.0;
/// By how much from the least brightness to the greatest, in decibels.
const BRIGHTNESS_DB: f32 = 12.0;

/// All noises of a session.
#[derive(Clone, Debug)]
pub struct Noises {
    noises: Box<[OneNoise]>,
    corner: Cutoff,
    shelf: [Svf; 2],
}

#[derive(Clone, Debug)]
struct OneNoise {
    level: Smooth,
    beds: [Bed; BEDS],
    grains: [Grains; GRAINS],
}

impl Noises {
    /// Silence.
    pub fn new(rate: f32, seed: u64) -> Self {
        let noises = Noise::ALL.map(|noise| {
            let spec = table(noise);
            let dice = |layer: usize| Dice::new(seed, "effects.noise", noise.index() as u64, layer as u64);
            OneNoise {
                level: Smooth::new(0.0, 0.3, rate),
                beds: std::array::from_fn(|n| Bed::new(spec.beds[n], rate, dice(n))),
                grains: std::array::from_fn(|n| Grains::new(spec.grains[n], rate, dice(8 + n))),
            }
        });
        Self { noises: noises.into(), corner: Cutoff::new(CORNER, 0.5, rate), shelf: Default::default() }
    }

    /// Sets the level of a noise, 0 (silent) to 1.5. Faded over a second.
    pub fn set(&mut self, noise: Noise, level: f32) {
        if let Some(one) = self.noises.get_mut(noise.index()) {
            one.level.set(level.clamp(0.0, 1.5));
        }
    }

    /// Adds a quantum of all noises to `out`, with the gains at its start and its end. They are as dark or bright as the music, so that
    /// they do not hide how dark it is: at brightness 0.5 they sound as they are. With `mono` both channels are equal. Silent noises cost
    /// nothing.
    #[inline(always)]
    pub fn render(&mut self, brightness: f32, mono: bool, gains: (f32, f32), out: &mut [[f32; QUANTUM]; 2]) {
        let mut sum = [[0.0; QUANTUM]; 2];
        let mut silent = true;
        for one in &mut self.noises {
            let (from, to) = one.level.advance();
            let (from, to) = (from * gains.0, to * gains.1);
            if from == 0.0 && to == 0.0 {
                continue;
            }
            silent = false;
            let mut block = [[0.0; QUANTUM]; 2];
            for bed in &mut one.beds {
                bed.render(&mut block);
            }
            for grains in &mut one.grains {
                grains.render(&mut block);
            }
            let slope = (to - from) * (1.0 / QUANTUM as f32);
            for (sum, block) in sum.iter_mut().zip(&block) {
                let mut gain = from;
                for (sum, sample) in sum.iter_mut().zip(block) {
                    gain += slope;
                    *sum += gain * sample;
                }
            }
        }
        if silent {
            return;
        }
        if mono {
            sum = [std::array::from_fn(|n| 0.5 * (sum[0][n] + sum[1][n])); 2];
        }
        let (corner, treble) = (self.corner, gain(BRIGHTNESS_DB * (brightness - 0.5)) - 1.0);
        run_both(&mut self.shelf, &mut sum, |filter, x| x + treble * filter.high(&corner, x));
        for (out, sum) in out.as_flattened_mut().iter_mut().zip(sum.as_flattened()) {
            *out += sum;
        }
    }
}
