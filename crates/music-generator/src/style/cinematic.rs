//! Score for a story in six parts: strings that swell, an ostinato, one leading motif that appears in all parts, low drums, horns.

use super::rules::{Composes, Rules};
use crate::compose::bass::place;
use crate::compose::form::{Part, Section};
use crate::compose::harmony::{Colours, Loop};
use crate::compose::motif::{Motif, MotifShape, Operator};
use crate::compose::phrase::{PhraseRules, Phrases};
use crate::compose::scale::Scale;
use crate::compose::scene::{Scene, Score, Stroke, Voice, choose_instrument};
use crate::compose::timing::{Swing, Timing, rubato_ms};
use crate::compose::voicing::{self, Limits, OPEN};
use crate::types::config::Mode;
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;
use crate::types::target::{Style, Target};

#[rustfmt::skip]
const LOOPS: &[Loop] = &[
    // Wonder and calm.
    Loop { bars: "Iadd9 iii IVadd9 I", weight: 0.2 },
    Loop { bars: "I V/7 vi IV", weight: 0.25 },
    Loop { bars: "vi IV I V", weight: 0.2 },
    Loop { bars: "IV I/3 ii7 Vsus+V I vi IV+V I", weight: 0.2 },
    Loop { bars: "I II I vi", weight: 0.25 },
    Loop { bars: "Iadd9 II/1 vii Vadd9", weight: 0.15 },
    // Heroic.
    Loop { bars: "I bVII IV I", weight: 0.3 },
    Loop { bars: "I v bVIIadd9 IV", weight: 0.2 },
    // Sorrow and threat.
    Loop { bars: "i bVI iv v", weight: 0.2 },
    Loop { bars: "i v/3 bVI iv", weight: 0.2 },
    Loop { bars: "i bVI bIII bVII", weight: 0.25 },
    Loop { bars: "i iv bVI bVII", weight: 0.2 },
    Loop { bars: "i bII i bvii", weight: 0.2 },
    Loop { bars: "i bII bVI bvii", weight: 0.2 },
    // Search.
    Loop { bars: "i IV i bVII", weight: 0.25 },
    Loop { bars: "i bIII IV i", weight: 0.2 },
];

const RULES: Rules = Rules {
    style: Style::Cinematic,
    tempo: (60.0, 84.0, 110.0),
    swing: Swing::STRAIGHT,
    beats: &[(4, 0.7), (3, 0.3)],
    modes: &[(Mode::Ionian, 1.0)],
    parts: &[
        Part { name: "introduction", bars: &[8], energy: 0.42, material: 0, ramp: 0.1, shifts: &[0] },
        Part { name: "challenge", bars: &[16], energy: 0.66, material: 1, ramp: 0.16, shifts: &[0, -3] },
        Part { name: "reflection", bars: &[8], energy: 0.43, material: 2, ramp: -0.06, shifts: &[0] },
        Part { name: "discovery", bars: &[12], energy: 0.54, material: 3, ramp: 0.2, shifts: &[0, 5] },
        Part { name: "transformation", bars: &[16], energy: 0.86, material: 4, ramp: 0.06, shifts: &[2, 3] },
        Part { name: "resolution", bars: &[8], energy: 0.54, material: 5, ramp: -0.14, shifts: &[0, 2] },
    ],
    loops: LOOPS,
    colours: Colours { ninth: 0.3, eleventh: 0.0, thirteenth: 0.0 },
    change: 0.4,
};

