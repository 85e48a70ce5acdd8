//! Motifs: short figures of rhythm and contour, and the operators that vary them.

use crate::types::dice::Dice;

/// A note of a motif.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MotifNote {
    /// Its place in sixteenths after the start of the motif.
    pub step: i32,
    /// Its length in sixteenths.
    pub length: i32,
    /// Scale steps from the note before it; for the first note, from where the phrase begins.
    pub rise: i32,
    /// Whether a short note from the neighbour above precedes it.
    pub grace: bool,
}

/// A figure of a few notes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Motif {
    /// The notes in the order of time.
    pub notes: Vec<MotifNote>,
}

/// What a style wants of its motifs.
#[derive(Clone, Copy, Debug)]
pub struct MotifShape {
    /// The fewest and the most notes.
    pub notes: (usize, usize),
    /// Gaps between notes in sixteenths, with their weights.
    pub gaps: &'static [(i32, f32)],
    /// The places where it may begin, in sixteenths.
    pub starts: &'static [i32],
    /// The number of sixteenths within which all notes begin.
    pub span: i32,
    /// The length of a note as a share of the gap to the next.
    pub articulation: f32,
    /// The length of the last note in sixteenths.
    pub last: i32,
}

/// Weights of the sizes of steps: repeat, step, two steps, three, four, five (medians of folk melodies in the music21 corpus).
const RISES: [f32; 6] = [0.10, 0.50, 0.21, 0.11, 0.05, 0.03];

/// The least share of steps of a figure that can be sung: that of the folk melodies with the fewest.
const SINGABLE: f32 = 0.4;

/// The operators of variation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// As it was.
    Repeat,
    /// Begins one or two scale steps higher or lower.
    Sequence,
    /// Other last notes.
    ChangeTail,
    /// An eighth earlier or later.
    Shift,
    /// In half the time.
    Diminish,
    /// In twice the time.
    Augment,
    /// A grace note is added.
    Ornament,
    /// Upside down.
    Invert,
    /// A note is left out.
    Drop,
    /// An octave higher or lower.
    Octave,
}

/// The operators with their weights.
pub const OPERATORS: [(Operator, f32); 10] = [
    (Operator::Repeat, 0.24),
    (Operator::Sequence, 0.18),
    (Operator::ChangeTail, 0.16),
    (Operator::Shift, 0.08),
    (Operator::Diminish, 0.06),
    (Operator::Augment, 0.05),
    (Operator::Ornament, 0.10),
    (Operator::Invert, 0.04),
    (Operator::Drop, 0.07),
    (Operator::Octave, 0.02),
];

fn rise(dice: &mut Dice, up: f32) -> i32 {
    let size = dice.pick(&RISES) as i32;
    // Leaps go up more often than steps do.
    let up = if size >= 3 { up + 0.15 } else { up };
    if dice.chance(up) { size } else { -size }
}

impl Motif {
    /// A new figure.
    pub fn new(shape: &MotifShape, dice: &mut Dice) -> Self {
        let (fewest, most) = shape.notes;
        let count = fewest + dice.below(most.saturating_sub(fewest) + 1);
        let weights: Vec<f32> = shape.gaps.iter().map(|(_, weight)| *weight).collect();
        let mut step = shape.starts.get(dice.below(shape.starts.len())).copied().unwrap_or(0);
        // A contour has a tendency: upwards, downwards, or an arch.
        let contour = dice.below(3);
        let mut notes: Vec<MotifNote> = Vec::new();
        for index in 0..count {
            let up = match contour {
                0 => 0.7,
                1 => 0.3,
                _ if 2 * index < count => 0.75,
                _ => 0.25,
            };
            let rise = if index == 0 { 0 } else { rise(dice, up) };
            notes.push(MotifNote { step, length: shape.last, rise, grace: false });
            let gap = shape.gaps.get(dice.pick(&weights)).map_or(2, |(gap, _)| *gap);
            if step + gap >= shape.span {
                break;
            }
            step += gap;
        }
        let mut motif = Self { notes };
        motif.set_lengths(shape);
        motif
    }

    /// A new figure that moves by step often enough to be sung: the first such one of a few, as one that comes back is heard often.
    pub fn singable(shape: &MotifShape, dice: &mut Dice) -> Self {
        let mut motif = Self::new(shape, dice);
        for _ in 0..5 {
            if motif.steps() >= SINGABLE {
                break;
            }
            motif = Self::new(shape, dice);
        }
        motif
    }

    /// The share of its intervals that are steps.
    fn steps(&self) -> f32 {
        let intervals = self.notes.len().saturating_sub(1).max(1) as f32;
        self.notes.iter().skip(1).filter(|note| note.rise.abs() == 1).count() as f32 / intervals
    }

