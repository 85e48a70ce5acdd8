//! Where an instrument is: level, place between the loudspeakers, sends.

use crate::types::instrument::Instrument;

/// Level, place and sends of an instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// The gain that makes all instruments equally loud, in decibels.
    pub level_db: f32,
    /// From left (-1) to right (1).
    pub pan: f32,
    /// To the room, in addition to the stem's send, in decibels.
    pub room_db: f32,
    /// To the delay, in addition to the stem's send, in decibels.
    pub echo_db: f32,
}

/// The placement of an instrument.
#[rustfmt::skip]
pub const fn placement(instrument: Instrument) -> Placement {
    use Instrument as I;
    let (level_db, pan, room_db, echo_db) = match instrument {
        I::Kick => (0.0, 0.0, -18.0, -90.0),
        I::Snare => (0.0, 0.04, 0.0, -90.0),
        I::Rim => (0.0, -0.1, 0.0, -90.0),
        I::Clap => (0.0, 0.0, 0.0, -90.0),
        I::HatClosed => (0.0, 0.28, -8.0, -90.0),
        I::HatOpen => (0.0, 0.28, -8.0, -90.0),
        I::Ride => (0.0, -0.32, -4.0, -90.0),
        I::Shaker => (0.0, -0.35, -4.0, -90.0),
        I::Brush => (0.0, 0.1, -2.0, -90.0),
        I::Bongo => (0.0, 0.3, 0.0, -90.0),
        I::Taiko => (0.0, -0.1, 3.0, -90.0),
        I::Riser => (0.0, 0.0, 6.0, -90.0),
        I::Crash => (0.0, -0.25, 2.0, -90.0),
        I::TablaNa | I::TablaTin | I::TablaTun | I::TablaTe => (0.0, 0.25, 2.0, -90.0),
        I::TablaGe | I::TablaKa => (0.0, -0.15, -2.0, -90.0),
        I::Upright => (0.0, 0.0, 0.0, -90.0),
        I::SubBass | I::Bass808 | I::SynthBass => (0.0, 0.0, -12.0, -90.0),
        I::ElectricPiano => (0.0, 0.0, 0.0, 0.0),
        I::FeltPiano | I::GrandPiano => (0.0, 0.0, 0.0, -12.0),
        I::Organ => (0.0, 0.0, 0.0, -12.0),
        I::Guitar => (0.0, -0.2, 0.0, 0.0),
        I::Harp => (0.0, -0.25, 2.0, 0.0),
        I::Pad => (0.0, 0.0, 3.0, -6.0),
        I::Strings => (0.0, 0.0, 3.0, -12.0),
        I::Choir => (0.0, 0.0, 4.0, -8.0),
        I::Stab => (0.0, 0.0, 0.0, 8.0),
        I::Vibraphone => (0.0, 0.15, 1.0, 0.0),
        I::Celesta | I::MusicBox => (0.0, 0.2, 2.0, 0.0),
        I::Kalimba => (0.0, -0.15, 1.0, 0.0),
        I::Bells => (0.0, 0.1, 4.0, 0.0),
        I::Glass => (0.0, 0.1, 4.0, 2.0),
        I::Flute => (0.0, 0.12, 1.0, 0.0),
        I::Bansuri | I::Shakuhachi => (0.0, 0.1, 2.0, 0.0),
        I::Sitar => (0.0, -0.12, 1.0, 0.0),
        I::Santoor => (0.0, 0.2, 1.0, 0.0),
        I::Koto => (0.0, -0.15, 1.0, 0.0),
        I::SynthLead => (0.0, 0.1, 0.0, 2.0),
        I::Arpeggio => (0.0, -0.1, 0.0, 4.0),
        I::Cello => (0.0, -0.25, 1.0, -12.0),
        I::Violin => (0.0, 0.3, 1.0, -12.0),
        I::Pizzicato => (0.0, 0.2, 2.0, -6.0),
        I::Horn => (0.0, 0.2, 3.0, -12.0),
        I::Brass => (0.0, -0.1, 2.0, -12.0),
        I::Tanpura => (0.0, 0.0, 0.0, -90.0),
    };
    Placement { level_db, pan, room_db, echo_db }
}
