//! Ambient: no pulse. A pad whose chords change every 16 to 32 s, a pedal tone, and short figures that return in loops of lengths
//! without a common measure, so that their pattern does not repeat (Eno 1978).

use super::rules::{Composes, Rules};
use crate::compose::bass::place;
use crate::compose::form::{Part, Section};
use crate::compose::harmony::{BarChords, Colours, Loop};
use crate::compose::scale::Scale;
use crate::compose::scene::{Scene, Score, Stroke, Voice, choose_instrument};
use crate::compose::timing::{Swing, Timing};
use crate::compose::voicing::{self, Limits, OPEN};
use crate::types::config::Mode;
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;
use crate::types::target::Style;

#[rustfmt::skip]
const LOOPS: &[Loop] = &[
    Loop { bars: "Iadd9 IVmaj9", weight: 0.2 },
    Loop { bars: "Isus2 vi9 IVmaj7", weight: 0.2 },
    Loop { bars: "Imaj9 iii7 vi9 IVadd9", weight: 0.2 },
    Loop { bars: "Imaj9 II/1", weight: 0.25 },
    Loop { bars: "Imaj7#11 vi9 II/1", weight: 0.2 },
    Loop { bars: "i9 IVadd9", weight: 0.25 },
    Loop { bars: "i9 bVIImaj9 v7", weight: 0.2 },
    Loop { bars: "I9sus bVIImaj9 IVmaj9", weight: 0.25 },
    Loop { bars: "iadd9 bVImaj9 iv9", weight: 0.25 },
    Loop { bars: "i7sus bIImaj7", weight: 0.2 },
];

const RULES: Rules = Rules {
    style: Style::Ambient,
    tempo: (50.0, 60.0, 70.0),
    swing: Swing::STRAIGHT,
    beats: &[(4, 1.0)],
    modes: &[(Mode::Lydian, 0.3), (Mode::Ionian, 0.3), (Mode::Dorian, 0.25), (Mode::Mixolydian, 0.15)],
    parts: &[
        Part { name: "plateau 1", bars: &[16, 20], energy: 0.48, material: 0, ramp: 0.24, shifts: &[0] },
        Part { name: "plateau 2", bars: &[16, 20, 24], energy: 0.62, material: 1, ramp: 0.16, shifts: &[0] },
        Part { name: "clearing", bars: &[4], energy: 0.22, material: 1, ramp: 0.0, shifts: &[0] },
        Part { name: "plateau 3", bars: &[16, 20], energy: 0.52, material: 2, ramp: 0.3, shifts: &[0] },
        Part { name: "plateau 4", bars: &[20, 24], energy: 0.7, material: 0, ramp: -0.2, shifts: &[0] },
        Part { name: "clearing", bars: &[4, 8], energy: 0.2, material: 0, ramp: 0.0, shifts: &[0] },
    ],
    loops: LOOPS,
    colours: Colours { ninth: 0.4, eleventh: 0.1, thirteenth: 0.0, settled: false },
    change: 0.0,
};

/// The lengths of the loops in seconds.
const LOOP_SECONDS: [f64; 7] = [17.3, 19.7, 23.1, 25.9, 29.3, 31.7, 13.1];
const SOUNDS: &[(Instrument, f32)] = &[
    (Instrument::Glass, 0.26),
    (Instrument::FeltPiano, 0.24),
    (Instrument::Bells, 0.16),
    (Instrument::Vibraphone, 0.16),
    (Instrument::Harp, 0.12),
    (Instrument::Flute, 0.06),
];
const OTHER_SOUNDS: &[Instrument] = &[
    Instrument::Celesta,
    Instrument::MusicBox,
    Instrument::Kalimba,
    Instrument::GrandPiano,
    Instrument::Bansuri,
    Instrument::Shakuhachi,
    Instrument::Cello,
    Instrument::Guitar,
    Instrument::Koto,
    Instrument::Santoor,
];
/// A drone from this key on (82 Hz) sounds with the octave below it.
const DRONE_ALONE_BELOW: f32 = 40.0;
const PADS: &[(Instrument, f32)] = &[(Instrument::Pad, 0.7), (Instrument::Strings, 0.3)];
const OTHER_PADS: &[Instrument] = &[Instrument::Choir, Instrument::Organ];
/// Degrees of the figures in minor and in major scales: without the notes that rub against the pad.
const DEGREES: [&[u8]; 2] = [&[0, 2, 3, 5, 7, 10], &[0, 2, 4, 7, 9]];

