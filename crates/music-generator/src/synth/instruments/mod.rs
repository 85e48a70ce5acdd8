//! Instruments: the numbers from which voices are made.
//!
//! Each file has the instruments of a kind. Levels of partials, attacks and decays follow measurements of sampled instruments; the
//! tests of this module compare what sounds with them.

mod bass;
mod bells;
mod bowed;
mod choir;
mod cymbals;
mod drums;
mod electric_piano;
mod mallets;
mod organ;
mod pads;
mod piano;
mod placement;
mod plucked;
mod sitar;
mod synthesizers;
mod tabla;
mod tanpura;
mod winds;

#[cfg(test)]
mod tests;

pub use placement::{Placement, placement};

use super::voices::drum::DrumSpec;
use super::voices::phase_mod::PhaseModSpec;
use super::voices::struck::StruckSpec;
use super::voices::sustained::SustainedSpec;
use crate::types::instrument::Instrument;
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
    fn near(&self, natural: f32, most: f32) -> f32 {
        let own = 69.0 + 12.0 * libm::log2f(natural / 440.0);
        let away = self.pitch - own;
        let folded = away - 12.0 * libm::roundf(away / 12.0);
        natural * libm::exp2f(folded.clamp(-most, most) / 12.0)
    }

    /// (261.6 / pitch)^power: how times shrink from low to high notes.
    fn lower(&self, power: f32) -> f32 {
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

/// The sound of a note.
#[rustfmt::skip]
pub fn sound(instrument: Instrument, stroke: &Stroke) -> Sound {
    use Instrument as I;
    match instrument {
        I::Kick => Sound::Drum(drums::kick(stroke)),
        I::Snare => Sound::Drum(drums::snare(stroke)),
        I::Rim => Sound::Drum(drums::rim(stroke)),
        I::Clap => Sound::Drum(drums::clap(stroke)),
        I::Brush => Sound::Drum(drums::brush(stroke)),
        I::Bongo => drums::bongo(stroke),
        I::Taiko => drums::taiko(stroke),
        I::HatClosed => Sound::Drum(cymbals::hat_closed(stroke)),
        I::HatOpen => Sound::Drum(cymbals::hat_open(stroke)),
        I::Ride => Sound::Drum(cymbals::ride(stroke)),
        I::Shaker => Sound::Drum(cymbals::shaker(stroke)),
        I::Crash => Sound::Drum(cymbals::crash(stroke)),
        I::Riser => cymbals::riser(stroke),
        I::TablaNa | I::TablaTin | I::TablaTun | I::TablaTe | I::TablaGe | I::TablaKa => tabla::stroke(instrument, stroke),
        I::Upright => Sound::Struck(bass::upright(stroke), stroke.hertz),
        I::SubBass => Sound::Sustained(bass::sub(stroke), None),
        I::Bass808 => Sound::Sustained(bass::bass_808(stroke), None),
        I::SynthBass => Sound::Sustained(bass::synth(stroke), None),
        I::ElectricPiano => Sound::PhaseMod(electric_piano::electric_piano(stroke)),
        I::FeltPiano => Sound::Struck(piano::felt(stroke), stroke.hertz),
        I::GrandPiano => Sound::Struck(piano::grand(stroke), stroke.hertz),
        I::Organ => Sound::Sustained(organ::organ(stroke), None),
        I::Guitar => Sound::Struck(plucked::guitar(stroke), stroke.hertz),
        I::Harp => Sound::Struck(plucked::harp(stroke), stroke.hertz),
        I::Koto => Sound::Struck(plucked::koto(stroke), stroke.hertz),
        I::Pizzicato => Sound::Struck(plucked::pizzicato(stroke), stroke.hertz),
        I::Santoor => Sound::Struck(plucked::santoor(stroke), stroke.hertz),
        I::Pad => Sound::Sustained(pads::pad(stroke), None),
        I::Strings => Sound::Sustained(pads::strings(stroke), None),
        I::Choir => Sound::Sustained(choir::choir(stroke), None),
        I::Stab => Sound::Sustained(synthesizers::stab(stroke), None),
        I::SynthLead => Sound::Sustained(synthesizers::lead(stroke), None),
        I::Arpeggio => Sound::Sustained(synthesizers::arpeggio(stroke), None),
        I::Vibraphone => Sound::Struck(mallets::vibraphone(stroke), stroke.hertz),
        I::Celesta => Sound::Struck(mallets::celesta(stroke), stroke.hertz),
        I::MusicBox => Sound::Struck(mallets::music_box(stroke), stroke.hertz),
        I::Kalimba => Sound::Struck(mallets::kalimba(stroke), stroke.hertz),
        I::Bells => Sound::Struck(bells::bells(stroke), stroke.hertz),
        I::Glass => Sound::PhaseMod(bells::glass(stroke)),
        I::Flute => Sound::Sustained(winds::flute(stroke), None),
        I::Bansuri => Sound::Sustained(winds::bansuri(stroke), None),
        I::Shakuhachi => Sound::Sustained(winds::shakuhachi(stroke), None),
        I::Horn => Sound::Sustained(winds::horn(stroke), None),
        I::Brass => Sound::Sustained(winds::brass(stroke), None),
        I::Sitar => Sound::Struck(sitar::sitar(stroke), stroke.hertz),
        I::Cello => Sound::Sustained(bowed::cello(stroke), None),
        I::Violin => Sound::Sustained(bowed::violin(stroke), None),
        I::Tanpura => Sound::Struck(tanpura::tanpura(stroke), stroke.hertz),
    }
}

/// Amplitudes of partials from levels in decibels.
fn levels<const N: usize>(decibels: [f32; N]) -> [f32; N] {
    decibels.map(super::kernels::math::gain)
}

/// A number as `f32`: the number of a partial.
fn number(n: usize) -> f32 {
    n as f32
}