const SHAPE: MotifShape = MotifShape {
    notes: (4, 6),
    gaps: &[(4, 0.45), (2, 0.2), (6, 0.2), (8, 0.15)],
    starts: &[0, 0, 4, 2],
    span: 24,
    articulation: 0.92,
    last: 6,
};
const PHRASES: PhraseRules = PhraseRules {
    name: "cinematic.theme",
    shape: &SHAPE,
    degrees: [&[0, 1, 2, 3, 5, 7, 8, 9, 10], &[0, 2, 4, 5, 6, 7, 9, 10, 11]],
    rests: &[(0, 0.3), (4, 0.7)],
    gate: 0.3,
    centre: (68, 72),
    reach: (7, 9),
};
/// Instruments of the theme in quiet and in loud parts.
const QUIET: &[(Instrument, f32)] =
    &[(Instrument::Flute, 0.3), (Instrument::Cello, 0.25), (Instrument::Violin, 0.25), (Instrument::GrandPiano, 0.2)];
const LOUD: &[(Instrument, f32)] = &[(Instrument::Violin, 0.4), (Instrument::Horn, 0.4), (Instrument::Brass, 0.2)];
const OTHER_LEADS: &[Instrument] = &[
    Instrument::Shakuhachi,
    Instrument::Bansuri,
    Instrument::Celesta,
    Instrument::MusicBox,
    Instrument::Choir,
    Instrument::Guitar,
    Instrument::Koto,
    Instrument::Bells,
    Instrument::FeltPiano,
];
/// Patterns of the ostinato in eighths: tones of root, fifth, octave, ninth.
const OSTINATI: [[usize; 8]; 4] =
    [[0, 1, 2, 1, 3, 2, 1, 2], [0, 2, 1, 2, 0, 2, 1, 3], [0, 1, 2, 3, 2, 1, 2, 1], [0, 0, 1, 0, 2, 0, 1, 0]];
/// The sixteenths at which the ostinato sounds; one row is drawn for each four bars.
const RHYTHMS: [&[usize]; 5] = [
    &[0, 2, 4, 6, 8, 10, 12, 14],
    &[0, 3, 6, 8, 11, 14],
    &[0, 2, 3, 4, 8, 10, 11, 12],
    &[0, 4, 6, 7, 8, 12, 14, 15],
    &[0, 6, 8, 10, 14],
];
const RUBATO: f32 = 0.03;
/// Half of the attack of the strings, in milliseconds: they begin early.
const EARLY_MS: f32 = -60.0;

/// The state of the style.
#[derive(Clone, Debug)]
pub struct Cinematic {
    strings: Voice,
    ostinato: Voice,
    harp: Voice,
    bass: Voice,
    taiko: Voice,
    crash: Voice,
    riser: Voice,
    theme: Voice,
    double: Voice,
    phrases: Phrases,
    motif: Motif,
    pattern: usize,
    voicing: Vec<i32>,
}

impl Cinematic {
    /// The style with the motif of a seed.
    pub fn new(seed: u64) -> Self {
        let voice = |name, stem, instrument, offset_ms, jitter_ms| {
            Voice::new(name, stem, instrument, Timing { offset_ms, jitter_ms, swing: 0.0 })
        };
        Self {
            strings: voice("cinematic.strings", Stem::Harmony, Instrument::Strings, EARLY_MS, 8.0),
            ostinato: voice("cinematic.ostinato", Stem::Harmony, Instrument::Pizzicato, 0.0, 5.0),
            harp: voice("cinematic.harp", Stem::Harmony, Instrument::Harp, 5.0, 8.0),
            bass: voice("cinematic.bass", Stem::Bass, Instrument::Cello, EARLY_MS, 8.0),
            taiko: voice("cinematic.taiko", Stem::Drums, Instrument::Taiko, 0.0, 5.0),
            crash: voice("cinematic.crash", Stem::Drums, Instrument::Crash, 0.0, 2.0),
            riser: voice("cinematic.riser", Stem::Texture, Instrument::Riser, 0.0, 2.0),
            theme: voice("cinematic.lead", Stem::Lead, Instrument::Violin, -20.0, 9.0),
            double: voice("cinematic.double", Stem::Lead, Instrument::Horn, -20.0, 9.0),
            phrases: Phrases::new(&PHRASES),
            motif: Motif::new(&SHAPE, &mut Dice::new(seed, "cinematic.motif", 0, 0)),
            pattern: 0,
            voicing: Vec::new(),
        }
    }

