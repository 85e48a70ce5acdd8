//! Which preset of a sound font an instrument uses.

use crate::types::general_midi::{GeneralMidi, general_midi};
use crate::types::instrument::Instrument;

/// The program number of General MIDI, 0 to 127; none for instruments that stay built in: the percussion, and those that are only near
/// to a program.
pub const fn program_number(instrument: Instrument) -> Option<u8> {
    use Instrument as I;
    match (instrument, general_midi(instrument)) {
        (I::SubBass | I::Bass808 | I::Stab | I::Glass | I::Bansuri | I::SynthLead | I::Arpeggio | I::Tanpura, _)
        | (_, GeneralMidi::Percussion(_)) => None,
        (_, GeneralMidi::Program(number)) => Some(number),
    }
}
