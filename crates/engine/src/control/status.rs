//! Reads the status from the words that the audio thread publishes.

use crate::audio::{RENDERER_WORDS, TIMED_WORD, UNKNOWN_LENGTH, WORDS_PER_DECK};
use crate::event::{DeckStatus, Status};
use crate::rt::Snapshot;
use crate::types::cast::{byte, float_of, index, low_half};
use crate::types::stretch_method::StretchMethod;
use crate::types::units::Frames;

/// The words of the latest complete status.
pub(super) fn words(snapshot: &Snapshot) -> Vec<u64> {
    let mut words = vec![0; snapshot.len()];
    snapshot.read(&mut words);
    words
}

/// The number of timed commands that have left the schedule.
pub(super) fn timed(words: &[u64]) -> u64 {
    words.get(TIMED_WORD).copied().unwrap_or(0)
}

/// Decodes the status from its words.
pub(super) fn decode(words: &[u64]) -> Status {
    let word = |index: usize| words.get(index).copied().unwrap_or(0);
    let single = float_of;
    let decks = words
        .get(RENDERER_WORDS..)
        .unwrap_or_default()
        .as_chunks::<WORDS_PER_DECK>()
        .0
        .iter()
        .map(|deck| DeckStatus {
            playing: byte(deck[0]),
            loaded: byte(deck[1]),
            position: f64::from_bits(deck[2]),
            length: Some(Frames(deck[8])).filter(|length| length.0 != UNKNOWN_LENGTH),
            rate: f64::from_bits(deck[3]),
            fader: single(deck[4]),
            fade: single(deck[5]),
            peak: single(deck[6]),
            stretch: StretchMethod::ALL.get(index(deck[7])).copied().unwrap_or_default(),
        })
        .collect();
    Status {
        frames: Frames(word(0)),
        horizon: Frames(word(1)),
        blocks: word(2),
        tempo: f64::from_bits(word(3)),
        tempo_target: f64::from_bits(word(4)),
        beat: f64::from_bits(word(5)),
        beats_per_bar: low_half(word(6)),
        peak: single(word(7)),
        rms: single(word(8)),
        momentary: single(word(9)),
        limiter_gain: single(word(10)),
        commands: word(11),
        late_commands: word(12),
        lost_events: word(13),
        not_finite: word(14),
        stretch_jobs_late: word(16),
        decks,
    }
}