/// A figure that returns.
#[derive(Clone, Debug)]
struct Figure {
    voice: Voice,
    /// Seconds after its start, and the step of the scale.
    notes: Vec<(f64, i32)>,
    seconds: f64,
    /// When it sounds next, in quarter notes.
    next: f64,
    rounds: usize,
    number: u64,
}

/// The state of the style.
#[derive(Clone, Debug)]
pub struct Ambient {
    seed: u64,
    pad: Voice,
    choir: Voice,
    drone: Voice,
    heart: Voice,
    figures: Vec<Figure>,
    drawn: u64,
    voicing: Vec<i32>,
    pedal: bool,
    /// The bar in which the top voice of the pad moves.
    moves: Option<u64>,
}

const STILL: Timing = Timing { offset_ms: 0.0, jitter_ms: 10.0, swing: 0.0 };

impl Ambient {
    /// The style with the loops of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            pad: Voice::new("ambient.pad", Stem::Harmony, Instrument::Pad, STILL),
            choir: Voice::new("ambient.choir", Stem::Harmony, Instrument::Choir, STILL),
            drone: Voice::new("ambient.drone", Stem::Bass, Instrument::SubBass, STILL),
            heart: Voice::new("ambient.heart", Stem::Drums, Instrument::Kick, STILL),
            figures: Vec::new(),
            drawn: 0,
            voicing: Vec::new(),
            pedal: true,
            moves: None,
        }
    }

    /// A figure of two or three notes: mostly steps and fifths, the last one often an octave away.
    fn draw(&mut self, scene: &Scene<'_>, place: usize) -> Figure {
        let mut dice = Dice::new(self.seed, "ambient.figure", self.drawn, place as u64);
        self.drawn += 1;
        let scale = scene.scale.only(DEGREES[usize::from(!scene.scale.is_minor())]);
        let count = 2 + dice.below(2);
        let size = scale.degrees.len() as i32;
        let mut step = scale.step_near(62 + dice.below(16) as i32);
        let mut at = 0.0;
        let mut notes = Vec::new();
        for index in 0..count {
            notes.push((at, step));
            at += f64::from(dice.between(1.2, 3.4)) * if index + 2 == count { 2.0 } else { 1.0 };
            step += match dice.pick(&[0.5, 0.25, 0.25]) {
                0 => [-1, 1][dice.below(2)],
                1 => [3, -3][dice.below(2)],
                _ => [size, -size][dice.below(2)],
            };
            step = step.clamp(scale.step_near(58), scale.step_near(82));
        }
        let instrument = choose_instrument(scene.target, SOUNDS, OTHER_SOUNDS, &mut dice).unwrap_or(Instrument::Glass);
        let start = scene.start.to_beats() + f64::from(dice.between(0.0, 8.0));
        Figure {
            voice: Voice::new("ambient.note", Stem::Lead, instrument, STILL),
            notes,
            seconds: LOOP_SECONDS[place % LOOP_SECONDS.len()],
            next: start,
            rounds: 4 + dice.below(6),
            number: self.drawn * 8 + place as u64,
        }
    }

    fn pad_note(
        &mut self,
        scene: &Scene<'_>,
        score: &mut Score,
        (step, length): (f32, f32),
        key: i32,
        dice: &mut Dice,
    ) {
        let velocity = 38.0 + 24.0 * scene.energy + dice.between(-5.0, 5.0);
        let stroke = Stroke { step, length, key: key as f32, velocity, metric: 0.0, ..Stroke::default() };
        score.note(scene, &mut self.pad, stroke);
    }

    fn play_figures(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let per_second = scene.bpm / 60.0;
        let (start, end) = (scene.start.to_beats(), scene.start.to_beats() + f64::from(scene.beats));
        while self.figures.len() < LOOP_SECONDS.len() {
            let figure = self.draw(scene, self.figures.len());
            self.figures.push(figure);
        }
        for place in 0..self.figures.len() {
            while self.figures[place].next < end {
                let figure = &mut self.figures[place];
                let first = figure.next;
                let round = figure.rounds as u64;
                let mut dice = Dice::new(self.seed, "ambient.round", figure.number, round);
                let gate = 0.24 + 0.07 * place as f32;
                let sounds = scene.energy >= gate;
                let scale = scene.scale.only(DEGREES[usize::from(!scene.scale.is_minor())]);
                for (index, (seconds, step)) in figure.notes.clone().into_iter().enumerate() {
                    let left_out = index > 0 && dice.chance(scene.change(0.15));
                    // All loops share a hidden, slow pulse: whole beats at their start and in every second loop, half beats inside
                    // the others.
                    let grid = if index == 0 || place.is_multiple_of(2) { 1.0 } else { 2.0 };
                    let beat = libm::round((first + seconds * per_second) * grid) / grid;
                    if !sounds || left_out || beat < start {
                        continue;
                    }
                    let key = consonant(scene, &scale, step, beat - start);
                    let stroke = Stroke {
                        step: ((beat - start) * 4.0) as f32,
                        length: (f64::from(dice.between(3.0, 8.0)) * per_second * 4.0) as f32,
                        key: key as f32,
                        velocity: dice.between(48.0, 74.0),
                        from_density: (0.13 * place as f32).min(0.9),
                        metric: 0.0,
                        ..Stroke::default()
                    };
                    score.note(scene, &mut figure.voice, stroke);
                }
                // Each round is up to 3 % shorter or longer.
                let drift = 1.0 + 0.03 * f64::from(dice.between(-1.0, 1.0));
                figure.next += (figure.seconds * per_second * drift).max(1.0);
                figure.rounds = figure.rounds.saturating_sub(1);
                if figure.rounds == 0 {
                    let next = figure.next;
                    let mut fresh = self.draw(scene, place);
                    fresh.next = next;
                    self.figures[place] = fresh;
                }
            }
        }
    }
}

