//! The drums: the kick goes on outside the breaks, hats and percussion come and go in blocks of eight bars, and a roll leads to the
//! drop.

use super::patterns::CLOSED;
use super::{House, gate};
use crate::compose::rhythm::{euclid, hits, kick_key};
use crate::compose::scene::{Scene, Score, Stroke, Voice};
use crate::types::dice::Dice;
use crate::types::stem::Stem;

const CLAPS: [[&str; 2]; 3] = [
    ["---- X--- ---- X---", "---- X--- ---- X--."],
    ["---- X--- ---- X---", "---- X-.- ---- X--x"],
    ["---- X--- ---- X---", "---- X--- -.-- X---"],
];
const TECHNO_CLAPS: [[&str; 2]; 2] =
    [["---- X--- ---- X---", "---- X--- ---- X.--"], ["---- ---- ---- X---", "---- ---- ---- X--x"]];
const OPEN_HAT: &str = "--x- --x- --x- --x-";
const RIDE: &str = "--x- -x-- x--x --x-";

/// A pattern of a voice: the density from which on it sounds, and the probability that a soft hit is left out.
struct Part<'a> {
    pattern: &'a str,
    from_density: f32,
    drop: f32,
}

fn play(scene: &Scene<'_>, score: &mut Score, voice: &mut Voice, part: &Part<'_>, dice: &mut Dice) {
    for (step, velocity) in hits(part.pattern) {
        let soft = velocity < 70.0;
        // A strong hit is left out now and then.
        let left_out = dice.chance(scene.change(if soft { part.drop } else { 0.15 * part.drop }));
        if left_out || step >= House::silence_from(scene) {
            continue;
        }
        let from_density = part.from_density + if soft { 0.2 } else { 0.0 };
        let stroke =
            Stroke { step: step as f32, velocity: velocity * 0.92, from_density, metric: 0.3, ..Stroke::default() };
        score.note(scene, voice, stroke);
    }
}

impl House {
    /// Whether this is one of the bars before a drop.
    pub(super) fn builds(scene: &Scene<'_>) -> bool {
        scene.section.name == "break" && scene.at + 2 >= scene.section.bars
    }

    /// The sixteenth from which on everything rests, in the last bar before a drop: one or two beats.
    pub(super) fn silence_from(scene: &Scene<'_>) -> usize {
        let last = Self::builds(scene) && scene.at + 1 == scene.section.bars;
        if !last {
            return usize::MAX;
        }
        if scene.pattern_dice("house.silence", u32::MAX).chance(0.6) { 12 } else { 8 }
    }

    /// The voice that rests in this block of eight bars; the first block of a drop has all.
    pub(super) fn resting(scene: &Scene<'_>) -> usize {
        if scene.at < 8 && scene.section.name == "drop" { 9 } else { scene.pattern_dice("house.rest", 8).below(6) }
    }

    pub(super) fn drums(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("house.drums", Stem::Drums);
        // What plays is decided by the form, how much of it sounds by the density.
        let energy = scene.section.energy_in(scene.at);
        let fill = scene.closes(8) && dice.chance(0.85);
        let kick_rests = fill && dice.chance(0.5);
        let resting = Self::resting(scene);
        self.kicks(scene, score, kick_rests, &mut dice);
        if scene.at == 0 && scene.section.name == "drop" {
            let stroke = Stroke { velocity: 86.0, metric: 0.0, ..Stroke::default() };
            score.note(scene, &mut self.crash, stroke);
        }
        if energy >= gate::CLAP && scene.section.name != "break" {
            let rows: &[[&str; 2]] = if self.techno { &TECHNO_CLAPS } else { &CLAPS };
            let row = rows[self.patterns[3] % rows.len()];
            let turn = scene.closes(4) || (scene.closes(2) && dice.chance(scene.change(0.3)));
            let part = Part { pattern: row[usize::from(turn)], from_density: 0.0, drop: 0.3 };
            play(scene, score, &mut self.clap, &part, &mut dice);
        }
        if energy >= gate::CLOSED && (resting != 0 || scene.section.name == "break") {
            let part = Part { pattern: CLOSED[self.patterns[0]], from_density: 0.12, drop: 0.24 };
            play(scene, score, &mut self.closed, &part, &mut dice);
        }
        // At a high density soft hats fill some of the sixteenths, the same ones for eight bars.
        let mut soft = scene.pattern_dice("house.soft", 8);
        for step in (1..House::silence_from(scene).min(16)).step_by(2) {
            let stroke = Stroke {
                step: step as f32,
                velocity: 46.0,
                from_density: 0.5 + 0.5 * soft.unit(),
                metric: 0.3,
                ..Stroke::default()
            };
            if energy >= gate::OPEN && resting != 0 {
                score.note(scene, &mut self.closed, stroke);
            }
        }
        if energy >= gate::OPEN && resting != 1 && scene.section.name != "break" {
            let pattern = if fill && !kick_rests {
                "--x- --x- x-x- x-x-"
            } else if dice.chance(scene.change(0.1)) {
                ["--x- --x- --x- ----", "--x- --x- --xx --x-", "--x- ---- --x- --x-"][dice.below(3)]
            } else {
                OPEN_HAT
            };
            play(scene, score, &mut self.open, &Part { pattern, from_density: 0.08, drop: 0.0 }, &mut dice);
        }
        if energy >= gate::RIDE && resting != 2 {
            play(scene, score, &mut self.ride, &Part { pattern: RIDE, from_density: 0.3, drop: 0.0 }, &mut dice);
        }
        if (scene.section.name == "break" || energy >= gate::PERCUSSION || self.techno) && resting != 3 {
            self.ring(scene, score, &mut dice);
        }
        if Self::builds(scene) {
            self.build(scene, score);
        }
    }

