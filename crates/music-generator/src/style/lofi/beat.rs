//! The beat of lofi: kick, snare, hats, and the bass that follows the kick.

use crate::compose::bass::{self, approach, place};
use crate::compose::form::gate;
use crate::compose::rhythm::{hits, kick_key};
use crate::compose::scene::{Scene, Score, Stroke, Voice, choose_instrument};
use crate::compose::timing::Timing;
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::note::Glide;
use crate::types::stem::Stem;

struct Groove {
    kick: &'static str,
    snare: &'static str,
    hat: &'static str,
}

/// The grooves L1 to L5. L4 has a rim instead of a snare.
#[rustfmt::skip]
const GROOVES: [Groove; 5] = [
    Groove { kick: "X--- --x- --x- ----", snare: "---- X--. -.-- X---", hat: "x-o- x-o- x-o- x-oo" },
    Groove { kick: "X--x ---- --x- -x--", snare: "---- X--- .--- X--.", hat: "xoxo x-xo xoxo x-xo" },
    Groove { kick: "X--- ---- ---x --x-", snare: "---- ---- X--- ---.", hat: "x-o- x-o- x-o- x-o-" },
    Groove { kick: "X--- ---- x--- --o-", snare: "---- x--- ---- x---", hat: "--x- --x- --x- --xo" },
    Groove { kick: "X--- -x-- --x- --x-", snare: "---- X--. .--- X.--", hat: "x.o. x.o. x.o. x.oo" },
];
/// How often each groove is drawn for full drums, and for light drums.
const FULL: [f32; 5] = [0.32, 0.22, 0.10, 0.06, 0.30];
const LIGHT: [f32; 5] = [0.25, 0.0, 0.25, 0.5, 0.0];
/// The energy from which on hats sound: a beat begins without them.
const HATS: f32 = 0.5;
/// The beat is a figure of two bars that is repeated for eight.
const CYCLE: u32 = 2;
const SPAN: u32 = 8;
/// Where ghost notes of the snare may be.
const GHOSTS: [usize; 6] = [3, 7, 9, 10, 14, 15];

/// How much softer a backbeat may be than the loudest one, in MIDI units.
const SOFTER: f32 = 22.0;
/// How often the last backbeat of the figure is late.
const LATE: f32 = 0.3;
/// How often light drums leave out the first backbeat of a bar.
const THIN: f32 = 0.5;

const BASSES: &[(Instrument, f32)] = &[(Instrument::Upright, 0.6), (Instrument::SubBass, 0.4)];
const OTHER_BASSES: &[Instrument] = &[Instrument::Bass808, Instrument::SynthBass];

/// Drums and bass.
#[derive(Clone, Debug)]
pub struct Beat {
    kick: Voice,
    snare: Voice,
    hat: Voice,
    shaker: Voice,
    bass: Voice,
    groove: usize,
    bass_key: i32,
}

const fn drum(name: &'static str, instrument: Instrument, swing: f32) -> Voice {
    Voice::new(name, Stem::Drums, instrument, Timing { offset_ms: 0.0, jitter_ms: 2.5, swing })
}