/// The key of a step, moved to the next step when it is a semitone above a tone of the chord.
fn consonant(scene: &Scene<'_>, scale: &Scale, step: i32, beats: f64) -> i32 {
    let key = scale.key_of_step(step);
    let Some(chord) = scene.chord((beats * 4.0) as usize) else { return key };
    let classes = chord.classes(scene.scale.tonic);
    let class = |key: i32| key.rem_euclid(12) as u8;
    let rubs = !classes.contains(&class(key)) && classes.contains(&class(key + 11));
    if rubs { scale.key_of_step(step + 1) } else { key }
}

impl Composes for Ambient {
    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn harmony(&mut self, section: &Section, scale: &Scale, _: f32, _: f32, dice: &mut Dice) -> Vec<BarChords> {
        let cycle = RULES.cycle(scale, 0.0, dice);
        let mut bars = Vec::new();
        let mut index = 0;
        while bars.len() < section.bars as usize {
            let length = [4, 6, 8, 8][dice.below(4)];
            let chord = cycle.get(index % cycle.len().max(1)).cloned().unwrap_or_default();
            bars.extend(std::iter::repeat_n(chord, length));
            index += 1;
        }
        bars.truncate(section.bars as usize);
        bars
    }

    fn begin(&mut self, scene: &Scene<'_>) {
        let mut dice = scene.pattern_dice("ambient.section", u32::MAX);
        self.pedal = dice.chance(0.6);
        if let Some(pad) = choose_instrument(scene.target, PADS, OTHER_PADS, &mut dice) {
            self.pad.instrument = pad;
        }
    }

