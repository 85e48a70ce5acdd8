//! The chords of lofi: an electric piano, felt piano or guitar, and a soft pad.

use crate::compose::form::gate;
use crate::compose::scene::{Scene, Score, Stroke, Voice, choose_instrument};
use crate::compose::timing::Timing;
use crate::compose::voicing::{self, CLOSE, OPEN};
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;

const KEYS: &[(Instrument, f32)] =
    &[(Instrument::ElectricPiano, 0.55), (Instrument::FeltPiano, 0.25), (Instrument::Guitar, 0.20)];
const OTHER_KEYS: &[Instrument] = &[Instrument::GrandPiano, Instrument::Organ, Instrument::Harp];
const PADS: &[(Instrument, f32)] = &[(Instrument::Pad, 1.0)];
const OTHER_PADS: &[Instrument] = &[Instrument::Strings, Instrument::Choir];
/// The pad keeps out of the register in which thirds and seconds are rough.
const PAD_LIMITS: voicing::Limits = voicing::Limits { low: 49, ..OPEN };
/// The second hit of a bar: on the "and" of two or of three.
const ANTICIPATIONS: [usize; 2] = [6, 10];

/// Chords and pad.
#[derive(Clone, Debug)]
pub struct Keys {
    keys: Voice,
    pad: Voice,
    has_pad: bool,
    /// Whether the chords are short in this section.
    short: bool,
    voicing: Vec<i32>,
    pad_voicing: Vec<i32>,
    bass: i32,
}

