//! Stabs and pad, and the sweep of their filter.

use super::patterns::STABS;
use super::{House, Sweep, gate};
use crate::compose::rhythm::hits;
use crate::compose::scene::{Scene, Score, Stroke};
use crate::compose::voicing::{self, CLOSE, OPEN};
use crate::types::stem::Stem;

impl House {
    pub(super) fn chords(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("house.chords", Stem::Harmony);
        let resting = Self::resting(scene);
        let place = scene.at as f32 / scene.section.bars.max(1) as f32;
        let open = self.open_velocity(scene);
        let end = Self::silence_from(scene);
        let energy = scene.section.energy_in(scene.at);
        let stabs = energy >= gate::STAB && (resting != 4 || scene.section.name == "break");
        let rhythm = STABS[(self.patterns[2] + scene.at as usize / 16) % STABS.len()][scene.at as usize % 2];
        for (index, (step, _)) in hits(rhythm).enumerate() {
            let Some(chord) = scene.chord(step) else { continue };
            let root = Some(chord.clone());
            if self.sounding != root || self.voicing.is_empty() {
                self.voicing = voicing::voice(chord, scene.scale.tonic, &self.voicing, None, &CLOSE);
                self.sounding = root;
            }
            let left_out = dice.chance(scene.change(0.1));
            let moved = usize::from(dice.chance(scene.change(0.08)));
            if !stabs || left_out || step >= end {
                continue;
            }
            let velocity = open - 8.0 * (index % 2) as f32;
            let strokes: Vec<Stroke> = self
                .voicing
                .iter()
                .map(|key| Stroke {
                    step: (step + moved) as f32,
                    length: 1.2,
                    key: *key as f32,
                    velocity,
                    from_density: if index == 0 { 0.0 } else { 0.16 },
                    metric: 0.2,
                    ..Stroke::default()
                })
                .collect();
            score.chord(scene, &mut self.stab, &strokes);
        }
        self.hold(scene, score, place);
    }

    /// The pad: in breaks, in loud drops, and in some blocks between.
    fn hold(&mut self, scene: &Scene<'_>, score: &mut Score, place: f32) {
        let energy = scene.section.energy_in(scene.at);
        let some = !self.techno && scene.pattern_dice("house.pad", 8).chance(0.4);
        let wanted = scene.section.name == "break" || energy > 0.84 || some;
        if energy < gate::PAD || !wanted {
            return;
        }
        // It is struck again where the chord changes, at least every four bars.
        let now = scene.chord(0).cloned();
        if !(scene.at.is_multiple_of(4) || now != self.held) {
            return;
        }
        let Some(chord) = now else { return };
        self.pad_voicing = voicing::voice(&chord, scene.scale.tonic, &self.pad_voicing, None, &OPEN);
        let same = |bar: &u32| scene.chords(*bar).first() == Some(&chord);
        let left = (4 - scene.at % 4).min(scene.section.bars - scene.at);
        let bars = (1..left).take_while(same).count() + 1;
        self.held = Some(chord.clone());
        let quiet = if scene.section.name == "break" { 66.0 + 24.0 * place } else { 54.0 + 14.0 * place };
        let stroke = |key: &i32| Stroke {
            length: 16.0 * bars as f32,
            key: *key as f32,
            velocity: quiet,
            metric: 0.0,
            ..Stroke::default()
        };
        let strokes: Vec<Stroke> = self.pad_voicing.iter().map(stroke).collect();
        score.chord(scene, &mut self.pad, &strokes);
    }

    /// The velocity of the stabs: it opens and closes their filter over 16 or 32 bars.
    fn open_velocity(&self, scene: &Scene<'_>) -> f32 {
        let span = self.sweep_bars as f32;
        let place = (scene.bar as f32 / span).fract();
        if scene.section.name == "break" {
            return 62.0 + 40.0 * scene.at as f32 / scene.section.bars.max(1) as f32;
        }
        match self.sweep {
            Sweep::Up => 62.0 + 36.0 * place,
            Sweep::UpAndDown => 62.0 + 36.0 * (1.0 - (2.0 * place - 1.0).abs()),
            Sweep::Still => 82.0,
        }
    }
}
