//! The melody over the drone: aroha and avaroha, quoted phrases, rests on the important degrees, glides and grace notes.

use crate::compose::scene::{Scene, Score, Stroke, Voice, choose_instrument};
use crate::compose::timing::Timing;
use crate::prompt::vocabulary::Raga;
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::note::Glide;
use crate::types::stem::Stem;

const LEADS: &[(Instrument, f32)] = &[(Instrument::Bansuri, 0.5), (Instrument::Sitar, 0.3), (Instrument::Santoor, 0.2)];
const OTHER_LEADS: &[Instrument] = &[
    Instrument::Flute,
    Instrument::Violin,
    Instrument::Cello,
    Instrument::Vibraphone,
    Instrument::Kalimba,
    Instrument::Shakuhachi,
];
/// The share of the groups that quote a phrase of the raga.
const QUOTED: f32 = 0.55;

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
    /// Whether the next note begins a group.
    fresh: bool,
    widest: i8,
}

impl Melody {
    /// The voice of a seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "indian.lead.offset", 0, 0);
        let timing = Timing { offset_ms: dice.between(10.0, 25.0), jitter_ms: 9.0, swing: 1.0 };
        Self {
            voice: Voice::new("indian.lead", Stem::Lead, Instrument::Bansuri, timing),
            at: 0,
            queue: Vec::new(),
            next: 0,
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
        self.next = 0;
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
        let rests = scene.at % 8 >= 6 || (scene.section.name == "clearing" && scene.at >= 2);
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
                let gap = [2, 4, 6, 8][dice.pick(&[0.3, 0.35, 0.2, 0.15])];
                self.next += gap;
                self.fresh = true;
                continue;
            }
            let degree = self.queue.remove(0);
            let last = self.queue.is_empty();
            let important = [raga.vadi, raga.samvadi, 0].contains(&degree.rem_euclid(12));
            let length = if last {
                [6, 8, 12][dice.below(3)]
            } else if important {
                [2, 4, 4, 6][dice.below(4)]
            } else {
                [1, 2, 2, 2, 3][dice.below(5)]
            };
            self.play(scene, score, (self.next - from, length), degree, &mut dice);
            wrote = true;
            self.next += length;
            self.at = degree;
            self.fresh = false;
        }
        wrote
    }

    /// Fills the queue: a phrase of the raga, or a walk up and down that ends on an important degree.
    fn draw(&mut self, raga: &Raga, dice: &mut Dice) {
        let quoted = dice.chance(QUOTED);
        let phrase = raga.phrases.get(dice.below(raga.phrases.len()));
        if let Some(phrase) = phrase.filter(|phrase| quoted && phrase.iter().all(|degree| *degree <= self.widest)) {
            let whole = phrase.len() < 4 || dice.chance(0.7);
            self.queue = if whole { phrase.clone() } else { phrase.get(..phrase.len() - 1).unwrap_or(phrase).to_vec() };
            return;
        }
        let mut at = self.at.clamp(-5, self.widest);
        let mut up = at < self.widest / 2 || dice.chance(0.4);
        let count = 4 + dice.below(5);
        for _ in 0..12 {
            let next = if up { above(&raga.up, at) } else { below(&raga.down, at) };
            let next = next.filter(|next| (-7..=self.widest).contains(next));
            let Some(degree) = next else {
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

    fn play(&mut self, scene: &Scene<'_>, score: &mut Score, (step, length): (u32, u32), degree: i8, dice: &mut Dice) {
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
        score.note(scene, &mut self.voice, stroke);
    }
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
