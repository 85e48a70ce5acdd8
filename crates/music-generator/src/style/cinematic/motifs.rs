//! The motif of the story, in simple metres and in six eighths, and the phrases that are made of it.

use crate::compose::motif::{Motif, MotifShape};
use crate::compose::phrase::PhraseRules;
use crate::types::dice::Dice;

/// In simple metres.
pub(super) const SHAPE: MotifShape = MotifShape {
    notes: (4, 6),
    gaps: &[(4, 0.45), (2, 0.2), (6, 0.2), (8, 0.15)],
    starts: &[0, 0, 4, 2],
    span: 24,
    articulation: 0.92,
    last: 6,
};
/// In six eighths: quarters with eighths, and dotted quarters.
const COMPOUND_SHAPE: MotifShape = MotifShape {
    notes: (4, 6),
    gaps: &[(4, 0.34), (2, 0.34), (6, 0.32)],
    starts: &[0, 0, 4],
    span: 21,
    articulation: 0.92,
    last: 6,
};
pub(super) const PHRASES: PhraseRules = PhraseRules {
    name: "cinematic.theme",
    shape: &SHAPE,
    degrees: [&[0, 1, 2, 3, 5, 7, 8, 9, 10], &[0, 2, 4, 5, 6, 7, 9, 10, 11]],
    rests: &[(0, 0.3), (4, 0.7)],
    gate: 0.3,
    centre: (68, 72),
    reach: (7, 9),
    recall: 0.0,
    weak_in_chord: 0.3,
};
pub(super) const COMPOUND_PHRASES: PhraseRules = PhraseRules { shape: &COMPOUND_SHAPE, ..PHRASES };

/// The rhythm of a new motif in six eighths with the intervals of `motif`: the same tune in another metre.
pub(super) fn compound(motif: &Motif, dice: &mut Dice) -> Motif {
    let mut other = Motif::new(&COMPOUND_SHAPE, dice);
    for (note, model) in other.notes.iter_mut().zip(&motif.notes) {
        note.rise = model.rise;
    }
    other
}
