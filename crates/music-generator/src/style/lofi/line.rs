//! The melody of lofi: eight bars of call and answer, then four to eight bars of rest, in which a second voice may answer.

use crate::compose::form::gate;
use crate::compose::melody::{Line, Place, arch};
use crate::compose::motif::{Motif, MotifShape};
use crate::compose::scale::Scale;
use crate::compose::scene::{Scene, Score, Stroke, Voice, choose_instrument};
use crate::compose::timing::Timing;
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;

const LEADS: &[(Instrument, f32)] = &[
    (Instrument::Vibraphone, 0.24),
    (Instrument::Guitar, 0.20),
    (Instrument::ElectricPiano, 0.20),
    (Instrument::Flute, 0.18),
    (Instrument::MusicBox, 0.08),
    (Instrument::Kalimba, 0.10),
];
const OTHER_LEADS: &[Instrument] = &[
    Instrument::Celesta,
    Instrument::Bells,
    Instrument::Bansuri,
    Instrument::Shakuhachi,
    Instrument::Sitar,
    Instrument::Santoor,
    Instrument::Koto,
    Instrument::SynthLead,
    Instrument::Cello,
    Instrument::Violin,
    Instrument::Glass,
    Instrument::Pizzicato,
];
const SHAPE: MotifShape = MotifShape {
    notes: (4, 6),
    gaps: &[(2, 0.42), (3, 0.16), (4, 0.26), (1, 0.08), (6, 0.08)],
    starts: &[0, 2, 3, 4, 6],
    span: 24,
    articulation: 0.85,
    last: 5,
};
/// Degrees of the melody: pentatonic with the ninth in minor, with the seventh in major.
const MINOR_DEGREES: [u8; 6] = [0, 2, 3, 5, 7, 10];
const MAJOR_DEGREES: [u8; 6] = [0, 2, 4, 7, 9, 11];

/// The melody.
#[derive(Clone, Debug)]
pub struct Lead {
    voice: Voice,
    counter: Voice,
    line: Line,
    /// The motifs that were used, with the bar in which each was new.
    motifs: Vec<(u64, Motif)>,
    motif: Motif,
    unit: Motif,
    /// The first bar of the phrase that sounds or sounded last, and its length.
    phrase: (u64, u64),
    /// The bar from which on the next phrase may begin.
    rest_until: u64,
    centre: i32,
}

