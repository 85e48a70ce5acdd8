//! What a style knows when it writes a bar, and where it writes to.

use super::chord::Chord;
use super::form::Section;
use super::harmony::BarChords;
use super::rhythm;
use super::scale::Scale;
use super::timing::{Jitter, Timing, swing_ms};
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
use crate::types::note::{Glide, Note};
use crate::types::pitch::Pitch;
use crate::types::stem::Stem;
use crate::types::target::Target;
use crate::types::ticks::{TICKS_PER_BEAT, Ticks};

/// Where the numbers begin that decide whether a figure changes, apart from those of the figures themselves.
const CHANGES: u64 = 1 << 32;
/// How often a figure changes after half of its span at twice the usual temperature.
const SPLIT: f32 = 0.4;

/// The bar to be written.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    /// The root of all random numbers.
    pub seed: u64,
    /// How often each stem of this bar was written before, because it repeated what was heard.
    pub attempts: [u64; Stem::COUNT],
    /// The number of the bar in the session.
    pub bar: u64,
    /// The number of the bar in its section.
    pub at: u32,
    /// When it begins.
    pub start: Ticks,
    /// Quarter notes in it.
    pub beats: u32,
    /// The tempo in quarter notes a minute.
    pub bpm: f64,
    /// The place of the off-beat sixteenth in its eighth.
    pub swing: f32,
    /// The section.
    pub section: &'a Section,
    /// The energy here, with the density taken into account.
    pub energy: f32,
    /// The scale.
    pub scale: &'a Scale,
    /// The chords of all bars of the section.
    pub harmony: &'a [BarChords],
    /// What the music is to be.
    pub target: &'a Target,
}

impl Scene<'_> {
    /// The random numbers of a stream for this bar.
    pub fn dice(&self, stream: &str, stem: Stem) -> Dice {
        Dice::new(self.seed, stream, self.bar, self.attempts[stem.index()])
    }

    /// Random numbers that are the same in each span of `bars` bars of the section: a pattern that is reused.
    pub fn pattern_dice(&self, stream: &str, bars: u32) -> Dice {
        Dice::new(self.seed, stream, self.section.number, u64::from(self.at / bars.max(1)))
    }

    /// As [`Scene::pattern_dice`], and the temperature decides how long a pattern stays: at the usual 1.1 for one span, below it in a
    /// share of the cases for the next span too (at 0 for the section), above it in some cases for half a span only.
    pub fn figure_dice(&self, stream: &str, bars: u32) -> Dice {
        let heat = (self.target.temperature / 1.1).min(2.5);
        let chance = |place: u32, probability: f32| {
            Dice::new(self.seed, stream, self.section.number, CHANGES + u64::from(place)).chance(probability)
        };
        let bars = bars.max(1);
        let (span, half) = (self.at / bars, bars.div_ceil(2));
        let from = (1..=span).rev().find(|span| chance(span * bars, heat)).unwrap_or(0);
        let later = from == span && self.at % bars >= half;
        let again = later && chance(span * bars + half, SPLIT * (heat - 1.0));
        Dice::new(self.seed, stream, self.section.number, u64::from(from) + if again { CHANGES << 1 } else { 0 })
    }

    /// Random numbers of a figure that is `cycle` bars long and is repeated for `bars` bars, for this bar of it.
    pub fn loop_dice(&self, stream: &str, bars: u32, cycle: u32) -> Dice {
        let figure = self.figure_dice(stream, bars).bits();
        Dice::new(figure, stream, u64::from(self.at % cycle.max(1)), 0)
    }

    /// The number of sixteenths of the bar.
    pub fn steps(&self) -> usize {
        4 * self.beats as usize
    }

    /// The chords of the bar `bars` bars later, at most in the last bar of the section.
    pub fn chords(&self, bars: u32) -> &[Chord] {
        let index = ((self.at + bars) as usize).min(self.harmony.len().saturating_sub(1));
        self.harmony.get(index).map_or(&[], |chords| &chords[..])
    }

    /// The chord at a sixteenth of the bar; steps beyond the end belong to the following bars.
    pub fn chord(&self, step: usize) -> Option<&Chord> {
        let steps = self.steps().max(1);
        let chords = self.chords((step / steps) as u32);
        chords.get((step % steps) * chords.len() / steps)
    }

    /// Whether this is the last bar of a group of `bars` bars of the section, or of the section itself.
    pub fn closes(&self, bars: u32) -> bool {
        (self.at + 1).is_multiple_of(bars.max(1)) || self.at + 1 == self.section.bars
    }

    /// How much is varied, 0 to 1: `probability` at the usual temperature of 1.1, nothing at 0.
    pub fn change(&self, probability: f32) -> f32 {
        (probability * (self.target.temperature / 1.1).min(2.5)).clamp(0.0, 1.0)
    }
}

/// A voice: what plays, how loud, and how it keeps time.
#[derive(Clone, Debug)]
pub struct Voice {
    /// Its stream of random numbers.
    pub name: &'static str,
    /// Its stem.
    pub stem: Stem,
    /// What plays it.
    pub instrument: Instrument,
    /// Its timing.
    pub timing: Timing,
    /// The deviation of its velocity in MIDI units.
    pub velocity_spread: f32,
    jitter: Jitter,
}

impl Voice {
    /// A voice with the usual spread of velocity.
    pub const fn new(name: &'static str, stem: Stem, instrument: Instrument, timing: Timing) -> Self {
        Self { name, stem, instrument, timing, velocity_spread: 5.0, jitter: Jitter::STILL }
    }
}

