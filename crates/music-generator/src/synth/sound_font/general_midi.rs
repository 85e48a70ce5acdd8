//! Which preset of General MIDI an instrument uses.

use crate::types::instrument::Instrument;

/// The program number of General MIDI, 0 to 127; none for instruments that stay built in.
#[rustfmt::skip]
pub const fn program_number(instrument: Instrument) -> Option<u8> {
    use Instrument as I;
    Some(match instrument {
        I::GrandPiano | I::FeltPiano => 0,
        I::ElectricPiano => 4,
        I::Celesta => 8,
        I::MusicBox => 10,
        I::Vibraphone => 11,
        I::Bells => 14,
        I::Santoor => 15,
        I::Organ => 16,
        I::Guitar => 24,
        I::Upright => 32,
        I::SynthBass => 38,
        I::Violin => 40,
        I::Cello => 42,
        I::Pizzicato => 45,
        I::Harp => 46,
        I::Strings => 48,
        I::Choir => 52,
        I::Horn => 60,
        I::Brass => 61,
        I::Flute => 73,
        I::Shakuhachi => 77,
        I::Pad => 89,
        I::Sitar => 104,
        I::Koto => 107,
        I::Kalimba => 108,
        _ => return None,
    })
}