impl Lead {
    /// The voices of a seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "lofi.lead.offset", 0, 0);
        let timing = Timing { offset_ms: dice.between(15.0, 30.0), jitter_ms: dice.between(8.0, 10.0), swing: 1.0 };
        Self {
            voice: Voice::new("lofi.lead", Stem::Lead, Instrument::Vibraphone, timing),
            counter: Voice::new("lofi.counter", Stem::Lead, Instrument::Celesta, timing),
            line: Line::new(),
            motifs: Vec::new(),
            motif: Motif::default(),
            unit: Motif::default(),
            phrase: (0, 0),
            rest_until: 0,
            centre: 70,
        }
    }

    /// Draws instrument, register and motif of a section: a new motif after 16 bars, in half of the cases an old one.
    pub fn begin(&mut self, scene: &Scene<'_>) {
        let mut dice = scene.pattern_dice("lofi.lead.section", u32::MAX);
        let arc = u64::from(dice.chance(0.3));
        let mut instrument = Dice::new(scene.seed, "lofi.lead.instrument", scene.section.arc, arc);
        if let Some(chosen) = choose_instrument(scene.target, LEADS, OTHER_LEADS, &mut instrument) {
            self.voice.instrument = chosen;
        }
        self.counter.instrument =
            if self.voice.instrument == Instrument::Celesta { Instrument::Vibraphone } else { Instrument::Celesta };
        let mood = 4.0 * scene.target.arousal + 2.0 * scene.target.valence;
        let bright = if scene.target.brightness > 0.8 { 3 } else { 0 };
        self.centre = 68 + dice.below(5) as i32 + libm::roundf(mood) as i32 + bright;
        let newest = self.motifs.last().map(|(bar, _)| *bar);
        if newest.is_none_or(|newest| scene.bar >= newest + 16) {
            let old: Vec<&Motif> = self.motifs.iter().filter(|(bar, _)| bar + 32 <= scene.bar).map(|(_, motif)| motif).collect();
            let back = dice.chance(0.5);
            self.motif = match old.get(dice.below(old.len())) {
                Some(motif) if back => (*motif).clone(),
                _ => Motif::new(&SHAPE, &mut dice),
            };
            self.motifs.push((scene.bar, self.motif.clone()));
            if self.motifs.len() > 8 {
                self.motifs.remove(0);
            }
        }
    }

    /// Writes the melody of a bar, or the answer of the second voice.
    pub fn write(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let left = u64::from(scene.section.bars - scene.at);
        let (first, length) = self.phrase;
        let sounding = scene.bar < first + length;
        if !sounding && scene.energy >= gate::LEAD && scene.at.is_multiple_of(4) && scene.bar >= self.rest_until && left >= 4 {
            let length = left.min(8) / 4 * 4;
            let mut dice = scene.dice("lofi.lead.rest", Stem::Lead);
            self.phrase = (scene.bar, length);
            self.rest_until = scene.bar + length + if dice.chance(0.7) { 4 } else { 8 };
        }
        let (first, length) = self.phrase;
        if scene.bar < first + length && scene.energy >= gate::LEAD - 0.1 {
            self.write_phrase(scene, score, scene.bar - first, length);
        } else if scene.energy >= gate::COUNTER && scene.at % 4 == 3 {
            self.write_counter(scene, score);
        }
    }

    fn write_phrase(&mut self, scene: &Scene<'_>, score: &mut Score, at: u64, length: u64) {
        let mut dice = scene.dice("lofi.lead.bar", Stem::Lead);
        let steps = scene.steps() as i32;
        // Call, answer with the rhythm of the call, varied call, answer.
        let answer = at / 2 % 2 == 1;
        if at % 4 == 0 {
            let strength = (scene.target.temperature / 1.1).min(2.5) * if at == 0 { 0.6 } else { 1.4 };
            self.unit = self.motif.varied(&SHAPE, strength, &mut dice);
        } else if answer && at % 2 == 0 && dice.chance(scene.change(0.3)) {
            self.unit = self.unit.apply(crate::compose::motif::Operator::Ornament, &SHAPE, &mut dice);
        }
        if at % 4 == 0 {
            self.line.breathe();
        }
        let degrees = if scene.scale.is_minor() { MINOR_DEGREES } else { MAJOR_DEGREES };
        let scale = scene.scale.only(&degrees);
        let from = (at % 2) as i32 * steps;
        let count = self.unit.notes.len();
        for (index, note) in self.unit.clone().notes.iter().enumerate() {
            if !(from..from + steps).contains(&note.step) {
                continue;
            }
            let step = (note.step - from) as usize;
            let closing = answer && index + 2 >= count;
            self.write_note(scene, score, &scale, (step, note.length, note.rise, note.grace), closing, (at, length), index, &mut dice);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the place of a note in bar, phrase and motif")]
    fn write_note(
        &mut self,
        scene: &Scene<'_>,
        score: &mut Score,
        scale: &Scale,
        (step, length, rise, grace): (usize, i32, i32, bool),
        closing: bool,
        (at, bars): (u64, u64),
        index: usize,
        dice: &mut Dice,
    ) {
        let Some(chord) = scene.chord(step) else { return };
        let place_in_phrase = at as f32 + step as f32 / scene.steps() as f32;
        let strong = step.is_multiple_of(8) || length >= 4 || (step.is_multiple_of(4) && dice.chance(0.8));
        let register = self.centre as f32 - 5.0 + 10.0 * arch(place_in_phrase, bars as f32);
        let place = Place { rise, strong, closing, register };
        // The highest notes are kept for the peak of the phrase.
        let high = self.centre + if arch(place_in_phrase, bars as f32) > 0.85 { 7 } else { 3 };
        let key = self.line.next(place, scale, chord, (self.centre - 7, high), dice);
        let from_density = if index % 3 == 2 { 0.22 } else { 0.0 };
        if grace {
            let neighbour = scale.key_of_step(scale.step_near(key) + 1);
            let before = Stroke {
                step: step as f32,
                length: 0.3,
                key: neighbour as f32,
                velocity: 58.0,
                from_density: 0.4,
                late_ms: -dice.between(40.0, 70.0),
                ..Stroke::default()
            };
            if step > 0 {
                score.note(scene, &mut self.voice, before);
            }
        }
        let stroke = Stroke {
            step: step as f32,
            length: length as f32,
            key: key as f32,
            velocity: 78.0 + 10.0 * arch(place_in_phrase, bars as f32),
            from_density,
            ..Stroke::default()
        };
        score.note(scene, &mut self.voice, stroke);
    }

    /// Two or three tones of the chord, downwards, at the end of a phrase of the other voices.
    fn write_counter(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("lofi.counter.bar", Stem::Lead);
        if !dice.chance(0.6) {
            return;
        }
        let Some(chord) = scene.chord(8) else { return };
        let classes = chord.classes(scene.scale.tonic);
        let mut key = self.centre + 8;
        for step in [[8, 10, 13], [6, 9, 12], [10, 12, 14]][dice.below(3)].into_iter().take(2 + dice.below(2)) {
            key -= 1;
            while !classes.contains(&(key.rem_euclid(12) as u8)) {
                key -= 1;
            }
            let stroke =
                Stroke { step: step as f32, length: 3.0, key: key as f32, velocity: 58.0, from_density: 0.4, ..Stroke::default() };
            score.note(scene, &mut self.counter, stroke);
        }
    }
}
