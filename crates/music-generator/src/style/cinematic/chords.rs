//! The chords: held by strings or choir, broken by harp or piano, or repeated as an ostinato.

use super::textures::{Figure, Held, OSTINATI, has_bass};
use super::{Cinematic, breath};
use crate::compose::bass::place;
use crate::compose::chord::Chord;
use crate::compose::scene::{Scene, Score, Stroke};
use crate::compose::voicing::{self, Limits, OPEN};
use crate::types::dice::Dice;
use crate::types::stem::Stem;

/// The range of broken chords.
const BROKEN: (i32, i32) = (55, 84);
/// That of the celesta.
const HIGH: (i32, i32) = (69, 96);
/// The sixteenths at which the ostinato sounds in simple metres; one row is drawn for each four bars.
const RHYTHMS: [&[usize]; 5] = [
    &[0, 2, 4, 6, 8, 10, 12, 14],
    &[0, 3, 6, 8, 11, 14],
    &[0, 2, 3, 4, 8, 10, 11, 12],
    &[0, 4, 6, 7, 8, 12, 14, 15],
    &[0, 6, 8, 10, 14],
];
/// The same in six eighths.
const COMPOUND_RHYTHMS: [&[usize]; 4] = [&[0, 2, 4, 6, 8, 10], &[0, 4, 6, 10], &[0, 2, 3, 4, 6, 10], &[0, 6, 8, 10]];
/// Sixteenths between the notes of a broken chord, with weights.
const BROKEN_STEPS: ([usize; 3], [f32; 3]) = ([2, 4, 1], [0.62, 0.23, 0.15]);

/// A key moved by octaves into a range of at least an octave.
pub fn fold(key: i32, (low, high): (i32, i32)) -> i32 {
    match key {
        key if key > high => high - 11 + (key - high - 1).rem_euclid(12),
        key if key < low => low + (key - low).rem_euclid(12),
        key => key,
    }
}

impl Cinematic {
    pub(super) fn harmony_voices(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("cinematic.harmony", Stem::Harmony);
        let mut low_dice = scene.dice("cinematic.bass.line", Stem::Bass);
        let chords = scene.chords(0).to_vec();
        let steps = scene.steps();
        let span = steps / chords.len().max(1);
        let tonic = scene.scale.tonic;
        let loud = 58.0 + 19.0 * self.energy(scene);
        for (index, chord) in chords.iter().enumerate() {
            let from = index * span;
            let bass = place(chord.bass_class(tonic), 38, (31, 45));
            let moves =
                self.low.map(|before| (before, bass)).filter(|_| has_bass(scene, self.texture, self.energy(scene)));
            self.voicing = voicing::voice(chord, tonic, &self.voicing, moves, &Limits { parallel: 9.0, ..OPEN });
            self.low = Some(bass);
            // Long notes swell within the phrase: louder towards its third bar.
            let swell = [0.0, 5.0, 10.0, 2.0][scene.at as usize % 4];
            self.hold(scene, score, loud + swell, (from, span));
            if has_bass(scene, self.texture, self.energy(scene)) {
                self.bass_note(scene, score, (bass, loud - 10.0), (from, span), &mut low_dice);
            }
            match self.texture.figure {
                Figure::Harp | Figure::Piano | Figure::Celesta => self.broken(scene, score, (from, span), &mut dice),
                Figure::Ostinato => self.ostinato(scene, score, chord, (from, span), &mut dice),
                Figure::Marcato => self.marcato(scene, score, loud, (from, span), &mut dice),
                Figure::Nothing => {}
            }
        }
    }

    /// The chord, held.
    fn hold(&mut self, scene: &Scene<'_>, score: &mut Score, loud: f32, (from, span): (usize, usize)) {
        let voice = match self.texture.held {
            Held::Strings => &mut self.strings,
            Held::Choir => &mut self.choir,
            Held::Nothing => return,
        };
        let late_ms = breath(scene, from);
        let stroke = |(index, key): (usize, &i32)| Stroke {
            step: from as f32,
            length: span as f32 * 1.02,
            key: *key as f32,
            velocity: loud,
            metric: 0.1,
            from_density: if index == 1 { 0.1 } else { 0.0 },
            late_ms,
            ..Stroke::default()
        };
        let strokes: Vec<Stroke> = self.voicing.iter().enumerate().map(stroke).collect();
        score.chord(scene, voice, &strokes);
    }

