//! Ragas: scale, phrases, important degrees and fitting chords, for the composer of the Indian style.

use toml_edit::Item;

use super::error::VocabularyError;
use super::fields::{Fields, texts};

/// A chord that fits a raga.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RagaChord {
    /// Its name as the file has it: a roman numeral and a type, as in `bVII maj7`.
    pub name: String,
    /// Its root in semitones above Sa, 0 to 11.
    pub root: i8,
    /// Its tones in semitones above the root, 0 to 21.
    pub tones: Vec<i8>,
}

/// A raga. A degree is a number of semitones above Sa (the tonic); negative degrees lie below Sa.
#[derive(Clone, Debug, PartialEq)]
pub struct Raga {
    /// The name that [`Target::raga`](crate::types::target::Target::raga) uses, as in `ahir bhairav`.
    pub key: String,
    /// Its name for people, as in `Ahir Bhairav`.
    pub name: String,
    /// Its mood in words.
    pub mood: String,
    /// The time of the day or of the year to which it belongs.
    pub time: String,
    /// Aroha: the steps of an ascent, in ascending order.
    pub up: Vec<i8>,
    /// Avaroha: the steps of a descent. Some ragas turn within it.
    pub down: Vec<i8>,
    /// The most important degree, 0 to 11.
    pub vadi: i8,
    /// The second degree in importance, 0 to 11.
    pub samvadi: i8,
    /// Figures that are quoted and never transposed.
    pub phrases: Vec<Vec<i8>>,
    /// The first string of the tanpura: -5 (Pa), -7 (Ma) or -1 (Ni).
    pub drone: i8,
    /// Degrees with andolan, a slow oscillation of the pitch.
    pub oscillating: Vec<i8>,
    /// Chords that fit.
    pub chords: Vec<RagaChord>,
    /// A sequence of chords that can be repeated.
    pub progression: Vec<RagaChord>,
    /// From sad (-1) to happy (1).
    pub valence: f32,
    /// From calm (-1) to excited (1).
    pub arousal: f32,
}

/// The fields of a raga besides those of an entry.
pub(super) const RAGA_FIELDS: &[&str] =
    &["name", "mood", "time", "up", "down", "vadi", "samvadi", "phrases", "drone", "oscillating", "chords", "loop"];

/// Types of chords with their tones in semitones above the root.
#[rustfmt::skip]
const CHORD_TYPES: &[(&str, &[i8])] = &[
    ("5", &[0, 7]), ("maj", &[0, 4, 7]), ("m", &[0, 3, 7]), ("sus2", &[0, 2, 7]), ("sus4", &[0, 5, 7]), ("6/9", &[0, 4, 7, 9, 14]),
    ("maj7", &[0, 4, 7, 11]), ("maj7#11", &[0, 4, 7, 11, 18]), ("maj9", &[0, 4, 7, 11, 14]), ("7", &[0, 4, 7, 10]),
    ("7sus4", &[0, 5, 7, 10]), ("9", &[0, 4, 7, 10, 14]), ("add9", &[0, 4, 7, 14]), ("m6", &[0, 3, 7, 9]), ("m7", &[0, 3, 7, 10]),
    ("m9", &[0, 3, 7, 10, 14]), ("m(maj7)", &[0, 3, 7, 11]),
];

/// Roman numerals in semitones above Sa.
#[rustfmt::skip]
const NUMERALS: &[(&str, i8)] = &[
    ("I", 0), ("bII", 1), ("II", 2), ("bIII", 3), ("III", 4), ("IV", 5), ("#IV", 6), ("V", 7), ("bVI", 8), ("VI", 9), ("bVII", 10),
    ("VII", 11),
];

impl RagaChord {
    /// Reads a name such as `bVII maj7`.
    fn read(name: &str) -> Option<Self> {
        let (numeral, kind) = name.split_once(' ')?;
        let (_, root) = NUMERALS.iter().find(|(known, _)| *known == numeral)?;
        let (_, tones) = CHORD_TYPES.iter().find(|(known, _)| *known == kind)?;
        Some(Self { name: name.to_owned(), root: *root, tones: tones.to_vec() })
    }

    /// Its pitch classes above Sa, 0 to 11.
    pub fn classes(&self) -> impl Iterator<Item = i8> {
        self.tones.iter().map(|tone| (self.root + tone).rem_euclid(12))
    }
}

