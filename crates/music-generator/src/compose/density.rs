//! From which density on a note sounds: spread evenly, so that each step of the density adds some notes.

use crate::types::dice::Dice;
use crate::types::note::Note;
use crate::types::ticks::Ticks;

/// Styles give layers of notes a density each. What sounds at these densities stays as it is.
const KEPT: [f32; 5] = [0.0, 0.2, 0.5, 0.8, 1.0];

/// Spreads the densities of the notes of a bar between two kept ones: at .35 half of the notes that come between .2 and .5 sound. The
/// place in the bar decides which, so that a pattern stays the same from bar to bar, and a chord comes as a whole.
pub fn spread(notes: &mut [Note], seed: u64, start: Ticks) {
    for note in notes.iter_mut().filter(|note| !note.legato) {
        let between = KEPT.windows(2).find(|pair| note.from_density > pair[0] && note.from_density <= pair[1]);
        let Some([low, high]) = between else { continue };
        let place = (note.start - start).0.unsigned_abs();
        let share = Dice::new(seed, "density", place, note.instrument.index() as u64).unit();
        note.from_density = (low + (high - low) * share).max(low + 1e-4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::instrument::Instrument;
    use crate::types::pitch::Pitch;
    use crate::types::stem::Stem;

    #[test]
    fn layers_are_spread_and_stay_between_the_kept_densities() {
        let note = |step: i64, from_density: f32| Note {
            stem: Stem::Drums,
            instrument: Instrument::HatClosed,
            start: Ticks::steps(step),
            length: Ticks::STEP,
            late_ms: 0.0,
            pitch: Pitch(60.0),
            velocity: 0.5,
            from_density,
            glide: None,
            legato: false,
        };
        let mut notes: Vec<Note> = (0..64).map(|step| note(step, 0.35)).chain([note(0, 0.0), note(1, 1.2)]).collect();
        spread(&mut notes, 1, Ticks::ZERO);
        let early = notes[..64].iter().filter(|note| note.from_density <= 0.35).count();
        assert!((16..=48).contains(&early), "{early}");
        assert!(notes[..64].iter().all(|note| note.from_density > 0.2 && note.from_density <= 0.5));
        assert_eq!((notes[64].from_density, notes[65].from_density), (0.0, 1.2));
    }
}
