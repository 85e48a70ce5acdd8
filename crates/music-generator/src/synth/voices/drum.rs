//! Drums of sweeping sines, noise in bands and metallic squares.

use super::burst::{Burst, BurstSpec};
use super::{Context, Sounding, Span};
use crate::synth::QUANTUM;
use crate::synth::kernels::filter::{Cutoff, Svf};
use crate::synth::kernels::math::{decay, frames, saturate, sine};
use crate::synth::kernels::saw::{Phases, Wave, oscillate};
use crate::types::dice::Dice;

/// A sine that sweeps down: its frequency is end + sweep e^(-t / sweep_tau).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tone {
    /// The frequency in the end, in hertz.
    pub end: f32,
    /// How much higher it begins, in hertz.
    pub sweep: f32,
    /// The time constant of the sweep, in seconds.
    pub sweep_tau: f32,
    /// The amplitude at the start.
    pub level: f32,
    /// The time constant of the amplitude, in seconds.
    pub tau: f32,
}

/// Six squares at the frequencies of an analogue drum machine of 1980, 205 to 800 Hz, in a band.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metal {
    /// The amplitude.
    pub level: f32,
    /// The lower edge of the band in hertz.
    pub low: f32,
    /// The time constant, in seconds.
    pub tau: f32,
}

/// A drum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DrumSpec {
    /// Sines.
    pub tones: [Tone; 2],
    /// Noises.
    pub bursts: [BurstSpec; 2],
    /// Metal.
    pub metal: Metal,
    /// Saturation: the factor before it; 0 is none.
    pub drive: f32,
    /// Seconds of the rise of the sines.
    pub attack: f32,
}

/// The frequencies of the squares in hertz.
const SQUARES: [f32; 6] = [205.3, 304.4, 369.6, 522.7, 540.0, 800.0];

/// A drum that sounds.
#[derive(Clone, Debug)]
pub struct Drum {
    spec: DrumSpec,
    gain: f32,
    phases: [f32; 2],
    amplitudes: [f32; 2],
    bursts: [Burst; 2],
    metal: f32,
    squares: [Phases; 2],
    filters: [Svf; 2],
    cutoff: Option<Cutoff>,
}

impl Drum {
    /// A hit. It differs from the hit before: pitch by up to 6 cents, decay by up to 6 %, bands by up to 4 %.
    pub fn new(mut spec: DrumSpec, gain: f32, mut dice: Dice) -> Self {
        let pitch = 1.0 + 0.003_47 * dice.between(-1.0, 1.0);
        let tau = 1.0 + 0.06 * dice.between(-1.0, 1.0);
        let band = 1.0 + 0.04 * dice.between(-1.0, 1.0);
        for tone in &mut spec.tones {
            tone.end *= pitch;
            tone.sweep *= pitch;
            tone.tau *= tau;
        }
        for burst in &mut spec.bursts {
            burst.tau *= tau;
            burst.low *= band;
            burst.high *= band;
        }
        spec.metal.tau *= tau;
        let squares = std::array::from_fn(|_| std::array::from_fn(|_| dice.unit()));
        let second = Dice::new(dice.bits(), "second burst", 0, 0);
        Self {
            spec,
            gain,
            phases: [0.0; 2],
            amplitudes: spec.tones.map(|tone| tone.level),
            bursts: [Burst::new(spec.bursts[0], dice), Burst::new(spec.bursts[1], second)],
            metal: spec.metal.level,
            squares,
            filters: Default::default(),
            cutoff: None,
        }
    }
}

impl Sounding for Drum {
    #[inline(always)]
    fn render(&mut self, context: &Context, span: Span, left: &mut [f32], right: &mut [f32]) -> f32 {
        let rate = context.rate;
        let count = frames(left.len());
        let len = left.len();
        let mut sum = [0.0; QUANTUM];
        let sum = &mut sum[..len];
        let seconds = frames(span.age) / rate;
        let mut level = 0.0;
        for n in 0..2 {
            let tone = self.spec.tones[n];
            if self.amplitudes[n] < 1e-6 {
                continue;
            }
            let mut sweep = tone.sweep * decay(tone.sweep_tau.max(1e-4), 1.0, seconds) / rate;
            let fall = decay(tone.sweep_tau.max(1e-4), rate, 1.0);
            let fade = decay(tone.tau, rate, 1.0);
            let (mut phase, mut amplitude) = (self.phases[n], self.amplitudes[n]);
            let end = tone.end / rate;
            let attack = 1.0 / (self.spec.attack * rate + 1.0);
            let mut rise = frames(span.age) * attack;
            for sum in sum.iter_mut() {
                phase += end + sweep;
                phase = if phase >= 1.0 { phase - 1.0 } else { phase };
                sweep *= fall;
                amplitude *= fade;
                rise = if rise < 1.0 { rise + attack } else { 1.0 };
                *sum += amplitude * rise * sine(phase);
            }
            self.phases[n] = phase;
            self.amplitudes[n] = amplitude;
            level += amplitude;
        }
        if self.metal > 1e-5 {
            self.add_metal(context, sum);
            self.metal *= decay(self.spec.metal.tau, rate, count);
            level += self.metal;
        }
        for burst in &mut self.bursts {
            burst.render(context, sum);
            level += burst.level();
        }
        let drive = self.spec.drive;
        for ((left, right), sum) in left.iter_mut().zip(right.iter_mut()).zip(sum) {
            let y = if drive > 0.0 { saturate(*sum * drive) / drive } else { *sum };
            *left += self.gain * y;
            *right += self.gain * y;
        }
        self.gain * level
    }

    fn continue_with(&mut self, _velocity: f32) {}
}

impl Drum {
    #[inline(always)]
    fn add_metal(&mut self, context: &Context, sum: &mut [f32]) {
        let rate = context.rate;
        let metal = self.spec.metal;
        let cutoff = *self.cutoff.get_or_insert_with(|| Cutoff::new(metal.low.min(0.4 * rate), 0.9, rate));
        let ratios = std::array::from_fn(|n| SQUARES.get(n).copied().unwrap_or(100.0) / 100.0);
        let weights: [f32; 8] = std::array::from_fn(|n| if n < SQUARES.len() { 0.5 } else { 0.0 });
        let mut unused = [0.0; QUANTUM];
        let mut squares = [0.0; QUANTUM];
        let (squares, unused) = (&mut squares[..sum.len()], &mut unused[..sum.len()]);
        // A square is the difference of two saws of any phase.
        let step = 100.0 / rate;
        oscillate(Wave::Saw, &mut self.squares[0], &ratios, &[weights, [0.0; 8]], step, 0.0, squares, unused);
        let minus = weights.map(|w| -w);
        oscillate(Wave::Saw, &mut self.squares[1], &ratios, &[minus, [0.0; 8]], step, 0.0, squares, unused);
        let fade = decay(metal.tau, rate, 1.0);
        let mut gain = self.metal;
        for (sum, square) in sum.iter_mut().zip(squares) {
            let y = self.filters[0].high(&cutoff, *square);
            *sum += gain * self.filters[1].high(&cutoff, y);
            gain *= fade;
        }
    }
}
