//! The renderer's numbers as plain words for the snapshot, and back.

use super::Renderer;
use crate::cast::{byte, float_of, index, low_half};
use crate::deck::Errands;
use crate::event::{BlockReport, DeckStatus, Status};
use crate::stretch::StretchMethod;
use crate::units::Frames;

const HEAD: usize = 17;
const PER_DECK: usize = 8;

/// Words of a snapshot for `decks` decks.
pub(crate) const fn words(decks: usize) -> usize {
    HEAD + PER_DECK * decks
}

/// Index of the count of timed commands that have left the schedule.
const TIMED: usize = 15;

impl Renderer {
    pub(super) fn publish(&self, report: &BlockReport, peak: f32) {
        let single = |x: f32| u64::from(x.to_bits());
        let head: [u64; HEAD] = [
            self.played,
            self.made,
            self.counters.blocks,
            self.clock.tempo().to_bits(),
            self.clock.target().to_bits(),
            self.clock.beat().to_bits(),
            u64::from(self.clock.meter()),
            single(peak),
            single(self.mixer.rms()),
            single(self.mixer.momentary()),
            single(report.limiter_gain),
            self.counters.commands,
            self.counters.late,
            self.counters.lost_events,
            self.counters.not_finite,
            self.counters.timed,
            self.errands.as_ref().map_or(0, Errands::late),
        ];
        let rate = self.clock.rate();
        let decks = self.decks.iter().enumerate().flat_map(|(index, deck)| {
            let (playing, loaded) = deck.counts();
            let (position, own_rate) = deck.position();
            [
                u64::from(playing),
                u64::from(loaded),
                position.to_bits(),
                (rate * own_rate).to_bits(),
                single(deck.level.value()),
                single(deck.fade.value()),
                single(self.mixer.deck_peak(index)),
                StretchMethod::ALL.iter().position(|method| *method == deck.method()).unwrap_or(0) as u64,
            ]
        });
        self.snapshot.publish(head.into_iter().chain(decks));
    }
}

/// The number of timed commands that have left the schedule.
pub(crate) fn timed(words: &[u64]) -> u64 {
    words.get(TIMED).copied().unwrap_or(0)
}

/// Reads a snapshot.
pub(crate) fn decode(words: &[u64]) -> Status {
    let word = |index: usize| words.get(index).copied().unwrap_or(0);
    let single = float_of;
    let decks = words
        .get(HEAD..)
        .unwrap_or_default()
        .as_chunks::<PER_DECK>()
        .0
        .iter()
        .map(|deck| DeckStatus {
            playing: byte(deck[0]),
            loaded: byte(deck[1]),
            position: f64::from_bits(deck[2]),
            rate: f64::from_bits(deck[3]),
            level: single(deck[4]),
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
        meter: low_half(word(6)),
        peak: single(word(7)),
        rms: single(word(8)),
        momentary: single(word(9)),
        limiter_gain: single(word(10)),
        commands: word(11),
        late_commands: word(12),
        lost_events: word(13),
        not_finite: word(14),
        helper_late: word(16),
        decks,
    }
}
