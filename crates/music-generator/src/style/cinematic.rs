//! Score for a story in six parts: strings that swell, an ostinato, one leading motif that appears in all parts, low drums, horns.

mod chords;
mod low;
mod motifs;
mod textures;
mod theme;

use self::motifs::{COMPOUND_PHRASES, PHRASES, SHAPE};
use self::textures::{Held, OSTINATI, Texture};
use super::breath::late_ms;
use super::rules::{Composes, Rules};
use crate::compose::form::{Part, Section};
use crate::compose::harmony::{self, BarChords, Colours, Loop};
use crate::compose::motif::{Motif, Operator};
use crate::compose::phrase::Phrases;
use crate::compose::scale::Scale;
use crate::compose::scene::{Scene, Score, Voice};
use crate::compose::timing::{Swing, Timing};
use crate::types::config::Mode;
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;
use crate::types::target::{Style, Target};

#[rustfmt::skip]
const LOOPS: &[Loop] = &[
    // Wonder and calm.
    Loop { bars: "Iadd9 iii IVadd9 I", weight: 0.2 },
    Loop { bars: "I V/7 vi IV", weight: 0.25 },
    Loop { bars: "vi IV I V", weight: 0.2 },
    Loop { bars: "IV I/3 ii7 Vsus+V I vi IV+V I", weight: 0.2 },
    Loop { bars: "I II I vi", weight: 0.25 },
    Loop { bars: "Iadd9 II/1 vii Vadd9", weight: 0.15 },
    // Heroic.
    Loop { bars: "I bVII IV I", weight: 0.3 },
    Loop { bars: "I v bVIIadd9 IV", weight: 0.2 },
    // Sorrow and threat.
    Loop { bars: "i bVI iv v", weight: 0.2 },
    Loop { bars: "i v/3 bVI iv", weight: 0.2 },
    Loop { bars: "i bVI bIII bVII", weight: 0.25 },
    Loop { bars: "i iv bVI bVII", weight: 0.2 },
    Loop { bars: "i bII i bvii", weight: 0.2 },
    Loop { bars: "i bII bVI bvii", weight: 0.2 },
    // Search.
    Loop { bars: "i IV i bVII", weight: 0.25 },
    Loop { bars: "i bIII IV i", weight: 0.2 },
];

const RULES: Rules = Rules {
    style: Style::Cinematic,
    tempo: (60.0, 84.0, 110.0),
    swing: Swing::STRAIGHT,
    beats: &[(4, 0.7), (3, 0.3)],
    modes: &[(Mode::Ionian, 1.0)],
    parts: &[
        Part { name: "introduction", bars: &[8], energy: 0.42, material: 0, ramp: 0.1, shifts: &[0] },
        Part { name: "challenge", bars: &[16], energy: 0.66, material: 1, ramp: 0.16, shifts: &[0, -3] },
        Part { name: "reflection", bars: &[8], energy: 0.43, material: 2, ramp: -0.06, shifts: &[0] },
        Part { name: "discovery", bars: &[12], energy: 0.54, material: 3, ramp: 0.2, shifts: &[0, 5] },
        Part { name: "transformation", bars: &[16], energy: 0.86, material: 4, ramp: 0.06, shifts: &[2, 3] },
        Part { name: "resolution", bars: &[8], energy: 0.54, material: 5, ramp: -0.14, shifts: &[0, 2] },
    ],
    loops: LOOPS,
    colours: Colours { ninth: 0.3, eleventh: 0.0, thirteenth: 0.0, settled: false },
    change: 0.4,
};

/// The chance that an arc with three quarter notes in a bar is in six eighths.
const COMPOUND: f32 = 0.5;
/// How far the tempo rises and falls, as a share, without and with drums.
const RUBATO: (f32, f32) = (0.04, 0.02);
/// Half of the attack of the strings, in milliseconds: they begin early.
const EARLY_MS: f32 = -60.0;

/// The state of the style.
#[derive(Clone, Debug)]
pub struct Cinematic {
    strings: Voice,
    short: Voice,
    choir: Voice,
    ostinato: Voice,
    harp: Voice,
    piano: Voice,
    celesta: Voice,
    bass: Voice,
    taiko: Voice,
    crash: Voice,
    riser: Voice,
    theme: Voice,
    double: Voice,
    phrases: Phrases,
    /// The motif of the story in simple metres and in six eighths.
    motifs: [Motif; 2],
    texture: Texture,
    pattern: usize,
    voicing: Vec<i32>,
    /// The last key of the bass.
    low: Option<i32>,
    /// Whether a bar of three quarter notes is one of six eighths.
    compound: bool,
    beats: u32,
}

