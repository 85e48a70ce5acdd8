//! Tells what a prompt was taken for: word by word, and the target that results.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::blend::{Blend, WeightedPrompt};
use super::mapping;
use super::reading::{Filtered, Found, Meaning, Part, Reading};
use super::vocabulary::{Group, Vocabulary, instrument_name, noise_name, style_name};
use crate::compose::scale::Scale;
use crate::types::config::Mode;
use crate::types::stem::Stem;
use crate::types::target::{Style, Target};

/// The names of the pitch classes.
const TONICS: [&str; 12] = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];

/// A word of a prompt with what it was taken for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WordExplanation {
    /// The text as it is written.
    pub text: String,
    /// What it was taken for, as in `rain (weather)`, `78 bpm`, `x1.5`, `negation`, `no effect`.
    pub meaning: String,
    /// The entry of the vocabulary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The kind of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// How it was found in the vocabulary.
    pub found: Found,
    /// The word that it was corrected to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected_to: Option<String>,
    /// How much of the entry: 1 as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strength: Option<f32>,
    /// Whether it is negated.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub negated: bool,
    /// The nearest words, when it was not understood.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nearest: Vec<String>,
}

/// A prompt with what was read in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PromptExplanation {
    /// The text, at most 500 characters.
    pub text: String,
    /// The weight.
    pub weight: f64,
    /// The words.
    pub words: Vec<WordExplanation>,
    /// What a user should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Why the prompt has no effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filtered: Option<String>,
}

/// A target in words and numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TargetExplanation {
    /// Styles with their shares.
    pub styles: BTreeMap<&'static str, f32>,
    /// From sad (-1) to happy (1).
    pub valence: f32,
    /// From calm (-1) to excited (1).
    pub arousal: f32,
    /// 0 to 1.
    pub density: f32,
    /// 0 to 1.
    pub brightness: f32,
    /// The tempo in quarter notes a minute.
    pub bpm: f64,
    /// The key or the mode, as in `D dorian`.
    pub scale: String,
    /// The raga.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raga: Option<String>,
    /// The place of an off-beat sixteenth in its eighth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swing: Option<f32>,
    /// Quarter notes in a bar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beats_per_bar: Option<u8>,
    /// How much the music varies, 0 to 3.
    pub temperature: f32,
    /// Instruments that were named, with their gain in decibels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub instruments: BTreeMap<&'static str, f32>,
    /// Instruments that must not sound.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<&'static str>,
    /// Stems that are silent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub muted: Vec<&'static str>,
    /// Changes of the levels of stems in decibels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stem_gains: BTreeMap<&'static str, f32>,
    /// Noises with their levels, 0 to 1.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub noises: BTreeMap<&'static str, f32>,
    /// Depth of wow and flutter; 1 is that of the style.
    pub wow: f32,
    /// The lowest frequency in hertz; 0 when nothing is cut.
    pub low_cut: f32,
    /// The highest frequency in hertz.
    pub high_cut: f32,
    /// Bits of a sampler.
    pub bits: u8,
    /// Whether it is mono.
    pub mono: bool,
    /// A change of the level of the reverb in decibels.
    pub reverb: f32,
}

/// What prompts were taken for, and the target that results.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The prompts.
    pub prompts: Vec<PromptExplanation>,
    /// The target.
    pub target: TargetExplanation,
}

/// Explains a [`Blend`] of `prompts`.
pub fn explain(vocabulary: &Vocabulary, prompts: &[WeightedPrompt], blend: &Blend) -> Explanation {
    let prompts = prompts
        .iter()
        .zip(&blend.readings)
        .map(|(prompt, reading)| explain_prompt(vocabulary, prompt, reading))
        .collect();
    Explanation { prompts, target: explain_target(&blend.target) }
}

fn explain_prompt(
    vocabulary: &Vocabulary,
    prompt: &WeightedPrompt,
    reading: &Result<Reading, Filtered>,
) -> PromptExplanation {
    let text = prompt.text.chars().take(super::reader::LONGEST_PROMPT).collect();
    let (words, warnings, filtered) = match reading {
        Ok(reading) => (
            reading.parts.iter().map(|part| explain_word(vocabulary, part)).collect(),
            reading.warnings.iter().map(ToString::to_string).collect(),
            None,
        ),
        Err(filtered) => (Vec::new(), Vec::new(), Some(filtered.to_string())),
    };
    PromptExplanation { text, weight: prompt.weight, words, warnings, filtered }
}

fn explain_word(vocabulary: &Vocabulary, part: &Part) -> WordExplanation {
    let corrected = matches!(part.found, Found::Corrected(_));
    let mut word = WordExplanation {
        text: part.written.clone(),
        meaning: String::new(),
        entry: None,
        group: None,
        found: part.found,
        corrected_to: corrected.then(|| part.word.clone()),
        strength: None,
        negated: false,
        nearest: Vec::new(),
    };
    word.meaning = match &part.meaning {
        Meaning::Entry { index, name, strength, negated, .. } => {
            let group = vocabulary.entries().get(*index).map(|entry| entry.group);
            word.entry = Some(name.clone());
            (word.group, word.strength, word.negated) = (group, Some(*strength), *negated);
            let group = group.map_or("", group_name);
            format!("{}{name} ({group})", if *negated { "not " } else { "" })
        }
        Meaning::Bpm(bpm) => format!("{bpm} bpm"),
        Meaning::Meter(beats) => format!("{beats} quarter notes in a bar"),
        Meaning::Key { tonic, mode } => scale_name(Some(*tonic), *mode),
        Meaning::Intensifier(factor) => format!("x{factor}"),
        Meaning::Negation => "negation".to_owned(),
        Meaning::PassedOver => "no effect".to_owned(),
        Meaning::Unknown { nearest } => {
            word.nearest.clone_from(nearest);
            "not understood".to_owned()
        }
    };
    word
}

