//! The melody over the drone: aroha and avaroha, quoted phrases, rests on the important degrees, glides and grace notes.

use crate::compose::scene::{Scene, Score, Stroke, Voice, choose_instrument};
use crate::compose::timing::Timing;
use crate::prompt::vocabulary::Raga;
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::note::Glide;
use crate::types::stem::Stem;
use crate::types::ticks::Ticks;

const LEADS: &[(Instrument, f32)] = &[(Instrument::Bansuri, 0.5), (Instrument::Sitar, 0.3), (Instrument::Santoor, 0.2)];
const OTHER_LEADS: &[Instrument] = &[
    Instrument::Flute,
    Instrument::Violin,
    Instrument::Cello,
    Instrument::Vibraphone,
    Instrument::Kalimba,
    Instrument::Shakuhachi,
];
/// The share of the groups that quote a phrase of the raga. Phrases are shorter than walks: about half of the motion is quoted.
const QUOTED: f32 = 0.7;

/// The line of bansuri, sitar or santoor.
#[derive(Clone, Debug)]
pub struct Melody {
    voice: Voice,
    /// The degree of the last note in semitones above Sa.
    at: i8,
    /// Degrees that are still to be played in this group.
    queue: Vec<i8>,
    /// The sixteenth, counted from the start of the section, at which the next note begins.
    next: u32,
    /// When the last note ends.
    free: Ticks,
    /// Whether the next note begins a group.
    fresh: bool,
    widest: i8,
}

