//! A bed: noise in a band whose level and place move slowly and never the same.

use crate::synth::QUANTUM;
use crate::synth::kernels::filter::{Cutoff, Svf};
use crate::synth::kernels::math::{exp2, gain};
use crate::synth::kernels::noise::White;
use crate::types::dice::Dice;

/// A bed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BedSpec {
    /// The edges of the band in hertz.
    pub low: f32,
    pub high: f32,
    /// The RMS level in dBFS; none when 0.
    pub level_db: f32,
    /// How often level and place move, in hertz.
    pub hertz: f32,
    /// How far the level moves, in decibels down.
    pub depth_db: f32,
    /// How far the band moves, in octaves to either side.
    pub octaves: f32,
    /// How alike both channels are, 0 to 1.
    pub middle: f32,
}

/// A random curve: straight from one random number to the next, smoothed at the corners.
#[derive(Clone, Debug)]
struct Drift {
    dice: Dice,
    from: f32,
    to: f32,
    phase: f32,
}

impl Drift {
    fn next(&mut self, step: f32) -> f32 {
        self.phase += step;
        if self.phase >= 1.0 {
            self.phase -= 1.0;
            self.from = self.to;
            self.to = self.dice.unit();
        }
        let x = self.phase;
        self.from + (self.to - self.from) * x * x * (3.0 - 2.0 * x)
    }
}

/// A bed that sounds.
#[derive(Clone, Debug)]
pub struct Bed {
    spec: BedSpec,
    rate: f32,
    white: [White; 2],
    filters: [[Svf; 2]; 2],
    drifts: [Drift; 2],
    gain: f32,
}

impl Bed {
    /// A bed at this sample rate.
    pub fn new(spec: BedSpec, rate: f32, mut dice: Dice) -> Self {
        let mut fork = || Dice::new(dice.bits(), "bed", 0, 0);
        let mut drift = || {
            let mut dice = fork();
            Drift { from: dice.unit(), to: dice.unit(), phase: dice.unit(), dice }
        };
        let drifts = [drift(), drift()];
        Self {
            spec,
            rate,
            white: [White::new(fork()), White::new(fork())],
            filters: Default::default(),
            drifts,
            gain: 0.0,
        }
    }

    /// Adds a quantum.
    #[inline(always)]
    pub fn render(&mut self, out: &mut [[f32; QUANTUM]; 2]) {
        let spec = self.spec;
        if spec.level_db == 0.0 {
            return;
        }
        let step = spec.hertz * QUANTUM as f32 / self.rate;
        let level = self.drifts[0].next(step);
        let place = exp2(spec.octaves * (2.0 * self.drifts[1].next(step * 0.83) - 1.0));
        let high = (spec.high * place).min(0.42 * self.rate);
        let low = (spec.low * place).min(0.7 * high);
        let cutoffs = [Cutoff::new(low, 0.707, self.rate), Cutoff::new(high, 0.707, self.rate)];
        let aim = gain(spec.level_db - spec.depth_db * level) * (1.5 * self.rate / (high - low)).sqrt();
        let slope = (aim - self.gain) * (1.0 / QUANTUM as f32);
        let side = (1.0 - spec.middle * spec.middle).max(0.0).sqrt();
        for n in 0..QUANTUM {
            self.gain += slope;
            let first = self.white[0].sample();
            let second = spec.middle * first + side * self.white[1].sample();
            for (channel, noise) in [first, second].into_iter().enumerate() {
                let y = self.filters[channel][0].high(&cutoffs[0], noise);
                out[channel][n] += self.gain * self.filters[channel][1].low(&cutoffs[1], y);
            }
        }
    }
}
