//! The effect of one prompt: the sum of the meanings of its words.

use std::collections::{BTreeMap, BTreeSet};

use super::reading::{Meaning, Reading};
use super::vocabulary::{Entry, INSTRUMENTS, Vocabulary, instrument_stem};
use crate::types::config::Mode;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;
use crate::types::target::{Medium, Noise, Style};

/// What remains of a mood that is negated: "not sad" is a little happy.
const NEGATED: f32 = -0.6;
/// The gain of an instrument or a stem that is named, in decibels.
const NAMED_GAIN: f32 = 2.0;
/// The gain of a stem that a word makes quieter, in decibels.
const QUIETER_GAIN: f32 = -3.0;

/// How much words that agree add to the strongest one, at most.
const MOST_AGREEMENT: f32 = 0.3;
/// The greatest change of the reverb in decibels.
const REVERB_RANGE: f32 = 12.0;
/// The greatest change of the temperature.
const TEMPERATURE_RANGE: f32 = 3.0;

/// The effect of one prompt before it is weighted.
#[derive(Clone, Debug, Default)]
pub(super) struct Effect {
    pub(super) valence: f32,
    pub(super) arousal: f32,
    pub(super) density: f32,
    pub(super) brightness: f32,
    pub(super) reverb: f32,
    pub(super) temperature: f32,
    /// The binary logarithm of the tempo factor.
    pub(super) tempo: f64,
    pub(super) bpm: Option<f64>,
    pub(super) swing: Option<f32>,
    pub(super) meter: Option<u8>,
    pub(super) key: Option<(u8, Option<Mode>)>,
    /// The mode of the word with the greatest strength.
    pub(super) mode: Option<(Mode, f32)>,
    pub(super) styles: BTreeMap<Style, f32>,
    pub(super) suggests: BTreeMap<Style, f32>,
    /// Instruments with their gain in decibels.
    pub(super) instruments: BTreeMap<Instrument, f32>,
    pub(super) excluded: BTreeSet<Instrument>,
    pub(super) muted: [bool; Stem::COUNT],
    pub(super) stem_gains: [f32; Stem::COUNT],
    pub(super) noises: BTreeMap<Noise, f32>,
    pub(super) without_noises: BTreeSet<Noise>,
    pub(super) medium: Option<Medium>,
    /// A raga that was named.
    pub(super) raga: Option<String>,
    /// Ragas that suit the words.
    pub(super) fitting_ragas: Vec<String>,
}

/// What the words of a prompt say about one axis, in one direction and in the other.
///
/// The strongest word of a direction counts fully. Others that agree raise it by up to 30 per cent, so that agreement adds up, and a long
/// sentence does not end at the limit: "a slow rainy night in a quiet cafe" is calmer than "night", but not silent.
#[derive(Clone, Copy, Debug, Default)]
struct Axis {
    up: Direction,
    down: Direction,
}

/// The words of one direction.
#[derive(Clone, Copy, Debug, Default)]
struct Direction {
    strongest: f32,
    /// The sum of the others as of independent probabilities: it stays below 1.
    others: f32,
}

impl Direction {
    fn add(&mut self, value: f32) {
        let other = value.min(self.strongest);
        self.strongest = self.strongest.max(value);
        self.others = 1.0 - (1.0 - self.others) * (1.0 - other);
    }

    fn total(self) -> f32 {
        self.strongest * (1.0 + MOST_AGREEMENT * self.others)
    }
}

impl Axis {
    /// Adds what a word says, -1 to 1.
    fn add(&mut self, value: f32) {
        if value > 0.0 {
            self.up.add(value.min(1.0));
        } else {
            self.down.add((-value).min(1.0));
        }
    }

    /// What all words say, -1 to 1.
    fn total(self) -> f32 {
        (self.up.total() - self.down.total()).clamp(-1.0, 1.0)
    }
}

/// The axes of a prompt.
#[derive(Clone, Copy, Debug, Default)]
struct Axes {
    valence: Axis,
    arousal: Axis,
    density: Axis,
    brightness: Axis,
    tempo: Axis,
    reverb: Axis,
    temperature: Axis,
}

impl Axes {
    /// Adds the numbers of an entry. A negated instrument or noise only falls silent: its numbers do not turn round.
    fn add(&mut self, entry: &Entry, factor: f32) {
        let is_sound =
            !entry.instruments.is_empty() && entry.stem.is_some() || entry.whole_stem || !entry.noises.is_empty();
        if factor < 0.0 && is_sound {
            return;
        }
        self.valence.add(entry.valence * factor);
        self.arousal.add(entry.arousal * factor);
        self.density.add(entry.density * factor);
        self.brightness.add(entry.brightness * factor);
        self.reverb.add(entry.reverb * factor / REVERB_RANGE);
        self.temperature.add(entry.temperature * factor / TEMPERATURE_RANGE);
        #[allow(clippy::cast_possible_truncation, reason = "-1 to 1")]
        self.tempo.add(libm::log2(entry.tempo) as f32 * factor);
    }
}

