//! Solo piano: a left hand of broken tenths, half notes or a sway, a melody with inner thirds and sixths, and a tempo that breathes.

use super::rules::{Composes, Rules};
use crate::compose::bass::place;
use crate::compose::form::Part;
use crate::compose::harmony::{Colours, Loop};
use crate::compose::motif::MotifShape;
use crate::compose::phrase::{PhraseRules, Phrases};
use crate::compose::scene::{Scene, Score, Stroke, Voice, choose_instrument};
use crate::compose::timing::{Swing, Timing, rubato_ms};
use crate::compose::voicing::{self, CLOSE};
use crate::types::config::Mode;
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;
use crate::types::target::Style;

#[rustfmt::skip]
const LOOPS: &[Loop] = &[
    Loop { bars: "Imaj7 iii7 vi7 IVadd9", weight: 0.25 },
    Loop { bars: "vi IV I Vsus+V", weight: 0.2 },
    Loop { bars: "Iadd9 V/7 vi7 iii IV I/3 ii7 V7sus+V7", weight: 0.2 },
    Loop { bars: "IVmaj7 Imaj7 IVmaj7 vi7", weight: 0.15 },
    Loop { bars: "i bVI bIII bVII", weight: 0.2 },
    Loop { bars: "iadd9 iv7 bVImaj7 v7", weight: 0.2 },
    Loop { bars: "i v/3 bVImaj7 iv7 i/3 bVImaj7 bVII bVII", weight: 0.15 },
    Loop { bars: "i7 IV i7 v7", weight: 0.15 },
    Loop { bars: "i bVII IV i", weight: 0.15 },
    Loop { bars: "Iadd9 v7 IV I", weight: 0.15 },
    Loop { bars: "Imaj7 II/1 Imaj7 vi7", weight: 0.15 },
    Loop { bars: "i bII bvii i", weight: 0.15 },
];

const RULES: Rules = Rules {
    style: Style::Piano,
    tempo: (58.0, 70.0, 84.0),
    swing: Swing::STRAIGHT,
    beats: &[(4, 0.65), (3, 0.35)],
    modes: &[(Mode::Ionian, 0.5), (Mode::Aeolian, 0.35), (Mode::Dorian, 0.15)],
    parts: &[
        Part { name: "intro", bars: &[4], energy: 0.3, material: 0, ramp: 0.0, shifts: &[0] },
        Part { name: "A", bars: &[8, 16], energy: 0.45, material: 0, ramp: 0.1, shifts: &[0] },
        Part { name: "B", bars: &[8], energy: 0.65, material: 1, ramp: 0.14, shifts: &[0] },
        Part { name: "A'", bars: &[8, 16], energy: 0.5, material: 0, ramp: 0.1, shifts: &[0] },
        Part { name: "C", bars: &[8], energy: 0.78, material: 2, ramp: 0.1, shifts: &[3, 5, -3, 2] },
        Part { name: "A''", bars: &[8], energy: 0.42, material: 0, ramp: -0.1, shifts: &[0] },
        Part { name: "coda", bars: &[4], energy: 0.3, material: 0, ramp: -0.1, shifts: &[0] },
    ],
    loops: LOOPS,
    colours: Colours { ninth: 0.3, eleventh: 0.0, thirteenth: 0.0 },
    change: 0.5,
};

const SHAPE: MotifShape = MotifShape {
    notes: (4, 8),
    gaps: &[(2, 0.34), (4, 0.38), (6, 0.14), (8, 0.10), (3, 0.04)],
    starts: &[0, 0, 2, 4],
    span: 26,
    articulation: 0.8,
    last: 5,
};
const PHRASES: PhraseRules = PhraseRules {
    name: "piano.right",
    shape: &SHAPE,
    degrees: [&[0, 2, 3, 5, 7, 8, 9, 10], &[0, 2, 4, 5, 7, 9, 11]],
    rests: &[(0, 0.4), (4, 0.6)],
    gate: 0.34,
    centre: (72, 76),
    reach: (7, 9),
};
const PIANOS: &[(Instrument, f32)] = &[(Instrument::FeltPiano, 0.55), (Instrument::GrandPiano, 0.45)];
const OTHER_PIANOS: &[Instrument] =
    &[Instrument::ElectricPiano, Instrument::Harp, Instrument::Celesta, Instrument::MusicBox];
/// The depth of the change of tempo over four bars.
const RUBATO: f32 = 0.035;

