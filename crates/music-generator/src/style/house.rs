//! House and minimal techno: four kicks a bar, off-beat hats, one or two chords, a short figure that runs against the bar, and a
//! form of eight-bar blocks with breaks and drops.

mod chords;
mod drums;
mod lines;
mod passing_chords;
mod patterns;

use self::patterns::{BASSES, CLOSED, PERCUSSION, RINGS, STABS, TECHNO_BASSES};
use super::rules::{Composes, Rules};
use crate::compose::chord::Chord;
use crate::compose::form::{Part, Section};
use crate::compose::harmony::{BarChords, Colours, Loop};
use crate::compose::melody::Line;
use crate::compose::scale::Scale;
use crate::compose::scene::{Scene, Score, Voice, choose_instrument};
use crate::compose::timing::{Swing, Timing};
use crate::types::config::Mode;
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;
use crate::types::target::Style;

/// One or two chords; each lasts four bars.
#[rustfmt::skip]
const LOOPS: &[Loop] = &[
    Loop { bars: "i9", weight: 0.2 },
    Loop { bars: "i9 bVImaj9", weight: 0.25 },
    Loop { bars: "i9 iv9", weight: 0.2 },
    Loop { bars: "i9 bIIImaj9", weight: 0.15 },
    Loop { bars: "i9 v7", weight: 0.1 },
    Loop { bars: "i9 IV13", weight: 0.2 },
    Loop { bars: "i7 bIImaj9", weight: 0.1 },
    Loop { bars: "Imaj9 vi9", weight: 0.2 },
    Loop { bars: "Imaj9 IVmaj9", weight: 0.2 },
    Loop { bars: "I9sus bVIImaj9", weight: 0.2 },
];

const RULES: Rules = Rules {
    style: Style::House,
    tempo: (120.0, 124.0, 128.0),
    swing: Swing { slow: (120.0, 0.57), fast: (128.0, 0.53) },
    beats: &[(4, 1.0)],
    modes: &[(Mode::Aeolian, 0.5), (Mode::Dorian, 0.4), (Mode::Phrygian, 0.1)],
    parts: &[
        Part { name: "intro", bars: &[8], energy: 0.46, material: 0, ramp: 0.1, shifts: &[0] },
        Part { name: "A", bars: &[16], energy: 0.64, material: 0, ramp: 0.12, shifts: &[0] },
        Part { name: "break", bars: &[8], energy: 0.36, material: 0, ramp: 0.02, shifts: &[0] },
        Part { name: "drop", bars: &[16, 24], energy: 0.86, material: 0, ramp: 0.08, shifts: &[0] },
        Part { name: "B", bars: &[16], energy: 0.7, material: 1, ramp: 0.1, shifts: &[0, 3, -2] },
        Part { name: "break", bars: &[8, 16], energy: 0.36, material: 1, ramp: 0.02, shifts: &[0] },
        Part { name: "drop", bars: &[16, 24], energy: 0.9, material: 1, ramp: 0.06, shifts: &[0] },
        Part { name: "outro", bars: &[8], energy: 0.52, material: 1, ramp: -0.08, shifts: &[0] },
    ],
    loops: LOOPS,
    colours: Colours { ninth: 0.8, eleventh: 0.1, thirteenth: 0.2, settled: false },
    change: 0.0,
};

/// Minimal techno: faster and straighter.
const TECHNO: Rules = Rules {
    tempo: (124.0, 128.0, 132.0),
    swing: Swing { slow: (124.0, 0.54), fast: (132.0, 0.50) },
    modes: &[(Mode::Aeolian, 0.45), (Mode::Dorian, 0.3), (Mode::Phrygian, 0.25)],
    ..RULES
};
/// The share of the sessions that are techno.
const TECHNO_SHARE: f32 = 0.35;

