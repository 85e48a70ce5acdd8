//! Bit depth and rate of a converter, with a filter before it against aliasing and one after it against the steps of its output.

use crate::synth::QUANTUM;
use crate::synth::kernels::filter::{Cutoff, Svf};
use crate::synth::kernels::math::{exp2, nearest};

/// A sampler's converter.
#[derive(Clone, Debug)]
pub struct Crush {
    rate: f32,
    bits: f32,
    step: f32,
    cutoff: Cutoff,
    before: [[Svf; 2]; 2],
    after: [[Svf; 2]; 2],
    phase: f32,
    held: [f32; 2],
    /// Whether there is a filter after it.
    smooth: bool,
}

impl Crush {
    /// A converter of so many bits at this rate in hertz.
    pub fn new(rate: f32, bits: u8, sampler_rate: f32) -> Self {
        let mut crush = Self {
            rate,
            bits: 0.0,
            step: 0.0,
            cutoff: Cutoff::default(),
            before: Default::default(),
            after: Default::default(),
            phase: 0.0,
            held: [0.0; 2],
            smooth: true,
        };
        crush.set(bits, sampler_rate);
        crush
    }

    /// Sets bits, 4 to 16, and rate in hertz. Up to 8 bits its output has steps, as that of the sound chips of home computers.
    pub fn set(&mut self, bits: u8, sampler_rate: f32) {
        let sampler_rate = sampler_rate.min(0.9 * self.rate);
        self.smooth = bits > 8;
        let bits = exp2(f32::from(bits.clamp(4, 16)) - 1.0);
        let step = sampler_rate / self.rate;
        if step != self.step || bits != self.bits {
            self.bits = bits;
            self.step = step;
            self.cutoff = Cutoff::new(0.38 * sampler_rate, 0.6, self.rate);
        }
    }

    /// Processes a quantum in place.
    #[inline(always)]
    pub fn process(&mut self, block: &mut [[f32; QUANTUM]; 2]) {
        let inverse = 1.0 / self.bits;
        let mut phase = self.phase;
        for (channel, samples) in block.iter_mut().enumerate() {
            phase = self.phase;
            for sample in samples.iter_mut() {
                let [first, second] = &mut self.before[channel];
                let x = second.low(&self.cutoff, first.low(&self.cutoff, *sample));
                phase += self.step;
                if phase >= 1.0 {
                    phase -= 1.0;
                    self.held[channel] = nearest(x.clamp(-1.0, 1.0) * self.bits) * inverse;
                }
                let [first, second] = &mut self.after[channel];
                let smooth = second.low(&self.cutoff, first.low(&self.cutoff, self.held[channel]));
                *sample = if self.smooth { smooth } else { self.held[channel] };
            }
        }
        self.phase = phase;
        for filter in self.before.as_flattened_mut().iter_mut().chain(self.after.as_flattened_mut()) {
            filter.flush();
        }
    }
}
