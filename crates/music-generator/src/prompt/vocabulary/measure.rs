//! What a word must change: a test holds every entry to it.

use super::names::{MODES, NOISES, STYLES, instrument_name};
use crate::prompt::mapping;
use crate::types::stem::Stem;
use crate::types::target::{Medium, Target};

/// A property of a [`Target`] that a word can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// From sad (-1) to happy (1).
    Valence,
    /// From calm (-1) to excited (1).
    Arousal,
    /// How much happens, 0 to 1.
    Density,
    /// How bright the sound is, 0 to 1.
    Brightness,
    /// The tempo in per cent of the tempo of the style.
    Bpm,
    /// The register in semitones.
    Register,
    /// The level of the reverb in decibels.
    Reverb,
    /// How much the music varies, 0 to 3.
    Temperature,
    /// The place of an off-beat sixteenth in its eighth. The number in the file is the place itself, not a change.
    Swing,
    /// Quarter notes in a bar. The number in the file is the count itself, not a change.
    Meter,
    /// The mode.
    Mode,
    /// The style with the largest share.
    Style,
    /// An instrument that sounds.
    Instrument,
    /// A stem that is louder.
    Louder,
    /// A stem that is quieter.
    Quieter,
    /// A stem that is silent.
    Mutes,
    /// A noise that sounds.
    Noise,
    /// A property of the medium: `wow`, `low-cut`, `high-cut`, `bits` or `mono`.
    Medium,
    /// The raga, when the style is the Indian one.
    Raga,
}

/// All measures with their names.
pub const MEASURES: &[(&str, Measure)] = &[
    ("valence", Measure::Valence),
    ("arousal", Measure::Arousal),
    ("density", Measure::Density),
    ("brightness", Measure::Brightness),
    ("bpm", Measure::Bpm),
    ("register", Measure::Register),
    ("reverb", Measure::Reverb),
    ("temperature", Measure::Temperature),
    ("swing", Measure::Swing),
    ("meter", Measure::Meter),
    ("mode", Measure::Mode),
    ("style", Measure::Style),
    ("instrument", Measure::Instrument),
    ("louder", Measure::Louder),
    ("quieter", Measure::Quieter),
    ("mutes", Measure::Mutes),
    ("noise", Measure::Noise),
    ("medium", Measure::Medium),
    ("raga", Measure::Raga),
];

/// A change that a word must make.
#[derive(Clone, Debug, PartialEq)]
pub enum Move {
    /// A number must change by at least this much, in the direction of the sign.
    Number {
        /// What changes.
        measure: Measure,
        /// The least change; negative when the number must fall.
        least: f32,
    },
    /// Something must become what the name says.
    Name {
        /// What changes.
        measure: Measure,
        /// What it becomes.
        to: String,
    },
}

/// The name of a measure.
pub fn measure_name(measure: Measure) -> &'static str {
    MEASURES.iter().find(|(_, known)| *known == measure).map_or("", |(name, _)| name)
}

/// The value of a measure that is a number.
fn value(measure: Measure, target: &Target) -> f32 {
    match measure {
        Measure::Valence => target.valence,
        Measure::Arousal => target.arousal,
        Measure::Density => target.density,
        Measure::Brightness => target.brightness,
        Measure::Register => mapping::register(target),
        Measure::Reverb => target.reverb_db,
        Measure::Temperature => target.temperature,
        Measure::Swing => target.swing.unwrap_or(0.0),
        Measure::Meter => target.beats_per_bar.map_or(0.0, f32::from),
        #[allow(clippy::cast_possible_truncation, reason = "a factor near 1")]
        Measure::Bpm => (mapping::tempo_factor(target) * 100.0) as f32,
        _ => 0.0,
    }
}

/// Whether the medium differs in the named property.
fn medium_differs(name: &str, a: &Medium, b: &Medium) -> bool {
    match name {
        "wow" => (a.wow - b.wow).abs() > 0.01,
        "low-cut" => (a.low_cut - b.low_cut).abs() > 1.0,
        "high-cut" => (a.high_cut - b.high_cut).abs() > 100.0,
        "bits" => a.bits != b.bits,
        "mono" => a.mono != b.mono,
        _ => false,
    }
}

/// The stem with this name.
fn stem(name: &str) -> Option<Stem> {
    Stem::ALL.into_iter().find(|stem| stem.name() == name)
}

impl Move {
    /// Whether the change from `before` to `after` is the one that is demanded.
    pub fn is_made(&self, before: &Target, after: &Target) -> bool {
        match self {
            Self::Number { measure: measure @ (Measure::Swing | Measure::Meter), least } => {
                (value(*measure, after) - least).abs() < 0.005
            }
            Self::Number { measure, least } => {
                let change = value(*measure, after) - value(*measure, before);
                change * least > 0.0 && change.abs() >= least.abs()
            }
            Self::Name { measure, to } => match measure {
                Measure::Mode => MODES.iter().any(|(name, mode)| name == to && after.mode == Some(*mode)),
                Measure::Style => STYLES.iter().any(|(name, style)| name == to && after.style() == *style),
                Measure::Instrument => after.instruments.keys().any(|key| instrument_name(*key) == to),
                Measure::Noise => NOISES
                    .iter()
                    .any(|(name, noise)| name == to && after.noises.get(noise).is_some_and(|level| *level > 0.1)),
                Measure::Medium => medium_differs(to, &before.medium, &after.medium),
                Measure::Raga => after.raga.as_deref() == Some(to),
                Measure::Louder => stem(to)
                    .is_some_and(|stem| after.stem_gains_db[stem.index()] > before.stem_gains_db[stem.index()] + 0.5),
                Measure::Quieter => stem(to)
                    .is_some_and(|stem| after.stem_gains_db[stem.index()] < before.stem_gains_db[stem.index()] - 0.5),
                Measure::Mutes => stem(to).is_some_and(|stem| after.muted[stem.index()] && !before.muted[stem.index()]),
                _ => false,
            },
        }
    }

    /// The change in words, as in `arousal -0.5`.
    pub fn text(&self) -> String {
        match self {
            Self::Number { measure, least } => format!("{} {least:+}", measure_name(*measure)),
            Self::Name { measure, to } => format!("{} {to}", measure_name(*measure)),
        }
    }
}