/// The figures of the left hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// Root, fifth, tenth, fifth in eighths.
    Tenths,
    /// Root and fifth in half notes.
    Halves,
    /// The bass on one, a chord on two.
    Sway,
}

/// The state of the style.
#[derive(Clone, Debug)]
pub struct Piano {
    left: Voice,
    right: Voice,
    figure: Left,
    phrases: Phrases,
    voicing: Vec<i32>,
}

impl Piano {
    /// The style with the hands of a seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "piano", 0, 0);
        let still = Timing { offset_ms: 0.0, jitter_ms: 6.0, swing: 0.0 };
        let late = Timing { offset_ms: dice.between(8.0, 25.0), jitter_ms: 8.0, swing: 0.0 };
        Self {
            left: Voice::new("piano.left", Stem::Harmony, Instrument::FeltPiano, still),
            right: Voice::new("piano.right.hand", Stem::Lead, Instrument::FeltPiano, late),
            figure: Left::Tenths,
            phrases: Phrases::new(&PHRASES),
            voicing: Vec::new(),
        }
    }

    fn left_hand(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("piano.left.bar", Stem::Harmony);
        let steps = scene.steps();
        let tonic = scene.scale.tonic;
        let loud = 36.0 + 34.0 * scene.energy;
        let chords = scene.chords(0).to_vec();
        let span = steps / chords.len().max(1);
        for (index, chord) in chords.iter().enumerate() {
            let from = index * span;
            let bass = place(chord.bass_class(tonic), 42, (33, 50));
            let inside = |interval: i32| {
                let class = ((bass + interval).rem_euclid(12)) as u8;
                chord.classes(tonic).contains(&class)
            };
            let fifth = bass + [7, 8, 9, 5].into_iter().find(|interval| inside(*interval)).unwrap_or(12);
            let tenth = bass + [16, 15, 14, 17].into_iter().find(|interval| inside(*interval)).unwrap_or(12);
            let mut strokes: Vec<(usize, usize, i32, f32, f32)> = Vec::new();
            match self.figure {
                Left::Tenths => {
                    let cycle = [bass, fifth, tenth, fifth, bass + 12, fifth, tenth, fifth];
                    for (count, step) in (0..span).step_by(2).enumerate() {
                        let key = cycle[count % cycle.len()];
                        let varied = count > 1 && dice.chance(scene.change(0.12));
                        if varied && dice.chance(0.5) {
                            continue;
                        }
                        let key = if varied { tenth } else { key };
                        let from_density = if count == 0 {
                            0.0
                        } else if count % 2 == 0 {
                            0.12
                        } else {
                            0.24
                        };
                        strokes.push((step, span - step, key, if count == 0 { 4.0 } else { -6.0 }, from_density));
                    }
                }
                Left::Halves => {
                    strokes.push((0, span, bass, 2.0, 0.0));
                    let second = if dice.chance(scene.change(0.3)) { tenth } else { fifth };
                    let usual = dice.chance(1.0 - scene.change(0.35));
                    let at = if usual { span / 4 * 2 } else { [span / 4, span * 3 / 4][dice.below(2)] };
                    strokes.push((at, span - at, second, -4.0, 0.1));
                    if dice.chance(scene.change(0.35)) {
                        strokes.push((span - 2, 2, fifth, -8.0, 0.3));
                    }
                }
                Left::Sway => {
                    strokes.push((0, span, bass, 4.0, 0.0));
                    if dice.chance(scene.change(0.25)) {
                        let key = [fifth, tenth, bass + 12][dice.below(3)];
                        strokes.push((span - [2, 4][dice.below(2)], 3, key, -8.0, 0.2));
                    }
                }
            }
            for (step, length, key, louder, from_density) in strokes {
                let stroke = Stroke {
                    step: (from + step) as f32,
                    length: length as f32,
                    key: key as f32,
                    velocity: loud + louder,
                    from_density,
                    metric: 0.5,
                    late_ms: breath(scene, from + step),
                    ..Stroke::default()
                };
                score.note(scene, &mut self.left, stroke);
            }
            let rolled = self.figure == Left::Sway || (self.figure == Left::Halves && scene.energy > 0.45);
            if rolled {
                let limits = voicing::Limits { low: 52, high: 69, centre: 60.0, voices: 3, ..CLOSE };
                self.voicing = voicing::voice(chord, tonic, &self.voicing, None, &limits);
                let place = if self.figure == Left::Sway { 4 } else { 0 };
                let mut hits = vec![place];
                if self.figure == Left::Sway && dice.chance(scene.change(0.45)) {
                    hits.push([8, 8, 10, 12][dice.below(4)]);
                }
                for step in hits.into_iter().filter(|step| *step < span) {
                    let roll = dice.between(15.0, 40.0) / 2.0;
                    let strokes: Vec<Stroke> = self
                        .voicing
                        .iter()
                        .enumerate()
                        .map(|(index, key)| Stroke {
                            step: (from + step) as f32,
                            length: (span - step) as f32,
                            key: *key as f32,
                            velocity: loud - 8.0,
                            from_density: 0.06,
                            metric: 0.5,
                            late_ms: roll * index as f32 + breath(scene, from + step),
                            ..Stroke::default()
                        })
                        .collect();
                    score.chord(scene, &mut self.left, &strokes);
                }
            }
        }
    }

    fn right_hand(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("piano.right.bar", Stem::Lead);
        for note in self.phrases.bar(scene) {
            // The peak of the phrase is held back a little.
            let agogic = if note.height > 0.95 { dice.between(30.0, 60.0) } else { 0.0 };
            let late_ms = breath(scene, note.step) + agogic;
            let base = Stroke {
                step: note.step as f32,
                length: note.length as f32,
                velocity: 48.0 + 24.0 * scene.energy + 8.0 * note.height,
                from_density: if note.optional { 0.2 } else { 0.0 },
                metric: 0.6,
                late_ms,
                ..Stroke::default()
            };
            let mut strokes = vec![Stroke { key: note.key as f32, ..base }];
            let (inner, octave) = (dice.chance(0.25), dice.chance(if note.height > 0.9 { 0.3 } else { 0.05 }));
            if octave && scene.energy > 0.5 {
                strokes.push(Stroke {
                    key: (note.key - 12) as f32,
                    velocity: base.velocity - 8.0,
                    from_density: 0.35,
                    ..base
                });
            } else if inner && note.length >= 3 {
                let step = scene.scale.step_near(note.key);
                let classes = scene.chord(note.step).map(|chord| chord.classes(scene.scale.tonic)).unwrap_or_default();
                let below = [step - 2, step - 5].map(|step| scene.scale.key_of_step(step));
                let fits = below.into_iter().find(|key| classes.contains(&(key.rem_euclid(12) as u8)));
                strokes.extend(fits.map(|key| Stroke {
                    key: key as f32,
                    velocity: base.velocity - 12.0,
                    from_density: 0.3,
                    ..base
                }));
            }
            score.chord(scene, &mut self.right, &strokes);
            if let Some(key) = note.grace {
                let late_ms = late_ms - dice.between(50.0, 80.0);
                let grace =
                    Stroke { key: key as f32, length: 0.4, velocity: 44.0, from_density: 0.42, late_ms, ..base };
                score.note(scene, &mut self.right, grace);
            }
        }
    }
}

