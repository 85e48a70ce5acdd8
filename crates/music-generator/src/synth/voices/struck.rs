//! What is struck or plucked: a bank of decaying partials and a burst of noise.
//!
//! A string or a bar that is set in motion once is a sum of decaying partials. Partials whose level moves (the bridge of a tanpura,
//! the slow rise of high partials) follow a formant.

use super::burst::{Burst, BurstSpec};
use super::{Context, Sounding, Span, Tremolo};
use crate::synth::kernels::math::{decay, exp2, frames, saturate};
use crate::synth::kernels::partials::{Bank, PARTIALS};
use crate::types::dice::Dice;

/// A formant that moves from `high` to `low` hertz with a time constant of `tau` seconds and is `width` octaves wide: the buzz of
/// a curved bridge (van Walstijn, Bridges & Mehes, "A real-time synthesis oriented tanpura model", DAFx 2016).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "as above")]
pub struct Formant {
    pub low: f32,
    pub high: f32,
    pub tau: f32,
    pub width: f32,
}

/// A movement of the pitch: it rises by `semitones` with time constant `rise` and falls back with `fall`, both in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "as above")]
pub struct Sweep {
    pub semitones: f32,
    pub rise: f32,
    pub fall: f32,
}

/// What is struck. The tables have one number for each partial.
#[derive(Clone, Copy, Debug)]
pub struct StruckSpec {
    /// Multiples of the pitch.
    pub ratios: [f32; PARTIALS],
    /// Amplitudes at the start.
    pub levels: [f32; PARTIALS],
    /// Amplitudes that the formant multiplies, in addition.
    pub moving: [f32; PARTIALS],
    /// Time constants of the decay, in seconds.
    pub taus: [f32; PARTIALS],
    /// Time constants of the rise, in seconds; 0 is at once.
    pub rises: [f32; PARTIALS],
    /// Weights of the partials in both channels, by their number modulo 8.
    pub weights: [[f32; 8]; 2],
    /// Seconds in which the whole rises.
    pub attack: f32,
    /// The time constant after the key is released, in seconds; 0 when it rings on.
    pub release: f32,
    /// The formant.
    pub formant: Option<Formant>,
    /// The movement of the pitch.
    pub sweep: Sweep,
    /// Noise of the stroke.
    pub burst: BurstSpec,
    /// Tremolo.
    pub tremolo: Tremolo,
    /// Saturation: the factor before it; 0 is none.
    pub drive: f32,
}

impl StruckSpec {
    /// Nothing yet: no partials, no burst.
    pub const SILENT: Self = Self {
        ratios: [1.0; PARTIALS],
        levels: [0.0; PARTIALS],
        moving: [0.0; PARTIALS],
        taus: [0.1; PARTIALS],
        rises: [0.0; PARTIALS],
        weights: [[1.0; 8]; 2],
        attack: 0.0,
        release: 0.0,
        formant: None,
        sweep: Sweep { semitones: 0.0, rise: 0.1, fall: 0.1 },
        burst: BurstSpec {
            low: 20.0,
            high: 1e3,
            steep: false,
            attack: 0.0,
            tau: 0.01,
            level: 0.0,
            repeats: 0,
            gap: 0.0,
        },
        tremolo: Tremolo { hertz: 0.0, depth: 0.0, spread: 0.0 },
        drive: 0.0,
    };
}

/// A struck voice.
#[derive(Clone, Debug)]
pub struct Struck {
    spec: StruckSpec,
    bank: Bank,
    burst: Burst,
    gain: f32,
    decays: [f32; PARTIALS],
    /// What is still missing in the rise of each partial, 1 to 0.
    missing: [f32; PARTIALS],
    /// log2 of the frequency of each partial, in hertz.
    octaves: [f32; PARTIALS],
    tuned: f32,
    released: bool,
    moves: bool,
    fresh: bool,
}

impl Struck {
    /// A voice at the start of a note. `gain` is the amplitude of its level 1, `hertz` its pitch.
    pub fn new(spec: StruckSpec, gain: f32, hertz: f32, dice: Dice) -> Self {
        let mut bank = Bank::default();
        bank.start();
        let octaves = std::array::from_fn(|n| libm::log2f(hertz * spec.ratios[n]));
        let moves = spec.formant.is_some() || spec.rises.iter().any(|rise| *rise > 0.0);
        Self {
            spec,
            bank,
            burst: Burst::new(spec.burst, dice),
            gain,
            decays: [1.0; PARTIALS],
            missing: [1.0; PARTIALS],
            octaves,
            tuned: 0.0,
            released: false,
            moves,
            fresh: true,
        }
    }

