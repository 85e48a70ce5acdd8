//! Indian lofi: a raga over a tanpura, tabla and a quiet lofi beat; a bansuri or sitar that goes up by the aroha, down by the
//! avaroha, quotes the phrases of the raga, and glides; chords only where every tone belongs to the raga.

mod accompaniment;
mod melody;
mod tabla;

use super::rules::{Composes, Rules};
use crate::compose::chord::Chord;
use crate::compose::form::{Part, Section};
use crate::compose::harmony::{BarChords, Colours};
use crate::compose::scale::Scale;
use crate::compose::scene::{Scene, Score};
use crate::compose::timing::Swing;
use crate::prompt::vocabulary::{Raga, Vocabulary};
use crate::types::config::Mode;
use crate::types::dice::Dice;
use crate::types::target::{Style, Target};

const RULES: Rules = Rules {
    style: Style::IndianLofi,
    tempo: (66.0, 76.0, 88.0),
    swing: Swing { slow: (66.0, 0.54), fast: (88.0, 0.52) },
    beats: &[(4, 0.85), (3, 0.15)],
    modes: &[(Mode::Dorian, 1.0)],
    parts: &[
        Part { name: "alap", bars: &[8], energy: 0.42, material: 0, ramp: 0.2, shifts: &[0] },
        Part { name: "gat", bars: &[16], energy: 0.56, material: 1, ramp: 0.12, shifts: &[0] },
        Part { name: "gat 2", bars: &[16], energy: 0.68, material: 1, ramp: 0.1, shifts: &[0] },
        Part { name: "interlude", bars: &[8], energy: 0.46, material: 2, ramp: 0.0, shifts: &[0] },
        Part { name: "gat 3", bars: &[16], energy: 0.76, material: 1, ramp: 0.14, shifts: &[0] },
        Part { name: "clearing", bars: &[4], energy: 0.26, material: 0, ramp: -0.06, shifts: &[0] },
    ],
    loops: &[],
    colours: Colours { ninth: 0.0, eleventh: 0.0, thirteenth: 0.0, settled: false },
    change: 0.0,
};

/// Common pitch classes of Sa: C, C sharp, D, G.
const SA: [u8; 4] = [0, 1, 2, 7];

/// How chords stand beside the drone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Harmony {
    /// The drone alone.
    Drone,
    /// A chord for four or eight bars.
    Pad,
    /// A loop of two to four chords.
    Loop,
}

/// The state of the style.
#[derive(Clone, Debug)]
pub struct IndianLofi {
    ragas: Vec<Raga>,
    raga: Raga,
    sa: u8,
    mode: Harmony,
    tabla: tabla::Tabla,
    accompaniment: accompaniment::Accompaniment,
    melody: melody::Melody,
}

impl IndianLofi {
    /// The style with the voices of a seed.
    pub fn new(seed: u64) -> Self {
        let ragas = Vocabulary::shared().map(|vocabulary| vocabulary.ragas().to_vec()).unwrap_or_default();
        let raga = ragas.first().cloned().unwrap_or_else(kafi);
        let sa = SA[Dice::new(seed, "indian.sa", 0, 0).below(SA.len())];
        Self {
            ragas,
            raga,
            sa,
            mode: Harmony::Loop,
            tabla: tabla::Tabla::new(seed),
            accompaniment: accompaniment::Accompaniment::new(seed),
            melody: melody::Melody::new(seed),
        }
    }
}

/// Kafi, for a vocabulary without ragas.
fn kafi() -> Raga {
    Raga {
        key: "kafi".to_owned(),
        name: "Kafi".to_owned(),
        mood: "light".to_owned(),
        time: "spring".to_owned(),
        up: vec![0, 2, 3, 5, 7, 9, 10, 12],
        down: vec![12, 10, 9, 7, 5, 3, 2, 0],
        vadi: 7,
        samvadi: 0,
        phrases: vec![vec![5, 7, 3, 2], vec![9, 10, 9, 7]],
        drone: -5,
        oscillating: Vec::new(),
        chords: Vec::new(),
        progression: Vec::new(),
        valence: 0.2,
        arousal: 0.0,
    }
}

impl Composes for IndianLofi {
    fn rules(&self) -> &'static Rules {
        &RULES
    }

    /// Sa stays for the session; each arc has its raga: the one that the target names or whose mood is nearest, or a drawn one.
    fn scale(&mut self, target: &Target, _: u8, _: &Section, dice: &mut Dice) -> Scale {
        let drawn = dice.below(self.ragas.len());
        let named = target.raga.as_ref().and_then(|key| self.ragas.iter().find(|raga| raga.key == *key));
        let moody = target.valence.abs() >= 0.1 || target.arousal.abs() >= 0.1;
        let distance = |raga: &&Raga| {
            let (v, a) = (raga.valence - target.valence, raga.arousal - target.arousal);
            v * v + a * a
        };
        let near = self.ragas.iter().filter(|_| moody).min_by(|a, b| distance(a).total_cmp(&distance(b)));
        if let Some(raga) = named.or(near).or(self.ragas.get(drawn)) {
            self.raga = raga.clone();
        }
        // Some degrees occur in phrases only.
        let rows = self.raga.up.iter().chain(&self.raga.down).chain(self.raga.phrases.iter().flatten());
        let mut degrees: Vec<u8> = rows.map(|degree| degree.rem_euclid(12) as u8).collect();
        degrees.sort_unstable();
        degrees.dedup();
        Scale::new(target.tonic.unwrap_or(self.sa), &degrees, &self.raga.name)
    }

    fn harmony(&mut self, section: &Section, scale: &Scale, _: f32, _: f32, dice: &mut Dice) -> Vec<BarChords> {
        let fits = |chord: &Chord| chord.classes(0).iter().all(|class| scale.degrees.contains(class));
        let read = |chords: &[crate::prompt::vocabulary::RagaChord]| -> Vec<Chord> {
            let chord = |chord: &crate::prompt::vocabulary::RagaChord| Chord {
                root: chord.root.rem_euclid(12) as u8,
                tones: chord.tones.iter().map(|tone| tone.unsigned_abs()).collect(),
                bass: None,
            };
            chords.iter().map(chord).filter(fits).collect()
        };
        let drone =
            Chord { root: 0, tones: if scale.degrees.contains(&7) { vec![0, 7] } else { vec![0, 5] }, bass: None };
        let (all, cycle) = (read(&self.raga.chords), read(&self.raga.progression));
        self.mode = match section.name {
            "alap" | "clearing" => Harmony::Drone,
            _ => [Harmony::Drone, Harmony::Pad, Harmony::Loop][dice.pick(&[0.15, 0.35, 0.5])],
        };
        let each = if dice.chance(0.5) { 4 } else { 8 };
        let first = dice.below(all.len().max(1));
        (0..section.bars as usize)
            .map(|bar| {
                let chord = match self.mode {
                    Harmony::Drone => None,
                    Harmony::Pad => all.get((first + bar / each) % all.len().max(1)),
                    Harmony::Loop => cycle.get(bar / 2 % cycle.len().max(1)),
                };
                vec![chord.cloned().unwrap_or_else(|| drone.clone())]
            })
            .collect()
    }

    fn begin(&mut self, scene: &Scene<'_>) {
        self.tabla.begin(scene);
        self.accompaniment.begin(scene);
        self.melody.begin(scene, &self.raga);
    }

    fn write(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let sounding = self.melody.write(scene, score, &self.raga);
        self.tabla.write(scene, score, sounding);
        self.accompaniment.write(scene, score, &self.raga);
    }

    fn copy(&self) -> Box<dyn Composes> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
