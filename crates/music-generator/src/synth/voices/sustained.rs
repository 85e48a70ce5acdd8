//! What lasts: eight oscillators, an envelope, filters, vibrato, breath.

use super::{Context, Sounding, Span, Tremolo};
use crate::synth::QUANTUM;
use crate::synth::kernels::envelope::{Envelope, Shape};
use crate::synth::kernels::filter::{Cutoff, Svf};
use crate::synth::kernels::math::{decay, exp2, frames, saturate, sine};
use crate::synth::kernels::noise::White;
use crate::synth::kernels::saw::{Phases, Wave, oscillate};
use crate::types::dice::Dice;

/// Resonances of a voice or a body: at most four.
pub const FORMANTS: usize = 4;

/// A resonance: its frequency in hertz, its bandwidth in hertz, its amplitude.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "as above")]
pub struct Resonance {
    pub hertz: f32,
    pub width: f32,
    pub level: f32,
}

/// A low-pass of 24 dB an octave that moves.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LowPass {
    /// The cutoff in hertz at middle C; 0 when there is no filter.
    pub hertz: f32,
    /// How far the cutoff follows the pitch: 0 not at all, 1 fully.
    pub track: f32,
    /// How far an envelope raises the cutoff at the start, in octaves.
    pub octaves: f32,
    /// The time constant of that envelope, in seconds.
    pub tau: f32,
    /// The resonance: 0.707 is flat.
    pub q: f32,
    /// The rate of a slow movement in hertz, and how far it goes in octaves.
    pub lfo: (f32, f32),
}

/// Vibrato: its rate in hertz, its depth in cents, the seconds before it has risen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "as above")]
pub struct Vibrato {
    pub hertz: f32,
    pub cents: f32,
    pub after: f32,
}

/// Breath or bow: noise in a band that follows the pitch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Breath {
    /// The RMS level while the note is held.
    pub level: f32,
    /// The RMS level at the start.
    pub chiff: f32,
    /// The time constant of the start, in seconds.
    pub tau: f32,
    /// The centre of the band as a multiple of the pitch.
    pub ratio: f32,
}

/// What lasts.
#[derive(Clone, Copy, Debug, Default)]
pub struct SustainedSpec {
    /// The wave form.
    pub wave: Wave,
    /// Multiples of the pitch.
    pub ratios: [f32; 8],
    /// Weights in both channels.
    pub weights: [[f32; 8]; 2],
    /// Phases at the start, in turns.
    pub phases: Phases,
    /// Level over time.
    pub envelope: Shape,
    /// The low-pass.
    pub low_pass: LowPass,
    /// Resonances; none when the first has level 0.
    pub formants: [Resonance; FORMANTS],
    /// Vibrato.
    pub vibrato: Vibrato,
    /// Breath or bow.
    pub breath: Breath,
    /// Tremolo.
    pub tremolo: Tremolo,
    /// Saturation: the factor before it; 0 is none.
    pub drive: f32,
    /// A swell: how far the level rises, as a factor, and in how many seconds; it falls back in as many.
    pub swell: (f32, f32),
}

/// A voice that lasts.
#[derive(Clone, Debug)]
pub struct Sustained {
    spec: SustainedSpec,
    gain: f32,
    from_gain: f32,
    phases: Phases,
    envelope: Envelope,
    filters: [[Svf; 2]; 2],
    formants: [[Svf; 2]; FORMANTS],
    resonances: Option<[Cutoff; FORMANTS]>,
    white: White,
    band: [Svf; 2],
    lfo_phase: f32,
    vibrato_phase: f32,
    /// The gain at the end of the last span.
    last: f32,
}

impl Sustained {
    /// A voice at the start of a note. `gain` is the amplitude of its level 1.
    pub fn new(spec: SustainedSpec, gain: f32, mut dice: Dice) -> Self {
        let lfo_phase = dice.unit();
        let vibrato_phase = dice.unit();
        Self {
            spec,
            gain,
            from_gain: gain,
            phases: spec.phases,
            envelope: Envelope::new(spec.envelope),
            filters: Default::default(),
            formants: Default::default(),
            resonances: None,
            white: White::new(dice),
            band: Default::default(),
            lfo_phase,
            vibrato_phase,
            last: 0.0,
        }
    }

    /// The vibrato at an age in seconds, as a factor of the frequency.
    #[inline(always)]
    fn vibrato(&mut self, seconds: f32, span_seconds: f32) -> f32 {
        let vibrato = self.spec.vibrato;
        if vibrato.cents <= 0.0 {
            return 1.0;
        }
        let risen = ((seconds - vibrato.after) * 3.0).clamp(0.0, 1.0);
        self.vibrato_phase += vibrato.hertz * span_seconds;
        self.vibrato_phase -= libm::floorf(self.vibrato_phase);
        exp2(risen * vibrato.cents * (1.0 / 1_200.0) * sine(self.vibrato_phase))
    }