impl Cinematic {
    /// The style with the motif of a seed.
    pub fn new(seed: u64) -> Self {
        let voice = |name, stem, instrument, offset_ms, jitter_ms| {
            Voice::new(name, stem, instrument, Timing { offset_ms, jitter_ms, swing: 0.0 })
        };
        let mut dice = Dice::new(seed, "cinematic.motif", 0, 0);
        let motif = Motif::singable(&SHAPE, &mut dice);
        let compound = motifs::compound(&motif, &mut dice);
        Self {
            strings: voice("cinematic.strings", Stem::Harmony, Instrument::Strings, EARLY_MS, 8.0),
            short: voice("cinematic.short", Stem::Harmony, Instrument::Strings, EARLY_MS / 2.0, 6.0),
            choir: voice("cinematic.choir", Stem::Harmony, Instrument::Choir, EARLY_MS, 8.0),
            ostinato: voice("cinematic.ostinato", Stem::Harmony, Instrument::Pizzicato, 0.0, 5.0),
            harp: voice("cinematic.harp", Stem::Harmony, Instrument::Harp, 5.0, 8.0),
            piano: voice("cinematic.piano", Stem::Harmony, Instrument::FeltPiano, 5.0, 8.0),
            celesta: voice("cinematic.celesta", Stem::Harmony, Instrument::Celesta, 5.0, 8.0),
            bass: voice("cinematic.bass", Stem::Bass, Instrument::Cello, EARLY_MS, 8.0),
            taiko: voice("cinematic.taiko", Stem::Drums, Instrument::Taiko, 0.0, 5.0),
            crash: voice("cinematic.crash", Stem::Drums, Instrument::Crash, 0.0, 2.0),
            riser: voice("cinematic.riser", Stem::Texture, Instrument::Riser, 0.0, 2.0),
            theme: voice("cinematic.lead", Stem::Lead, Instrument::Violin, -20.0, 9.0),
            double: voice("cinematic.double", Stem::Lead, Instrument::Horn, -20.0, 9.0),
            phrases: Phrases::new(&PHRASES),
            motifs: [motif, compound],
            texture: Texture { held: Held::Strings, figure: textures::Figure::Nothing },
            pattern: 0,
            voicing: Vec::new(),
            low: None,
            compound: false,
            beats: 4,
        }
    }

    /// The energy without the density: what plays is decided by the form, how much of it sounds by the density.
    fn energy(&self, scene: &Scene<'_>) -> f32 {
        scene.section.energy_in(scene.at)
    }
}

/// How late a step is because the tempo breathes.
fn breath(scene: &Scene<'_>, step: usize) -> f32 {
    let (free, strict) = RUBATO;
    late_ms(scene, step, if scene.section.energy > 0.6 { strict } else { free })
}

impl Composes for Cinematic {
    fn rules(&self) -> &'static Rules {
        &RULES
    }

    /// Each part of the story has its modes, unless the target names one. A happy target makes the dark ones brighter, a sad one the
    /// bright ones darker.
    fn scale(&mut self, target: &Target, tonic: u8, section: &Section, dice: &mut Dice) -> Scale {
        let first = dice.chance(0.5);
        let usual = match (section.name, first) {
            ("introduction", true) => Mode::Lydian,
            ("challenge", true) => Mode::Phrygian,
            ("challenge", false) | ("reflection", true) => Mode::Aeolian,
            ("reflection" | "discovery", false) => Mode::Dorian,
            ("discovery" | "transformation", true) => Mode::Mixolydian,
            _ => Mode::Ionian,
        };
        let told = match (target.valence, usual) {
            (0.15.., Mode::Phrygian | Mode::Aeolian | Mode::Dorian) => Mode::Mixolydian,
            (0.15.., Mode::Mixolydian) => Mode::Ionian,
            (..-0.3, Mode::Lydian | Mode::Ionian | Mode::Dorian) => Mode::Aeolian,
            (..-0.15, Mode::Lydian | Mode::Ionian | Mode::Mixolydian) => Mode::Dorian,
            (_, usual) => usual,
        };
        let mode = target.mode.unwrap_or(told);
        Scale::of_mode(tonic, mode)
    }

    fn begin_arc(&mut self, beats: u32, dice: &mut Dice) {
        let compound = beats == 3 && dice.chance(COMPOUND);
        if compound != self.compound {
            self.phrases = Phrases::new(if compound { &COMPOUND_PHRASES } else { &PHRASES });
        }
        (self.compound, self.beats) = (compound, beats);
    }

    /// One of the loops; its chords last two bars in some parts, most often in quiet ones with short bars.
    fn harmony(
        &mut self,
        section: &Section,
        scale: &Scale,
        borrowed: f32,
        change: f32,
        dice: &mut Dice,
    ) -> Vec<BarChords> {
        let mut cycle = RULES.cycle(scale, borrowed, dice);
        let chance = match (section.energy < 0.5, self.beats < 4) {
            (true, true) => 0.8,
            (true, false) => 0.3,
            (false, true) => 0.45,
            (false, false) => 0.05,
        };
        if dice.chance(chance) {
            cycle = cycle.into_iter().flat_map(|bar| [bar.clone(), bar]).collect();
        }
        harmony::unroll(&cycle, section.bars as usize, scale, RULES.change * change, dice)
    }

    fn begin(&mut self, scene: &Scene<'_>) {
        let mut dice = scene.pattern_dice("cinematic.section", u32::MAX);
        self.pattern = dice.below(OSTINATI.len());
        self.ostinato.instrument = if dice.chance(0.7) { Instrument::Pizzicato } else { Instrument::Cello };
        self.phrases.begin(scene);
        // The motif of the story appears in every part: slower in the reflection, varied elsewhere.
        let (motif, rules) =
            if self.compound { (&self.motifs[1], &COMPOUND_PHRASES) } else { (&self.motifs[0], &PHRASES) };
        let motif = match scene.section.name {
            "reflection" => motif.apply(Operator::Augment, rules.shape, &mut dice),
            "challenge" => motif.apply(Operator::ChangeTail, rules.shape, &mut dice),
            "discovery" => motif.apply(Operator::Sequence, rules.shape, &mut dice),
            _ => motif.clone(),
        };
        self.phrases.set_motif(motif);
    }

    fn write(&mut self, scene: &Scene<'_>, score: &mut Score) {
        if scene.at.is_multiple_of(textures::block_bars(scene)) {
            self.texture = textures::choose(scene, self.energy(scene), Some(self.texture));
        }
        if scene.at.is_multiple_of(8) {
            self.hand_over(scene);
        }
        self.harmony_voices(scene, score);
        self.drums(scene, score);
        self.lead(scene, score);
    }

    fn copy(&self) -> Box<dyn Composes> {
        Box::new(self.clone())
    }
}
