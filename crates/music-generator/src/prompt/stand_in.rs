//! Instruments that a prompt names and the style does not play: they take over notes of one that it plays.

use std::collections::BTreeSet;

use super::vocabulary::instrument_stem;
use crate::types::instrument::Instrument;
use crate::types::note::Note;
use crate::types::stem::Stem;
use crate::types::target::Target;
use crate::types::ticks::Ticks;

/// Whether a note at this place in a bar of this number is taken over.
type IsTaken = fn(Ticks, u64) -> bool;

/// The instruments whose notes a drum takes over, and which of these notes.
fn drum(named: Instrument) -> (&'static [Instrument], IsTaken) {
    use Instrument::{Bongo, Brush, Clap, Crash, HatClosed, HatOpen, Kick, Ride, Rim, Shaker, Snare, Taiko};
    let all: IsTaken = |_, _| true;
    let between_beats: IsTaken = |place, _| place.0 % Ticks::BEAT.0 != 0;
    match named {
        Snare => (&[Rim, Clap], all),
        Clap => (&[Snare, Rim], all),
        Brush => (&[Snare, Rim, Clap], all),
        Ride => (&[HatClosed], all),
        Shaker => (&[HatClosed, Ride], between_beats),
        Bongo => (&[HatClosed, Rim, Shaker], between_beats),
        Taiko => (&[Kick], all),
        Crash => (&[HatOpen, HatClosed, Ride], |place, bar| place == Ticks::ZERO && bar.is_multiple_of(4)),
        _ => (&[], all),
    }
}

/// Gives notes of a bar to the instruments that `target` names and that are not in `played`, the instruments of the style so far. A
/// drum takes notes of a similar drum, a crash also those of another named cymbal; another instrument takes those of the busiest
/// instrument of its stem.
pub fn take_over(notes: &mut [Note], target: &Target, played: &BTreeSet<Instrument>, start: Ticks, bar: u64) {
    for named in target.instruments.keys().copied().filter(|named| !played.contains(named)) {
        let stem = instrument_stem(named);
        if stem == Stem::Drums {
            let (others, fits) = drum(named);
            for note in notes.iter_mut().filter(|note| others.contains(&note.instrument)) {
                // A crash is struck once in four bars: it leaves the other cymbal its part.
                let free = named == Instrument::Crash || !target.instruments.contains_key(&note.instrument);
                if free && fits(note.start - start, bar) {
                    note.instrument = named;
                }
            }
            continue;
        }
        let free = |note: &&Note| note.stem == stem && !target.instruments.contains_key(&note.instrument);
        let count = |instrument| notes.iter().filter(|note| note.instrument == instrument).count();
        let busiest = notes.iter().filter(free).map(|note| note.instrument).max_by_key(|other| (count(*other), *other));
        let Some(busiest) = busiest else { continue };
        for note in notes.iter_mut().filter(|note| note.stem == stem && note.instrument == busiest) {
            note.instrument = named;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::pitch::Pitch;

    fn note(stem: Stem, instrument: Instrument, step: i64) -> Note {
        Note {
            stem,
            instrument,
            start: Ticks::steps(step),
            length: Ticks::BEAT,
            late_ms: 0.0,
            pitch: Pitch(60.0),
            velocity: 0.7,
            from_density: 0.0,
            glide: None,
            legato: false,
        }
    }

    #[test]
    fn named_instruments_that_the_style_lacks_take_notes_over() {
        use Instrument::{Crash, HatClosed, Horn, Ride, Shaker, Vibraphone};
        let bar = vec![
            note(Stem::Drums, HatClosed, 0),
            note(Stem::Drums, HatClosed, 2),
            note(Stem::Lead, Vibraphone, 0),
            note(Stem::Lead, Vibraphone, 4),
        ];
        let instruments = |target: &Target, played: &[Instrument]| {
            let mut notes = bar.clone();
            take_over(&mut notes, target, &played.iter().copied().collect(), Ticks::ZERO, 0);
            notes.iter().map(|note| note.instrument).collect::<Vec<_>>()
        };
        let mut target = Target::default();
        target.instruments.insert(Horn, 2.0);
        target.instruments.insert(Shaker, 2.0);
        assert_eq!(instruments(&target, &[]), [HatClosed, Shaker, Horn, Horn]);
        assert_eq!(instruments(&target, &[Shaker, Horn]), [HatClosed, HatClosed, Vibraphone, Vibraphone]);
        assert_eq!(instruments(&Target::default(), &[]), [HatClosed, HatClosed, Vibraphone, Vibraphone]);
        let mut cymbals = Target::default();
        cymbals.instruments.insert(Ride, 2.0);
        cymbals.instruments.insert(Crash, 2.0);
        assert_eq!(instruments(&cymbals, &[]), [Crash, Ride, Vibraphone, Vibraphone]);
    }
}
