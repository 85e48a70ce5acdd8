//! Instruments as General MIDI numbers them.

use super::instrument::Instrument;

/// A number of General MIDI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeneralMidi {
    /// A program, 0 to 127.
    Program(u8),
    /// A key of the percussion channel.
    Percussion(u8),
}

/// The program of an instrument, or its key among the percussion; that of the nearest sound where it has none of its own.
#[rustfmt::skip]
pub const fn general_midi(instrument: Instrument) -> GeneralMidi {
    use GeneralMidi::{Percussion, Program};
    use Instrument as I;
    match instrument {
        I::Kick => Percussion(36), I::Snare | I::Brush => Percussion(38), I::Rim => Percussion(37), I::Clap => Percussion(39),
        I::HatClosed => Percussion(42), I::HatOpen => Percussion(46), I::Ride => Percussion(51), I::Shaker => Percussion(70),
        I::Bongo => Percussion(60), I::Taiko => Percussion(41), I::Crash | I::Riser => Percussion(49),
        I::TablaNa => Percussion(62), I::TablaTin => Percussion(63), I::TablaTun => Percussion(60), I::TablaTe => Percussion(65),
        I::TablaGe => Percussion(64), I::TablaKa => Percussion(61),
        I::Upright => Program(32), I::SubBass | I::Bass808 => Program(39), I::SynthBass => Program(38),
        I::ElectricPiano => Program(4), I::FeltPiano | I::GrandPiano => Program(0), I::Organ => Program(16),
        I::Guitar => Program(24), I::Harp => Program(46), I::Pad => Program(89), I::Strings => Program(48),
        I::Choir => Program(52), I::Stab => Program(90), I::Vibraphone => Program(11), I::Celesta => Program(8),
        I::MusicBox => Program(10), I::Kalimba => Program(108), I::Bells => Program(14), I::Glass => Program(92),
        I::Flute | I::Bansuri => Program(73), I::Shakuhachi => Program(77), I::Sitar => Program(104),
        I::Santoor => Program(15), I::Koto => Program(107), I::SynthLead => Program(81), I::Arpeggio => Program(80),
        I::Cello => Program(42), I::Violin => Program(40), I::Pizzicato => Program(45), I::Horn => Program(60),
        I::Brass => Program(61), I::Tanpura => Program(104),
    }
}
