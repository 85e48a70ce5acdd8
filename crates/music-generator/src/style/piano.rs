//! Solo piano: a left hand of broken tenths, half notes or a sway, a melody with inner thirds and sixths, and a tempo that breathes.

mod left;
mod left_figures;
mod right;

use self::left_figures::Left;
use super::breath::late_ms;
use super::rules::{Composes, Rules};
use crate::compose::form::Part;
use crate::compose::harmony::{Colours, Loop};
use crate::compose::motif::MotifShape;
use crate::compose::phrase::{PhraseRules, Phrases};
use crate::compose::scene::{Scene, Score, Voice, choose_instrument};
use crate::compose::timing::{Swing, Timing};
use crate::types::config::Mode;
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;
use crate::types::target::Style;

#[rustfmt::skip]
const LOOPS: &[Loop] = &[
    Loop { bars: "Imaj7 iii7 vi7 IVadd9", weight: 0.25 },
    Loop { bars: "vi IV I Vsus+V", weight: 0.2 },
    Loop { bars: "Iadd9 V/7 vi7 iii IV I/3 ii7 V7sus+V7", weight: 0.2 },
    Loop { bars: "IVmaj7 Imaj7 IVmaj7 vi7", weight: 0.15 },
    Loop { bars: "i bVI bIII bVII", weight: 0.2 },
    Loop { bars: "iadd9 iv7 bVImaj7 v7", weight: 0.2 },
    Loop { bars: "i v/3 bVImaj7 iv7 i/3 bVImaj7 bVII bVII", weight: 0.15 },
    Loop { bars: "i7 IV i7 v7", weight: 0.15 },
    Loop { bars: "i bVII IV i", weight: 0.15 },
    Loop { bars: "Iadd9 v7 IV I", weight: 0.15 },
    Loop { bars: "Imaj7 II/1 Imaj7 vi7", weight: 0.15 },
    Loop { bars: "i bII bvii i", weight: 0.15 },
];

const RULES: Rules = Rules {
    style: Style::Piano,
    tempo: (58.0, 70.0, 84.0),
    swing: Swing::STRAIGHT,
    beats: &[(4, 0.6), (3, 0.4)],
    modes: &[(Mode::Ionian, 0.5), (Mode::Aeolian, 0.35), (Mode::Dorian, 0.15)],
    parts: &[
        Part { name: "intro", bars: &[4], energy: 0.3, material: 0, ramp: 0.0, shifts: &[0] },
        Part { name: "A", bars: &[8, 16], energy: 0.45, material: 0, ramp: 0.1, shifts: &[0] },
        Part { name: "B", bars: &[8], energy: 0.65, material: 1, ramp: 0.14, shifts: &[0] },
        Part { name: "A'", bars: &[8, 16], energy: 0.5, material: 0, ramp: 0.1, shifts: &[0] },
        Part { name: "C", bars: &[8], energy: 0.78, material: 2, ramp: 0.1, shifts: &[3, 5, -3, 2] },
        Part { name: "A''", bars: &[8], energy: 0.42, material: 0, ramp: -0.1, shifts: &[0] },
        Part { name: "coda", bars: &[4], energy: 0.3, material: 0, ramp: -0.1, shifts: &[0] },
    ],
    loops: LOOPS,
    colours: Colours { ninth: 0.3, eleventh: 0.0, thirteenth: 0.0, settled: false },
    change: 0.5,
};

