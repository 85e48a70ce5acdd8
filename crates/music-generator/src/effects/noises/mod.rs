//! Noises of places, media and weather: a bed of noise and single events at random times. No loops.

mod bed;
mod grains;
mod table;

use bed::Bed;
use grains::Grains;
use table::{BEDS, GRAINS, table};

use super::smooth::Smooth;
use crate::synth::QUANTUM;
use crate::types::dice::Dice;
use crate::types::target::Noise;

/// All noises of a session.
#[derive(Clone, Debug)]
pub struct Noises {
    noises: Box<[OneNoise]>,
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
        Self { noises: noises.into() }
    }

    /// Sets the level of a noise, 0 (silent) to 1. Faded over a second.
    pub fn set(&mut self, noise: Noise, level: f32) {
        if let Some(one) = self.noises.get_mut(noise.index()) {
            one.level.set(level.clamp(0.0, 1.0));
        }
    }

    /// Adds a quantum of all noises to `out`, with the gains at its start and its end. Silent noises cost nothing.
    #[inline(always)]
    pub fn render(&mut self, gains: (f32, f32), out: &mut [[f32; QUANTUM]; 2]) {
        for one in &mut self.noises {
            let (from, to) = one.level.advance();
            let (from, to) = (from * gains.0, to * gains.1);
            if from == 0.0 && to == 0.0 {
                continue;
            }
            let mut block = [[0.0; QUANTUM]; 2];
            for bed in &mut one.beds {
                bed.render(&mut block);
            }
            for grains in &mut one.grains {
                grains.render(&mut block);
            }
            let slope = (to - from) * (1.0 / QUANTUM as f32);
            for (out, block) in out.iter_mut().zip(&block) {
                let mut gain = from;
                for (out, sample) in out.iter_mut().zip(block) {
                    gain += slope;
                    *out += gain * sample;
                }
            }
        }
    }
}
