//! House and minimal techno: four kicks a bar, off-beat hats, one or two chords, a short figure that runs against the bar, and a
//! form of eight-bar blocks with breaks and drops.

use super::rules::{Composes, Rules};
use crate::compose::bass::place;
use crate::compose::form::{Part, Section};
use crate::compose::harmony::{self, BarChords, Colours, Loop};
use crate::compose::melody::{Line, Place};
use crate::compose::rhythm::{euclid, hits, kick_key};
use crate::compose::scale::Scale;
use crate::compose::scene::{Scene, Score, Stroke, Voice, choose_instrument};
use crate::compose::timing::{Swing, Timing};
use crate::compose::voicing::{self, CLOSE, OPEN};
use crate::types::config::Mode;
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;
use crate::types::target::Style;

/// One or two chords; each lasts four or eight bars.
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
    tempo: (120.0, 124.0, 130.0),
    swing: Swing { slow: (120.0, 0.56), fast: (130.0, 0.52) },
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
    colours: Colours { ninth: 0.8, eleventh: 0.1, thirteenth: 0.2 },
    change: 0.0,
};

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

const CLAPS: [&str; 2] = ["---- X--- ---- X---", "---- X--- ---- X--."];
const CLOSED: [&str; 3] = [".xox .xox .xox .xox", "o-x- o-x- o-x- o-xo", ".o.x .o.x .o.x .oxx"];
const OPEN_HAT: &str = "--x- --x- --x- --x-";
const RIDE: &str = "--x- -x-- x--x --x-";
const BASSES: [&str; 4] = ["--x- --x- --x- --x-", "-xxx -xxx -xxx -xxx", "--x- ---x ---- -x--", "--x- -xx- --x- -x-x"];
const STABS: [&str; 4] = ["---x --x- ---- x---", "--x- ---x --x- ----", "x--x ---- --x- ----", "---- --x- ---x ----"];
/// Pulses and steps of the percussion.
const RINGS: [(usize, usize); 3] = [(3, 8), (5, 16), (7, 16)];
const PERCUSSION: [Instrument; 3] = [Instrument::Rim, Instrument::Bongo, Instrument::Shaker];
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
    pad_voicing: Vec<i32>,
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
            pad_voicing: Vec::new(),
        }
    }

    /// Whether this is the bar before a drop.
    fn builds(scene: &Scene<'_>) -> bool {
        scene.section.name == "break" && scene.at + 2 >= scene.section.bars
    }

    fn drums(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("house.drums", Stem::Drums);
        let energy = scene.energy;
        let fill = scene.closes(8) && dice.chance(0.85);
        let kick_rests = fill && dice.chance(0.5);
        // In each block of eight bars one voice rests; the first block after a break has all.
        let resting =
            if scene.at < 8 && scene.section.name == "drop" { 9 } else { scene.pattern_dice("house.rest", 8).below(5) };
        if energy >= gate::KICK {
            for step in [0, 4, 8, 12] {
                if kick_rests && step >= 8 {
                    continue;
                }
                let key = kick_key(scene.scale.tonic);
                let stroke = Stroke { step: step as f32, key, velocity: 108.0, metric: 0.1, ..Stroke::default() };
                score.note(scene, &mut self.kick, stroke);
            }
            if !kick_rests && dice.chance(scene.change(0.12)) {
                let stroke = Stroke {
                    step: 14.0,
                    key: kick_key(scene.scale.tonic),
                    velocity: 62.0,
                    from_density: 0.4,
                    ..Stroke::default()
                };
                score.note(scene, &mut self.kick, stroke);
            }
        }
        let play = |voice: &mut Voice, pattern: &str, from: f32, score: &mut Score, drop: f32, dice: &mut Dice| {
            for (step, velocity) in hits(pattern) {
                let soft = velocity < 70.0;
                if soft && dice.chance(scene.change(drop)) {
                    continue;
                }
                let from_density = from + if soft { 0.2 } else { 0.0 };
                let stroke = Stroke {
                    step: step as f32,
                    velocity: velocity * 0.92,
                    from_density,
                    metric: 0.3,
                    ..Stroke::default()
                };
                score.note(scene, voice, stroke);
            }
        };
        if energy >= gate::CLAP {
            play(&mut self.clap, CLAPS[usize::from(scene.closes(4))], 0.05, score, 0.3, &mut dice);
        }
        if energy >= gate::CLOSED && resting != 0 {
            play(&mut self.closed, CLOSED[self.patterns[0]], 0.12, score, 0.2, &mut dice);
        }
        if energy >= gate::OPEN && resting != 1 {
            let pattern = if fill && !kick_rests { "--x- --x- x-x- x-x-" } else { OPEN_HAT };
            play(&mut self.open, pattern, 0.08, score, 0.0, &mut dice);
        }
        if energy >= gate::RIDE && resting != 2 {
            play(&mut self.ride, RIDE, 0.3, score, 0.0, &mut dice);
        }
        if !(gate::KICK..gate::PERCUSSION).contains(&energy) && resting != 3 {
            let (pulses, steps, rotation) = self.ring;
            for step in (0..16).filter(|step| euclid(pulses, steps, rotation).contains(&(step % steps))) {
                if dice.chance(scene.change(0.16)) {
                    continue;
                }
                let velocity = dice.between(40.0, 75.0);
                let stroke = Stroke {
                    step: step as f32,
                    key: 60.0,
                    velocity,
                    from_density: 0.34,
                    metric: 0.0,
                    ..Stroke::default()
                };
                score.note(scene, &mut self.percussion, stroke);
            }
            let extra = dice.below(16) as f32;
            let stroke = Stroke { step: extra, key: 60.0, velocity: 34.0, from_density: 0.62, ..Stroke::default() };
            score.note(scene, &mut self.percussion, stroke);
        }
        if Self::builds(scene) {
            let last = scene.at + 1 == scene.section.bars;
            for step in (0..16).filter(|step| last || step % 2 == 0) {
                let place = (step + if last { 16 } else { 0 }) as f32 / 31.0;
                let velocity = 30.0 + 70.0 * place;
                let stroke = Stroke {
                    step: step as f32,
                    key: 50.0,
                    velocity,
                    from_density: 0.1,
                    metric: 0.0,
                    ..Stroke::default()
                };
                score.note(scene, &mut self.roll, stroke);
            }
            if !last {
                let stroke = Stroke { length: 32.0, velocity: 84.0, metric: 0.0, ..Stroke::default() };
                score.note(scene, &mut self.riser, stroke);
            }
        }
    }

    fn bass_line(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("house.bass.line", Stem::Bass);
        if scene.energy < gate::BASS {
            // In a break the bass is one long note.
            if let Some(chord) = scene.chord(0) {
                let key = place(chord.bass_class(scene.scale.tonic), 35, (30, 43)) as f32;
                let step = [0.0, 0.0, 2.0, 4.0][dice.below(4)];
                let length = 10.0 + dice.below(5) as f32;
                let stroke = Stroke { step, length: length.min(16.0 - step), key, velocity: 84.0, ..Stroke::default() };
                score.note(scene, &mut self.bass, stroke);
            }
            return;
        }
        let pattern: Vec<(usize, f32)> = hits(BASSES[self.patterns[1]]).collect();
        let turn = scene.closes(4);
        for (index, (step, velocity)) in pattern.iter().enumerate() {
            let Some(chord) = scene.chord(*step) else { continue };
            let root = place(chord.bass_class(scene.scale.tonic), 35, (30, 43));
            let fifth = if chord.has(7) { root + 7 } else { root };
            let chance = if turn && *step >= 8 { 0.45 } else { scene.change(0.12) };
            let key = if dice.chance(chance) { [root + 12, fifth, root + 10][dice.below(2)] } else { root };
            let key = if scene.scale.contains(key.rem_euclid(12) as u8) { key } else { root };
            if index > 0 && dice.chance(scene.change(0.06)) {
                continue;
            }
            let next = pattern.get(index + 1).map_or(16, |(next, _)| *next);
            let from_density = if index % 2 == 1 { 0.2 } else { 0.0 };
            let length = ((next - step) as f32 * 0.7).min(2.5);
            let stroke = Stroke {
                step: *step as f32,
                length,
                key: key as f32,
                velocity: *velocity,
                from_density,
                metric: 0.3,
                ..Stroke::default()
            };
            score.note(scene, &mut self.bass, stroke);
        }
    }

    fn chords(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("house.chords", Stem::Harmony);
        let Some(chord) = scene.chord(0) else { return };
        let tonic = scene.scale.tonic;
        let fresh = scene.at == 0 || scene.harmony.get(scene.at as usize) != scene.harmony.get(scene.at as usize - 1);
        if fresh || scene.at.is_multiple_of(4) || self.voicing.is_empty() {
            self.voicing = voicing::voice(chord, tonic, &self.voicing, None, &CLOSE);
            self.pad_voicing = voicing::voice(chord, tonic, &self.pad_voicing, None, &OPEN);
        }
        let place = scene.at as f32 / scene.section.bars.max(1) as f32;
        // Velocity opens the filter over the section.
        let open = if scene.section.name == "break" { 44.0 + 56.0 * place } else { 76.0 + 14.0 * place };
        if scene.energy >= gate::STAB {
            for (index, (step, _)) in hits(STABS[self.patterns[2]]).enumerate() {
                if dice.chance(scene.change(0.08)) {
                    continue;
                }
                let from_density = if index == 0 { 0.0 } else { 0.16 };
                let moved = if dice.chance(scene.change(0.07)) { 1 } else { 0 };
                let velocity = open - 8.0 * (index % 2) as f32;
                let strokes: Vec<Stroke> = self
                    .voicing
                    .iter()
                    .map(|key| Stroke {
                        step: (step + moved) as f32,
                        length: 1.2,
                        key: *key as f32,
                        velocity,
                        from_density,
                        metric: 0.2,
                        ..Stroke::default()
                    })
                    .collect();
                score.chord(scene, &mut self.stab, &strokes);
            }
        }
        if scene.energy >= gate::PAD && scene.at.is_multiple_of(4) && (scene.energy < gate::BASS || scene.energy > 0.8)
        {
            let length = 64.0_f32.min((scene.section.bars - scene.at) as f32 * 16.0);
            let strokes: Vec<Stroke> = self
                .pad_voicing
                .iter()
                .map(|key| Stroke {
                    length,
                    key: *key as f32,
                    velocity: 40.0 + 30.0 * place,
                    metric: 0.0,
                    ..Stroke::default()
                })
                .collect();
            score.chord(scene, &mut self.pad, &strokes);
        }
    }

    /// The figure runs in its own length against the bar; accents have a third length.
    fn figure(&mut self, scene: &Scene<'_>, score: &mut Score) {
        let mut dice = scene.dice("house.figure.bar", Stem::Lead);
        let rest = scene.pattern_dice("house.figure.rest", 8).chance(0.3);
        if rest {
            return;
        }
        for step in 0..16 {
            let count = scene.at as usize * 16 + step;
            let Some((_, rise)) = self.figure.iter().find(|(place, _)| *place == count % self.lattice) else {
                continue;
            };
            if dice.chance(scene.change(0.1)) {
                continue;
            }
            let Some(chord) = scene.chord(step) else { continue };
            let strong = step % 4 == 0;
            let place = Place { rise: *rise, strong, closing: false, register: 72.0 };
            let key = self.line.next(place, scene.scale, chord, (65, 79), &mut dice);
            let accent = count.is_multiple_of(self.accent);
            let velocity = if accent { 92.0 } else { 66.0 };
            let from_density = if accent || strong { 0.05 } else { 0.25 };
            let stroke = Stroke {
                step: step as f32,
                length: 1.4,
                key: key as f32,
                velocity,
                from_density,
                metric: 0.2,
                ..Stroke::default()
            };
            score.note(scene, &mut self.lead, stroke);
        }
    }
}

impl Composes for House {
    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn harmony(&mut self, section: &Section, scale: &Scale, borrowed: f32, _: f32, dice: &mut Dice) -> Vec<BarChords> {
        let mut cycle = harmony::choose(LOOPS, scale, borrowed, dice);
        cycle.iter_mut().flatten().for_each(|chord| harmony::colour(chord, scale, &RULES.colours, dice));
        let each = if dice.chance(0.6) { 4 } else { 8 };
        let bar = |bar: usize| cycle.get(bar / each % cycle.len().max(1)).cloned().unwrap_or_default();
        (0..section.bars as usize).map(bar).collect()
    }

    fn begin(&mut self, scene: &Scene<'_>) {
        let mut dice = scene.pattern_dice("house.patterns", u32::MAX);
        self.patterns = [dice.below(CLOSED.len()), dice.below(BASSES.len()), dice.below(STABS.len()), 0];
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
        if scene.energy >= gate::STAB && scene.section.name != "intro" {
            self.bass_line(scene, score);
        }
        self.chords(scene, score);
        if scene.energy >= gate::LEAD {
            self.figure(scene, score);
        }
    }

    fn copy(&self) -> Box<dyn Composes> {
        Box::new(self.clone())
    }
}
