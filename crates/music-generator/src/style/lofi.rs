//! Lofi hip-hop: seventh and ninth chords on an electric piano, a dry swung beat, an upright bass, short melodies with long rests.

mod beat;
mod keys;
mod line;

use super::rules::{Composes, Rules};
use crate::compose::form::{Part, gate};
use crate::compose::harmony::{Colours, Loop};
use crate::compose::scene::{Scene, Score};
use crate::compose::timing::Swing;
use crate::types::config::Mode;
use crate::types::target::Style;

/// The progressions, one chord a bar.
#[rustfmt::skip]
const LOOPS: &[Loop] = &[
    // Major.
    Loop { bars: "ii9 V13 Imaj9 vi9", weight: 0.18 },
    Loop { bars: "Imaj9 vi9 ii9 V7sus", weight: 0.14 },
    Loop { bars: "IVmaj9 iii7 vi9 ii9+V13", weight: 0.16 },
    Loop { bars: "IVmaj7 ivm6 iii7 VI7b9", weight: 0.08 },
    Loop { bars: "Imaj9 bVImaj7 ii9 V9", weight: 0.06 },
    // Minor.
    Loop { bars: "i9 iv9 bVII9 bIIImaj9", weight: 0.14 },
    Loop { bars: "i9 bVImaj7 iv9 v7", weight: 0.14 },
    // With a major sixth.
    Loop { bars: "i9 IV13 i9 v7", weight: 0.10 },
    Loop { bars: "i9 bIIImaj9 v7 IV9", weight: 0.08 },
    Loop { bars: "bVIImaj9 v7 i9 IV9", weight: 0.08 },
    // For moods that ask for other modes.
    Loop { bars: "I9 v7 bVIImaj9 IVmaj9", weight: 0.1 },
    Loop { bars: "I7sus bVIImaj9 IVmaj9 v7", weight: 0.1 },
    Loop { bars: "Imaj9 II9 vi9 iii7", weight: 0.1 },
    Loop { bars: "i7 bIImaj9 bvii9 i7sus", weight: 0.1 },
    Loop { bars: "bVImaj9 bIImaj7 i7 bvii9", weight: 0.1 },
];

const RULES: Rules = Rules {
    style: Style::Lofi,
    tempo: (68.0, 78.0, 92.0),
    swing: Swing { slow: (70.0, 0.61), fast: (90.0, 0.56) },
    beats: &[(4, 1.0)],
    modes: &[(Mode::Aeolian, 0.34), (Mode::Dorian, 0.26), (Mode::Ionian, 0.40)],
    parts: &[
        Part { name: "intro", bars: &[4, 8], energy: 0.44, material: 0, ramp: 0.16, shifts: &[0] },
        Part { name: "A", bars: &[16], energy: 0.6, material: 0, ramp: 0.16, shifts: &[0] },
        Part { name: "A'", bars: &[8, 16], energy: 0.68, material: 0, ramp: 0.06, shifts: &[0] },
        Part { name: "B", bars: &[8, 16], energy: 0.78, material: 1, ramp: 0.1, shifts: &[0] },
        Part { name: "break", bars: &[4, 8], energy: 0.44, material: 1, ramp: 0.02, shifts: &[0] },
        Part { name: "A''", bars: &[16], energy: 0.8, material: 0, ramp: 0.06, shifts: &[0] },
        Part { name: "C", bars: &[8, 16], energy: 0.62, material: 2, ramp: 0.12, shifts: &[2, 3, 5, -2] },
        Part { name: "outro", bars: &[4], energy: 0.42, material: 2, ramp: -0.04, shifts: &[0] },
    ],
    loops: LOOPS,
    colours: Colours { ninth: 0.7, eleventh: 0.3, thirteenth: 0.3, settled: true },
    change: 0.2,
};

/// The state of the style.
#[derive(Clone, Debug)]
pub struct Lofi {
    beat: beat::Beat,
    keys: keys::Keys,
    line: line::Lead,
}

impl Lofi {
    /// The style with the voices of a seed.
    pub fn new(seed: u64) -> Self {
        Self { beat: beat::Beat::new(seed), keys: keys::Keys::new(seed), line: line::Lead::new(seed) }
    }
}

/// Whether kick and bass rest: in many sections for three of the last four bars, before the fill that leads on.
fn breath(scene: &Scene<'_>) -> bool {
    let last = scene.section.bars.saturating_sub(4);
    let within = scene.section.bars >= 8 && scene.at >= last && scene.at + 1 < scene.section.bars;
    within && scene.section.energy > 0.5 && scene.pattern_dice("lofi.breath", u32::MAX).chance(0.5)
}

impl Composes for Lofi {
    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn distinct_materials(&self) -> bool {
        true
    }

    fn begin(&mut self, scene: &Scene<'_>) {
        self.beat.begin(scene);
        self.keys.begin(scene);
        self.line.begin(scene);
    }

    fn write(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let breath = breath(scene);
        let kicks = if breath { Vec::new() } else { self.beat.kicks(scene) };
        // Beat and bass are the last to vanish at a low density: the form decides, not the density.
        let form = scene.section.energy_in(scene.at);
        if form >= gate::DRUMS_LIGHT {
            self.beat.drums(scene, score, &kicks);
        }
        if form >= gate::BASS - 0.05 && !breath {
            self.beat.bass(scene, score, &kicks);
        }
        self.keys.write(scene, score);
        self.line.write(scene, score);
    }

    fn copy(&self) -> Box<dyn Composes> {
        Box::new(self.clone())
    }
}
