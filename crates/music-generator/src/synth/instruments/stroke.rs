//! What instruments are given, and what they return.

use crate::synth::kernels::math;
use crate::synth::voices::drum::DrumSpec;
use crate::synth::voices::phase_mod::PhaseModSpec;
use crate::synth::voices::struck::StruckSpec;
use crate::synth::voices::sustained::SustainedSpec;
use crate::types::note::Glide;

/// A set of drums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kit {
    /// Sampled and soft.
    #[default]
    Lofi,
    /// Short, without a room.
    Dry,
    /// A drum machine.
    House,
}

/// What an instrument needs to know of a note.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// The pitch as a MIDI number with a fraction.
    pub pitch: f32,
    /// The pitch in hertz.
    pub hertz: f32,
    /// The velocity, 0 to 1.
    pub velocity: f32,
    /// How long the note is held, in seconds.
    pub seconds: f32,
    /// The set of drums.
    pub kit: Kit,
}

impl Stroke {
    /// A frequency for a drum whose own is `natural`, at most `most` semitones away: that of the pitch, in the nearest octave.
    pub(super) fn near(&self, natural: f32, most: f32) -> f32 {
        let own = 69.0 + 12.0 * libm::log2f(natural / 440.0);
        let away = self.pitch - own;
        let folded = away - 12.0 * libm::roundf(away / 12.0);
        natural * libm::exp2f(folded.clamp(-most, most) / 12.0)
    }

    /// (261.6 / pitch)^power: how times shrink from low to high notes.
    pub(super) fn lower(&self, power: f32) -> f32 {
        libm::powf(261.63 / self.hertz.clamp(20.0, 8_000.0), power)
    }
}

/// What a note is made of.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::large_enum_variant, reason = "it lives on the stack for the start of one note")]
pub enum Sound {
    /// Decaying partials; the pitch in hertz that they are multiples of.
    Struck(StruckSpec, f32),
    /// Phase modulation.
    PhaseMod(PhaseModSpec),
    /// Oscillators that last, and a glide of the instrument itself.
    Sustained(SustainedSpec, Option<Glide>),
    /// A drum.
    Drum(DrumSpec),
}

/// Amplitudes of partials from levels in decibels.
pub(super) fn levels<const N: usize>(decibels: [f32; N]) -> [f32; N] {
    decibels.map(math::gain)
}

/// A number as `f32`: the number of a partial.
pub(super) fn number(n: usize) -> f32 {
    n as f32
}
