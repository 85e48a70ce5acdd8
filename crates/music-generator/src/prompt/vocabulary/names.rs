//! The names that a vocabulary file uses for instruments, noises, styles, modes and stems.

use crate::types::config::Mode;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;
use crate::types::target::{Noise, Style};

/// Every instrument with its name in a vocabulary file and the stem that it belongs to.
#[rustfmt::skip]
pub const INSTRUMENTS: &[(&str, Instrument, Stem)] = &[
    ("kick", Instrument::Kick, Stem::Drums),
    ("snare", Instrument::Snare, Stem::Drums),
    ("rim", Instrument::Rim, Stem::Drums),
    ("clap", Instrument::Clap, Stem::Drums),
    ("hat-closed", Instrument::HatClosed, Stem::Drums),
    ("hat-open", Instrument::HatOpen, Stem::Drums),
    ("ride", Instrument::Ride, Stem::Drums),
    ("shaker", Instrument::Shaker, Stem::Drums),
    ("brush", Instrument::Brush, Stem::Drums),
    ("bongo", Instrument::Bongo, Stem::Drums),
    ("taiko", Instrument::Taiko, Stem::Drums),
    ("riser", Instrument::Riser, Stem::Drums),
    ("crash", Instrument::Crash, Stem::Drums),
    ("tabla-na", Instrument::TablaNa, Stem::Drums),
    ("tabla-tin", Instrument::TablaTin, Stem::Drums),
    ("tabla-tun", Instrument::TablaTun, Stem::Drums),
    ("tabla-te", Instrument::TablaTe, Stem::Drums),
    ("tabla-ge", Instrument::TablaGe, Stem::Drums),
    ("tabla-ka", Instrument::TablaKa, Stem::Drums),
    ("upright", Instrument::Upright, Stem::Bass),
    ("sub-bass", Instrument::SubBass, Stem::Bass),
    ("bass-808", Instrument::Bass808, Stem::Bass),
    ("synth-bass", Instrument::SynthBass, Stem::Bass),
    ("electric-piano", Instrument::ElectricPiano, Stem::Harmony),
    ("felt-piano", Instrument::FeltPiano, Stem::Harmony),
    ("grand-piano", Instrument::GrandPiano, Stem::Harmony),
    ("organ", Instrument::Organ, Stem::Harmony),
    ("guitar", Instrument::Guitar, Stem::Harmony),
    ("harp", Instrument::Harp, Stem::Harmony),
    ("pad", Instrument::Pad, Stem::Harmony),
    ("strings", Instrument::Strings, Stem::Harmony),
    ("choir", Instrument::Choir, Stem::Harmony),
    ("stab", Instrument::Stab, Stem::Harmony),
    ("vibraphone", Instrument::Vibraphone, Stem::Lead),
    ("celesta", Instrument::Celesta, Stem::Lead),
    ("music-box", Instrument::MusicBox, Stem::Lead),
    ("kalimba", Instrument::Kalimba, Stem::Lead),
    ("bells", Instrument::Bells, Stem::Lead),
    ("glass", Instrument::Glass, Stem::Lead),
    ("flute", Instrument::Flute, Stem::Lead),
    ("bansuri", Instrument::Bansuri, Stem::Lead),
    ("shakuhachi", Instrument::Shakuhachi, Stem::Lead),
    ("sitar", Instrument::Sitar, Stem::Lead),
    ("santoor", Instrument::Santoor, Stem::Lead),
    ("koto", Instrument::Koto, Stem::Lead),
    ("synth-lead", Instrument::SynthLead, Stem::Lead),
    ("arpeggio", Instrument::Arpeggio, Stem::Lead),
    ("cello", Instrument::Cello, Stem::Lead),
    ("violin", Instrument::Violin, Stem::Lead),
    ("pizzicato", Instrument::Pizzicato, Stem::Lead),
    ("horn", Instrument::Horn, Stem::Lead),
    ("brass", Instrument::Brass, Stem::Lead),
    ("tanpura", Instrument::Tanpura, Stem::Texture),
];

/// Every noise with its name.
#[rustfmt::skip]
pub const NOISES: &[(&str, Noise)] = &[
    ("vinyl", Noise::Vinyl), ("hiss", Noise::Hiss), ("rain", Noise::Rain), ("thunder", Noise::Thunder), ("ocean", Noise::Ocean),
    ("river", Noise::River), ("wind", Noise::Wind), ("fire", Noise::Fire), ("birds", Noise::Birds), ("cafe", Noise::Cafe),
    ("city", Noise::City), ("train", Noise::Train),
];

/// Every style with its name.
#[rustfmt::skip]
pub const STYLES: &[(&str, Style)] = &[
    ("lofi", Style::Lofi), ("indian-lofi", Style::IndianLofi), ("ambient", Style::Ambient), ("cinematic", Style::Cinematic),
    ("house", Style::House), ("piano", Style::Piano),
];

/// Every mode with its name.
#[rustfmt::skip]
pub const MODES: &[(&str, Mode)] = &[
    ("ionian", Mode::Ionian), ("dorian", Mode::Dorian), ("phrygian", Mode::Phrygian), ("lydian", Mode::Lydian),
    ("mixolydian", Mode::Mixolydian), ("aeolian", Mode::Aeolian),
];

/// Every stem with its name.
#[rustfmt::skip]
pub const STEMS: &[(&str, Stem)] = &[
    ("drums", Stem::Drums), ("bass", Stem::Bass), ("harmony", Stem::Harmony), ("lead", Stem::Lead), ("texture", Stem::Texture),
];

/// The name of an instrument in a vocabulary file.
pub fn instrument_name(instrument: Instrument) -> &'static str {
    INSTRUMENTS.iter().find(|(_, known, _)| *known == instrument).map_or("", |(name, ..)| name)
}

/// The stem that an instrument belongs to.
pub fn instrument_stem(instrument: Instrument) -> Stem {
    INSTRUMENTS.iter().find(|(_, known, _)| *known == instrument).map_or(Stem::Lead, |(.., stem)| *stem)
}

/// The name of a noise in a vocabulary file.
pub fn noise_name(noise: Noise) -> &'static str {
    NOISES.iter().find(|(_, known)| *known == noise).map_or("", |(name, _)| name)
}

/// The name of a style in a vocabulary file.
pub fn style_name(style: Style) -> &'static str {
    STYLES.iter().find(|(_, known)| *known == style).map_or("", |(name, _)| name)
}
