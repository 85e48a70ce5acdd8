//! Tanpura, bass and chords of Indian lofi.

use crate::compose::bass::place;
use crate::compose::scene::{Scene, Score, Stroke, Voice, choose_instrument};
use crate::compose::timing::Timing;
use crate::compose::voicing::{self, CLOSE, Limits, OPEN};
use crate::prompt::vocabulary::Raga;
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;

/// Seconds between the four strings of the tanpura: counts 2, 1, 1, 2.
const COUNTS: [f64; 4] = [1.7, 0.85, 0.85, 1.7];
const KEYS: &[(Instrument, f32)] =
    &[(Instrument::ElectricPiano, 0.5), (Instrument::Guitar, 0.25), (Instrument::FeltPiano, 0.25)];
const OTHER_KEYS: &[Instrument] = &[Instrument::GrandPiano, Instrument::Organ, Instrument::Harp, Instrument::Strings];

/// The voices beside melody and drums.
#[derive(Clone, Debug)]
pub struct Accompaniment {
    tanpura: Voice,
    bass: Voice,
    keys: Voice,
    pad: Voice,
    /// When the next string sounds, in quarter notes, and which it is.
    next: f64,
    string: usize,
    voicing: Vec<i32>,
    pad_voicing: Vec<i32>,
}

