//! The left hand: broken tenths, half notes, a sway, chords, or a wave upwards. It changes every four or eight bars.

use super::left_figures::{ALL, Left, WEIGHTS};
use super::{Piano, breath};
use crate::compose::bass::place;
use crate::compose::chord::Chord;
use crate::compose::scene::{Scene, Score, Stroke};
use crate::compose::voicing::{self, CLOSE};
use crate::types::dice::Dice;
use crate::types::stem::Stem;

/// The sixteenths of the broken tenths in simple metres; one row is drawn for each four bars.
const ROWS: [&[usize]; 4] = [&[0, 2, 4, 6, 8, 10, 12, 14], &[0, 2, 4, 6, 8, 12], &[0, 4, 6, 8, 12, 14], &[0, 4, 8, 12]];
/// The same in six eighths.
const COMPOUND_ROWS: [&[usize]; 4] = [&[0, 2, 4, 6, 8, 10], &[0, 4, 6, 10], &[0, 2, 4, 6, 10], &[0, 2, 4, 6]];

/// The sixteenths of the last bar of a phrase, which comes to rest; the first two in six eighths.
const CLOSING: [&[usize]; 5] = [&[0, 4, 6], &[0, 6], &[0, 4, 8], &[0, 8], &[0, 4, 10]];

/// How often broken chords are played an octave higher where the melody rests.
const LIFTED: f32 = 0.6;

/// A note of the left hand within its chord: place and length in sixteenths, key, louder by, and the density from which on it
/// sounds.
struct Tone {
    step: usize,
    length: usize,
    key: i32,
    louder: f32,
    from_density: f32,
}

/// The keys of a chord for the left hand.
struct Keys {
    bass: i32,
    fifth: i32,
    tenth: i32,
}

impl Keys {
    fn of(chord: &Chord, tonic: u8) -> Self {
        let bass = place(chord.bass_class(tonic), 42, (33, 50));
        let classes = chord.classes(tonic);
        let inside = |interval: &i32| classes.contains(&((bass + interval).rem_euclid(12) as u8));
        Self {
            bass,
            fifth: bass + [7, 8, 9, 5].into_iter().find(inside).unwrap_or(12),
            tenth: bass + [16, 15, 14, 17].into_iter().find(inside).unwrap_or(12),
        }
    }

    fn higher(self, by: i32) -> Self {
        Self { bass: self.bass + by, fifth: self.fifth + by, tenth: self.tenth + by }
    }
}

impl Piano {
    /// Another figure than before: at the start of a section, and at the usual temperature each eight bars and in most cases after
    /// four.
    pub(super) fn choose_figure(&mut self, scene: &Scene<'_>) {
        let mut dice = scene.pattern_dice("piano.figure", 2);
        let lifted = dice.chance(LIFTED) && !self.phrases.sounds_in(scene.bar);
        if scene.at.is_multiple_of(4) {
            self.lifted = lifted;
        }
        let changes = match scene.at {
            0 => 1.0,
            at if at.is_multiple_of(8) => scene.change(1.0),
            at if at.is_multiple_of(4) => scene.change(0.75),
            // Above the usual temperature some figures last two bars.
            _ => 0.3 * (scene.target.temperature / 1.1 - 1.0),
        };
        if !dice.chance(changes) {
            return;
        }
        let mut weights = WEIGHTS[usize::from(scene.section.energy > 0.6)];
        for (weight, figure) in weights.iter_mut().zip(ALL) {
            *weight *= if figure == self.figure { 0.0 } else { 1.0 };
        }
        self.figure = ALL[dice.pick(&weights)];
    }