/// The gain of something that is named with a strength: +2 dB as it is, up to +6 dB with "extremely", down to -10 dB with "less".
fn named_gain(strength: f32) -> f32 {
    if strength >= 1.0 { (NAMED_GAIN * strength).min(6.0) } else { (NAMED_GAIN - 12.0 * (1.0 - strength)).max(-10.0) }
}

impl Effect {
    /// The sum of the meanings of the words of a prompt.
    pub(super) fn of(vocabulary: &Vocabulary, reading: &Reading) -> Self {
        let mut effect = Self::default();
        let mut axes = Axes::default();
        for part in &reading.parts {
            match &part.meaning {
                Meaning::Bpm(bpm) => effect.bpm = Some(*bpm),
                Meaning::Meter(beats) => effect.meter = Some(*beats),
                Meaning::Key { tonic, mode } => effect.key = Some((*tonic, *mode)),
                Meaning::Entry { index, strength, negated, alone, .. } => {
                    if let Some(entry) = vocabulary.entries().get(*index) {
                        axes.add(entry, if *negated { NEGATED } else { *strength });
                        if *negated {
                            effect.exclude(entry);
                        } else {
                            effect.add_sound(entry, *strength, *alone);
                        }
                    }
                }
                _ => {}
            }
        }
        effect.valence = axes.valence.total();
        effect.arousal = axes.arousal.total();
        effect.density = axes.density.total();
        effect.brightness = axes.brightness.total();
        effect.reverb = axes.reverb.total() * REVERB_RANGE;
        effect.temperature = axes.temperature.total() * TEMPERATURE_RANGE;
        effect.tempo = f64::from(axes.tempo.total());
        effect.merge_lofi();
        effect
    }

    /// The Indian style is a lofi style: a prompt that names both means the Indian one.
    fn merge_lofi(&mut self) {
        if self.styles.contains_key(&Style::IndianLofi) {
            let lofi = self.styles.remove(&Style::Lofi).unwrap_or(0.0);
            *self.styles.entry(Style::IndianLofi).or_insert(0.0) += lofi;
        }
    }

    /// What a negated entry silences.
    fn exclude(&mut self, entry: &Entry) {
        if let (Some(stem), true) = (entry.stem, entry.whole_stem) {
            self.muted[stem.index()] = true;
        }
        if entry.stem.is_some() {
            self.excluded.extend(entry.instruments.iter().chain(&entry.family));
        }
        self.without_noises.extend(&entry.noises);
    }

    /// What an entry makes sound.
    fn add_sound(&mut self, entry: &Entry, strength: f32, alone: bool) {
        if let (Some(stem), true) = (entry.stem, entry.whole_stem) {
            self.stem_gains[stem.index()] += named_gain(strength);
        }
        for stem in &entry.mutes {
            self.muted[stem.index()] = true;
        }
        for stem in &entry.quieter {
            self.stem_gains[stem.index()] += QUIETER_GAIN * strength;
        }
        // Instruments that go with a mood sound at their usual level.
        for instrument in &entry.instruments {
            let gain = if entry.stem.is_some() { named_gain(strength) } else { 0.0 };
            let known = self.instruments.entry(*instrument).or_insert(gain);
            *known = known.max(gain);
        }
        if alone {
            let others = INSTRUMENTS.iter().filter(|(_, instrument, stem)| {
                !entry.instruments.contains(instrument)
                    && entry.instruments.iter().any(|named| instrument_stem(*named) == *stem)
            });
            self.excluded.extend(others.map(|(_, instrument, _)| *instrument));
        }
        if strength <= 0.0 {
            return;
        }
        for style in &entry.styles {
            *self.styles.entry(*style).or_insert(0.0) += strength / entry.styles.len() as f32;
        }
        if let Some(style) = entry.suggests {
            *self.suggests.entry(style).or_insert(0.0) += strength;
        }
        for noise in &entry.noises {
            let level = self.noises.entry(*noise).or_insert(0.0);
            *level = level.max((entry.noise_level * strength).min(1.0));
        }
        self.swing = entry.swing.or(self.swing);
        self.meter = entry.meter.or(self.meter);
        if let Some(mode) = entry.mode
            && self.mode.is_none_or(|(_, known)| strength > known)
        {
            self.mode = Some((mode, strength));
        }
        if entry.group == super::vocabulary::Group::Raga {
            self.raga = entry.ragas.first().cloned().or(self.raga.take());
        } else {
            self.fitting_ragas.extend(entry.ragas.iter().cloned());
        }
        self.colour(entry);
    }

    /// Colours the mix: of two media the narrower one counts in each property.
    fn colour(&mut self, entry: &Entry) {
        let colour = entry.colour;
        if colour == super::vocabulary::Colour::default() {
            return;
        }
        let medium = self.medium.get_or_insert_with(Medium::default);
        if let Some(wow) = colour.wow {
            // The one that is farther from the usual depth.
            medium.wow = if (wow - 1.0).abs() > (medium.wow - 1.0).abs() { wow } else { medium.wow };
        }
        medium.low_cut = medium.low_cut.max(colour.low_cut.unwrap_or(0.0));
        medium.high_cut = medium.high_cut.min(colour.high_cut.unwrap_or(20_000.0));
        medium.bits = medium.bits.min(colour.bits.unwrap_or(24));
        medium.mono |= colour.mono;
    }
}
