//! Thekas of the tabla, and the lofi beat beside them.

use crate::compose::rhythm::{hits, kick_key};
use crate::compose::scene::{Scene, Score, Stroke, Voice};
use crate::compose::timing::Timing;
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;

/// The strokes of a bol: of the right and of the left drum.
fn strokes(bol: &str) -> &'static [Instrument] {
    match bol {
        "Na" | "Ta" => &[Instrument::TablaNa],
        "Tin" => &[Instrument::TablaTin],
        "Tu" => &[Instrument::TablaTun],
        "Te" | "Ti" | "Re" => &[Instrument::TablaTe],
        "Ge" => &[Instrument::TablaGe],
        "Ka" | "Ki" => &[Instrument::TablaKa],
        "Dha" => &[Instrument::TablaNa, Instrument::TablaGe],
        "Dhin" | "Dhi" => &[Instrument::TablaTin, Instrument::TablaGe],
        _ => &[],
    }
}

/// Thekas in eighths: the usual form and variations. A teentaal takes two bars.
const KEHERWA: [&str; 4] =
    ["Dha Ge Na Ti Na Ka Dhi Na", "Dha Ti - Na - Ka Dhi Na", "Dha Ge Na Ti Na Ka Dha Na", "Dha - Na Ti - Ka Dhi Na"];
const TEENTAAL: [&str; 2] = ["Dha Dhin Dhin Dha Dha Dhin Dhin Dha", "Dha Tin Tin Ta Ta Dhin Dhin Dha"];
const DADRA: [&str; 3] = ["Dha Dhin Na Dha Tin Na", "Dha Dhin Na Na Tin Na", "Dha Ti Dha Dha Tin Na"];
/// A fill in sixteenths for the last beats of a cycle.
const DOUBLES: [&str; 4] = ["Te", "Re", "Ki", "Te"];
/// Tihais in sixteenths, for bars of four and of three quarters: a figure three times, with gaps, whose last stroke is the next sam.
const TIHAIS: [&str; 2] = ["Te Re Ki Te Dha - Te Re Ki Te Dha - Te Re Ki Te", "Te Te Dha - - Te Te Dha - - Te Te"];
const KICKS: [&str; 3] = ["X--- ---- --x- ----", "X--- ---- x--- --o-", "X--- ---x --x- ----"];
const HATS: [&str; 2] = ["--x- --x- --x- --xo", "o-x- o-x- o-x- o-x-"];

/// Tabla and beat.
#[derive(Clone, Debug)]
pub struct Tabla {
    right: Voice,
    kick: Voice,
    snare: Voice,
    hat: Voice,
    teentaal: bool,
    pattern: usize,
}