    #[inline(always)]
    fn filter(&mut self, context: &Context, span: Span, left: &mut [f32], right: &mut [f32]) {
        let low_pass = self.spec.low_pass;
        if low_pass.hertz > 0.0 {
            let seconds = frames(span.age) / context.rate;
            self.lfo_phase += low_pass.lfo.0 * frames(left.len()) / context.rate;
            self.lfo_phase -= libm::floorf(self.lfo_phase);
            let octaves =
                low_pass.octaves * decay(low_pass.tau.max(1e-3), 1.0, seconds) + low_pass.lfo.1 * sine(self.lfo_phase);
            let track = libm::log2f(span.step * context.rate * (1.0 / 261.63)) * low_pass.track;
            let cutoff = Cutoff::new(low_pass.hertz * context.cutoff * exp2(octaves + track), low_pass.q, context.rate);
            let [first, second] = &mut self.filters;
            for (left, right) in left.iter_mut().zip(right.iter_mut()) {
                *left = second[0].low(&cutoff, first[0].low(&cutoff, *left));
                *right = second[1].low(&cutoff, first[1].low(&cutoff, *right));
            }
        }
        if self.spec.formants[0].level > 0.0 {
            let formants = self.spec.formants;
            let cutoffs = *self.resonances.get_or_insert_with(|| {
                formants.map(|r| Cutoff::new(r.hertz.max(20.0), r.hertz.max(20.0) / r.width.max(1.0), context.rate))
            });
            for (left, right) in left.iter_mut().zip(right.iter_mut()) {
                let (mut a, mut b) = (0.0, 0.0);
                for ((cutoff, state), resonance) in cutoffs.iter().zip(&mut self.formants).zip(&formants) {
                    a += resonance.level * state[0].band(cutoff, *left);
                    b += resonance.level * state[1].band(cutoff, *right);
                }
                *left = a;
                *right = b;
            }
        }
    }

    #[inline(always)]
    fn breathe(&mut self, context: &Context, span: Span, left: &mut [f32], right: &mut [f32]) {
        let breath = self.spec.breath;
        if breath.level <= 0.0 && breath.chiff <= 0.0 {
            return;
        }
        let seconds = frames(span.age) / context.rate;
        let centre = (breath.ratio * span.step * context.rate).clamp(40.0, 9_000.0);
        let q = 1.2;
        let cutoff = Cutoff::new(centre, q, context.rate);
        let level = breath.level + (breath.chiff - breath.level) * decay(breath.tau.max(1e-3), 1.0, seconds);
        let gain = level * context.noise * (1.9 * context.rate / centre).sqrt();
        for (left, right) in left.iter_mut().zip(right.iter_mut()) {
            let noise = self.white.sample();
            *left += gain * self.band[0].band(&cutoff, noise);
            *right += gain * self.band[1].band(&cutoff, noise);
        }
    }
}

impl Sounding for Sustained {
    #[inline(always)]
    fn render(&mut self, context: &Context, span: Span, left: &mut [f32], right: &mut [f32]) -> f32 {
        let count = frames(left.len());
        let rate = context.rate;
        let seconds = frames(span.age) / rate;
        if span.released && !self.envelope.is_released() {
            self.envelope.release();
        }
        let factor = self.vibrato(seconds, count / rate);
        let (step, slope) = (span.step * factor, (span.next_step - span.step) * factor / count);
        // Oscillators fade out towards half the sample rate; saws are band-limited anyway.
        let mut weights = self.spec.weights;
        for lane in 0..8 {
            let room = ((0.45 - self.spec.ratios[lane] * step) * 20.0).clamp(0.0, 1.0);
            weights[0][lane] *= room;
            weights[1][lane] *= room;
        }
        let (mut a, mut b) = ([0.0; QUANTUM], [0.0; QUANTUM]);
        let (a, b) = (&mut a[..left.len()], &mut b[..left.len()]);
        oscillate(self.spec.wave, &mut self.phases, &self.spec.ratios, &weights, step, slope, a, b);
        self.breathe(context, span, a, b);
        self.filter(context, span, a, b);
        // A changed gain is reached in about 20 ms.
        self.from_gain += (self.gain - self.from_gain) * (1.0 - decay(0.02, rate, count));
        let mut end = self.envelope.advance(count, rate) * self.from_gain;
        if self.spec.swell.0 > 0.0 {
            let x = (seconds / self.spec.swell.1.max(0.01)).min(2.0);
            let x = if x > 1.0 { 2.0 - x } else { x };
            end *= 1.0 - self.spec.swell.0 * (1.0 - x * x * (3.0 - 2.0 * x));
        }
        let slope = (end - self.last) / count;
        let mut gain = std::mem::replace(&mut self.last, end);
        for ((left, right), (a, b)) in left.iter_mut().zip(right.iter_mut()).zip(a.iter().zip(b.iter())) {
            gain += slope;
            let (mut y, mut z) = (*a * gain, *b * gain);
            if self.spec.drive > 0.0 {
                y = saturate(y * self.spec.drive) / self.spec.drive;
                z = saturate(z * self.spec.drive) / self.spec.drive;
            }
            *left += y;
            *right += z;
        }
        self.spec.tremolo.apply(context, left, right);
        if span.released { end } else { end.max(1e-3) }
    }

    fn continue_with(&mut self, gain: f32) {
        self.gain = gain;
        self.envelope.hold();
    }
}
