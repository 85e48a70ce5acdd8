//! Phase modulation: pairs of sines, one of which moves the phase of the other (J. Chowning, "The synthesis of complex audio spectra by
//! means of frequency modulation", JAES 21, 1973).

use super::burst::{Burst, BurstSpec};
use super::{Context, Sounding, Span, Tremolo};
use crate::synth::QUANTUM;
use crate::synth::kernels::math::{decay, frames, saturate, sine};
use crate::types::dice::Dice;

/// Pairs of a voice.
pub const PAIRS: usize = 4;

/// A sine that another sine modulates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pair {
    /// Its multiple of the pitch.
    pub ratio: f32,
    /// The multiple of the sine that modulates it.
    pub modulator: f32,
    /// The largest deviation of the phase, in radians, at the start.
    pub index: f32,
    /// The time constant of the index, in seconds.
    pub index_tau: f32,
    /// The amplitude at the start.
    pub amplitude: f32,
    /// The time constant of the amplitude, in seconds.
    pub tau: f32,
}

/// What is modulated.
#[derive(Clone, Copy, Debug, Default)]
pub struct PhaseModSpec {
    /// The pairs; those of amplitude 0 cost nothing.
    pub pairs: [Pair; PAIRS],
    /// Seconds of the rise.
    pub attack: f32,
    /// The time constant after the key is released, in seconds; 0 when it rings on.
    pub release: f32,
    /// Tremolo.
    pub tremolo: Tremolo,
    /// Saturation: the factor before it; 0 is none.
    pub drive: f32,
    /// Noise of the stroke.
    pub burst: BurstSpec,
}

/// A voice of phase modulation.
#[derive(Clone, Debug)]
pub struct PhaseMod {
    spec: PhaseModSpec,
    gain: f32,
    burst: Burst,
    carriers: [f32; PAIRS],
    modulators: [f32; PAIRS],
    amplitudes: [f32; PAIRS],
    indices: [f32; PAIRS],
    damping: f32,
}

impl PhaseMod {
    /// A voice at the start of a note. `gain` is the amplitude of its level 1.
    pub fn new(spec: PhaseModSpec, gain: f32, dice: Dice) -> Self {
        Self {
            spec,
            gain,
            burst: Burst::new(spec.burst, dice),
            carriers: [0.0; PAIRS],
            modulators: [0.0; PAIRS],
            amplitudes: spec.pairs.map(|pair| pair.amplitude),
            indices: spec.pairs.map(|pair| pair.index),
            damping: 1.0,
        }
    }
}

impl Sounding for PhaseMod {
    #[inline(always)]
    fn render(&mut self, context: &Context, span: Span, left: &mut [f32], right: &mut [f32]) -> f32 {
        let count = frames(left.len());
        let len = left.len();
        let rate = context.rate;
        let slope = (span.next_step - span.step) / count;
        let mut sum = [0.0; QUANTUM];
        let mut level = 0.0;
        for n in 0..PAIRS {
            let pair = self.spec.pairs[n];
            if self.amplitudes[n] < 1e-6 {
                continue;
            }
            let (mut amplitude, mut index) = (self.amplitudes[n], self.indices[n]);
            let amplitude_slope = (amplitude * decay(pair.tau, rate, count) - amplitude) / count;
            // The band of a pair grows with its index and its modulator: both fade out towards half the sample rate.
            let highest = span.step * (pair.ratio + pair.modulator * (1.0 + index));
            let room = ((0.45 - span.step * pair.ratio) * 20.0).clamp(0.0, 1.0);
            let scale = context.index * (0.45 / highest.max(0.45)) * core::f32::consts::FRAC_1_PI * 0.5;
            let index_slope = (index * decay(pair.index_tau, rate, count) - index) / count;
            let (mut phases, mut offsets) = ([0.0; QUANTUM], [0.0; QUANTUM]);
            let (mut carrier, mut modulator, mut step) = (self.carriers[n], self.modulators[n], span.step);
            for (phase, offset) in phases.iter_mut().zip(&mut offsets).take(len) {
                step += slope;
                carrier += pair.ratio * step;
                modulator += pair.modulator * step;
                *phase = carrier;
                *offset = modulator;
            }
            for (k, ((sum, phase), offset)) in sum.iter_mut().zip(phases).zip(offsets).take(len).enumerate() {
                let k = k as f32;
                let bent = phase + (index + index_slope * k) * scale * sine(offset);
                *sum += (amplitude + amplitude_slope * k) * room * sine(bent);
            }
            amplitude += amplitude_slope * count;
            index += index_slope * count;
            self.amplitudes[n] = amplitude;
            self.indices[n] = index;
            self.carriers[n] = carrier - libm::floorf(carrier);
            self.modulators[n] = modulator - libm::floorf(modulator);
            level += amplitude;
        }
        self.burst.render(context, &mut sum[..len]);
        let damping = if span.released && self.spec.release > 0.0 { decay(self.spec.release, rate, 1.0) } else { 1.0 };
        let attack = self.spec.attack * rate;
        let mut age = frames(span.age);
        for ((left, right), sum) in left.iter_mut().zip(right.iter_mut()).zip(sum) {
            let mut gain = self.gain * self.damping;
            self.damping *= damping;
            if age < attack {
                let x = age / attack;
                gain *= x * x * (3.0 - 2.0 * x);
            }
            age += 1.0;
            let mut y = sum * gain;
            if self.spec.drive > 0.0 {
                y = saturate(y * self.spec.drive) / self.spec.drive;
            }
            *left += y;
            *right += y;
        }
        self.spec.tremolo.apply(context, left, right);
        self.gain * self.damping * (level + self.burst.level())
    }

    fn continue_with(&mut self, velocity: f32) {
        let _ = velocity;
        self.damping = self.damping.max(0.5);
    }
}
