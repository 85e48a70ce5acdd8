//! Voices: how a note becomes sound, by what is simulated.
//!
//! | voice | what it is for |
//! |---|---|
//! | [`struck`] | decaying partials and a burst of noise: pianos, mallets, strings that are plucked, drums with a pitch |
//! | [`phase_mod`] | pairs of sines that modulate phases: electric piano, bells, glass |
//! | [`sustained`] | oscillators that last, filters, breath: pads, strings, winds, synthesizers |
//! | [`drum`] | sweeping sines, noise in bands, metallic squares: kick, snare, cymbals |
#![allow(clippy::needless_range_loop, reason = "lanes of several arrays side by side")]

pub mod burst;
pub mod drum;
pub mod phase_mod;
pub mod pool;
pub mod struck;
pub mod sustained;

/// What all voices of a player have in common in a quantum.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Frames a second.
    pub rate: f32,
    /// The factor of all cutoffs: 2^(2.4 (brightness - 0.5)).
    pub cutoff: f32,
    /// The factor of modulation indices: 0.6 + 0.8 brightness.
    pub index: f32,
    /// The gain of noises that belong to an instrument.
    pub noise: f32,
    /// Seconds since the start, modulo an hour: the phase of tremolo is the same in all notes.
    pub seconds: f64,
}

impl Context {
    /// The phase of a slow oscillation now, in turns.
    pub fn phase(&self, hertz: f32) -> f32 {
        let turns = self.seconds * f64::from(hertz);
        (turns - libm::floor(turns)) as f32
    }
}

/// Where a voice is in its note.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Its frequency at the start of the span, in turns a frame.
    pub step: f32,
    /// The same at the end of the span.
    pub next_step: f32,
    /// Whether the key has been released.
    pub released: bool,
    /// Frames since the start of the note.
    pub age: usize,
}

/// A voice.
pub trait Sounding {
    /// Adds a span, at most a quantum, to both channels. Returns the largest level that can still follow; the voice is free when it
    /// is below -90 dB.
    fn render(&mut self, context: &Context, span: Span, left: &mut [f32], right: &mut [f32]) -> f32;

    /// Takes over the note that continues the present one. `velocity` is its velocity.
    fn continue_with(&mut self, velocity: f32);
}

/// Tremolo: two channels that swing in level, apart from each other by `spread` turns.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tremolo {
    /// Its rate in hertz.
    pub hertz: f32,
    /// Its depth: 0.3 swings the level between 0.7 and 1.
    pub depth: f32,
    /// The difference of the channels' phases in turns; 0.5 moves the sound from side to side.
    pub spread: f32,
}

impl Tremolo {
    /// Applies it to a span.
    #[inline(always)]
    pub fn apply(&self, context: &Context, left: &mut [f32], right: &mut [f32]) {
        if self.depth <= 0.0 {
            return;
        }
        let step = self.hertz / context.rate;
        let mut phase = context.phase(self.hertz);
        for (left, right) in left.iter_mut().zip(right) {
            let half = 0.5 * self.depth;
            *left *= 1.0 - half + half * super::kernels::math::sine(phase);
            *right *= 1.0 - half + half * super::kernels::math::sine(phase + self.spread);
            phase += step;
        }
    }
}