    fn harmony_voices(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("cinematic.harmony", Stem::Harmony);
        let mut low_dice = scene.dice("cinematic.bass.line", Stem::Bass);
        let chords = scene.chords(0).to_vec();
        let steps = scene.steps();
        let span = steps / chords.len().max(1);
        let tonic = scene.scale.tonic;
        let loud = 34.0 + 56.0 * scene.energy;
        for (index, chord) in chords.iter().enumerate() {
            let from = index * span;
            let limits = Limits { voices: if scene.energy > 0.6 { 5 } else { 4 }, ..OPEN };
            self.voicing = voicing::voice(chord, tonic, &self.voicing, None, &limits);
            // Long notes swell within the phrase: louder towards its third bar.
            let swell = [0.0, 5.0, 10.0, 2.0][scene.at as usize % 4];
            let late_ms = breath(scene, from);
            let strokes: Vec<Stroke> = self
                .voicing
                .iter()
                .map(|key| Stroke {
                    step: from as f32,
                    length: span as f32 * 1.02,
                    key: *key as f32,
                    velocity: loud + swell,
                    metric: 0.1,
                    late_ms,
                    ..Stroke::default()
                })
                .collect();
            score.chord(scene, &mut self.strings, &strokes);
            let bass = place(chord.bass_class(tonic), 38, (31, 45));
            self.bass_note(scene, score, (bass, loud), (from, span), &mut low_dice);
            if scene.energy > 0.58 {
                self.figure(scene, score, chord, (from, span), &mut dice);
            } else if scene.energy < 0.62 {
                let tones = self.voicing.clone();
                let offset = dice.below(2) * 2;
                // Some bars are broken slowly, some in sixteenths.
                let by = [2, 2, 4, 1][dice.pick(&[0.4, 0.2, 0.25, 0.15])];
                for (count, step) in (offset..span).step_by(by).take(8).enumerate() {
                    if dice.chance(scene.change(0.18)) {
                        continue;
                    }
                    let up = count % (2 * tones.len().max(1));
                    let place = if up < tones.len() { up } else { 2 * tones.len() - 1 - up };
                    let Some(key) = tones.get(place) else { continue };
                    let stroke = Stroke {
                        step: (from + step) as f32,
                        length: 6.0,
                        key: (*key + 12).min(84) as f32,
                        velocity: 40.0 + 20.0 * scene.energy,
                        from_density: if count % 2 == 0 { 0.15 } else { 0.34 },
                        late_ms: breath(scene, from + step),
                        ..Stroke::default()
                    };
                    score.note(scene, &mut self.harp, stroke);
                }
            }
        }
    }

    /// The root, held or renewed within the chord; the last note may be a step towards what follows. Doubled when it is loud.
    fn bass_note(
        &mut self,
        scene: &Scene<'_>,
        score: &mut Score,
        (bass, loud): (i32, f32),
        (from, span): (usize, usize),
        dice: &mut Dice,
    ) {
        let mut onsets = vec![(0, bass)];
        if dice.chance(scene.change(0.4)) {
            onsets.push((span / 2, [bass, bass, bass + 12][dice.below(3)]));
        }
        if dice.chance(scene.change(0.35)) && span > 4 {
            let step = scene.scale.step_near(bass) + [-1, 1, 2][dice.below(3)];
            onsets.push((span - [2, 4, 3][dice.below(3)], scene.scale.key_of_step(step)));
        }
        for (index, (step, key)) in onsets.iter().enumerate() {
            let end = onsets.get(index + 1).map_or(span, |(next, _)| *next);
            let low = Stroke {
                step: (from + step) as f32,
                length: end.saturating_sub(*step).max(1) as f32,
                key: *key as f32,
                velocity: loud + if index == 0 { 4.0 } else { -4.0 },
                from_density: if index == 0 { 0.0 } else { 0.2 },
                late_ms: breath(scene, from + step),
                ..Stroke::default()
            };
            score.note(scene, &mut self.bass, low);
            if scene.energy > 0.55 {
                let octave = Stroke { key: (key + 12) as f32, velocity: loud - 6.0, from_density: 0.2, ..low };
                score.note(scene, &mut self.bass, octave);
            }
        }
    }

