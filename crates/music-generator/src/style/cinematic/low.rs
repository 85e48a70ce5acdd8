//! The bass and the low drums.

use super::chords::fold;
use super::{Cinematic, breath};
use crate::compose::scene::{Scene, Score, Stroke};
use crate::types::dice::Dice;
use crate::types::stem::Stem;

/// The range of the bass.
const RANGE: (i32, i32) = (29, 50);

impl Cinematic {
    /// The root, held or renewed within the chord; the last note may be a step towards what follows. Doubled when it is loud.
    pub(super) fn bass_note(
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
            onsets.push((span - [2, 4, 3][dice.below(3)], fold(scene.scale.key_of_step(step), RANGE)));
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
            if self.energy(scene) > 0.7 {
                let octave = Stroke { key: (key + 12) as f32, velocity: loud - 4.0, from_density: 0.35, ..low };
                score.note(scene, &mut self.bass, octave);
            }
        }
    }

    pub(super) fn drums(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("cinematic.drums", Stem::Drums);
        let energy = self.energy(scene);
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
        if scene.at == 0 && energy > 0.45 {
            score.note(scene, &mut self.taiko, stroke(0, 90.0, 0.0));
            if energy > 0.7 {
                score.note(scene, &mut self.crash, stroke(0, 78.0, 0.2));
            }
        }
        // A roll of two bars and a riser before the climax.
        let left = scene.section.bars - scene.at;
        if scene.section.name == "discovery" && left <= 2 {
            let total = 2 * steps;
            let offset = if left == 2 { 0 } else { steps };
            for step in (0..steps).filter(|step| left == 1 || step % 2 == 0) {
                let place = (offset + step) as f32 / total as f32;
                score.note(scene, &mut self.taiko, stroke(step, 30.0 + 74.0 * place, 0.1));
            }
            if left == 2 {
                let riser = Stroke { length: total as f32, velocity: 72.0, from_density: 0.1, ..stroke(0, 72.0, 0.1) };
                score.note(scene, &mut self.riser, riser);
            }
            return;
        }
        // After the first block the drums rest in some blocks of four bars.
        let rest = scene.at >= 4 && scene.pattern_dice("cinematic.drums.rest", 4).chance(0.3);
        if energy < 0.6 || rest {
            return;
        }
        let beat = if self.compound { [0, 6, 10, 4, 8] } else { [0, steps / 2 + 2, steps - 2, 3, steps - 4] };
        for (index, step) in beat.into_iter().enumerate() {
            let chance = [1.0, 0.6, 0.35, 0.25, 0.4][index];
            if (scene.at, index) != (0, 0) && dice.chance(chance) {
                let velocity = [84.0, 68.0, 60.0, 52.0, 62.0][index];
                score.note(scene, &mut self.taiko, stroke(step, velocity, 0.08 * index as f32));
            }
        }
        // At a high density a soft stroke answers between the beats.
        let soft = [5, 7, 9, 11][scene.pattern_dice("cinematic.soft", 4).below(4)];
        score.note(scene, &mut self.taiko, stroke(soft, 44.0, 0.6 + 0.35 * dice.unit()));
    }
}
