//! Bursts of noise in a band: clicks, thumps, breaths, the skin of a snare.

use super::Context;
use crate::synth::kernels::filter::{Cutoff, Svf};
use crate::synth::kernels::math::{decay, whole_frames};
use crate::synth::kernels::noise::White;
use crate::types::dice::Dice;

/// A burst.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BurstSpec {
    /// The lower edge of the band in hertz.
    pub low: f32,
    /// The upper edge of the band in hertz.
    pub high: f32,
    /// Whether the lower edge falls by 24 dB an octave, not 12.
    pub steep: bool,
    /// Seconds of the rise.
    pub attack: f32,
    /// The time constant of the decay, in seconds.
    pub tau: f32,
    /// The RMS level of the noise at its loudest, about.
    pub level: f32,
    /// How many short bursts come before the last one.
    pub repeats: u8,
    /// Seconds between them.
    pub gap: f32,
}

/// A burst that sounds.
#[derive(Clone, Debug)]
pub struct Burst {
    spec: BurstSpec,
    white: White,
    high_pass: [Svf; 2],
    low_pass: Svf,
    cutoffs: Option<(Cutoff, Cutoff, f32)>,
    envelope: f32,
    to_repeat: usize,
    repeats: u8,
    rise: f32,
}

impl Burst {
    /// A burst at its start.
    pub fn new(spec: BurstSpec, dice: Dice) -> Self {
        Self {
            spec,
            white: White::new(dice),
            high_pass: [Svf::default(); 2],
            low_pass: Svf::default(),
            cutoffs: None,
            envelope: if spec.level > 0.0 { 1.0 } else { 0.0 },
            to_repeat: 0,
            repeats: spec.repeats,
            rise: 0.0,
        }
    }

    /// Whether it has decayed to -90 dB.
    pub fn is_over(&self) -> bool {
        self.envelope < 3e-5 && self.repeats == 0
    }

    /// The level that follows at most.
    pub fn level(&self) -> f32 {
        if self.is_over() { 0.0 } else { 2.0 * self.spec.level * self.envelope.max(3e-5) }
    }

    /// Adds a span to `out`.
    #[inline(always)]
    pub fn render(&mut self, context: &Context, out: &mut [f32]) {
        if self.is_over() {
            return;
        }
        let rate = context.rate;
        let (high_pass, low_pass, gain) = *self.cutoffs.get_or_insert_with(|| {
            // Not above 16 kHz, so that the sound does not depend on the sample rate.
            let high = (self.spec.high * context.cutoff).min(16_000.0).min(0.45 * rate);
            let low = self.spec.low.min(0.7 * high);
            // White noise of full scale has a mean square of 1/3 from 0 to half the rate.
            let gain = self.spec.level * (1.5 * rate / (high - low)).sqrt() * context.noise;
            (Cutoff::new(low, 0.707, rate), Cutoff::new(high, 0.707, rate), gain)
        });
        let attack = 1.0 / (self.spec.attack * rate + 1.0);
        let slow = decay(self.spec.tau, rate, 1.0);
        let fast = decay(0.004, rate, 1.0);
        if self.to_repeat == 0 && self.repeats > 0 {
            self.to_repeat = whole_frames(self.spec.gap, rate);
        }
        for out in out {
            let mut y = self.high_pass[0].high(&high_pass, self.white.sample());
            if self.spec.steep {
                y = self.high_pass[1].high(&high_pass, y);
            }
            let y = self.low_pass.low(&low_pass, y);
            self.rise = if self.rise < 1.0 { self.rise + attack } else { 1.0 };
            *out += gain * self.envelope * self.rise.min(1.0) * y;
            if self.repeats == 0 {
                self.envelope *= slow;
            } else {
                self.envelope *= fast;
                self.to_repeat = self.to_repeat.saturating_sub(1);
                if self.to_repeat == 0 {
                    self.repeats -= 1;
                    self.envelope = 1.0;
                    self.to_repeat = whole_frames(self.spec.gap, rate);
                }
            }
        }
    }
}
