//! The bass, and a figure that runs against the bar.

use super::patterns::BASSES;
use super::{House, gate};
use crate::compose::bass::place;
use crate::compose::melody::Place;
use crate::compose::rhythm::hits;
use crate::compose::scene::{Scene, Score, Stroke};
use crate::types::stem::Stem;

/// The range of the bass.
const RANGE: (i32, i32) = (30, 43);

impl House {
    pub(super) fn bass_line(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("house.bass.line", Stem::Bass);
        if scene.section.name == "break" || scene.section.energy_in(scene.at) < gate::BASS {
            // In a break the bass is long notes.
            let end = Self::silence_from(scene).min(16);
            let step = [0, 0, 2, 4][dice.below(4)];
            let split = dice.chance(scene.change(0.35));
            for (index, from) in [step, 10].into_iter().take(if split { 2 } else { 1 }).enumerate() {
                let Some(chord) = scene.chord(from).filter(|_| from < end) else { continue };
                let key = place(chord.bass_class(scene.scale.tonic), 35, RANGE) as f32;
                let until = if split && index == 0 { 9 } else { (step + 10 + dice.below(5)).min(16) };
                let length = until.min(end).saturating_sub(from).max(1) as f32;
                let stroke = Stroke { step: from as f32, length, key, velocity: 92.0, ..Stroke::default() };
                score.note(scene, &mut self.bass, stroke);
            }
            return;
        }
        let pattern: Vec<(usize, f32)> = hits(BASSES[self.patterns[1]]).collect();
        let turn = scene.closes(4);
        for (index, (step, velocity)) in pattern.iter().enumerate() {
            let Some(chord) = scene.chord(*step) else { continue };
            let root = place(chord.bass_class(scene.scale.tonic), 35, RANGE);
            let fifth = if chord.has(7) { root + 7 } else { root };
            let chance = if turn && *step >= 8 { 0.5 } else { scene.change(0.2) };
            let key = if dice.chance(chance) { [root + 12, fifth, root + 10][dice.below(3)] } else { root };
            let key = if scene.scale.contains(key.rem_euclid(12) as u8) { key } else { root };
            if index > 0 && dice.chance(scene.change(0.08)) {
                continue;
            }
            let next = pattern.get(index + 1).map_or(16, |(next, _)| *next);
            let from_density = if index % 2 == 1 { 0.2 } else { 0.0 };
            // A shorter note of the bass has no definite pitch.
            let length = ((next - step) as f32 * 0.9).min(3.0);
            let stroke = Stroke {
                step: *step as f32,
                length,
                key: key as f32,
                velocity: *velocity,
                from_density,
                metric: 0.3,
                ..Stroke::default()
            };
            score.note(scene, &mut self.bass, stroke);
        }
        // At a high density a soft note is added where the pattern rests.
        let free: Vec<usize> = (2..15).filter(|step| pattern.iter().all(|(at, _)| at.abs_diff(*step) > 1)).collect();
        let mut soft = scene.pattern_dice("house.bass.soft", 8);
        let added = free.get(soft.below(free.len())).and_then(|step| Some((*step, scene.chord(*step)?)));
        if let Some((step, chord)) = added.filter(|(step, _)| step % 4 != 0) {
            let key = place(chord.bass_class(scene.scale.tonic), 40, (36, 47)) as f32;
            let from_density = 0.55 + 0.4 * dice.unit();
            let stroke = Stroke { step: step as f32, key, velocity: 62.0, from_density, ..Stroke::default() };
            score.note(scene, &mut self.bass, stroke);
        }
    }

    /// The figure runs in its own length against the bar; accents have a third length.
    pub(super) fn figure(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("house.figure.bar", Stem::Lead);
        let rest = scene.pattern_dice("house.figure.rest", 8).chance(0.3);
        if rest {
            return;
        }
        let quiet = if scene.section.name == "break" { 12.0 } else { 0.0 };
        for step in 0..Self::silence_from(scene).min(16) {
            let count = scene.at as usize * 16 + step;
            let Some((_, rise)) = self.figure.iter().find(|(place, _)| *place == count % self.lattice) else {
                continue;
            };
            if dice.chance(scene.change(0.1)) {
                continue;
            }
            let Some(chord) = scene.chord(step) else { continue };
            let strong = step % 4 == 0;
            let place = Place { rise: *rise, strong, closing: false, register: 72.0 };
            let key = self.line.next(place, scene.scale, chord, (65, 79), &mut dice);
            let accent = count.is_multiple_of(self.accent);
            let velocity = if accent { 92.0 } else { 70.0 } - quiet;
            let from_density = if accent || strong { 0.05 } else { 0.25 };
            let stroke = Stroke {
                step: step as f32,
                length: 1.4,
                key: key as f32,
                velocity,
                from_density,
                metric: 0.2,
                ..Stroke::default()
            };
            score.note(scene, &mut self.lead, stroke);
        }
    }
}
