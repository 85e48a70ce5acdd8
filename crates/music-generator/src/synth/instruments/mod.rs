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
mod stroke;
mod synthesizers;
mod tabla;
mod tanpura;
mod winds;

#[cfg(test)]
mod tests;

pub use placement::{Placement, placement};
pub use stroke::{Kit, Sound, Stroke};

use crate::types::instrument::Instrument;

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