impl Keys {
    /// The voices of a seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "lofi.keys.offset", 0, 0);
        let timing = Timing { offset_ms: dice.between(10.0, 17.0), jitter_ms: dice.between(5.0, 7.0), swing: 1.0 };
        let still = Timing { offset_ms: 0.0, jitter_ms: 4.0, swing: 0.0 };
        Self {
            keys: Voice::new("lofi.keys", Stem::Harmony, Instrument::ElectricPiano, timing),
            pad: Voice::new("lofi.pad", Stem::Harmony, Instrument::Pad, still),
            has_pad: true,
            short: false,
            voicing: Vec::new(),
            pad_voicing: Vec::new(),
            bass: 36,
        }
    }

    /// Draws the instruments of an arc, and whether a pad sounds in the section.
    pub fn begin(&mut self, scene: &Scene<'_>) {
        let arc = |name| Dice::new(scene.seed, name, scene.section.arc, 0);
        if let Some(keys) = choose_instrument(scene.target, KEYS, OTHER_KEYS, &mut arc("lofi.keys.instrument")) {
            self.keys.instrument = keys;
        }
        let pad = choose_instrument(scene.target, PADS, OTHER_PADS, &mut arc("lofi.pad.instrument"));
        // The pad belongs to the sections that answer the first one, so that they sound different.
        let part = if scene.section.name == "A" { 0.15 } else { 0.9 };
        self.has_pad = pad.is_some() && scene.pattern_dice("lofi.pad.on", u32::MAX).chance(part);
        // Few notes are long notes.
        let sparse = scene.target.density < 0.35;
        self.has_pad |= pad.is_some() && sparse && scene.section.name != "A";
        self.short = scene.section.material == 1 && !sparse;
        self.pad.instrument = pad.unwrap_or(Instrument::Pad);
    }

    /// Writes chords and pad of a bar.
    pub fn write(&mut self, scene: &Scene<'_>, score: &mut Score) {
        if scene.energy >= gate::PAD && (self.has_pad || scene.section.energy_in(scene.at) < gate::DRUMS_LIGHT) {
            self.write_pad(scene, score);
        }
        if scene.energy >= gate::KEYS {
            self.write_keys(scene, score);
        }
    }

    fn write_pad(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let chords = scene.chords(0);
        let length = scene.steps() as f32 / chords.len().max(1) as f32;
        for (index, chord) in chords.iter().enumerate() {
            let keys = voicing::voice(chord, scene.scale.tonic, &self.pad_voicing, None, &PAD_LIMITS);
            let stroke = |key: &i32| Stroke {
                step: index as f32 * length,
                length: length * 0.98,
                key: *key as f32,
                velocity: 52.0,
                metric: 0.2,
                ..Stroke::default()
            };
            let strokes: Vec<Stroke> = keys.iter().map(stroke).collect();
            score.chord(scene, &mut self.pad, &strokes);
            self.pad_voicing = keys;
        }
    }

    /// Where the chords are struck, with the density from which on each sounds.
    fn hits(scene: &Scene<'_>, dice: &mut Dice) -> Vec<(usize, f32)> {
        let steps = scene.steps();
        let mut pattern = scene.figure_dice("lofi.comp", 8);
        let mut hits = vec![(0, 0.0)];
        if scene.chords(0).len() > 1 {
            hits.push((steps / 2, 0.0));
        } else {
            let usual = ANTICIPATIONS[pattern.below(2)];
            let other = [6, 10, 7, 11, 8][dice.below(5)];
            hits.push((if dice.chance(scene.change(0.12)) { other } else { usual }.min(steps - 2), 0.12));
        }
        // Two bars that are repeated.
        let mut figure = scene.loop_dice("lofi.comp.figure", 8, 2);
        if figure.chance(scene.change(0.22)) {
            hits.push((steps - 2, 0.3));
        }
        hits.push(([3, 5, 13, 14, 9][figure.below(5)].min(steps - 1), figure.between(0.65, 0.98)));
        hits.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        hits.dedup_by_key(|(step, _)| *step);
        hits
    }

    fn write_keys(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("lofi.comp.bar", Stem::Harmony);
        let steps = scene.steps();
        let tonic = scene.scale.tonic;
        let hits = Self::hits(scene, &mut dice);
        let mut figure = scene.loop_dice("lofi.arpeggio", 16, 4);
        let arpeggio = scene.closes(4) && scene.chords(0).len() == 1 && figure.chance(0.7);
        let mut sounding: Option<crate::compose::chord::Chord> = None;
        for (index, (step, from_density)) in hits.iter().enumerate() {
            let Some(chord) = scene.chord(*step) else { continue };
            if sounding.as_ref() != Some(chord) {
                let bass = 24 + i32::from(chord.bass_class(tonic));
                // Every other section lies a little higher.
                let (centre, high) =
                    if scene.section.number % 2 == 1 { (68.0, 78) } else { (CLOSE.centre, CLOSE.high) };
                // At a cadence they have the root too: the phrase rests there.
                let arrives = scene.at.is_multiple_of(4) && *step == 0 && chord.root == 0;
                let rootless = scene.section.energy_in(scene.at) >= gate::BASS && !arrives;
                let limits = voicing::Limits { rootless, centre, high, parallel: 4.0, ..CLOSE };
                self.voicing = voicing::voice(chord, tonic, &self.voicing, Some((self.bass, bass)), &limits);
                self.bass = bass;
                sounding = Some(chord.clone());
            }
            let next = hits[index + 1..].iter().find(|(_, other)| *other <= from_density.max(0.5));
            let gap = (next.map_or(steps, |(next, _)| *next) - step) as f32;
            let hold = gap * if self.short { dice.between(0.4, 0.55) } else { dice.between(0.7, 0.95) };
            let strum = dice.between(6.0, 16.0) / self.voicing.len().max(1) as f32;
            // Alone they play louder, so that a section without drums is not a hole.
            let alone = if scene.section.energy_in(scene.at) < gate::DRUMS_LIGHT { 8.0 } else { 0.0 };
            let velocity = if index == 0 { 74.0 } else { 64.0 } + (14.0 * (scene.energy - 0.5)).max(0.0) + alone;
            let broken = arpeggio && index == 0;
            let voice = |(place, key): (usize, &i32)| Stroke {
                step: *step as f32 + if broken { 2.0 * place as f32 } else { 0.0 },
                length: if broken { (gap - 2.0 * place as f32).max(2.0) } else { hold },
                key: *key as f32,
                // The top voice is a little louder.
                velocity: velocity + if place + 1 == self.voicing.len() { 5.0 } else { -2.0 },
                from_density: *from_density,
                metric: 0.5,
                late_ms: if broken { 0.0 } else { strum * place as f32 },
                ..Stroke::default()
            };
            let strokes: Vec<Stroke> = self.voicing.iter().enumerate().map(voice).collect();
            if broken {
                strokes.iter().for_each(|stroke| score.note(scene, &mut self.keys, *stroke));
            } else {
                score.chord(scene, &mut self.keys, &strokes);
            }
        }
    }
}