    /// The ostinato: eighths on root, fifth, octave and ninth.
    fn figure(
        &mut self,
        scene: &Scene<'_>,
        score: &mut Score,
        chord: &crate::compose::chord::Chord,
        (from, span): (usize, usize),
        dice: &mut Dice,
    ) {
        let root = place(chord.root_class(scene.scale.tonic), 55, (50, 61));
        let ninth = scene.scale.key_of_step(scene.scale.step_near(root + 12) + 1);
        let tones = [root, if chord.has(7) { root + 7 } else { root + 6 }, root + 12, ninth];
        let rhythm = RHYTHMS[scene.pattern_dice("cinematic.rhythm", 4).below(RHYTHMS.len())];
        for (count, step) in rhythm.iter().filter(|step| (from..from + span).contains(step)).enumerate() {
            let step = step - from;
            if dice.chance(scene.change(0.07)) {
                continue;
            }
            let place = (from / 2 + count) % 8;
            let tone = if dice.chance(scene.change(0.1)) { dice.below(4) } else { OSTINATI[self.pattern][place] };
            let stroke = Stroke {
                step: (from + step) as f32,
                length: 1.4,
                key: tones[tone] as f32,
                velocity: 44.0 + 34.0 * scene.energy,
                from_density: if step % 4 == 0 { 0.1 } else { 0.25 },
                late_ms: breath(scene, from + step),
                ..Stroke::default()
            };
            score.note(scene, &mut self.ostinato, stroke);
        }
    }

    fn drums(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("cinematic.drums", Stem::Drums);
        let steps = scene.steps();
        let stroke = |step: usize, velocity: f32, from_density: f32| Stroke {
            step: step as f32,
            key: 36.0,
            velocity,
            from_density,
            metric: 0.2,
            late_ms: breath(scene, step),
            ..Stroke::default()
        };
        if scene.at == 0 && scene.energy > 0.45 {
            score.note(scene, &mut self.taiko, stroke(0, 104.0, 0.0));
            if scene.energy > 0.7 {
                score.note(scene, &mut self.crash, stroke(0, 84.0, 0.2));
            }
        }
        // A roll of two bars and a riser before the climax.
        let left = scene.section.bars - scene.at;
        if scene.section.name == "discovery" && left <= 2 {
            let total = 2 * steps;
            let offset = if left == 2 { 0 } else { steps };
            for step in (0..steps).filter(|step| left == 1 || step % 2 == 0) {
                let place = (offset + step) as f32 / total as f32;
                score.note(scene, &mut self.taiko, stroke(step, 30.0 + 80.0 * place, 0.1));
            }
            if left == 2 {
                let riser = Stroke { length: total as f32, velocity: 72.0, from_density: 0.1, ..stroke(0, 72.0, 0.1) };
                score.note(scene, &mut self.riser, riser);
            }
            return;
        }
        if scene.energy < 0.62 {
            return;
        }
        let beat = [0, steps / 2 + 2, steps - 2, 3, steps - 4];
        for (index, step) in beat.into_iter().enumerate() {
            let chance = [1.0, 0.6, 0.35, 0.25, 0.4][index];
            if (scene.at, index) != (0, 0) && dice.chance(chance) {
                let velocity = [98.0, 72.0, 60.0, 52.0, 66.0][index];
                score.note(scene, &mut self.taiko, stroke(step, velocity, 0.08 * index as f32));
            }
        }
    }

