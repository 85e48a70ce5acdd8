//! What a word of the vocabulary means.

use toml_edit::Item;

use super::error::VocabularyError;
use super::fields::{Fields, number};
use super::measure::{MEASURES, Move};
use super::names::{INSTRUMENTS, MODES, NOISES, STEMS, STYLES};
use crate::types::config::Mode;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;
use crate::types::target::{Noise, Style};

/// The kind of a word. It decides what a negation of the word means and where the noun phrase of a negation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// A mood or a quality of the sound: "sad", "bright".
    Mood,
    /// A tempo or a feel: "slow", "swung".
    Tempo,
    /// A genre: "techno".
    Genre,
    /// A place: "cafe".
    Place,
    /// Weather: "rain".
    Weather,
    /// A time of the day or of the year: "night".
    Time,
    /// An era or a medium: "1980s", "cassette".
    Era,
    /// An instrument or a stem: "cello", "drums".
    Instrument,
    /// A scale: "dorian".
    Scale,
    /// A raga: "yaman".
    Raga,
}

impl Group {
    /// All groups with the names of their tables.
    pub const ALL: [(&'static str, Self); 10] = [
        ("mood", Self::Mood),
        ("tempo", Self::Tempo),
        ("genre", Self::Genre),
        ("place", Self::Place),
        ("weather", Self::Weather),
        ("time", Self::Time),
        ("era", Self::Era),
        ("instrument", Self::Instrument),
        ("scale", Self::Scale),
        ("raga", Self::Raga),
    ];

    /// Whether a word of the group is a noun, which ends the noun phrase of a negation. Moods and tempi are adjectives.
    pub const fn is_noun(self) -> bool {
        !matches!(self, Self::Mood | Self::Tempo)
    }
}

/// How an era or a medium colours the mix. What is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Colour {
    /// Depth of wow and flutter, 0 to 4; 1 is that of the style.
    pub wow: Option<f32>,
    /// The lowest frequency in hertz, 20 to 1,000.
    pub low_cut: Option<f32>,
    /// The highest frequency in hertz, 200 to 20,000.
    pub high_cut: Option<f32>,
    /// Bits of a sampler, 4 to 24.
    pub bits: Option<u8>,
    /// Whether it is mono.
    pub mono: bool,
}

/// What a word means.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The word that names the entry.
    pub name: String,
    /// Its kind.
    pub group: Group,
    /// From sad (-1) to happy (1).
    pub valence: f32,
    /// From calm (-1) to excited (1).
    pub arousal: f32,
    /// What it adds to the density, -1 to 1.
    pub density: f32,
    /// What it adds to the brightness, -1 to 1.
    pub brightness: f32,
    /// The factor of the tempo, 0.5 to 2.
    pub tempo: f64,
    /// What it adds to the level of the reverb, in decibels, -12 to 12.
    pub reverb: f32,
    /// What it adds to the temperature, -3 to 3.
    pub temperature: f32,
    /// The mode.
    pub mode: Option<Mode>,
    /// The styles that it names, in equal shares.
    pub styles: Vec<Style>,
    /// The style that it suggests when no prompt names one.
    pub suggests: Option<Style>,
    /// Instruments that sound.
    pub instruments: Vec<Instrument>,
    /// Instruments of the same kind, which a negation of the word silences too.
    pub family: Vec<Instrument>,
    /// The stem that the word names, or the stem in which its instruments have their role.
    pub stem: Option<Stem>,
    /// Whether the word names the whole stem: "drums".
    pub whole_stem: bool,
    /// Stems that the word silences: "drumless".
    pub mutes: Vec<Stem>,
    /// Stems that are 3 dB quieter.
    pub quieter: Vec<Stem>,
    /// Noises.
    pub noises: Vec<Noise>,
    /// The level of the noises, 0 to 1.
    pub noise_level: f32,
    /// The colour of the mix.
    pub colour: Colour,
    /// The place of an off-beat sixteenth in its eighth, 0.5 to 0.667.
    pub swing: Option<f32>,
    /// Quarter notes in a bar, 2 to 7.
    pub meter: Option<u8>,
    /// Ragas: the one that the word names, or those that suit it in the Indian style.
    pub ragas: Vec<String>,
    /// What the word must change, and by how much at least.
    pub moves: Vec<Move>,
}

/// The fields that an entry may have.
#[rustfmt::skip]
pub(super) const FIELDS: &[&str] = &[
    "valence", "arousal", "density", "brightness", "tempo", "reverb", "temperature", "mode", "style", "suggests", "instruments",
    "family", "stem", "whole-stem", "mutes", "quieter", "noise", "noise-level", "wow", "low-cut", "high-cut", "bits", "mono", "swing", "meter",
    "raga", "moves",
];