/// How late a step is because the tempo breathes.
fn breath(scene: &Scene<'_>, step: usize) -> f32 {
    let bars = (scene.at % 4) as f32 + step as f32 / scene.steps().max(1) as f32;
    rubato_ms(bars / 4.0, 4.0 * scene.beats as f32 * 60_000.0 / scene.bpm as f32, RUBATO)
}

impl Composes for Piano {
    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn begin(&mut self, scene: &Scene<'_>) {
        let mut dice = scene.pattern_dice("piano.figure", u32::MAX);
        let weights = if scene.section.energy > 0.6 { [0.8, 0.1, 0.1] } else { [0.3, 0.35, 0.35] };
        self.figure = [Left::Tenths, Left::Halves, Left::Sway][dice.pick(&weights)];
        let mut arc = Dice::new(scene.seed, "piano.sound", 0, 0);
        let piano = choose_instrument(scene.target, PIANOS, OTHER_PIANOS, &mut arc).unwrap_or(Instrument::GrandPiano);
        self.left.instrument = piano;
        self.right.instrument = piano;
        self.phrases.begin(scene);
    }

    fn write(&mut self, scene: &Scene<'_>, score: &mut Score) {
        self.left_hand(scene, score);
        self.right_hand(scene, score);
    }

    fn copy(&self) -> Box<dyn Composes> {
        Box::new(self.clone())
    }
}