impl Melody {
    /// The voice of a seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "indian.lead.offset", 0, 0);
        let timing = Timing { offset_ms: dice.between(10.0, 18.0), jitter_ms: 8.0, swing: 1.0 };
        Self {
            voice: Voice::new("indian.lead", Stem::Lead, Instrument::Bansuri, timing),
            at: 0,
            queue: Vec::new(),
            next: 0,
            free: Ticks::ZERO,
            fresh: true,
            widest: 7,
        }
    }

    /// Draws the instrument of an arc; a section begins low and opens with the form.
    pub fn begin(&mut self, scene: &Scene<'_>, raga: &Raga) {
        let mut dice = Dice::new(scene.seed, "indian.lead.sound", scene.section.arc, 0);
        if let Some(lead) = choose_instrument(scene.target, LEADS, OTHER_LEADS, &mut dice) {
            self.voice.instrument = lead;
        }
        self.widest = match scene.section.name {
            "alap" | "clearing" => 7,
            "gat" => 10,
            "gat 3" => 16,
            _ => 12,
        };
        // The last note of the section before sounds to its end.
        self.next = ((self.free - scene.start).0.max(0) / Ticks::STEP.0) as u32;
        self.fresh = true;
        self.queue.clear();
        if !raga.up.contains(&self.at) && !raga.down.contains(&self.at) {
            self.at = 0;
        }
    }

    /// Writes the notes that begin in the bar; true when there are any.
    pub fn write(&mut self, scene: &Scene<'_>, score: &mut Score, raga: &Raga) -> bool {
        let steps = scene.steps() as u32;
        let (from, to) = (scene.at * steps, (scene.at + 1) * steps);
        // In every other group of four bars the melody rests after its first two or three bars.
        let rests =
            scene.at % 8 >= 6 - scene.section.number as u32 % 2 || (scene.section.name == "clearing" && scene.at >= 2);
        let mut dice = scene.dice("indian.lead.bar", Stem::Lead);
        let mut wrote = false;
        self.next = self.next.max(from);
        while self.next < to {
            if self.queue.is_empty() {
                if rests {
                    self.next = to;
                    self.fresh = true;
                    break;
                }
                self.draw(raga, &mut dice);
                // A breath before each group, never twice on the same beat.
                let gap = [4, 6, 8, 12][dice.pick(&[0.35, 0.25, 0.3, 0.1])];
                self.next += gap;
                self.fresh = true;
                continue;
            }
            let degree = self.queue.remove(0);
            let last = self.queue.is_empty();
            let important = [raga.vadi, raga.samvadi, 0].contains(&degree.rem_euclid(12));
            let length = if last && important {
                [6, 8, 12][dice.below(3)]
            } else if last {
                4
            } else if important {
                [2, 4, 6, 6][dice.below(4)]
            } else if self.next % 2 == 1 {
                // Back to the eighths.
                1
            } else {
                [1, 2, 2, 2, 2][dice.below(5)]
            };
            self.play(scene, score, raga, (self.next - from, length), degree, &mut dice);
            wrote = true;
            self.next += length;
            self.free = scene.start + Ticks::steps(i64::from(self.next - from));
            self.at = degree;
            self.fresh = false;
        }
        wrote
    }

    /// Fills the queue: a phrase of the raga, or a walk up and down that ends on an important degree.
    fn draw(&mut self, raga: &Raga, dice: &mut Dice) {
        let quoted = dice.chance(QUOTED);
        let within = |phrase: &&Vec<i8>| phrase.iter().all(|degree| *degree <= self.widest);
        let phrases: Vec<&Vec<i8>> = raga.phrases.iter().filter(within).collect();
        if let Some(phrase) = phrases.get(dice.below(phrases.len())).filter(|_| quoted) {
            let whole = phrase.len() < 4 || dice.chance(0.7);
            self.queue =
                if whole { (*phrase).clone() } else { phrase.get(..phrase.len() - 1).unwrap_or(phrase).to_vec() };
            return;
        }
        let mut at = self.at.clamp(-5, self.widest);
        let mut up = at < self.widest / 2 || dice.chance(0.4);
        // The line sets out in a direction to which its degree belongs.
        if !contains(if up { &raga.up } else { &raga.down }, at) {
            up = !up;
        }
        let count = 4 + dice.below(5);
        for _ in 0..12 {
            let next = if up { above(&raga.up, at) } else { below(&raga.down, at) };
            let next = next.filter(|next| (-7..=self.widest).contains(next));
            let Some(degree) = next else {
                let other = if up { &raga.down } else { &raga.up };
                if !contains(other, at) {
                    self.queue.pop();
                    at = self.queue.last().copied().unwrap_or(0);
                }
                up = !up;
                continue;
            };
            self.queue.push(degree);
            at = degree;
            let important = [raga.vadi, raga.samvadi, 0].contains(&degree.rem_euclid(12));
            if self.queue.len() >= count && important {
                break;
            }
            // The line turns on degrees that both directions share.
            let shared = contains(&raga.up, at) && contains(&raga.down, at);
            if shared && dice.chance(0.22) {
                up = !up;
            }
        }
    }

    fn play(
        &mut self,
        scene: &Scene<'_>,
        score: &mut Score,
        raga: &Raga,
        (step, length): (u32, u32),
        degree: i8,
        dice: &mut Dice,
    ) {
        let sa = 60.0 + f32::from(scene.scale.tonic % 12) - if scene.scale.tonic > 7 { 12.0 } else { 0.0 };
        let interval = f32::from(degree - self.at);
        let slides = !self.fresh && interval != 0.0 && interval.abs() <= 5.0;
        let meend = slides && dice.chance(if interval < 0.0 { 0.5 } else { 0.35 });
        let kan = !meend && dice.chance(0.3);
        let (meend_ms, kan_ms) = (dice.between(120.0, 350.0), dice.between(45.0, 90.0));
        let glide = if meend {
            let most = 60_000.0 / scene.bpm as f32 / 4.0 * length as f32 * 0.7;
            Some(Glide { from: -interval, after_ms: 0.0, over_ms: meend_ms.min(most) })
        } else if kan {
            let classes = &scene.scale.degrees;
            let above = (1..=4_i8).find(|up| classes.contains(&((degree + up).rem_euclid(12) as u8))).unwrap_or(2);
            Some(Glide { from: f32::from(above), after_ms: 0.0, over_ms: kan_ms })
        } else {
            None
        };
        let plucked = matches!(self.voice.instrument, Instrument::Sitar | Instrument::Santoor);
        let stroke = Stroke {
            step: step as f32,
            length: length as f32 * if plucked { 1.3 } else { 0.98 },
            key: sa + f32::from(degree),
            velocity: 74.0 + f32::from(degree),
            from_density: if length <= 1 { 0.25 } else { 0.0 },
            metric: 0.4,
            glide,
            legato: !plucked && slides && dice.chance(0.7),
            ..Stroke::default()
        };
        let marked = raga.oscillating.contains(&degree.rem_euclid(12)) && length >= 4;
        let (swings, milliseconds) = (dice.between(0.3, 0.45), dice.between(280.0, 420.0));
        let gamak = length >= 3 && dice.chance(0.04);
        let shake = if marked {
            Some(Shake { semitones: swings, milliseconds, most: usize::MAX })
        } else if gamak {
            Some(Shake { semitones: 0.48, milliseconds: milliseconds * 0.3, most: 6 })
        } else {
            None
        };
        match shake.filter(|_| bends(self.voice.instrument)) {
            // It ends before the next note begins, whose pitch would follow it otherwise.
            Some(shake) => {
                let length = length as f32 * 0.98;
                self.play_shaken(scene, score, Stroke { length, ..stroke }, shake);
            }
            None => score.note(scene, &mut self.voice, stroke),
        }
    }

    /// Andolan and gamak: the note, then legato notes that glide to either side of its pitch.
    fn play_shaken(&mut self, scene: &Scene<'_>, score: &mut Score, stroke: Stroke, shake: Shake) {
        let step_ms = 15_000.0 / scene.bpm as f32;
        let swing = shake.milliseconds / step_ms;
        // The pitch is reached first.
        let still = stroke.glide.map_or(0.0, |glide| glide.over_ms / step_ms).max(swing * 0.5);
        let mut strokes = vec![Stroke { length: still, ..stroke }];
        let (mut at, mut before, mut up) = (still, 0.0, true);
        while at + swing <= stroke.length && strokes.len() <= shake.most {
            let offset = if up { shake.semitones } else { -shake.semitones };
            let glide = Glide { from: before - offset, after_ms: 0.0, over_ms: shake.milliseconds };
            let (step, key) = (stroke.step + at, stroke.key + offset);
            strokes.push(Stroke { step, key, length: swing, glide: Some(glide), legato: true, ..stroke });
            (at, before, up) = (at + swing, offset, !up);
        }
        let left = (stroke.length - at).max(0.0);
        if strokes.len() > shake.most && left > 0.5 {
            let glide = Some(Glide { from: before, after_ms: 0.0, over_ms: shake.milliseconds });
            strokes.push(Stroke { step: stroke.step + at, length: left, glide, legato: true, ..stroke });
        } else {
            strokes.last_mut().into_iter().for_each(|last| last.length += left);
        }
        let spread = std::mem::replace(&mut self.voice.velocity_spread, 0.0);
        strokes.iter_mut().for_each(|part| part.metric = 0.0);
        score.chord(scene, &mut self.voice, &strokes);
        self.voice.velocity_spread = spread;
    }
}

/// A slow or fast movement around a pitch.
#[derive(Clone, Copy, Debug)]
struct Shake {
    /// How far to each side.
    semitones: f32,
    /// From one side to the other.
    milliseconds: f32,
    /// How often at most; then the note rests on its pitch.
    most: usize,
}

/// Whether the pitch of a sounding note of an instrument can move.
fn bends(instrument: Instrument) -> bool {
    !matches!(instrument, Instrument::Santoor | Instrument::Vibraphone | Instrument::Kalimba)
}

/// Whether a degree belongs to a row in any octave.
fn contains(row: &[i8], degree: i8) -> bool {
    row.iter().any(|other| (other - degree) % 12 == 0)
}

/// The next higher degree of an ascent in any octave.
fn above(row: &[i8], degree: i8) -> Option<i8> {
    (degree + 1..=degree + 12).find(|next| contains(row, *next))
}

/// The next lower degree of a descent in any octave.
fn below(row: &[i8], degree: i8) -> Option<i8> {
    (degree - 12..degree).rev().find(|next| contains(row, *next))
}
