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
        I::Kick => (1.3, 0.0, -18.0, -90.0),
        I::Snare => (5.1, 0.04, 0.0, -90.0),
        I::Rim => (4.8, -0.1, 0.0, -90.0),
        I::Clap => (0.1, 0.0, 0.0, -90.0),
        I::HatClosed => (3.4, 0.35, -6.0, -90.0),
        I::HatOpen => (-2.3, 0.35, -6.0, -90.0),
        I::Ride => (-1.1, -0.32, -4.0, -90.0),
        I::Shaker => (8.4, -0.42, -4.0, -90.0),
        I::Brush => (-1.1, 0.1, -2.0, -90.0),
        I::Bongo => (-3.9, 0.3, 0.0, -90.0),
        I::Taiko => (-3.2, -0.1, 3.0, -90.0),
        I::Riser => (-11.6, 0.0, 6.0, -90.0),
        I::Crash => (-5.4, -0.25, 2.0, -90.0),
        I::TablaNa => (-7.8, 0.25, 2.0, -90.0),
        I::TablaTin => (-8.1, 0.25, 2.0, -90.0),
        I::TablaTun => (-8.1, 0.25, 2.0, -90.0),
        I::TablaTe => (-1.7, 0.25, 2.0, -90.0),
        I::TablaGe => (-5.4, -0.15, -2.0, -90.0),
        I::TablaKa => (4.4, -0.15, -2.0, -90.0),
        I::Upright => (-9.5, 0.0, 0.0, -90.0),
        I::SubBass => (-11.8, 0.0, -12.0, -90.0),
        I::Bass808 => (-8.7, 0.0, -12.0, -90.0),
        I::SynthBass => (-6.6, 0.0, -12.0, -90.0),
        I::ElectricPiano => (-7.8, 0.0, 0.0, 0.0),
        I::FeltPiano => (-8.4, 0.0, 0.0, -12.0),
        I::GrandPiano => (-9.3, 0.0, 0.0, -12.0),
        I::Organ => (-9.4, 0.0, 0.0, -12.0),
        I::Guitar => (-11.4, -0.2, 0.0, 0.0),
        I::Harp => (-8.9, -0.25, 2.0, 0.0),
        I::Pad => (-7.3, 0.0, 3.0, -6.0),
        I::Strings => (-6.8, 0.0, 3.0, -12.0),
        I::Choir => (-6.2, 0.0, 4.0, -8.0),
        I::Stab => (-5.8, 0.0, 0.0, 8.0),
        I::Vibraphone => (-8.6, 0.15, 1.0, 0.0),
        I::Celesta => (-9.1, 0.2, 2.0, 0.0),
        I::MusicBox => (-9.3, 0.2, 2.0, 0.0),
        I::Kalimba => (-7.6, -0.15, 1.0, 0.0),
        I::Bells => (-11.9, 0.1, 4.0, 0.0),
        I::Glass => (-12.3, 0.1, 4.0, 2.0),
        I::Flute => (-15.8, 0.12, 1.0, 0.0),
        I::Bansuri => (-14.8, 0.1, 2.0, 0.0),
        I::Shakuhachi => (-14.1, 0.1, 2.0, 0.0),
        I::Sitar => (-12.6, -0.12, 1.0, 0.0),
        I::Santoor => (-17.3, 0.2, 1.0, 0.0),
        I::Koto => (-17.2, -0.15, 1.0, 0.0),
        I::SynthLead => (-12.8, 0.1, 0.0, 2.0),
        I::Arpeggio => (-2.7, -0.1, 0.0, 4.0),
        I::Cello => (-7.9, -0.25, 1.0, -12.0),
        I::Violin => (-8.9, 0.3, 1.0, -12.0),
        I::Pizzicato => (-3.0, 0.2, 2.0, -6.0),
        I::Horn => (-16.2, 0.2, 3.0, -12.0),
        I::Brass => (-9.0, -0.1, 2.0, -12.0),
        I::Tanpura => (-22.2, 0.0, 0.0, -90.0),
    };
    Placement { level_db, pan, room_db, echo_db }
}