/// Energies from which on a voice plays; breaks have pad, stab, hats and percussion.
mod gate {
    pub const PAD: f32 = 0.1;
    pub const STAB: f32 = 0.3;
    pub const CLOSED: f32 = 0.3;
    pub const KICK: f32 = 0.42;
    pub const OPEN: f32 = 0.48;
    pub const CLAP: f32 = 0.52;
    pub const BASS: f32 = 0.48;
    pub const PERCUSSION: f32 = 0.58;
    pub const LEAD: f32 = 0.66;
    pub const RIDE: f32 = 0.88;
}

const BASS_SOUNDS: &[(Instrument, f32)] = &[(Instrument::SynthBass, 0.7), (Instrument::SubBass, 0.3)];
const OTHER_BASSES: &[Instrument] = &[Instrument::Bass808, Instrument::Upright];
const STAB_SOUNDS: &[(Instrument, f32)] =
    &[(Instrument::Stab, 0.7), (Instrument::ElectricPiano, 0.15), (Instrument::Organ, 0.15)];
const OTHER_STABS: &[Instrument] = &[Instrument::GrandPiano, Instrument::Guitar];
const LEADS: &[(Instrument, f32)] =
    &[(Instrument::Arpeggio, 0.5), (Instrument::SynthLead, 0.3), (Instrument::Glass, 0.2)];
const OTHER_LEADS: &[Instrument] = &[
    Instrument::Bells,
    Instrument::Kalimba,
    Instrument::Vibraphone,
    Instrument::Flute,
    Instrument::Sitar,
    Instrument::Brass,
];

/// The state of the style.
#[derive(Clone, Debug)]
pub struct House {
    kick: Voice,
    clap: Voice,
    closed: Voice,
    open: Voice,
    ride: Voice,
    percussion: Voice,
    roll: Voice,
    crash: Voice,
    riser: Voice,
    bass: Voice,
    stab: Voice,
    pad: Voice,
    lead: Voice,
    ring: (usize, usize, usize),
    patterns: [usize; 4],
    /// Steps of the figure in its lattice, with the contour, and the lengths of lattice and accents.
    figure: Vec<(usize, i32)>,
    lattice: usize,
    accent: usize,
    line: Line,
    voicing: Vec<i32>,
    /// The chord of the voicing, and that of the pad.
    sounding: Option<Chord>,
    held: Option<Chord>,
    pad_voicing: Vec<i32>,
    sweep: Sweep,
    sweep_bars: u32,
    techno: bool,
}

/// How the filter of the stabs moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sweep {
    Up,
    UpAndDown,
    Still,
}

const fn voice(name: &'static str, stem: Stem, instrument: Instrument, offset_ms: f32, swing: f32) -> Voice {
    Voice::new(name, stem, instrument, Timing { offset_ms, jitter_ms: 1.0, swing })
}

impl House {
    /// The style with the voices of a seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "house", 0, 0);
        Self {
            kick: voice("house.kick", Stem::Drums, Instrument::Kick, 0.0, 0.0),
            clap: voice("house.clap", Stem::Drums, Instrument::Clap, dice.between(-2.0, 6.0), 0.0),
            closed: voice("house.closed", Stem::Drums, Instrument::HatClosed, dice.between(0.0, 4.0), 1.0),
            open: voice("house.open", Stem::Drums, Instrument::HatOpen, dice.between(0.0, 4.0), 1.0),
            ride: voice("house.ride", Stem::Drums, Instrument::Ride, dice.between(0.0, 4.0), 1.0),
            percussion: voice("house.perc", Stem::Drums, Instrument::Rim, dice.between(0.0, 4.0), 1.0),
            roll: voice("house.roll", Stem::Drums, Instrument::Snare, 0.0, 0.0),
            crash: voice("house.crash", Stem::Drums, Instrument::Crash, 0.0, 0.0),
            riser: voice("house.riser", Stem::Texture, Instrument::Riser, 0.0, 0.0),
            bass: voice("house.bass", Stem::Bass, Instrument::SynthBass, dice.between(2.0, 8.0), 1.0),
            stab: voice("house.stab", Stem::Harmony, Instrument::Stab, dice.between(0.0, 4.0), 1.0),
            pad: voice("house.pad", Stem::Harmony, Instrument::Pad, 0.0, 0.0),
            lead: voice("house.lead", Stem::Lead, Instrument::Arpeggio, dice.between(0.0, 4.0), 1.0),
            ring: (3, 8, 0),
            patterns: [0; 4],
            figure: Vec::new(),
            lattice: 16,
            accent: 3,
            line: Line::new(),
            voicing: Vec::new(),
            sounding: None,
            held: None,
            pad_voicing: Vec::new(),
            sweep: Sweep::Still,
            sweep_bars: 16,
            techno: dice.chance(TECHNO_SHARE),
        }
    }
}