/// The level of a noise that is named.
const NOISE_LEVEL: f64 = 0.6;

impl Entry {
    /// Reads the entry `name` of the table of `group`.
    pub(super) fn read(
        file: &str,
        table: &str,
        group: Group,
        name: &str,
        item: &Item,
        allowed: &[&str],
    ) -> Result<Self, VocabularyError> {
        let fields = Fields::new(file, &format!("{table}.{name}"), item, allowed)?;
        let instruments: Vec<(&str, Instrument)> = INSTRUMENTS.iter().map(|(name, value, _)| (*name, *value)).collect();
        let small = |field, low, high, missing| fields.number(field, low, high, missing).map(narrow);
        let optional = |field, low, high| match fields.get(field) {
            Some(_) => fields.number(field, low, high, low).map(|value| Some(narrow(value))),
            None => Ok(None),
        };
        let whole = |field, low, high| {
            fields.integer(field, low, high).map(|value| value.and_then(|value| u8::try_from(value).ok()))
        };
        let flag = |field| match fields.get(field) {
            None => Ok(false),
            Some(item) => item.as_bool().ok_or_else(|| fields.wrong(field, item, "true or false")),
        };
        let noises = fields.names("noise", NOISES)?;
        let entry = Self {
            name: name.to_owned(),
            group,
            valence: small("valence", -1.0, 1.0, 0.0)?,
            arousal: small("arousal", -1.0, 1.0, 0.0)?,
            density: small("density", -1.0, 1.0, 0.0)?,
            brightness: small("brightness", -1.0, 1.0, 0.0)?,
            tempo: fields.number("tempo", 0.5, 2.0, 1.0)?,
            reverb: small("reverb", -12.0, 12.0, 0.0)?,
            temperature: small("temperature", -3.0, 3.0, 0.0)?,
            mode: fields.names("mode", MODES)?.first().copied(),
            styles: fields.names("style", STYLES)?,
            suggests: fields.names("suggests", STYLES)?.first().copied(),
            instruments: fields.names("instruments", &instruments)?,
            family: fields.names("family", &instruments)?,
            stem: fields.names("stem", STEMS)?.first().copied(),
            whole_stem: flag("whole-stem")?,
            mutes: fields.names("mutes", STEMS)?,
            quieter: fields.names("quieter", STEMS)?,
            noise_level: if noises.is_empty() { 0.0 } else { small("noise-level", 0.0, 1.0, NOISE_LEVEL)? },
            noises,
            colour: Colour {
                wow: optional("wow", 0.0, 4.0)?,
                low_cut: optional("low-cut", 20.0, 1_000.0)?,
                high_cut: optional("high-cut", 200.0, 20_000.0)?,
                bits: whole("bits", 4, 24)?,
                mono: flag("mono")?,
            },
            swing: optional("swing", 0.5, 0.667)?,
            meter: whole("meter", 2, 7)?,
            ragas: fields.texts("raga")?,
            moves: read_moves(file, table, name, &fields)?,
        };
        Ok(entry)
    }
}

/// Reads the field `moves`: a table of measures.
fn read_moves(file: &str, table: &str, name: &str, fields: &Fields<'_>) -> Result<Vec<Move>, VocabularyError> {
    let item = fields.needed("moves")?;
    let measures: Vec<&str> = MEASURES.iter().map(|(name, _)| *name).collect();
    let entry = format!("{table}.{name}.moves");
    let inner = Fields::new(file, &entry, item, &measures)?;
    let mut moves = Vec::new();
    for (measure_name, measure) in MEASURES {
        let Some(value) = inner.get(measure_name) else { continue };
        moves.push(match (number(value), value.as_str()) {
            (Some(least), None) if least != 0.0 => Move::Number { measure: *measure, least: narrow(least) },
            (None, Some(to)) => Move::Name { measure: *measure, to: to.to_owned() },
            _ => {
                let allowed = "the least change as a number that is not 0, or the name of what it must become";
                return Err(inner.wrong(measure_name, value, allowed));
            }
        });
    }
    if moves.is_empty() {
        return Err(fields.wrong("moves", item, format!("one or more of {}", measures.join(", "))));
    }
    Ok(moves)
}

/// A number of a vocabulary file with the precision that is needed.
#[allow(clippy::cast_possible_truncation, reason = "the numbers are checked against their limits")]
fn narrow(value: f64) -> f32 {
    value as f32
}