    /// Four kicks in a bar, except in breaks and in a thin intro: the density does not take them away.
    fn kicks(&mut self, scene: &Scene<'_>, score: &mut Score, rests: bool, dice: &mut Dice) {
        let edge = matches!(scene.section.name, "intro" | "outro");
        if scene.section.name == "break" || (edge && scene.section.energy_in(scene.at) < gate::KICK) {
            return;
        }
        let key = kick_key(scene.scale.tonic);
        for step in [0, 4, 8, 12] {
            if rests && step >= 8 {
                continue;
            }
            let stroke = Stroke { step: step as f32, key, velocity: 106.0, metric: 0.1, ..Stroke::default() };
            score.note(scene, &mut self.kick, stroke);
        }
        if !rests && dice.chance(scene.change(0.16)) {
            let step = [14.0, 10.0][dice.pick(&[0.75, 0.25])];
            let stroke = Stroke { step, key, velocity: 66.0, from_density: 0.1, ..Stroke::default() };
            score.note(scene, &mut self.kick, stroke);
        }
    }

    /// Percussion on an even ring of its own length, which runs on over the bars.
    fn ring(&mut self, scene: &Scene<'_>, score: &mut Score, dice: &mut Dice) {
        let (pulses, steps, rotation) = self.ring;
        let ring = euclid(pulses, steps, rotation);
        let end = Self::silence_from(scene).min(16);
        for step in 0..end {
            let place = (scene.at as usize * 16 + step) % steps;
            if !ring.contains(&place) || dice.chance(scene.change(0.1)) {
                continue;
            }
            let velocity = dice.between(44.0, 80.0);
            let stroke = Stroke {
                step: step as f32,
                key: 60.0,
                velocity,
                from_density: if step % 2 == 0 { 0.24 } else { 0.4 },
                metric: 0.0,
                ..Stroke::default()
            };
            score.note(scene, &mut self.percussion, stroke);
        }
        let extra = dice.below(end) as f32;
        let stroke = Stroke {
            step: extra,
            key: 60.0,
            velocity: 38.0,
            from_density: 0.5 + 0.45 * dice.unit(),
            ..Stroke::default()
        };
        score.note(scene, &mut self.percussion, stroke);
    }

    /// A roll that grows over two bars, and a riser.
    fn build(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let last = scene.at + 1 == scene.section.bars;
        for step in (0..Self::silence_from(scene).min(16)).filter(|step| last || step % 2 == 0) {
            let place = (step + if last { 16 } else { 0 }) as f32 / 31.0;
            let velocity = 30.0 + 70.0 * place;
            let stroke =
                Stroke { step: step as f32, key: 50.0, velocity, from_density: 0.1, metric: 0.0, ..Stroke::default() };
            score.note(scene, &mut self.roll, stroke);
        }
        if !last {
            let stroke = Stroke { length: 32.0, velocity: 84.0, metric: 0.0, ..Stroke::default() };
            score.note(scene, &mut self.riser, stroke);
        }
    }
}