    /// The chord broken upwards and back; some bars slowly, some in sixteenths.
    fn broken(&mut self, scene: &Scene<'_>, score: &mut Score, (from, span): (usize, usize), dice: &mut Dice) {
        let (voice, raised, range) = match self.texture.figure {
            Figure::Celesta => (&mut self.celesta, 24, HIGH),
            Figure::Harp => (&mut self.harp, 12, BROKEN),
            _ => (&mut self.piano, 0, BROKEN),
        };
        let tones: Vec<i32> = self.voicing.iter().map(|key| fold(key + raised, range)).collect();
        let energy = scene.section.energy_in(scene.at);
        let by = if raised > 0 { BROKEN_STEPS.0[dice.pick(&BROKEN_STEPS.1)] } else { [2, 4][dice.below(2)] };
        let offset = if self.texture.held == Held::Nothing { 0 } else { dice.below(2) * 2 };
        // Alone it is louder.
        let alone = if self.texture.held == Held::Nothing { 34.0 } else { 0.0 };
        for (count, step) in (offset..span).step_by(by).take(12).enumerate() {
            if dice.chance(scene.change(0.14)) {
                continue;
            }
            let up = count % (2 * tones.len().max(1));
            let place = if up < tones.len() { up } else { 2 * tones.len() - 1 - up };
            let Some(key) = tones.get(place) else { continue };
            let stroke = Stroke {
                step: (from + step) as f32,
                length: 6.0,
                key: *key as f32,
                velocity: 50.0 + 14.0 * energy + alone,
                from_density: [0.0, 0.3, 0.12, 0.5 + 0.4 * dice.unit()][count % 4],
                late_ms: breath(scene, from + step),
                ..Stroke::default()
            };
            score.note(scene, voice, stroke);
        }
    }

    /// The sixteenths of the rhythm of this block of four bars.
    fn rhythm(&self, scene: &Scene<'_>) -> &'static [usize] {
        let rows: &[&[usize]] = if self.compound { &COMPOUND_RHYTHMS } else { &RHYTHMS };
        rows[scene.figure_dice("cinematic.rhythm", 4).below(rows.len())]
    }

    /// The ostinato: root, fifth, octave and ninth.
    fn ostinato(
        &mut self,
        scene: &Scene<'_>,
        score: &mut Score,
        chord: &Chord,
        (from, span): (usize, usize),
        dice: &mut Dice,
    ) {
        let tonic = scene.scale.tonic;
        let root = place(chord.root_class(tonic), 55, (50, 61));
        let ninth = scene.scale.key_of_step(scene.scale.step_near(root + 12) + 1);
        let fifth =
            chord.tones.iter().copied().find(|tone| (6..=8).contains(tone)).map_or(root, |t| root + i32::from(t));
        let tones = [root, fifth, root + 12, ninth];
        let rhythm = self.rhythm(scene);
        let alone = if self.texture.held == Held::Nothing { 12.0 } else { 0.0 };
        for (count, step) in rhythm.iter().filter(|step| (from..from + span).contains(step)).enumerate() {
            if dice.chance(scene.change(0.07)) {
                continue;
            }
            let place = (from / 2 + count) % 8;
            let tone = if dice.chance(scene.change(0.1)) { dice.below(4) } else { OSTINATI[self.pattern][place] };
            let stroke = Stroke {
                step: *step as f32,
                length: 1.4,
                key: tones[tone] as f32,
                velocity: 58.0 + 16.0 * self.energy(scene) + alone,
                from_density: if step % 4 == 0 { 0.0 } else { 0.22 },
                late_ms: breath(scene, *step),
                ..Stroke::default()
            };
            score.note(scene, &mut self.ostinato, stroke);
            // At a high density the octave above answers between the notes.
            let echo = Stroke {
                step: (*step + 1) as f32,
                key: (tones[tone] + 12) as f32,
                velocity: stroke.velocity - 14.0,
                from_density: 0.55 + 0.4 * dice.unit(),
                ..stroke
            };
            if step % 4 == 2 {
                score.note(scene, &mut self.ostinato, echo);
            }
        }
    }

    /// The chord, short and repeated in the rhythm of the block.
    fn marcato(
        &mut self,
        scene: &Scene<'_>,
        score: &mut Score,
        loud: f32,
        (from, span): (usize, usize),
        dice: &mut Dice,
    ) {
        for step in self.rhythm(scene).iter().filter(|step| (from..from + span).contains(step)) {
            let left_out = *step > from && dice.chance(scene.change(0.12));
            // Held strings have struck the first chord.
            if left_out || (*step == from && self.texture.held == Held::Strings) {
                continue;
            }
            let accent = step % if self.compound { 6 } else { 8 } == 0;
            let late_ms = breath(scene, *step);
            let stroke = |key: &i32| Stroke {
                step: *step as f32,
                length: if accent { 2.2 } else { 1.4 },
                key: *key as f32,
                velocity: loud + if accent { 8.0 } else { -4.0 },
                metric: 0.3,
                from_density: if accent { 0.0 } else { 0.2 },
                late_ms,
                ..Stroke::default()
            };
            let strokes: Vec<Stroke> = self.voicing.iter().map(stroke).collect();
            score.chord(scene, &mut self.short, &strokes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn keys_are_moved_by_octaves() {
        for key in 20..120 {
            let folded = fold(key, (55, 84));
            assert!((55..=84).contains(&folded) && (folded - key) % 12 == 0, "{key} {folded}");
        }
    }
}