impl Tabla {
    /// The voices of a seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "indian.beat", 0, 0);
        let voice = |name, instrument, offset_ms| {
            Voice::new(name, Stem::Drums, instrument, Timing { offset_ms, jitter_ms: 3.0, swing: 1.0 })
        };
        Self {
            right: voice("indian.tabla", Instrument::TablaNa, dice.between(0.0, 6.0)),
            kick: voice("indian.kick", Instrument::Kick, 0.0),
            snare: voice("indian.snare", Instrument::Rim, dice.between(10.0, 18.0)),
            hat: voice("indian.hat", Instrument::HatClosed, dice.between(-2.0, 6.0)),
            teentaal: false,
            pattern: 0,
        }
    }

    /// Draws tala and pattern of a section.
    pub fn begin(&mut self, scene: &Scene<'_>) {
        let mut dice = scene.pattern_dice("indian.tala", u32::MAX);
        self.teentaal = dice.chance(0.25);
        self.pattern = dice.below(KICKS.len());
        self.snare.instrument = if dice.chance(0.7) { Instrument::Rim } else { Instrument::Snare };
    }

    /// Writes a bar; the tabla plays less while the melody does.
    pub fn write(&mut self, scene: &Scene<'_>, score: &mut Score, melody: bool) {
        // Tabla and beat vanish last: the form decides when they enter, the density only thins them.
        let form = scene.section.energy_in(scene.at);
        if form >= 0.45 {
            self.theka(scene, score, melody);
        }
        // At the end of a long section the tabla plays alone.
        let alone = scene.section.bars >= 16 && scene.at + 4 >= scene.section.bars;
        if form < 0.52 || alone {
            return;
        }
        let mut dice = scene.dice("indian.beat.bar", Stem::Drums);
        let rest_from = scene.steps();
        for (step, velocity) in hits(KICKS[self.pattern]).filter(|(step, _)| *step < rest_from) {
            let from_density = if step == 0 { 0.0 } else { 0.12 };
            let key = kick_key(scene.scale.tonic);
            let stroke =
                Stroke { step: step as f32, key, velocity: velocity * 0.85, from_density, ..Stroke::default() };
            score.note(scene, &mut self.kick, stroke);
        }
        for step in [4, 12].into_iter().filter(|step| *step < rest_from) {
            let stroke =
                Stroke { step: step as f32, velocity: 72.0, from_density: 0.06, metric: 0.2, ..Stroke::default() };
            score.note(scene, &mut self.snare, stroke);
        }
        if scene.energy >= 0.6 {
            for (step, velocity) in hits(HATS[self.pattern % 2]).filter(|(step, _)| *step < rest_from) {
                if !dice.chance(scene.change(0.1)) {
                    let velocity = velocity * 0.7;
                    let stroke = Stroke { step: step as f32, velocity, from_density: 0.28, ..Stroke::default() };
                    score.note(scene, &mut self.hat, stroke);
                }
            }
        }
    }

    fn theka(&mut self, scene: &Scene<'_>, score: &mut Score, melody: bool) {
        let mut dice = scene.dice("indian.theka", Stem::Drums);
        let varied = dice.chance(scene.change(0.3));
        let theka = match (scene.beats, self.teentaal) {
            (3, _) => DADRA[if varied { dice.below(3) } else { 0 }],
            (_, true) => TEENTAAL[scene.at as usize % 2],
            _ => KEHERWA[if varied { dice.below(4) } else { 0 }],
        };
        let bols: Vec<&str> = theka.split_whitespace().collect();
        let tihai = scene.at + 1 == scene.section.bars || (scene.closes(8) && dice.chance(0.6));
        if let Some(bols) = TIHAIS.iter().find(|bols| tihai && bols.split_whitespace().count() == scene.steps()) {
            for (step, bol) in bols.split_whitespace().enumerate() {
                let velocity = if strokes(bol).len() > 1 { 90.0 } else { 68.0 };
                self.stroke(scene, score, (step, bol), (velocity, 0.1), dice.between(0.0, 6.0));
            }
            return;
        }
        let fill = scene.closes(4) && dice.chance(0.5);
        let fill_from = scene.steps() - 4;
        let matras = bols.iter().enumerate().map(|(index, bol)| (2 * index, *bol));
        let doubles = DOUBLES.iter().enumerate().map(|(index, bol)| (fill_from + index, *bol));
        let all: Vec<(usize, &str)> =
            matras.filter(|(step, _)| !fill || *step < fill_from).chain(doubles.filter(|_| fill)).collect();
        for (step, bol) in all {
            let sam = step == 0;
            // Soft strokes are left out more often while the melody sounds.
            if !sam && dice.chance(scene.change(if melody { 0.22 } else { 0.08 })) {
                continue;
            }
            let velocity = if sam {
                96.0
            } else if step % 8 == 0 {
                84.0
            } else {
                66.0
            };
            let hands = dice.between(0.0, 6.0);
            let from_density = if sam {
                0.0
            } else if step % 4 == 0 {
                0.1
            } else {
                0.18
            };
            self.stroke(scene, score, (step, bol), (velocity, from_density), hands);
        }
        // Light strokes between the matras, more of them at a high density, the same ones for four bars.
        let mut light = scene.pattern_dice("indian.light", 4);
        for step in (1..if fill { fill_from } else { scene.steps() }).step_by(2) {
            if light.chance(0.3) {
                let from_density = light.between(0.35, 0.98);
                self.stroke(scene, score, (step, ["Te", "Ka"][light.below(2)]), (44.0, from_density), 0.0);
            }
        }
    }

    /// A bol: its strokes follow each other by `hands` milliseconds.
    fn stroke(
        &mut self,
        scene: &Scene<'_>,
        score: &mut Score,
        (step, bol): (usize, &str),
        (velocity, from_density): (f32, f32),
        hands: f32,
    ) {
        for (index, instrument) in strokes(bol).iter().enumerate() {
            self.right.instrument = *instrument;
            let stroke = Stroke {
                step: step as f32,
                length: 1.5,
                key: 60.0 + f32::from(scene.scale.tonic),
                velocity,
                from_density,
                metric: 0.4,
                late_ms: hands * index as f32,
                ..Stroke::default()
            };
            score.note(scene, &mut self.right, stroke);
        }
    }
}