    /// Gives each note its share of the gap to the next one, the last note its own length.
    fn set_lengths(&mut self, shape: &MotifShape) {
        let steps: Vec<i32> = self.notes.iter().map(|note| note.step).collect();
        for (index, note) in self.notes.iter_mut().enumerate() {
            note.length = match steps.get(index + 1) {
                Some(next) => libm::roundf((next - note.step) as f32 * shape.articulation).max(1.0) as i32,
                None => shape.last,
            };
        }
    }

    /// A variation by an operator that the dice choose; `strength` (0 to 3) scales all weights but that of the repetition.
    pub fn varied(&self, shape: &MotifShape, strength: f32, dice: &mut Dice) -> Self {
        let weights: Vec<f32> = OPERATORS
            .iter()
            .map(|(operator, weight)| if *operator == Operator::Repeat { *weight } else { weight * strength })
            .collect();
        let operator = OPERATORS.get(dice.pick(&weights)).map_or(Operator::Repeat, |(operator, _)| *operator);
        self.apply(operator, shape, dice)
    }

    /// The motif after an operator. What does not fit the span of the shape is left out.
    pub fn apply(&self, operator: Operator, shape: &MotifShape, dice: &mut Dice) -> Self {
        let mut motif = self.clone();
        let last = motif.notes.len().saturating_sub(1);
        match operator {
            Operator::Repeat => {}
            Operator::Sequence => {
                let by = [-2, -1, 1, 2].get(dice.below(4)).copied().unwrap_or(1);
                motif.notes.first_mut().into_iter().for_each(|note| note.rise += by);
            }
            Operator::ChangeTail => {
                motif.notes.iter_mut().skip(last.max(2) - 1).for_each(|note| note.rise = rise(dice, 0.45))
            }
            Operator::Shift => {
                let by = if dice.chance(0.5) { 2 } else { -2 };
                let fits = motif.notes.iter().all(|note| (0..shape.span).contains(&(note.step + by)));
                let by = if fits { by } else { 0 };
                motif.notes.iter_mut().for_each(|note| note.step += by);
            }
            Operator::Diminish => motif.scale_time(1, 2),
            Operator::Augment => motif.scale_time(2, 1),
            Operator::Ornament => {
                let index = dice.below(motif.notes.len());
                motif.notes.iter_mut().skip(index).take(1).for_each(|note| note.grace = true);
            }
            Operator::Invert => motif.notes.iter_mut().skip(1).for_each(|note| note.rise = -note.rise),
            Operator::Drop => {
                if last >= 2 {
                    motif.notes.remove(1 + dice.below(last));
                }
            }
            Operator::Octave => {
                let by = if dice.chance(0.6) { 5 } else { -5 };
                motif.notes.first_mut().into_iter().for_each(|note| note.rise += by);
            }
        }
        motif.notes.retain(|note| (0..shape.span).contains(&note.step));
        motif.set_lengths(shape);
        motif
    }

    fn scale_time(&mut self, by: i32, over: i32) {
        let start = self.notes.first().map_or(0, |note| note.step);
        let mut free = i32::MIN;
        for note in &mut self.notes {
            note.step = (start + (note.step - start) * by / over).max(free);
            free = note.step + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: MotifShape = MotifShape {
        notes: (3, 6),
        gaps: &[(2, 0.5), (3, 0.2), (4, 0.3)],
        starts: &[0, 2, 4],
        span: 28,
        articulation: 0.8,
        last: 6,
    };

    #[test]
    fn variations_keep_the_order_of_time_and_the_span() {
        for seed in 0..200 {
            let mut dice = Dice::new(seed, "test", 0, 0);
            let motif = Motif::new(&SHAPE, &mut dice);
            assert!((3..=6).contains(&motif.notes.len()));
            for (operator, _) in OPERATORS {
                let varied = motif.apply(operator, &SHAPE, &mut dice);
                assert!(!varied.notes.is_empty(), "{operator:?}");
                assert!(varied.notes.windows(2).all(|pair| pair[0].step < pair[1].step), "{operator:?} {varied:?}");
                assert!(varied.notes.iter().all(|note| (0..28).contains(&note.step) && note.length > 0));
            }
        }
    }

    #[test]
    fn most_singable_figures_have_many_steps() {
        let enough = |motif: fn(&MotifShape, &mut Dice) -> Motif| {
            (0..400).filter(|seed| motif(&SHAPE, &mut Dice::new(*seed, "test", 0, 0)).steps() >= SINGABLE).count()
        };
        let (any, singable) = (enough(Motif::new), enough(Motif::singable));
        assert!(any < 340 && singable > 390, "{any} {singable}");
    }

    #[test]
    fn a_repetition_repeats() {
        let mut dice = Dice::new(1, "test", 0, 0);
        let motif = Motif::new(&SHAPE, &mut dice);
        assert_eq!(motif.varied(&SHAPE, 0.0, &mut dice), motif);
    }
}