impl Raga {
    /// Its degrees within one octave in ascending order, 0 to 11: those of ascent, descent and phrases.
    pub fn degrees(&self) -> Vec<i8> {
        let mut all: Vec<i8> = self
            .up
            .iter()
            .chain(&self.down)
            .chain(self.phrases.iter().flatten())
            .map(|degree| degree.rem_euclid(12))
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Reads the raga `key`. `allowed` are the names of all fields of the table.
    pub(super) fn read(
        file: &str,
        key: &str,
        item: &Item,
        allowed: &[&str],
        axes: (f32, f32),
    ) -> Result<Self, VocabularyError> {
        let fields = Fields::new(file, &format!("raga.{key}"), item, allowed)?;
        let text = |field| {
            let item = fields.needed(field)?;
            item.as_str().map(str::to_owned).ok_or_else(|| fields.wrong(field, item, "a text in quotation marks"))
        };
        let degree = |field| {
            let item = fields.needed(field)?;
            fields.integer(field, 0, 11)?.ok_or_else(|| fields.wrong(field, item, "a whole number from 0 to 11"))
        };
        let raga = Self {
            key: key.to_owned(),
            name: text("name")?,
            mood: text("mood")?,
            time: text("time")?,
            up: fields.integers("up", -12, 24)?,
            down: fields.integers("down", -12, 24)?,
            vadi: degree("vadi")?,
            samvadi: degree("samvadi")?,
            phrases: read_phrases(&fields)?,
            drone: fields.integer("drone", -12, 0)?.unwrap_or(-5),
            oscillating: match fields.get("oscillating") {
                Some(_) => fields.integers("oscillating", 0, 11)?,
                None => Vec::new(),
            },
            chords: read_chords(&fields, "chords")?,
            progression: read_chords(&fields, "loop")?,
            valence: axes.0,
            arousal: axes.1,
        };
        raga.check(&fields)?;
        Ok(raga)
    }

    /// Checks that vadi, samvadi and all chords belong to the scale, and that the ascent ascends.
    fn check(&self, fields: &Fields<'_>) -> Result<(), VocabularyError> {
        let degrees = self.degrees();
        let scale = format!("degrees of the raga: {degrees:?}");
        for (field, values) in [
            ("vadi", vec![self.vadi]),
            ("samvadi", vec![self.samvadi]),
            ("oscillating", self.oscillating.clone()),
            ("drone", vec![self.drone.rem_euclid(12)]),
        ] {
            if let (Some(item), false) = (fields.get(field), values.iter().all(|value| degrees.contains(value))) {
                return Err(fields.wrong(field, item, scale));
            }
        }
        if !self.up.is_sorted_by(|a, b| a < b) || self.up.len() < 5 {
            return Err(fields.wrong("up", fields.needed("up")?, "five or more degrees in ascending order"));
        }
        for (field, chords) in [("chords", &self.chords), ("loop", &self.progression)] {
            if let Some(chord) = chords.iter().find(|chord| !chord.classes().all(|class| degrees.contains(&class))) {
                let allowed = format!("chords whose tones are {scale}; {} has {:?}", chord.name, chord.tones);
                return Err(fields.wrong(field, fields.needed(field)?, allowed));
            }
        }
        Ok(())
    }
}

fn read_phrases(fields: &Fields<'_>) -> Result<Vec<Vec<i8>>, VocabularyError> {
    let item = fields.needed("phrases")?;
    let phrases: Option<Vec<Vec<i8>>> = item.as_array().and_then(|list| {
        list.iter()
            .map(|phrase| {
                let steps = phrase.as_array()?.iter();
                steps.map(|step| step.as_integer().and_then(|step| i8::try_from(step).ok())).collect()
            })
            .collect()
    });
    phrases
        .filter(|phrases: &Vec<Vec<i8>>| phrases.iter().flatten().all(|step| (-12..=24).contains(step)))
        .ok_or_else(|| fields.wrong("phrases", item, "a list of lists of whole numbers from -12 to 24"))
}

fn read_chords(fields: &Fields<'_>, field: &str) -> Result<Vec<RagaChord>, VocabularyError> {
    let item = fields.needed(field)?;
    let chords: Option<Vec<RagaChord>> =
        texts(item).and_then(|names| names.iter().map(|name| RagaChord::read(name)).collect());
    chords.ok_or_else(|| {
        let types = CHORD_TYPES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let allowed =
            format!("a list of chords such as \"bVII maj7\": a roman numeral from I to VII and one of {types}");
        fields.wrong(field, item, allowed)
    })
}
