//! The right hand: the melody, with thirds, sixths and octaves below it.

use super::{Piano, breath};
use crate::compose::scene::{Scene, Score, Stroke};
use crate::types::stem::Stem;

impl Piano {
    pub(super) fn right_hand(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("piano.right.bar", Stem::Lead);
        for note in self.phrases.bar(scene) {
            // The peak of the phrase is held back a little.
            let agogic = if note.height > 0.95 { dice.between(30.0, 60.0) } else { 0.0 };
            let late_ms = breath(scene, note.step) + agogic;
            let base = Stroke {
                step: note.step as f32,
                length: note.length as f32,
                velocity: 58.0 + 9.0 * scene.section.energy_in(scene.at) + 8.0 * note.height,
                from_density: if note.optional { 0.2 } else { 0.0 },
                metric: 0.6,
                late_ms,
                ..Stroke::default()
            };
            let mut strokes = vec![Stroke { key: note.key as f32, ..base }];
            let (inner, octave) = (dice.chance(0.25), dice.chance(if note.height > 0.9 { 0.3 } else { 0.05 }));
            if octave && scene.section.energy > 0.5 {
                strokes.push(Stroke {
                    key: (note.key - 12) as f32,
                    velocity: base.velocity - 8.0,
                    from_density: 0.35,
                    ..base
                });
            } else if note.length >= 3 {
                // A quarter of the long notes have a third or a sixth below, at a high density more of them.
                let step = scene.scale.step_near(note.key);
                let classes = scene.chord(note.step).map(|chord| chord.classes(scene.scale.tonic)).unwrap_or_default();
                let below = [step - 2, step - 5].map(|step| scene.scale.key_of_step(step));
                let fits = below.into_iter().find(|key| classes.contains(&(key.rem_euclid(12) as u8)));
                strokes.extend(fits.map(|key| Stroke {
                    key: key as f32,
                    velocity: base.velocity - 12.0,
                    from_density: if inner { 0.3 } else { 0.6 + 0.35 * dice.unit() },
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