impl Beat {
    /// The voices of a seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "lofi.beat", 0, 0);
        let mut beat = Self {
            kick: drum("lofi.kick", Instrument::Kick, 0.5),
            snare: drum("lofi.snare", Instrument::Snare, 1.0),
            hat: drum("lofi.hat", Instrument::HatClosed, 1.0),
            shaker: drum("lofi.shaker", Instrument::Shaker, 1.0),
            bass: Voice::new(
                "lofi.bass",
                Stem::Bass,
                Instrument::Upright,
                // It is locked to the kick, which follows half of the swing.
                Timing { offset_ms: 10.0, jitter_ms: 4.0, swing: 0.5 },
            ),
            groove: 0,
            bass_key: 36,
        };
        // Close enough together that voices on the same beat are heard as one onset.
        beat.hat.timing.offset_ms = dice.between(-2.0, 6.0);
        beat.shaker.timing.offset_ms = dice.between(-2.0, 6.0);
        beat.bass.timing.offset_ms = dice.between(8.0, 15.0);
        beat.hat.velocity_spread = 8.0;
        beat
    }

    /// Draws groove, snare and bass of a section.
    pub fn begin(&mut self, scene: &Scene<'_>) {
        let mut dice = scene.pattern_dice("lofi.groove", u32::MAX);
        let weights = if scene.section.energy < 0.45 { LIGHT } else { FULL };
        let before = self.groove;
        self.groove = dice.pick(&weights);
        if self.groove == before {
            self.groove = dice.pick(&weights);
        }
        self.snare.timing.offset_ms = if dice.chance(0.15) { -8.0 } else { dice.between(12.0, 20.0) };
        let mut arc = Dice::new(scene.seed, "lofi.bass.instrument", scene.section.arc, 0);
        if let Some(instrument) = choose_instrument(scene.target, BASSES, OTHER_BASSES, &mut arc) {
            self.bass.instrument = instrument;
        }
    }

    /// The steps and velocities of the kick: the groove, in most second bars with one hit moved by a sixteenth. The two bars are
    /// repeated for eight.
    pub fn kicks(&self, scene: &Scene<'_>) -> Vec<(usize, f32)> {
        let mut dice = scene.loop_dice("lofi.kicks", SPAN, CYCLE);
        let mut kicks: Vec<(usize, f32)> =
            hits(GROOVES[self.groove].kick).filter(|(step, _)| *step < scene.steps()).collect();
        if scene.at % 2 == 1 && kicks.len() > 1 && dice.chance(scene.change(0.7)) {
            let moved = 1 + dice.below(kicks.len() - 1);
            let step = if dice.chance(0.5) { kicks[moved].0 + 1 } else { kicks[moved].0 - 1 };
            if (2..scene.steps()).contains(&step) && kicks.iter().all(|(other, _)| other.abs_diff(step) > 0) {
                kicks[moved].0 = step;
                kicks.sort_by_key(|(step, _)| *step);
            }
        }
        // A turn at the end of four bars.
        let mut dice = scene.dice("lofi.kicks", Stem::Drums);
        if scene.closes(4) && dice.chance(scene.change(0.45)) {
            let step = scene.steps().saturating_sub([2, 3, 5][dice.below(3)]);
            if kicks.iter().all(|(other, _)| other.abs_diff(step) > 1) {
                kicks.push((step, 78.0));
                kicks.sort_by_key(|(step, _)| *step);
            }
        }
        kicks
    }

    /// Kick, snare or rim, hats, ghost notes, fills.
    pub fn drums(&mut self, scene: &Scene<'_>, score: &mut Score, kicks: &[(usize, f32)]) {
        let mut dice = scene.dice("lofi.drums", Stem::Drums);
        let steps = scene.steps();
        // Kick and snare vanish last: only ghosts and hats are thinned by the density.
        let full = scene.section.energy_in(scene.at) >= gate::DRUMS_FULL;
        let fill = if scene.closes(8) && dice.chance(0.85) { 1 + dice.below(4) } else { 0 };
        let small_fill = fill == 0 && scene.closes(4) && dice.chance(0.3);
        // The third fill rests on the last beat.
        let rest_from = if fill == 3 { steps - 4 } else { steps };
        for (index, (step, velocity)) in kicks.iter().enumerate().filter(|(_, (step, _))| *step < rest_from) {
            let from_density = if index == 0 { 0.0 } else { 0.12 + 0.1 * index as f32 };
            let stroke = Stroke {
                step: *step as f32,
                key: kick_key(scene.scale.tonic),
                velocity: *velocity,
                from_density,
                metric: 0.4,
                ..Stroke::default()
            };
            score.note(scene, &mut self.kick, stroke);
        }
        self.snare.instrument = if !full || self.groove == 3 { Instrument::Rim } else { Instrument::Snare };
        let groove = &GROOVES[self.groove];
        let mut figure = scene.loop_dice("lofi.snare", SPAN, CYCLE);
        for (step, velocity) in hits(groove.snare).filter(|(step, _)| *step < rest_from) {
            let ghost = velocity < 40.0;
            // Some backbeats are softer than others, the same ones in each repeat.
            let softer = if ghost { 0.0 } else { SOFTER * figure.unit() };
            if ghost && (!full || !figure.chance(0.75)) {
                continue;
            }
            // Light drums without hats leave out some first backbeats: half the tempo.
            let thin = scene.section.energy_in(scene.at) < HATS && step == 4 && figure.chance(scene.change(THIN));
            if thin {
                continue;
            }
            // In some figures the last backbeat of the two bars comes a sixteenth late.
            let late = figure.chance(scene.change(LATE)) && full && step == 12 && scene.at % 2 == 1 && fill == 0;
            let stroke = Stroke {
                step: (step + usize::from(late)) as f32,
                key: 38.0,
                velocity: velocity - softer,
                from_density: if ghost { 0.42 } else { 0.0 },
                metric: 0.3,
                ..Stroke::default()
            };
            score.note(scene, &mut self.snare, stroke);
        }
        if full {
            self.ghosts(scene, score, fill, rest_from, &mut dice);
        }
        if scene.section.energy_in(scene.at) >= HATS {
            self.hats(scene, score, fill, rest_from, small_fill, &mut dice);
        }
        if scene.energy >= gate::PERCUSSION - 0.06 && scene.section.name != "B" {
            for step in (0..rest_from).step_by(2) {
                let velocity = if step % 4 == 2 { 62.0 } else { 46.0 };
                let stroke =
                    Stroke { step: step as f32, velocity, from_density: 0.45, metric: 0.2, ..Stroke::default() };
                score.note(scene, &mut self.shaker, stroke);
            }
        }
    }

    fn ghosts(&mut self, scene: &Scene<'_>, score: &mut Score, fill: usize, rest_from: usize, dice: &mut Dice) {
        let taken: Vec<usize> = hits(GROOVES[self.groove].snare).map(|(step, _)| step).collect();
        let mut figure = scene.loop_dice("lofi.ghosts", SPAN, CYCLE);
        for (index, step) in GHOSTS.into_iter().enumerate() {
            let sounds = figure.chance(scene.change(0.16)) != dice.chance(scene.change(0.02));
            if sounds && step < rest_from && !taken.contains(&step) {
                let from_density = 0.46 + 0.08 * index as f32;
                let velocity = dice.between(18.0, 34.0);
                let stroke =
                    Stroke { step: step as f32, key: 38.0, velocity, from_density, metric: 0.0, ..Stroke::default() };
                score.note(scene, &mut self.snare, stroke);
            }
        }
        let last = scene.steps().saturating_sub(4);
        let roll: &[(usize, f32)] = match fill {
            1 => &[(1, 27.0), (2, 84.0), (3, 104.0)],
            2 => &[(0, 27.0), (1, 84.0), (2, 86.0), (3, 104.0)],
            _ => &[],
        };
        for (step, velocity) in roll.iter().filter(|(step, _)| !taken.contains(&(last + step))) {
            let stroke = Stroke {
                step: (last + step) as f32,
                key: 38.0,
                velocity: *velocity,
                from_density: 0.3,
                metric: 0.0,
                ..Stroke::default()
            };
            score.note(scene, &mut self.snare, stroke);
        }
    }

    fn hats(
        &mut self,
        scene: &Scene<'_>,
        score: &mut Score,
        fill: usize,
        rest_from: usize,
        small: bool,
        dice: &mut Dice,
    ) {
        let full = scene.section.energy_in(scene.at) >= gate::DRUMS_FULL;
        let open = (fill == 4 || small).then_some(scene.steps().saturating_sub(2));
        let groove = &GROOVES[self.groove];
        let played: Vec<(usize, f32)> = hits(groove.hat).filter(|(step, _)| *step < rest_from).collect();
        let mut figure = scene.loop_dice("lofi.hats", SPAN, CYCLE);
        for (step, velocity) in &played {
            // The figure has gaps and accents of its own. Light drums breathe more: there is less else that changes.
            let light = !full || scene.target.density < 0.35;
            let gap = figure.chance(scene.change(if light { 0.16 } else { 0.11 })) || dice.chance(scene.change(0.02));
            let velocity = velocity + figure.between(-14.0, 8.0);
            if gap || open.is_some_and(|open| *step >= open) {
                continue;
            }
            let from_density = match (step % 4, step % 2) {
                (0, _) => 0.06,
                (_, 0) => 0.18,
                _ => 0.3,
            };
            let stroke = Stroke { step: *step as f32, velocity: velocity * 0.9, from_density, ..Stroke::default() };
            // B has a shaker in place of the hats.
            if scene.section.name == "B" {
                score.note(scene, &mut self.shaker, Stroke { velocity: velocity * 0.7, ..stroke });
            } else {
                score.note(scene, &mut self.hat, stroke);
            }
        }
        for step in (1..rest_from).step_by(2) {
            let free = played.iter().all(|(played, _)| *played != step);
            if figure.chance(0.3) && free && open.is_none() {
                let from_density = figure.between(0.55, 0.98);
                let stroke = Stroke { step: step as f32, velocity: 40.0, from_density, ..Stroke::default() };
                score.note(scene, &mut self.hat, stroke);
            }
        }
        if let Some(step) = open {
            self.hat.instrument = Instrument::HatOpen;
            let stroke =
                Stroke { step: step as f32, length: 2.0, velocity: 78.0, from_density: 0.15, ..Stroke::default() };
            score.note(scene, &mut self.hat, stroke);
            self.hat.instrument = Instrument::HatClosed;
        }
    }

    /// Two to four notes a bar, most of them with the kick, and in a third of the bars a note that leads to the next one.
    pub fn bass(&mut self, scene: &Scene<'_>, score: &mut Score, kicks: &[(usize, f32)]) {
        let mut dice = scene.dice("lofi.bass.line", Stem::Bass);
        let mut pattern = scene.figure_dice("lofi.bass.pattern", 8);
        let steps = scene.steps();
        let tonic = scene.scale.tonic;
        let mut onsets: Vec<(usize, f32)> = vec![(0, 0.0)];
        let changes = scene.chords(0).len() > 1;
        for (step, _) in kicks.iter().filter(|(step, _)| *step >= 3) {
            if pattern.chance(0.7) != dice.chance(scene.change(0.12)) {
                onsets.push((*step, 0.14));
            }
        }
        if changes {
            onsets.push((steps / 2, 0.0));
        } else if onsets.len() < 2 {
            onsets.push(([8, 10, 11][pattern.below(3)].min(steps - 2), 0.1));
        }
        // The line goes with the loop of chords: four bars that come again.
        let mut figure = scene.loop_dice("lofi.bass.figure", 16, 4);
        let leads = figure.chance(0.35);
        if leads {
            onsets.push((steps - 2, 0.25));
        }
        let extra = [3, 5, 7, 11, 13][figure.below(5)].min(steps - 1);
        onsets.push((extra, figure.between(0.62, 0.95)));
        onsets.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        onsets.dedup_by_key(|(step, _)| *step);
        let share = figure.between(0.6, 0.85);
        for index in 0..onsets.len() {
            let (step, from_density) = onsets[index];
            let Some(chord) = scene.chord(step) else { continue };
            let root = place(chord.bass_class(tonic), (self.bass_key + 2 * 36) / 3, bass::RANGE);
            let chord_begins = step == 0 || (changes && step == steps / 2);
            let fifth = if chord.has(7) { root + 7 } else { root };
            let third = root + i32::from(chord.tones.get(1).copied().unwrap_or(0));
            let drawn = if chord_begins {
                figure.pick(&[0.92, 0.05, 0.0, 0.03])
            } else {
                figure.pick(&[0.42, 0.32, 0.18, 0.08])
            };
            let key = [root, fifth, root + 12, third][drawn];
            let mut key = if key > bass::RANGE.1 { key - 12 } else { key };
            if leads
                && step == steps - 2
                && let Some(next) = scene.chord(steps)
            {
                let next = place(next.bass_class(tonic), self.bass_key, bass::RANGE);
                key = approach(next, self.bass_key, scene.scale, &mut figure);
            }
            // The gap to the next note that sounds at this density or a lower one.
            let next = onsets[index + 1..].iter().find(|(_, other)| *other <= from_density.max(0.5));
            let gap = next.map_or(steps, |(next, _)| *next) - step;
            let slide =
                (index > 0 && figure.chance(0.15) && (key - self.bass_key).abs() <= 7 && key != self.bass_key).then(
                    || Glide { from: (self.bass_key - key) as f32, after_ms: 0.0, over_ms: figure.between(60.0, 90.0) },
                );
            let stroke = Stroke {
                step: step as f32,
                length: gap as f32 * share,
                key: key as f32,
                velocity: if chord_begins { 92.0 } else { 80.0 },
                from_density,
                metric: 0.6,
                glide: slide,
                ..Stroke::default()
            };
            score.note(scene, &mut self.bass, stroke);
            self.bass_key = key;
        }
    }
}