impl Composes for House {
    fn rules(&self) -> &'static Rules {
        if self.techno { &TECHNO } else { &RULES }
    }

    fn harmony(
        &mut self,
        section: &Section,
        scale: &Scale,
        borrowed: f32,
        change: f32,
        dice: &mut Dice,
    ) -> Vec<BarChords> {
        let cycle = RULES.cycle(scale, borrowed, dice);
        let each = 4;
        let bar = |bar: usize| cycle.get(bar / each % cycle.len().max(1)).cloned().unwrap_or_default();
        let mut bars: Vec<BarChords> = (0..section.bars as usize).map(bar).collect();
        passing_chords::pass(&mut bars, scale, change, dice);
        bars
    }

    fn begin(&mut self, scene: &Scene<'_>) {
        let mut dice = scene.pattern_dice("house.patterns", u32::MAX);
        // The key may be another one.
        (self.sounding, self.held) = (None, None);
        let bass = if self.techno { TECHNO_BASSES[dice.below(TECHNO_BASSES.len())] } else { dice.below(BASSES.len()) };
        self.patterns = [dice.below(CLOSED.len()), bass, dice.below(STABS.len()), dice.below(6)];
        self.sweep = [Sweep::Up, Sweep::UpAndDown, Sweep::Still][dice.pick(&[0.4, 0.4, 0.2])];
        self.sweep_bars = if dice.chance(0.5) { 16 } else { 32 };
        let (pulses, steps) = RINGS[dice.below(RINGS.len())];
        self.ring = (pulses, steps, dice.below(steps));
        self.percussion.instrument = PERCUSSION[dice.below(PERCUSSION.len())];
        self.lattice = [12, 14, 16][dice.below(3)];
        self.accent = if dice.chance(0.5) { 3 } else { 5 };
        let count = 3 + dice.below(3);
        self.figure = (0..count).map(|_| (dice.below(self.lattice), dice.below(5) as i32 - 2)).collect();
        self.figure.sort_unstable();
        self.figure.dedup_by_key(|(step, _)| *step);
        let arc = |name| Dice::new(scene.seed, name, scene.section.arc, 0);
        let target = scene.target;
        let chosen = [
            choose_instrument(target, BASS_SOUNDS, OTHER_BASSES, &mut arc("house.bass.sound")),
            choose_instrument(target, STAB_SOUNDS, OTHER_STABS, &mut arc("house.stab.sound")),
            choose_instrument(target, LEADS, OTHER_LEADS, &mut scene.pattern_dice("house.lead.sound", u32::MAX)),
        ];
        for (voice, chosen) in [&mut self.bass, &mut self.stab, &mut self.lead].into_iter().zip(chosen) {
            voice.instrument = chosen.unwrap_or(voice.instrument);
        }
    }

    fn write(&mut self, scene: &Scene<'_>, score: &mut Score) {
        self.drums(scene, score);
        if scene.section.name != "intro" {
            self.bass_line(scene, score);
        }
        self.chords(scene, score);
        if scene.section.energy_in(scene.at) >= gate::LEAD || scene.section.name == "break" {
            self.figure(scene, score);
        }
    }

    fn copy(&self) -> Box<dyn Composes> {
        Box::new(self.clone())
    }
}