    fn write(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("ambient.bar", Stem::Harmony);
        let chords = scene.chords(0).to_vec();
        let fresh = scene.at == 0 || scene.harmony.get(scene.at as usize) != scene.harmony.get(scene.at as usize - 1);
        let Some(chord) = chords.first() else { return };
        let tonic = scene.scale.tonic;
        let same = |ahead: u32| scene.at + ahead < scene.section.bars && scene.chords(ahead).first() == Some(chord);
        let left = (1..8).find(|ahead| !same(*ahead)).unwrap_or(8);
        let steps = scene.steps() as f32;
        if fresh {
            let limits = Limits { voices: if dice.chance(0.4) { 5 } else { 4 }, ..OPEN };
            self.voicing = voicing::voice(chord, tonic, &self.voicing, None, &limits);
            let length = left as f32 * steps + 4.0;
            let top = self.voicing.len().saturating_sub(1);
            for (index, key) in self.voicing.clone().into_iter().enumerate() {
                // The voices enter one after the other. The top voice moves to another tone in the middle of the chord.
                let step = 2.0 * index as f32;
                let end = if index == top && left >= 3 { (left / 2) as f32 * steps } else { length };
                self.pad_note(scene, score, (step, end - step), key, &mut dice);
            }
            self.moves = (left >= 3).then_some(scene.bar + u64::from(left / 2));
            let root = if self.pedal { tonic } else { chord.bass_class(tonic) };
            let key = place(root, 40, (35, 46)) as f32;
            // It breathes: a drone that never rests covers every other change.
            let length = (0.6 * left as f32 * steps).max(0.8 * steps);
            let velocity = 30.0 + 14.0 * scene.energy;
            let stroke = Stroke { length, key, velocity, metric: 0.0, ..Stroke::default() };
            score.note(scene, &mut self.drone, stroke);
            if key >= DRONE_ALONE_BELOW {
                let stroke = Stroke { key: key - 12.0, velocity: velocity - 6.0, ..stroke };
                score.note(scene, &mut self.drone, stroke);
            }
        } else if self.moves == Some(scene.bar) {
            let classes = chord.classes(tonic);
            let top = self.voicing.last().copied().unwrap_or(67);
            let near = |key: &i32| *key != top && classes.contains(&(key.rem_euclid(12) as u8));
            let other: Vec<i32> = (top - 5..=top + 5).filter(near).filter(|key| !self.voicing.contains(key)).collect();
            let key = other.get(dice.below(other.len())).copied().unwrap_or(top);
            self.pad_note(scene, score, (0.0, left as f32 * steps + 4.0), key, &mut dice);
        } else if scene.at % 2 == 1 && scene.energy > 0.3 && dice.chance(0.5) {
            // A single voice moves while the chord lasts.
            let classes = chord.classes(tonic);
            let key = 67 + dice.below(12) as i32;
            let key = (key..key + 12).find(|key| classes.contains(&(key.rem_euclid(12) as u8))).unwrap_or(key);
            let step = 4.0 * dice.below(4) as f32;
            let stroke = Stroke {
                step,
                length: 2.0 * steps,
                key: key as f32,
                velocity: 46.0,
                from_density: 0.25,
                metric: 0.0,
                ..Stroke::default()
            };
            score.note(scene, &mut self.choir, stroke);
        }
        if scene.energy > 0.8 {
            for step in [0.0, 3.0] {
                let key = crate::compose::rhythm::kick_key(tonic);
                let stroke = Stroke { step, key, velocity: 44.0, from_density: 0.5, metric: 0.2, ..Stroke::default() };
                score.note(scene, &mut self.heart, stroke);
            }
        }
        self.play_figures(scene, score);
    }

    fn copy(&self) -> Box<dyn Composes> {
        Box::new(self.clone())
    }
}