impl Accompaniment {
    /// The voices of a seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "indian.keys", 0, 0);
        let timing = |offset_ms, jitter_ms| Timing { offset_ms, jitter_ms, swing: 1.0 };
        let still = Timing { offset_ms: 0.0, jitter_ms: 5.0, swing: 0.0 };
        Self {
            tanpura: Voice::new("indian.tanpura", Stem::Texture, Instrument::Tanpura, still),
            bass: Voice::new("indian.bass", Stem::Bass, Instrument::SubBass, timing(dice.between(8.0, 16.0), 4.0)),
            keys: Voice::new(
                "indian.comp",
                Stem::Harmony,
                Instrument::ElectricPiano,
                timing(dice.between(10.0, 22.0), 6.0),
            ),
            pad: Voice::new("indian.pad", Stem::Harmony, Instrument::Pad, still),
            next: 0.0,
            string: 0,
            voicing: Vec::new(),
            pad_voicing: Vec::new(),
        }
    }

    /// Draws the instruments of an arc.
    pub fn begin(&mut self, scene: &Scene<'_>) {
        let mut arc = Dice::new(scene.seed, "indian.keys.sound", scene.section.arc, 0);
        if let Some(keys) = choose_instrument(scene.target, KEYS, OTHER_KEYS, &mut arc) {
            self.keys.instrument = keys;
        }
        self.bass.instrument = if arc.chance(0.5) { Instrument::SubBass } else { Instrument::Upright };
        self.next = self.next.max(scene.start.to_beats());
    }

    /// Writes a bar.
    pub fn write(&mut self, scene: &Scene<'_>, score: &mut Score, raga: &Raga) {
        self.drone(scene, score, raga);
        // The form decides when the bass enters, not the density.
        if scene.section.energy_in(scene.at) >= 0.48 {
            self.bass(scene, score, raga);
        } else if scene.at.is_multiple_of(2) {
            // A long Sa under the free beginning.
            let key = place(scene.scale.tonic, 36, (29, 45)) as f32;
            let length = 1.9 * scene.steps() as f32;
            let stroke = Stroke { length, key, velocity: 66.0, metric: 0.0, ..Stroke::default() };
            score.note(scene, &mut self.bass, stroke);
        }
        if scene.section.energy_in(scene.at) >= 0.2 {
            self.chords(scene, score);
        }
    }

    /// The strings: the one of the raga, Sa, Sa, and Sa an octave lower. They do not follow the beat.
    fn drone(&mut self, scene: &Scene<'_>, score: &mut Score, raga: &Raga) {
        let (start, end) = (scene.start.to_beats(), scene.start.to_beats() + f64::from(scene.beats));
        let sa = 48.0 + f32::from(scene.scale.tonic);
        let again = scene.attempts[Stem::Texture.index()] << 40;
        while self.next < end {
            let mut dice = Dice::new(scene.seed, "indian.string", scene.bar, (self.next * 1_000.0) as u64 + again);
            let key = [sa + f32::from(raga.drone), sa, sa, sa - 12.0][self.string];
            let stroke = Stroke {
                step: ((self.next - start).max(0.0) * 4.0) as f32,
                length: (3.5 * scene.bpm / 60.0 * 4.0) as f32,
                key,
                velocity: dice.between(56.0, 70.0),
                metric: 0.0,
                ..Stroke::default()
            };
            score.note(scene, &mut self.tanpura, stroke);
            let jitter = 1.0 + 0.06 * f64::from(dice.between(-1.0, 1.0));
            self.next += COUNTS[self.string] * jitter * scene.bpm / 60.0;
            self.string = (self.string + 1) % COUNTS.len();
        }
    }

    /// Sa, Pa (or Ma) and vadi, or the roots of the chords.
    fn bass(&mut self, scene: &Scene<'_>, score: &mut Score, raga: &Raga) {
        let mut dice = scene.dice("indian.bass.line", Stem::Bass);
        let tonic = scene.scale.tonic;
        let Some(chord) = scene.chord(0) else { return };
        let root = place(chord.root_class(tonic), 36, (29, 45));
        let other = match dice.pick(&[0.5, 0.25, 0.25]) {
            0 => {
                if scene.scale.degrees.contains(&7) {
                    7
                } else {
                    5
                }
            }
            1 => raga.vadi.rem_euclid(12) as u8,
            _ => 0,
        };
        let second = place((tonic + other) % 12, root, (29, 45));
        let steps = scene.steps();
        let mut notes = vec![(0, root, 0.0)];
        let late = [6, 10, 8, 11][dice.below(4)].min(steps - 2);
        if dice.chance(0.8) {
            notes.push((late, if dice.chance(0.5) { root } else { second }, 0.15));
        }
        if dice.chance(0.35) && late + 2 < steps {
            notes.push((steps - 2, second, 0.3));
        }
        for (index, (step, key, from_density)) in notes.iter().enumerate() {
            let gap = notes.get(index + 1).map_or(steps, |(next, ..)| *next) - step;
            let stroke = Stroke {
                step: *step as f32,
                length: gap as f32 * dice.between(0.6, 0.85),
                key: *key as f32,
                velocity: if index == 0 { 86.0 } else { 74.0 },
                from_density: *from_density,
                metric: 0.4,
                ..Stroke::default()
            };
            score.note(scene, &mut self.bass, stroke);
        }
    }

    fn chords(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("indian.comp.bar", Stem::Harmony);
        let Some(chord) = scene.chord(0) else { return };
        let (tonic, steps) = (scene.scale.tonic, scene.steps());
        let fresh = scene.at == 0 || scene.harmony.get(scene.at as usize) != scene.harmony.get(scene.at as usize - 1);
        // A pad, and in the fuller sections keys in its place.
        let full = scene.section.energy_in(scene.at) >= 0.58;
        if (fresh || scene.at.is_multiple_of(4)) && (!full || chord.tones.len() < 3) {
            let limits = Limits { voices: chord.tones.len().clamp(3, 4), ..OPEN };
            self.pad_voicing = voicing::voice(chord, tonic, &self.pad_voicing, None, &limits);
            let length = 4.0 * steps as f32;
            // Under the melody alone it is louder, so that the rests of an alap are no holes.
            let velocity = if scene.section.energy_in(scene.at) < 0.45 { 64.0 } else { 46.0 };
            let strokes: Vec<Stroke> = self
                .pad_voicing
                .iter()
                .map(|key| Stroke { length, key: *key as f32, velocity, metric: 0.0, ..Stroke::default() })
                .collect();
            score.chord(scene, &mut self.pad, &strokes);
        }
        if !full || chord.tones.len() < 3 {
            return;
        }
        self.voicing = voicing::voice(chord, tonic, &self.voicing, None, &Limits { rootless: false, ..CLOSE });
        let second = [6, 10, 7][scene.figure_dice("indian.comp", 8).below(3)];
        let other = [4, 8, 9, 11, 12][dice.below(5)];
        let second = if dice.chance(scene.change(0.3)) { other } else { second };
        let broken = dice.chance(scene.change(0.3));
        for (index, step) in [0, second].into_iter().enumerate().filter(|(_, step)| *step < steps) {
            if index == 1 && dice.chance(scene.change(0.4)) {
                continue;
            }
            let strum = dice.between(8.0, 24.0) / 4.0;
            let strokes: Vec<Stroke> = self
                .voicing
                .iter()
                .enumerate()
                .map(|(place, key)| Stroke {
                    step: (step + if broken { place * 2 } else { 0 }).min(steps - 1) as f32,
                    length: 5.0,
                    key: *key as f32,
                    velocity: 66.0 - 8.0 * index as f32,
                    from_density: 0.12 * index as f32,
                    metric: 0.4,
                    late_ms: if broken { 0.0 } else { strum * place as f32 },
                    ..Stroke::default()
                })
                .collect();
            if broken {
                strokes.iter().for_each(|stroke| score.note(scene, &mut self.keys, *stroke));
            } else {
                score.chord(scene, &mut self.keys, &strokes);
            }
        }
    }
}