/// The name of the table of a group.
fn group_name(group: Group) -> &'static str {
    Group::ALL.iter().find(|(_, known)| *known == group).map_or("", |(name, _)| name)
}

/// The name of a scale as far as it is known.
fn scale_name(tonic: Option<u8>, mode: Option<Mode>) -> String {
    let tonic_name = tonic.and_then(|tonic| TONICS.get(usize::from(tonic))).copied();
    match (tonic.zip(tonic_name), mode) {
        (Some((tonic, _)), Some(mode)) => Scale::of_mode(tonic, mode).name(),
        (Some((_, name)), None) => name.to_owned(),
        (None, Some(mode)) => mode.name().to_owned(),
        (None, None) => String::new(),
    }
}

/// Explains a target.
pub fn explain_target(target: &Target) -> TargetExplanation {
    let stems = || Stem::ALL.into_iter();
    let mode = target.mode.unwrap_or_else(|| mapping::mode(target.valence));
    TargetExplanation {
        styles: Style::ALL
            .into_iter()
            .filter(|style| target.styles[style.index()] > 0.0)
            .map(|style| (style_name(style), rounded(target.styles[style.index()])))
            .collect(),
        valence: rounded(target.valence),
        arousal: rounded(target.arousal),
        density: rounded(target.density),
        brightness: rounded(target.brightness),
        bpm: libm::round(mapping::bpm(target) * 100.0) / 100.0,
        scale: scale_name(target.tonic, Some(mode)),
        raga: target.raga.clone(),
        swing: target.swing,
        beats_per_bar: target.beats_per_bar,
        temperature: rounded(target.temperature),
        instruments: target.instruments.iter().map(|(key, gain)| (instrument_name(*key), rounded(*gain))).collect(),
        excluded: target.excluded.iter().map(|instrument| instrument_name(*instrument)).collect(),
        muted: stems().filter(|stem| target.muted[stem.index()]).map(Stem::name).collect(),
        stem_gains: stems()
            .map(|stem| (stem.name(), rounded(target.stem_gains_db[stem.index()])))
            .filter(|(_, gain)| gain.abs() > 0.0)
            .collect(),
        noises: target.noises.iter().map(|(noise, level)| (noise_name(*noise), rounded(*level))).collect(),
        wow: rounded(target.medium.wow),
        low_cut: libm::roundf(target.medium.low_cut),
        high_cut: libm::roundf(target.medium.high_cut),
        bits: target.medium.bits,
        mono: target.medium.mono,
        reverb: rounded(target.reverb_db),
    }
}

/// A number to three decimals, for people.
fn rounded(value: f32) -> f32 {
    // The sum turns a negative zero into zero.
    libm::roundf(value * 1_000.0) / 1_000.0 + 0.0
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for prompt in &self.prompts {
            writeln!(f, "\"{}\" (weight {})", prompt.text.escape_debug(), prompt.weight)?;
            for word in &prompt.words {
                write!(f, "  {:<20} {}", word.text, word.meaning)?;
                if let Some(corrected) = &word.corrected_to {
                    write!(f, ", corrected to \"{corrected}\"")?;
                }
                if let Some(strength) = word.strength.filter(|strength| (strength - 1.0).abs() > 1e-3) {
                    write!(f, ", strength {strength}")?;
                }
                if !word.nearest.is_empty() {
                    write!(f, ", nearest words: {}", word.nearest.join(", "))?;
                }
                writeln!(f)?;
            }
            for warning in &prompt.warnings {
                writeln!(f, "  warning: {warning}")?;
            }
            if let Some(filtered) = &prompt.filtered {
                writeln!(f, "  no effect: {filtered}")?;
            }
        }
        write!(f, "{}", self.target)
    }
}

impl fmt::Display for TargetExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shares = |values: &BTreeMap<&str, f32>, unit: &str| {
            values.iter().map(|(name, value)| format!("{name} {value}{unit}")).collect::<Vec<_>>().join(", ")
        };
        writeln!(f, "style         {}", shares(&self.styles, ""))?;
        writeln!(f, "valence       {}", self.valence)?;
        writeln!(f, "arousal       {}", self.arousal)?;
        writeln!(f, "density       {}", self.density)?;
        writeln!(f, "brightness    {}", self.brightness)?;
        writeln!(f, "tempo         {} bpm", self.bpm)?;
        writeln!(f, "scale         {}", self.raga.as_ref().unwrap_or(&self.scale))?;
        for (name, text) in [
            ("instruments", shares(&self.instruments, " dB")),
            ("excluded", self.excluded.join(", ")),
            ("muted", self.muted.join(", ")),
            ("stem gains", shares(&self.stem_gains, " dB")),
            ("noises", shares(&self.noises, "")),
        ] {
            if !text.is_empty() {
                writeln!(f, "{name:<13} {text}")?;
            }
        }
        writeln!(f, "reverb        {} dB", self.reverb)
    }
}