const SHAPE: MotifShape = MotifShape {
    notes: (4, 8),
    gaps: &[(2, 0.36), (4, 0.42), (6, 0.12), (8, 0.10)],
    starts: &[0, 0, 2, 4],
    span: 26,
    articulation: 0.8,
    last: 5,
};
const PHRASES: PhraseRules = PhraseRules {
    name: "piano.right",
    shape: &SHAPE,
    degrees: [&[0, 2, 3, 5, 7, 8, 9, 10], &[0, 2, 4, 5, 7, 9, 11]],
    rests: &[(0, 0.4), (4, 0.6)],
    gate: 0.24,
    centre: (72, 76),
    reach: (7, 9),
    recall: 0.3,
    weak_in_chord: 0.75,
};
/// In six eighths: quarters with eighths, and dotted quarters.
const COMPOUND_SHAPE: MotifShape = MotifShape {
    notes: (4, 8),
    gaps: &[(2, 0.36), (4, 0.34), (6, 0.3)],
    starts: &[0, 0, 2, 4],
    span: 21,
    articulation: 0.8,
    last: 5,
};
const COMPOUND_PHRASES: PhraseRules = PhraseRules { shape: &COMPOUND_SHAPE, ..PHRASES };
/// The share of the arcs with three quarter notes in a bar that are in six eighths.
const COMPOUND: f32 = 0.375;
const PIANOS: &[(Instrument, f32)] = &[(Instrument::FeltPiano, 0.55), (Instrument::GrandPiano, 0.45)];
const OTHER_PIANOS: &[Instrument] =
    &[Instrument::ElectricPiano, Instrument::Harp, Instrument::Celesta, Instrument::MusicBox];
/// How far the tempo falls and rises over four bars, as a share.
const RUBATO: (f32, f32) = (0.015, 0.025);

/// The state of the style.
#[derive(Clone, Debug)]
pub struct Piano {
    left: Voice,
    right: Voice,
    figure: Left,
    /// Whether the left hand plays an octave higher: in some rests of the melody.
    lifted: bool,
    phrases: Phrases,
    voicing: Vec<i32>,
    /// The bass of the last voicing.
    low: Option<i32>,
    /// Whether a bar of three quarter notes is one of six eighths.
    compound: bool,
}

impl Piano {
    /// The style with the hands of a seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "piano", 0, 0);
        let still = Timing { offset_ms: 0.0, jitter_ms: 6.0, swing: 0.0 };
        let late = Timing { offset_ms: dice.between(8.0, 25.0), jitter_ms: 8.0, swing: 0.0 };
        Self {
            left: Voice::new("piano.left", Stem::Harmony, Instrument::FeltPiano, still),
            right: Voice::new("piano.right.hand", Stem::Lead, Instrument::FeltPiano, late),
            figure: Left::Tenths,
            lifted: false,
            phrases: Phrases::new(&PHRASES),
            voicing: Vec::new(),
            low: None,
            compound: false,
        }
    }
}

/// How late a step is because the tempo breathes.
fn breath(scene: &Scene<'_>, step: usize) -> f32 {
    late_ms(scene, step, scene.pattern_dice("piano.rubato", 4).between(RUBATO.0, RUBATO.1))
}

impl Composes for Piano {
    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn begin_arc(&mut self, beats: u32, dice: &mut Dice) {
        let compound = beats == 3 && dice.chance(COMPOUND);
        if compound != self.compound {
            self.phrases = Phrases::new(if compound { &COMPOUND_PHRASES } else { &PHRASES });
        }
        self.compound = compound;
    }

    fn distinct_materials(&self) -> bool {
        true
    }

    fn begin(&mut self, scene: &Scene<'_>) {
        let mut arc = Dice::new(scene.seed, "piano.sound", 0, 0);
        let piano = choose_instrument(scene.target, PIANOS, OTHER_PIANOS, &mut arc).unwrap_or(Instrument::GrandPiano);
        self.left.instrument = piano;
        self.right.instrument = piano;
        self.phrases.begin(scene);
    }

    fn write(&mut self, scene: &Scene<'_>, score: &mut Score) {
        self.right_hand(scene, score);
        if scene.at.is_multiple_of(2) {
            self.choose_figure(scene);
        }
        self.left_hand(scene, score);
    }

    fn copy(&self) -> Box<dyn Composes> {
        Box::new(self.clone())
    }
}
