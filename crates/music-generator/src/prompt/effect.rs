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

/// The gain of something that is named with a strength: +2 dB as it is, up to +6 dB with "extremely", down to -10 dB with "less".
fn named_gain(strength: f32) -> f32 {
    if strength >= 1.0 {
        (NAMED_GAIN * strength).min(6.0)
    } else {
        (NAMED_GAIN - 12.0 * (1.0 - strength)).max(-10.0)
    }
}

impl Effect {
    /// The sum of the meanings of the words of a prompt.
    pub(super) fn of(vocabulary: &Vocabulary, reading: &Reading) -> Self {
        let mut effect = Self::default();
        for part in &reading.parts {
            match &part.meaning {
                Meaning::Bpm(bpm) => effect.bpm = Some(*bpm),
                Meaning::Meter(beats) => effect.meter = Some(*beats),
                Meaning::Key { tonic, mode } => effect.key = Some((*tonic, *mode)),
                Meaning::Entry { index, strength, negated, alone, .. } => {
                    if let Some(entry) = vocabulary.entries().get(*index) {
                        effect.add_vector(entry, if *negated { NEGATED } else { *strength });
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
        effect.valence = effect.valence.clamp(-1.0, 1.0);
        effect.arousal = effect.arousal.clamp(-1.0, 1.0);
        effect.density = effect.density.clamp(-1.0, 1.0);
        effect.brightness = effect.brightness.clamp(-1.0, 1.0);
        effect.tempo = effect.tempo.clamp(-1.0, 1.0);
        effect
    }

    /// Adds the numbers of an entry. A negated instrument or noise only falls silent: its numbers do not turn round.
    fn add_vector(&mut self, entry: &Entry, factor: f32) {
        let is_sound = !entry.instruments.is_empty() && entry.stem.is_some() || entry.whole_stem || !entry.noises.is_empty();
        if factor < 0.0 && is_sound {
            return;
        }
        self.valence += (entry.valence * factor).clamp(-1.0, 1.0);
        self.arousal += (entry.arousal * factor).clamp(-1.0, 1.0);
        self.density += entry.density * factor;
        self.brightness += entry.brightness * factor;
        self.reverb += entry.reverb * factor;
        self.temperature += entry.temperature * factor;
        self.tempo += libm::log2(entry.tempo) * f64::from(factor);
    }

    /// What a negated entry silences.
    fn exclude(&mut self, entry: &Entry) {
        if let (Some(stem), true) = (entry.stem, entry.whole_stem) {
            self.muted[stem.index()] = true;
        }
        if entry.stem.is_some() {
            self.excluded.extend(&entry.instruments);
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