    pub(super) fn left_hand(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("piano.left.bar", Stem::Harmony);
        let loud = 47.5 + 12.0 * scene.section.energy_in(scene.at);
        let chords = scene.chords(0).to_vec();
        let span = scene.steps() / chords.len().max(1);
        for (index, chord) in chords.iter().enumerate() {
            let from = index * span;
            let broken = matches!(self.figure, Left::Tenths | Left::Wave);
            let keys = Keys::of(chord, scene.scale.tonic).higher(if self.lifted && broken { 12 } else { 0 });
            let tones = match self.figure {
                Left::Tenths => self.tenths(scene, &keys, (from, span), &mut dice),
                Left::Halves => Self::halves(scene, &keys, span, &mut dice),
                Left::Sway => Self::sway(scene, &keys, span, &mut dice),
                Left::Chorale => vec![Tone { step: 0, length: span, key: keys.bass, louder: 2.0, from_density: 0.0 }],
                Left::Wave => self.wave(scene, &keys, span, &mut dice),
            };
            for tone in tones {
                let stroke = Stroke {
                    step: (from + tone.step) as f32,
                    length: tone.length as f32,
                    key: tone.key as f32,
                    velocity: loud + tone.louder,
                    from_density: tone.from_density,
                    metric: 0.5,
                    late_ms: breath(scene, from + tone.step),
                    ..Stroke::default()
                };
                score.note(scene, &mut self.left, stroke);
            }
            // At a high density an inner voice answers softly.
            let step = if self.compound { 4 } else { [3, 5, 6, 7][dice.below(4)] };
            if step < span {
                let inner = Stroke {
                    step: (from + step) as f32,
                    length: 3.0,
                    key: keys.tenth as f32,
                    velocity: loud - 12.0,
                    from_density: 0.58 + 0.3 * dice.unit(),
                    metric: 0.5,
                    late_ms: breath(scene, from + step),
                    ..Stroke::default()
                };
                score.note(scene, &mut self.left, inner);
            }
            self.struck(scene, score, chord, (from, span), loud, &mut dice);
        }
    }

    fn tenths(&self, scene: &Scene<'_>, keys: &Keys, (from, span): (usize, usize), dice: &mut Dice) -> Vec<Tone> {
        let Keys { bass, fifth, tenth } = *keys;
        let cycle: &[i32] = if self.compound {
            &[bass, fifth, tenth, bass + 12, tenth, fifth]
        } else {
            &[bass, fifth, tenth, fifth, bass + 12, fifth, tenth, fifth]
        };
        let rows: &[&[usize]] = if self.compound { &COMPOUND_ROWS } else { &ROWS };
        let row = if scene.closes(4) {
            // The phrase comes to rest.
            let mut turn = scene.figure_dice("piano.closing", 4);
            if self.compound { CLOSING[turn.below(2)] } else { CLOSING[1 + turn.below(4)] }
        } else {
            rows[scene.figure_dice("piano.row", 4).below(rows.len())]
        };
        let mut tones = Vec::new();
        for (count, step) in (0..span).step_by(2).enumerate() {
            let varied = count > 1 && dice.chance(scene.change(0.12));
            let left_out = varied && dice.chance(0.5);
            let key = if varied { tenth } else { cycle[count % cycle.len()] };
            let extra = !row.contains(&(from + step));
            let from_density = match (count, extra || left_out) {
                (0, _) => 0.0,
                (_, true) if left_out => continue,
                (_, true) => 0.66 + 0.02 * count as f32,
                _ if count % 2 == 0 => 0.12,
                _ => 0.3,
            };
            let louder = if count == 0 { 4.0 } else { -3.0 };
            tones.push(Tone { step, length: span - step, key, louder, from_density });
        }
        tones
    }

    fn halves(scene: &Scene<'_>, keys: &Keys, span: usize, dice: &mut Dice) -> Vec<Tone> {
        let mut tones = vec![Tone { step: 0, length: span, key: keys.bass, louder: 2.0, from_density: 0.0 }];
        let second = if dice.chance(scene.change(0.3)) { keys.tenth } else { keys.fifth };
        let usual = dice.chance(1.0 - scene.change(0.2));
        let at = if usual { span / 4 * 2 } else { [span / 4, span * 3 / 4][dice.below(2)] };
        tones.push(Tone { step: at, length: span - at, key: second, louder: -2.0, from_density: 0.1 });
        if dice.chance(scene.change(0.35)) {
            tones.push(Tone { step: span - 2, length: 2, key: keys.fifth, louder: -8.0, from_density: 0.3 });
        }
        tones
    }

