//! What a style is: its tables, and how it writes a bar.

use crate::compose::form::{Part, Section};
use crate::compose::harmony::{self, BarChords, Colours, Loop};
use crate::compose::scale::Scale;
use crate::compose::scene::{Scene, Score};
use crate::compose::timing::Swing;
use crate::types::config::Mode;
use crate::types::dice::Dice;
use crate::types::target::{Style, Target};

/// The tables of a style.
#[derive(Debug)]
pub struct Rules {
    /// The style.
    pub style: Style,
    /// The slowest, the usual and the fastest tempo in quarter notes a minute.
    pub tempo: (f64, f64, f64),
    /// Its swing.
    pub swing: Swing,
    /// The number of quarter notes in a bar, with weights.
    pub beats: &'static [(u32, f32)],
    /// Its modes when no mood asks for another, with weights.
    pub modes: &'static [(Mode, f32)],
    /// Its form.
    pub parts: &'static [Part],
    /// Its progressions.
    pub loops: &'static [Loop],
    /// Its extensions of chords.
    pub colours: Colours,
    /// The probability that a repeat of a progression exchanges one chord.
    pub change: f32,
}

impl Rules {
    /// One of the loops, with at most this share of borrowed chords, and its chords with their extensions.
    pub fn cycle(&self, scale: &Scale, borrowed: f32, dice: &mut Dice) -> Vec<BarChords> {
        let mut cycle = harmony::choose(self.loops, scale, borrowed, dice);
        self.colour(&mut cycle, scale, dice);
        cycle
    }

    /// Adds extensions to the chords of a loop.
    pub fn colour(&self, cycle: &mut [BarChords], scale: &Scale, dice: &mut Dice) {
        cycle.iter_mut().flatten().for_each(|chord| harmony::colour(chord, scale, &self.colours, dice));
    }
}

/// A style: it has tables, and writes one bar after the other.
pub trait Composes: Send {
    /// The tables.
    fn rules(&self) -> &'static Rules;

    /// The scale of an arc. The default takes the mode of the target, or draws one.
    fn scale(&mut self, target: &Target, tonic: u8, _section: &Section, dice: &mut Dice) -> Scale {
        Scale::of_mode(tonic, mode(target, self.rules().modes, dice))
    }

    /// Draws what stays the same in an arc. Called before the first section of the arc is planned, with the quarter notes of its bars.
    fn begin_arc(&mut self, _beats: u32, _dice: &mut Dice) {}

    /// The chords of a section, at most `borrowed` of their time with notes outside the scale. The default repeats one of the loops
    /// with variations.
    fn harmony(
        &mut self,
        section: &Section,
        scale: &Scale,
        borrowed: f32,
        change: f32,
        dice: &mut Dice,
    ) -> Vec<BarChords> {
        let rules = self.rules();
        let cycle = rules.cycle(scale, borrowed, dice);
        harmony::unroll(&cycle, section.bars as usize, scale, rules.change * change, dice)
    }

    /// Whether the sections of an arc with other material must have other chords.
    fn distinct_materials(&self) -> bool {
        false
    }

    /// Draws what stays the same in a section. Called before its first bar.
    fn begin(&mut self, scene: &Scene<'_>);

    /// Writes a bar.
    fn write(&mut self, scene: &Scene<'_>, score: &mut Score);

    /// A copy, to write a bar again.
    fn copy(&self) -> Box<dyn Composes>;
}

/// The mode of a target: the one it names, or the one that its valence stands for, or without a mood one of the usual ones of the
/// style.
pub fn mode(target: &Target, usual: &[(Mode, f32)], dice: &mut Dice) -> Mode {
    if let Some(mode) = target.mode {
        return mode;
    }
    let weights: Vec<f32> = usual.iter().map(|(_, weight)| *weight).collect();
    let drawn = usual.get(dice.pick(&weights)).map_or(Mode::Dorian, |(mode, _)| *mode);
    let valence = target.valence + 0.1 * dice.between(-1.0, 1.0);
    if target.valence.abs() < 0.1 {
        return drawn;
    }
    match valence {
        v if v < -0.75 => Mode::Phrygian,
        v if v < -0.45 => Mode::Aeolian,
        v if v < -0.1 => Mode::Dorian,
        v if v < 0.25 => Mode::Mixolydian,
        v if v < 0.65 => Mode::Ionian,
        _ => Mode::Lydian,
    }
}
