//! Single events at random times: crackles, drops, chirps, thunder.

use crate::synth::QUANTUM;
use crate::synth::kernels::filter::{Cutoff, Svf};
use crate::synth::kernels::math::{decay, exp2, gain, sine};
use crate::synth::kernels::noise::White;
use crate::types::dice::Dice;

/// Events that sound at once; more are left out.
const MOST: usize = 12;

/// What an event is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grain {
    /// Noise around a frequency.
    #[default]
    Noise,
    /// A sine that rises.
    Chirp,
    /// A sine.
    Tone,
}

/// Events.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GrainSpec {
    /// What they are made of.
    pub kind: Grain,
    /// How many there are in a second, on average; none when 0.
    pub per_second: f32,
    /// How regular they are: 0 is a Poisson process, 1 a clock.
    pub regular: f32,
    /// Shortest and longest time constant of the decay, in seconds.
    pub tau: (f32, f32),
    /// Seconds of the rise.
    pub attack: f32,
    /// Lowest and highest frequency in hertz.
    pub hertz: (f32, f32),
    /// The median of the peak level in dBFS.
    pub level_db: f32,
    /// The standard deviation of the level, in decibels.
    pub sigma_db: f32,
    /// How many follow each other at once, at most.
    pub group: u8,
    /// Seconds between those of a group.
    pub gap: f32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Event {
    wait: f32,
    amplitude: f32,
    rise: f32,
    attack: f32,
    fall: f32,
    step: f32,
    bend: f32,
    phase: f32,
    filter: Svf,
    cutoff: Cutoff,
    pan: [f32; 2],
}

/// Events of one kind that sound.
#[derive(Clone, Debug)]
pub struct Grains {
    spec: GrainSpec,
    rate: f32,
    dice: Dice,
    white: White,
    events: [Event; MOST],
    next: f32,
}

impl Grains {
    /// Events at this sample rate.
    pub fn new(spec: GrainSpec, rate: f32, mut dice: Dice) -> Self {
        let white = White::new(Dice::new(dice.bits(), "grains", 0, 0));
        let mut grains = Self { spec, rate, dice, white, events: [Event::default(); MOST], next: 0.0 };
        grains.next = grains.wait() * 0.5;
        grains
    }

    /// Frames until the next event: exponentially distributed, or nearly constant.
    fn wait(&mut self) -> f32 {
        let poisson = -libm::logf(1.0 - self.dice.unit().min(0.999_999));
        let regular = 1.0 + 0.03 * self.dice.between(-1.0, 1.0);
        (poisson + self.spec.regular * (regular - poisson)) * self.rate / self.spec.per_second.max(1e-3)
    }

    fn begin(&mut self, after: f32, hertz: f32, level: f32, pan: f32) {
        let spec = self.spec;
        let Some(event) = self.events.iter_mut().find(|event| event.amplitude == 0.0) else { return };
        let dice = &mut self.dice;
        let tau = spec.tau.0 * exp2(dice.unit() * libm::log2f(spec.tau.1 / spec.tau.0));
        let hertz = hertz.min(0.4 * self.rate);
        let q = 1.2;
        let scale = if spec.kind == Grain::Noise { (1.9 * self.rate / hertz).sqrt() * 0.45 } else { 1.0 };
        let bend = if spec.kind == Grain::Chirp { dice.between(0.1, 0.9) / (tau * self.rate) } else { 0.0 };
        *event = Event {
            wait: after,
            amplitude: gain(level) * scale,
            rise: 0.0,
            attack: 1.0 / (spec.attack * self.rate + 1.0),
            fall: decay(tau, self.rate, 1.0),
            step: hertz / self.rate,
            bend: 1.0 + bend * 0.4,
            phase: 0.0,
            filter: Svf::default(),
            cutoff: Cutoff::new(hertz, q, self.rate),
            pan: [(1.0 - pan).sqrt(), (1.0 + pan).sqrt()],
        };
    }

    /// Adds a quantum.
    #[inline(always)]
    pub fn render(&mut self, out: &mut [[f32; QUANTUM]; 2]) {
        if self.spec.per_second <= 0.0 {
            return;
        }
        while self.next < QUANTUM as f32 {
            let spec = self.spec;
            let octaves = libm::log2f(spec.hertz.1 / spec.hertz.0);
            let hertz = spec.hertz.0 * exp2(self.dice.unit() * octaves);
            let level = spec.level_db + spec.sigma_db * self.dice.normal();
            let pan = self.dice.between(-0.7, 0.7);
            let count = 1 + self.dice.below(usize::from(spec.group.max(1)));
            for n in 0..count {
                let after = self.next + n as f32 * spec.gap * self.rate * self.dice.between(0.9, 1.1);
                let near = hertz * self.dice.between(0.97, 1.03);
                self.begin(after, near, level, pan);
            }
            self.next += self.wait().max(1.0);
        }
        self.next -= QUANTUM as f32;
        for event in self.events.iter_mut().filter(|event| event.amplitude != 0.0) {
            for n in 0..QUANTUM {
                if event.wait >= 1.0 {
                    event.wait -= 1.0;
                    continue;
                }
                let y = if self.spec.kind == Grain::Noise {
                    event.filter.band(&event.cutoff, self.white.sample())
                } else {
                    event.phase += event.step;
                    event.phase = if event.phase >= 1.0 { event.phase - 1.0 } else { event.phase };
                    event.step = (event.step * event.bend).min(0.4);
                    sine(event.phase)
                };
                if event.rise < 1.0 {
                    event.rise += event.attack;
                } else {
                    event.amplitude *= event.fall;
                }
                let y = y * event.amplitude * event.rise.min(1.0);
                out[0][n] += event.pan[0] * y;
                out[1][n] += event.pan[1] * y;
            }
            if event.rise >= 1.0 && event.amplitude.abs() < 1e-5 {
                event.amplitude = 0.0;
            }
        }
    }
}
