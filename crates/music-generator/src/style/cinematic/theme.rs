//! The theme: one motif for the whole story, which goes from instrument to instrument.

use super::{Cinematic, breath};
use crate::compose::scene::{Scene, Score, Stroke, choose_instrument};
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;

/// Instruments of the theme in quiet and in loud parts.
const QUIET: &[(Instrument, f32)] = &[
    (Instrument::Flute, 0.28),
    (Instrument::Cello, 0.22),
    (Instrument::Violin, 0.2),
    (Instrument::GrandPiano, 0.18),
    (Instrument::Celesta, 0.12),
];
const LOUD: &[(Instrument, f32)] = &[(Instrument::Violin, 0.4), (Instrument::Horn, 0.4), (Instrument::Brass, 0.2)];
const OTHER_LEADS: &[Instrument] = &[
    Instrument::Shakuhachi,
    Instrument::Bansuri,
    Instrument::MusicBox,
    Instrument::Choir,
    Instrument::Guitar,
    Instrument::Koto,
    Instrument::Bells,
    Instrument::FeltPiano,
];

impl Cinematic {
    /// The instrument of the theme in this block of eight bars.
    pub(super) fn hand_over(&mut self, scene: &Scene<'_>) {
        let mut dice = scene.pattern_dice("cinematic.theme.sound", 8);
        let usual = if self.energy(scene) > 0.6 { LOUD } else { QUIET };
        if let Some(lead) = choose_instrument(scene.target, usual, OTHER_LEADS, &mut dice) {
            self.theme.instrument = lead;
        }
        self.double.instrument =
            if self.theme.instrument == Instrument::Horn { Instrument::Violin } else { Instrument::Horn };
    }

    pub(super) fn lead(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let energy = self.energy(scene);
        let mut dice = scene.dice("cinematic.theme.double", Stem::Lead);
        for note in self.phrases.bar(scene) {
            let stroke = Stroke {
                step: note.step as f32,
                length: note.length as f32,
                key: note.key as f32,
                velocity: 78.0 + 8.0 * energy + 8.0 * note.height,
                from_density: if note.optional { 0.15 } else { 0.0 },
                metric: 0.4,
                late_ms: breath(scene, note.step),
                ..Stroke::default()
            };
            score.note(scene, &mut self.theme, stroke);
            // In the climax a horn doubles the theme an octave lower, or a third below as harmony; elsewhere it does so at a high
            // density.
            let third = scene.scale.key_of_step(scene.scale.step_near(note.key) - 2);
            let key = if note.closing { third } else { note.key - 12 };
            let from_density = if energy > 0.76 { 0.3 } else { 0.65 + 0.3 * dice.unit() };
            let second = Stroke { key: key as f32, velocity: stroke.velocity - 8.0, from_density, ..stroke };
            score.note(scene, &mut self.double, second);
        }
    }
}