/// A note as a style asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Stroke {
    /// The sixteenth of the bar at which it begins, with a fraction.
    pub step: f32,
    /// Its length in sixteenths.
    pub length: f32,
    /// The MIDI number of its key.
    pub key: f32,
    /// Its velocity in MIDI units before metric weight and chance.
    pub velocity: f32,
    /// How much of the metric weight counts, 0 to 1.
    pub metric: f32,
    /// The density from which on it sounds.
    pub from_density: f32,
    /// Milliseconds after its time: strum and ornaments.
    pub late_ms: f32,
    /// A glide into it.
    pub glide: Option<Glide>,
    /// Whether it continues the note before.
    pub legato: bool,
}

impl Default for Stroke {
    fn default() -> Self {
        Self {
            step: 0.0,
            length: 1.0,
            key: 60.0,
            velocity: 80.0,
            metric: 1.0,
            from_density: 0.0,
            late_ms: 0.0,
            glide: None,
            legato: false,
        }
    }
}

/// The notes of a bar.
#[derive(Debug, Default)]
pub struct Score {
    /// The notes.
    pub notes: Vec<Note>,
}

impl Score {
    /// Writes notes that sound together: they share the deviation from the grid.
    pub fn chord(&mut self, scene: &Scene<'_>, voice: &mut Voice, strokes: &[Stroke]) {
        let Some(first) = strokes.first() else { return };
        let event = (first.step * 24.0) as u64;
        let mut dice = Dice::new(scene.seed, voice.name, scene.bar, 1_000 + event);
        let deviation = voice.jitter.next(&mut dice) * voice.timing.jitter_ms;
        for stroke in strokes {
            let step = stroke.step.max(0.0) as usize;
            let off_beat = step % 2 == 1 && stroke.step.fract() == 0.0;
            let swing = if off_beat { voice.timing.swing * swing_ms(scene.swing, scene.bpm) } else { 0.0 };
            let weight = 1.0 - 0.38 * stroke.metric * (1.0 - rhythm::weight(step));
            // The phrase of four bars rises and falls by 8.
            let phrase = (scene.at % 4) as f32 + stroke.step / scene.steps() as f32;
            let arch = 8.0 * (1.0 - (phrase / 2.0 - 1.0) * (phrase / 2.0 - 1.0) * 2.0) * stroke.metric;
            let velocity = stroke.velocity * weight + arch + voice.velocity_spread * dice.normal();
            self.notes.push(Note {
                stem: voice.stem,
                instrument: voice.instrument,
                start: scene.start + Ticks((stroke.step * (TICKS_PER_BEAT / 4) as f32) as i64),
                length: Ticks((stroke.length * (TICKS_PER_BEAT / 4) as f32).max(1.0) as i64),
                late_ms: voice.timing.offset_ms + deviation + swing + stroke.late_ms,
                pitch: Pitch(stroke.key),
                velocity: (velocity / 127.0).clamp(0.05, 1.0),
                from_density: stroke.from_density,
                glide: stroke.glide,
                legato: stroke.legato,
            });
        }
    }

    /// Writes a note.
    pub fn note(&mut self, scene: &Scene<'_>, voice: &mut Voice, stroke: Stroke) {
        self.chord(scene, voice, &[stroke]);
    }
}

/// Chooses an instrument for a role: one that the target names if the role knows it, otherwise one of the usual ones that is not
/// excluded; none when all are excluded.
pub fn choose_instrument(
    target: &Target,
    usual: &[(Instrument, f32)],
    others: &[Instrument],
    dice: &mut Dice,
) -> Option<Instrument> {
    let allowed = |instrument: Instrument| !target.excluded.contains(&instrument);
    let draw = dice.unit();
    let named: Vec<Instrument> = target
        .instruments
        .keys()
        .copied()
        .filter(|named| allowed(*named) && (others.contains(named) || usual.iter().any(|(known, _)| known == named)))
        .collect();
    if !named.is_empty() {
        return named.get((draw * named.len() as f32) as usize).copied();
    }
    let total: f32 = usual.iter().filter(|(instrument, _)| allowed(*instrument)).map(|(_, weight)| weight).sum();
    let mut left = draw * total;
    let possible = || usual.iter().filter(|(instrument, _)| allowed(*instrument));
    for (instrument, weight) in possible() {
        left -= weight;
        if left < 0.0 {
            return Some(*instrument);
        }
    }
    possible().next_back().map(|(instrument, _)| *instrument)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::config::Mode;

    /// In how many of 16 bars of 40 sections the figure of four bars differs from that of the bar before.
    fn changes(temperature: f32) -> usize {
        let target = Target { temperature, ..Target::default() };
        let scale = Scale::of_mode(0, Mode::Dorian);
        let sections = (0..40).map(|number| Section {
            number,
            name: "A",
            first_bar: 0,
            bars: 16,
            energy: 0.5,
            material: 0,
            ramp: 0.0,
            shift: 0,
            arc: 0,
        });
        let figures = |section: Section| -> Vec<u64> {
            let figure = |at| {
                let scene = Scene {
                    seed: 1,
                    attempts: [0; Stem::COUNT],
                    bar: u64::from(at),
                    at,
                    start: Ticks::ZERO,
                    beats: 4,
                    bpm: 80.0,
                    swing: 0.5,
                    section: &section,
                    energy: 0.5,
                    scale: &scale,
                    harmony: &[],
                    target: &target,
                };
                scene.figure_dice("test", 4).bits()
            };
            (0..16).map(figure).collect()
        };
        sections.map(|section| figures(section).windows(2).filter(|pair| pair[0] != pair[1]).count()).sum()
    }

    #[test]
    fn a_figure_stays_longer_at_a_lower_temperature() {
        let counts = [0.0, 0.5, 1.1, 2.2].map(changes);
        assert_eq!([counts[0], counts[2]], [0, 40 * 3]);
        assert!(counts[1] > 30 && counts[1] < 80 && counts[3] > 150, "{counts:?}");
    }
}
