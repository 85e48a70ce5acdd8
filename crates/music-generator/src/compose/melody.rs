//! Melody: the notes of a motif get pitches that fit the chord, the range and the line before them.

use super::chord::Chord;
use super::scale::Scale;
use crate::types::dice::Dice;

/// How much each wish counts when a pitch is chosen. Units: scale steps away from the contour of the motif.
mod wish {
    /// A long or strong note outside the chord.
    pub const OUTSIDE: f32 = 2.6;
    /// The same, reached by step: it leans on the next note.
    pub const OUTSIDE_BY_STEP: f32 = 2.2;
    /// A long or strong note on the seventh or ninth.
    pub const COLOUR: f32 = 1.0;
    /// A note that is a semitone above a tone of the chord and is not passing.
    pub const RUB: f32 = 1.8;
    /// No turn after a leap.
    pub const NO_TURN: f32 = 0.9;
    /// A leap away from a note that has to resolve by step.
    pub const UNRESOLVED: f32 = 2.4;
    /// For each semitone outside the range.
    pub const RANGE: f32 = 1.5;
    /// For each semitone away from the register that the phrase aims at.
    pub const REGISTER: f32 = 0.22;
    /// The same note again.
    pub const REPEATED: f32 = 1.3;
    /// For each semitone of a leap beyond a fifth.
    pub const LARGE: f32 = 0.35;
}

/// The state of a melodic line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    last: Option<i32>,
    interval: i32,
    resolve: bool,
}

/// The place of a note in its phrase and bar.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Scale steps from the note before.
    pub rise: i32,
    /// Whether it is on a strong beat or long: then it belongs to the chord.
    pub strong: bool,
    /// Whether it ends a phrase: then it is root, third or fifth.
    pub closing: bool,
    /// The key around which the phrase moves here.
    pub register: f32,
}

impl Line {
    /// A line that begins anew.
    pub fn new() -> Self {
        Self::default()
    }

    /// The key that it last had.
    pub fn last(&self) -> Option<i32> {
        self.last
    }

    /// Forgets the last note, at the start of a phrase: the register is found again.
    pub fn breathe(&mut self) {
        *self = Self::default();
    }

    /// The key of the next note: the one of the scale that costs least, within `range`.
    pub fn next(&mut self, place: Place, scale: &Scale, chord: &Chord, range: (i32, i32), dice: &mut Dice) -> i32 {
        let from = self.last.unwrap_or(libm::roundf(place.register) as i32);
        let centre = scale.step_near(from);
        let wanted = centre + place.rise;
        let mut best = (f32::MAX, from);
        for step in wanted - 5..=wanted + 5 {
            let key = scale.key_of_step(step);
            let cost = (step - wanted).abs() as f32
                + self.cost(key, place, scale, chord)
                + wish::RANGE * ((range.0 - key).max(0) + (key - range.1).max(0)) as f32
                + dice.between(0.0, 0.4);
            if cost < best.0 {
                best = (cost, key);
            }
        }
        let key = best.1;
        let inside = chord.classes(scale.tonic).contains(&((key.rem_euclid(12)) as u8));
        self.interval = self.last.map_or(0, |last| key - last);
        self.resolve = !inside;
        self.last = Some(key);
        key
    }

    fn cost(&self, key: i32, place: Place, scale: &Scale, chord: &Chord) -> f32 {
        let class = key.rem_euclid(12) as u8;
        let triad = chord.triad(scale.tonic).contains(&class);
        let inside = chord.classes(scale.tonic).contains(&class);
        let rubs = !inside && chord.classes(scale.tonic).contains(&((class + 11) % 12));
        let mut cost = wish::REGISTER * (key as f32 - place.register).abs();
        if place.closing && !triad {
            cost += wish::OUTSIDE;
        } else if place.strong {
            cost += if triad {
                0.0
            } else if inside {
                wish::COLOUR
            } else if self.last.is_some_and(|last| (1..=2).contains(&(key - last).abs())) {
                wish::OUTSIDE_BY_STEP
            } else {
                wish::OUTSIDE
            };
            cost += if rubs { wish::RUB } else { 0.0 };
        }
        let Some(last) = self.last else { return cost };
        let interval = key - last;
        if interval == 0 {
            cost += wish::REPEATED;
        }
        if self.interval.abs() >= 5 && interval.signum() == self.interval.signum() {
            cost += wish::NO_TURN;
        }
        if self.resolve && !(1..=2).contains(&interval.abs()) {
            cost += wish::UNRESOLVED;
        }
        cost + wish::LARGE * (interval.abs() - 7).max(0) as f32
    }
}

/// The height of a phrase of `bars` bars at a place in it, 0 to 1: one peak at 65 % of it.
pub fn arch(at_bar: f32, bars: f32) -> f32 {
    let x = (at_bar / bars.max(1.0)).clamp(0.0, 1.0);
    let peak = 0.65;
    let side = if x < peak { x / peak } else { (1.0 - x) / (1.0 - peak) };
    side * (2.0 - side)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::config::Mode;

    #[test]
    fn strong_notes_belong_to_the_chord_and_the_range_is_kept() {
        let scale = Scale::of_mode(0, Mode::Ionian);
        let chord = Chord::parse("vi7").unwrap();
        let mut line = Line::new();
        let mut dice = Dice::new(1, "test", 0, 0);
        let mut inside = 0;
        for index in 0..400 {
            let place =
                Place { rise: dice.below(5) as i32 - 2, strong: index % 2 == 0, closing: false, register: 70.0 };
            let key = line.next(place, &scale, &chord, (64, 78), &mut dice);
            assert!((62..=80).contains(&key), "{key}");
            assert!(scale.contains(key.rem_euclid(12) as u8));
            if place.strong && chord.classes(0).contains(&(key.rem_euclid(12) as u8)) {
                inside += 1;
            }
        }
        assert!(inside > 160, "{inside} of 200");
    }

    #[test]
    fn the_arch_has_its_peak_at_two_thirds() {
        assert_eq!(arch(5.2, 8.0), 1.0);
        assert!(arch(0.0, 8.0) == 0.0 && arch(8.0, 8.0) == 0.0 && arch(3.0, 8.0) > 0.5);
    }
}