    fn lead(&mut self, scene: &Scene<'_>, score: &mut Score) {
        for note in self.phrases.bar(scene) {
            let stroke = Stroke {
                step: note.step as f32,
                length: note.length as f32,
                key: note.key as f32,
                velocity: 54.0 + 34.0 * scene.energy + 8.0 * note.height,
                from_density: if note.optional { 0.15 } else { 0.0 },
                metric: 0.4,
                late_ms: breath(scene, note.step),
                ..Stroke::default()
            };
            score.note(scene, &mut self.theme, stroke);
            // In the climax a horn doubles the theme an octave lower, or a third below as harmony.
            if scene.energy > 0.76 {
                let third = scene.scale.key_of_step(scene.scale.step_near(note.key) - 2);
                let key = if note.closing { third } else { note.key - 12 };
                let second = Stroke { key: key as f32, velocity: stroke.velocity - 8.0, from_density: 0.3, ..stroke };
                score.note(scene, &mut self.double, second);
            }
        }
    }
}

/// How late a step is because the tempo breathes.
fn breath(scene: &Scene<'_>, step: usize) -> f32 {
    let bars = (scene.at % 4) as f32 + step as f32 / scene.steps().max(1) as f32;
    rubato_ms(bars / 4.0, 4.0 * scene.beats as f32 * 60_000.0 / scene.bpm as f32, RUBATO)
}

impl Composes for Cinematic {
    fn rules(&self) -> &'static Rules {
        &RULES
    }

    /// Each part of the story has its modes, unless the target names one.
    fn scale(&mut self, target: &Target, tonic: u8, section: &Section, dice: &mut Dice) -> Scale {
        let first = dice.chance(0.5);
        let sad = target.valence < -0.3;
        let mode = target.mode.unwrap_or(match (section.name, first) {
            ("introduction" | "resolution", _) if sad => Mode::Aeolian,
            ("introduction", true) => Mode::Lydian,
            ("challenge", true) if target.valence < 0.3 => Mode::Phrygian,
            ("challenge", _) => Mode::Aeolian,
            ("reflection", true) => Mode::Aeolian,
            ("reflection" | "discovery", false) => Mode::Dorian,
            ("discovery", true) => Mode::Mixolydian,
            ("transformation", true) => Mode::Mixolydian,
            _ => Mode::Ionian,
        });
        Scale::of_mode(tonic, mode)
    }

    fn begin(&mut self, scene: &Scene<'_>) {
        let mut dice = scene.pattern_dice("cinematic.section", u32::MAX);
        self.pattern = dice.below(OSTINATI.len());
        let usual = if scene.section.energy > 0.6 { LOUD } else { QUIET };
        if let Some(lead) = choose_instrument(scene.target, usual, OTHER_LEADS, &mut dice) {
            self.theme.instrument = lead;
        }
        self.double.instrument =
            if self.theme.instrument == Instrument::Horn { Instrument::Violin } else { Instrument::Horn };
        self.ostinato.instrument = if dice.chance(0.7) { Instrument::Pizzicato } else { Instrument::Cello };
        self.phrases.begin(scene);
        // The motif of the story appears in every part: slower in the reflection, varied elsewhere.
        let motif = match scene.section.name {
            "reflection" => self.motif.apply(Operator::Augment, &SHAPE, &mut dice),
            "challenge" => self.motif.apply(Operator::ChangeTail, &SHAPE, &mut dice),
            "discovery" => self.motif.apply(Operator::Sequence, &SHAPE, &mut dice),
            _ => self.motif.clone(),
        };
        self.phrases.set_motif(motif);
    }

    fn write(&mut self, scene: &Scene<'_>, score: &mut Score) {
        self.harmony_voices(scene, score);
        self.drums(scene, score);
        self.lead(scene, score);
    }

    fn copy(&self) -> Box<dyn Composes> {
        Box::new(self.clone())
    }
}
