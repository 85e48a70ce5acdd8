//! Instruments.

/// What a [`Note`](super::note::Note) is played on. The drums are one instrument each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[rustfmt::skip]
#[allow(missing_docs, reason = "the names are the words of musicians")]
pub enum Instrument {
    // Drums and percussion; the pitch tunes them.
    Kick, Snare, Rim, Clap, HatClosed, HatOpen, Ride, Shaker, Brush, Bongo, Taiko, Riser, Crash,
    // Tabla: strokes of the right drum (dayan) and of the left drum (bayan).
    TablaNa, TablaTin, TablaTun, TablaTe, TablaGe, TablaKa,
    // Bass.
    Upright, SubBass, Bass808, SynthBass,
    // Chords and pads.
    ElectricPiano, FeltPiano, GrandPiano, Organ, Guitar, Harp, Pad, Strings, Choir, Stab,
    // Melody.
    Vibraphone, Celesta, MusicBox, Kalimba, Bells, Glass, Flute, Bansuri, Shakuhachi, Sitar, Santoor, Koto,
    SynthLead, Arpeggio, Cello, Violin, Pizzicato, Horn, Brass,
    // Texture.
    Tanpura,
}

impl Instrument {
    /// All instruments.
    #[rustfmt::skip]
    pub const ALL: [Self; 53] = {
        use Instrument::*;
        [
            Kick, Snare, Rim, Clap, HatClosed, HatOpen, Ride, Shaker, Brush, Bongo, Taiko, Riser, Crash,
            TablaNa, TablaTin, TablaTun, TablaTe, TablaGe, TablaKa,
            Upright, SubBass, Bass808, SynthBass,
            ElectricPiano, FeltPiano, GrandPiano, Organ, Guitar, Harp, Pad, Strings, Choir, Stab,
            Vibraphone, Celesta, MusicBox, Kalimba, Bells, Glass, Flute, Bansuri, Shakuhachi, Sitar, Santoor, Koto,
            SynthLead, Arpeggio, Cello, Violin, Pizzicato, Horn, Brass,
            Tanpura,
        ]
    };

    /// Its place in [`Instrument::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}