    fn sway(scene: &Scene<'_>, keys: &Keys, span: usize, dice: &mut Dice) -> Vec<Tone> {
        let mut tones = vec![Tone { step: 0, length: span, key: keys.bass, louder: 5.0, from_density: 0.0 }];
        if dice.chance(scene.change(if scene.closes(4) { 0.5 } else { 0.2 })) {
            let key = [keys.fifth, keys.tenth, keys.bass + 12][dice.below(3)];
            let step = span - [2, 4][dice.below(2)];
            tones.push(Tone { step, length: 3, key, louder: -8.0, from_density: 0.2 });
        }
        tones
    }

    /// Root, fifth, octave, tenth and above, then rest; some bars twice as slow.
    fn wave(&self, scene: &Scene<'_>, keys: &Keys, span: usize, dice: &mut Dice) -> Vec<Tone> {
        let Keys { bass, fifth, tenth } = *keys;
        let by = if dice.chance(scene.change(0.12)) { 4 } else { 2 };
        let count = if self.compound { 4 } else { 4 + dice.below(2) };
        // Some waves fall back at their top.
        let top = if dice.chance(scene.change(0.3)) { [tenth, bass + 12] } else { [bass + 12, tenth] };
        let up = [bass, fifth, top[0], top[1], fifth + 12];
        let tone = |(index, key): (usize, i32)| {
            let step = index * by;
            let from_density = [0.0, 0.1, 0.25, 0.1, 0.35][index];
            let louder = if index == 0 { 3.0 } else { -3.0 };
            (step < span).then(|| Tone { step, length: span - step, key, louder, from_density })
        };
        up.into_iter().take(count).enumerate().filter_map(tone).collect()
    }

    /// The rolled chords that belong to some figures.
    fn struck(
        &mut self,
        scene: &Scene<'_>,
        score: &mut Score,
        chord: &Chord,
        (from, span): (usize, usize),
        loud: f32,
        dice: &mut Dice,
    ) {
        let halves = self.figure == Left::Halves && scene.section.energy > 0.45;
        let mut places = match self.figure {
            Left::Sway => vec![4],
            Left::Chorale => vec![0, if self.compound { 6 } else { 8 }],
            _ if halves => vec![0],
            _ => return,
        };
        if self.figure == Left::Sway && dice.chance(scene.change(0.5)) {
            places.push(if self.compound { 10 } else { [8, 8, 10, 12][dice.below(4)] });
        }
        let varied = scene.change(if scene.closes(4) { 0.6 } else { 0.2 });
        if self.figure == Left::Chorale && dice.chance(varied) {
            places[1] = [4, 6, 10, 12][dice.below(4)];
        }
        let limits = voicing::Limits { low: 52, high: 69, centre: 60.0, voices: 3, parallel: 14.0, ..CLOSE };
        let bass = Keys::of(chord, scene.scale.tonic).bass;
        let moves = self.low.map(|before| (before, bass));
        self.voicing = voicing::voice(chord, scene.scale.tonic, &self.voicing, moves, &limits);
        self.low = Some(bass);
        for step in places.into_iter().filter(|step| *step < span) {
            let roll = dice.between(15.0, 40.0) / 2.0;
            let louder = if self.figure == Left::Chorale { 0.0 } else { -6.0 };
            let stroke = |(index, key): (usize, &i32)| Stroke {
                step: (from + step) as f32,
                length: (span - step) as f32,
                key: *key as f32,
                velocity: loud + louder,
                from_density: if step == 0 { 0.0 } else { 0.06 },
                metric: 0.5,
                late_ms: roll * index as f32 + breath(scene, from + step),
                ..Stroke::default()
            };
            let strokes: Vec<Stroke> = self.voicing.iter().enumerate().map(stroke).collect();
            score.chord(scene, &mut self.left, &strokes);
        }
    }
}
