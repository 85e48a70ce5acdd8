//! The melody of lofi: eight bars of call and answer, then four to eight bars of rest, in which a second voice may answer.

use crate::compose::form::gate;
use crate::compose::motif::MotifShape;
use crate::compose::phrase::{PhraseRules, Phrases};
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
    notes: (4, 7),
    gaps: &[(2, 0.34), (3, 0.12), (4, 0.36), (1, 0.06), (6, 0.12)],
    starts: &[0, 2, 3, 4, 6],
    // The last note ends a beat before the two bars of a figure do.
    span: 22,
    articulation: 0.92,
    last: 6,
};
/// The degrees are pentatonic, with the ninth in minor, with the seventh in major.
const RULES: PhraseRules = PhraseRules {
    name: "lofi.lead",
    shape: &SHAPE,
    degrees: [&[0, 2, 3, 5, 7, 10], &[0, 2, 4, 7, 9, 11]],
    rests: &[(4, 0.9), (8, 0.1)],
    // Below the usual gate, so that a low density thins the melody and does not remove it.
    gate: gate::LEAD - 0.1,
    centre: (68, 72),
    reach: (7, 7),
    recall: 0.45,
    weak_in_chord: 0.7,
};

/// The density from which on the optional notes of the melody sound.
const OPTIONAL_FROM: f32 = 0.22;

/// The melody.
#[derive(Clone, Debug)]
pub struct Lead {
    voice: Voice,
    counter: Voice,
    phrases: Phrases,
}

impl Lead {
    /// The voices of a seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "lofi.lead.offset", 0, 0);
        let timing = Timing { offset_ms: dice.between(15.0, 21.0), jitter_ms: dice.between(8.0, 9.0), swing: 1.0 };
        Self {
            voice: Voice::new("lofi.lead", Stem::Lead, Instrument::Vibraphone, timing),
            counter: Voice::new("lofi.counter", Stem::Lead, Instrument::Celesta, timing),
            phrases: Phrases::new(&RULES),
        }
    }

    /// Draws the instrument of a section: one of two of the arc.
    pub fn begin(&mut self, scene: &Scene<'_>) {
        let mut dice = scene.pattern_dice("lofi.lead.section", u32::MAX);
        let other = u64::from(dice.chance(if scene.section.material == 0 { 0.1 } else { 0.7 }));
        let mut instrument = Dice::new(scene.seed, "lofi.lead.instrument", scene.section.arc, other);
        if let Some(chosen) = choose_instrument(scene.target, LEADS, OTHER_LEADS, &mut instrument) {
            self.voice.instrument = chosen;
        }
        self.counter.instrument =
            if self.voice.instrument == Instrument::Celesta { Instrument::Vibraphone } else { Instrument::Celesta };
        self.phrases.begin(scene);
    }

    /// Writes the melody of a bar, or the answer of the second voice.
    pub fn write(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("lofi.lead.grace", Stem::Lead);
        let notes = self.phrases.bar(scene);
        for (index, note) in notes.iter().enumerate() {
            // Where an optional note is left out, the one before it is held.
            let held = notes.get(index + 1).filter(|next| next.optional && scene.target.density < OPTIONAL_FROM);
            let length = note.length + held.map_or(0, |next| next.length);
            if let Some(key) = note.grace {
                let grace = Stroke {
                    step: note.step as f32,
                    length: 0.3,
                    key: key as f32,
                    velocity: 58.0,
                    from_density: 0.4,
                    late_ms: -dice.between(40.0, 70.0),
                    ..Stroke::default()
                };
                score.note(scene, &mut self.voice, grace);
            }
            let stroke = Stroke {
                step: note.step as f32,
                length: length as f32,
                key: note.key as f32,
                velocity: 78.0 + 10.0 * note.height,
                from_density: if note.optional { OPTIONAL_FROM } else { 0.0 },
                ..Stroke::default()
            };
            score.note(scene, &mut self.voice, stroke);
        }
        if notes.is_empty() && scene.energy >= gate::COUNTER - 0.15 && scene.at % 2 == 1 {
            self.write_counter(scene, score);
        }
    }

    /// Two or three tones of the chord, downwards, in a rest of the melody.
    fn write_counter(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("lofi.counter.bar", Stem::Lead);
        if !dice.chance(0.7) {
            return;
        }
        let Some(chord) = scene.chord(8) else { return };
        let classes = chord.classes(scene.scale.tonic);
        let mut key = self.phrases.centre() + 8;
        for step in [[8, 10, 13], [6, 9, 12], [10, 12, 14]][dice.below(3)].into_iter().take(2 + dice.below(2)) {
            key -= 1;
            while !classes.contains(&(key.rem_euclid(12) as u8)) {
                key -= 1;
            }
            let stroke = Stroke {
                step: step as f32,
                length: 4.0,
                key: key as f32,
                velocity: 58.0,
                from_density: 0.4,
                ..Stroke::default()
            };
            score.note(scene, &mut self.counter, stroke);
        }
    }
}