    #[inline(always)]
    fn tune(&mut self, step: f32, released: bool, rate: f32) {
        if step == self.tuned && released == self.released && !self.fresh {
            return;
        }
        if self.fresh || released != self.released {
            let damping = if released && self.spec.release > 0.0 { decay(self.spec.release, rate, 1.0) } else { 1.0 };
            for n in 0..PARTIALS {
                self.decays[n] = damping * decay(self.spec.taus[n], rate, 1.0);
            }
        }
        self.tuned = step;
        self.released = released;
        self.bank.tune(step, &self.spec.ratios, &self.decays);
    }

    /// Amplitudes at the age of `seconds`, after `count` more frames.
    #[inline(always)]
    fn amplitudes(&mut self, context: &Context, step: f32, seconds: f32, count: f32) -> [f32; PARTIALS] {
        let mut out = self.spec.levels;
        if self.moves {
            let (centre, width) = self.spec.formant.map_or((0.0, 1.0), |f| {
                let hertz = f.low + (f.high - f.low) * decay(f.tau, 1.0, seconds);
                (libm::log2f(hertz * context.cutoff), 1.0 / f.width)
            });
            for n in 0..PARTIALS {
                let away = (self.octaves[n] - centre) * width;
                let formant = exp2(-0.721_35 * away * away);
                let rise = self.spec.rises[n];
                self.missing[n] = if rise > 0.0 { self.missing[n] * decay(rise, context.rate, count) } else { 0.0 };
                out[n] = (out[n] + self.spec.moving[n] * formant) * (1.0 - self.missing[n]);
            }
        }
        for n in 0..PARTIALS {
            // Partials fade out towards half the sample rate.
            let room = (0.47 - self.spec.ratios[n] * step) * 40.0;
            let room = if room > 1.0 { 1.0 } else { room };
            out[n] *= if room > 0.0 { room } else { 0.0 };
        }
        out
    }
}

impl Sounding for Struck {
    #[inline(always)]
    fn render(&mut self, context: &Context, span: Span, left: &mut [f32], right: &mut [f32]) -> f32 {
        let rate = context.rate;
        let count = frames(left.len());
        let seconds = frames(span.age) / rate;
        let mut step = span.step;
        let sweeps = self.spec.sweep.semitones != 0.0;
        if sweeps {
            let sweep = &self.spec.sweep;
            let shape = (1.0 - decay(sweep.rise, 1.0, seconds)) * decay(sweep.fall, 1.0, seconds);
            step *= exp2(sweep.semitones * shape * (1.0 / 12.0));
        }
        let retuned = step != self.tuned;
        self.tune(step, span.released, rate);
        if self.fresh || self.moves || retuned {
            let first = self.fresh && self.spec.rises.iter().all(|rise| *rise <= 0.0);
            let amplitudes = self.amplitudes(context, step, seconds, count);
            if first {
                self.bank.set_shape(&amplitudes);
            } else {
                self.bank.shape(&amplitudes, count);
            }
        } else {
            self.bank.hold();
        }
        self.fresh = false;
        self.bank.render(&self.spec.weights, left, right);
        if !self.burst.is_over() {
            let mut noise = [0.0; crate::synth::QUANTUM];
            let noise = &mut noise[..left.len()];
            self.burst.render(context, noise);
            for ((left, right), noise) in left.iter_mut().zip(right.iter_mut()).zip(noise) {
                *left += *noise;
                *right += *noise;
            }
        }
        let attack = self.spec.attack * rate;
        let mut age = frames(span.age);
        for (left, right) in left.iter_mut().zip(right.iter_mut()) {
            let mut gain = self.gain;
            if age < attack {
                let x = age / attack;
                gain *= x * x * (3.0 - 2.0 * x);
            }
            age += 1.0;
            *left *= gain;
            *right *= gain;
            if self.spec.drive > 0.0 {
                *left = saturate(*left * self.spec.drive) / self.spec.drive;
                *right = saturate(*right * self.spec.drive) / self.spec.drive;
            }
        }
        self.spec.tremolo.apply(context, left, right);
        let keep = self.moves && seconds < 1.0;
        self.gain * (self.bank.level(1e-6, keep) + self.burst.level()) + if keep { 1e-4 } else { 0.0 }
    }

    fn continue_with(&mut self, _velocity: f32) {}
}
