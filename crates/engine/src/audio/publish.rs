//! The renderer's numbers as plain words for the snapshot. The control half reads them back in `control/status.rs`.

use super::clock::Clock;
use super::deck::{Deck, Errands};
use super::mixer::Mixer;
use crate::event::BlockReport;
use crate::rt::Snapshot;
use crate::types::method::StretchMethod;

/// Words of the renderer itself.
pub(crate) const HEAD: usize = 17;
/// Words of each deck behind them.
pub(crate) const PER_DECK: usize = 8;

/// Words of a snapshot for `decks` decks.
pub(crate) const fn words(decks: usize) -> usize {
    HEAD + PER_DECK * decks
}

/// Index of the count of timed commands that have left the schedule.
pub(crate) const TIMED: usize = 15;

/// Numbers counted since the start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    pub blocks: u64,
    pub commands: u64,
    /// Commands sent for a moment of their own that have left the schedule.
    pub timed: u64,
    pub late: u64,
    pub lost_events: u64,
    pub not_finite: u64,
}

/// What there is to publish behind a block.
pub(super) struct Moment<'a> {
    pub played: u64,
    pub made: u64,
    pub counters: &'a Counters,
    pub clock: &'a Clock,
    pub mixer: &'a Mixer,
    pub decks: &'a [Deck],
    pub errands: Option<&'a Errands>,
}

impl Moment<'_> {
    pub fn publish(&self, snapshot: &Snapshot, report: &BlockReport, peak: f32) {
        let single = |x: f32| u64::from(x.to_bits());
        let head: [u64; HEAD] = [
            self.played,
            self.made,
            self.counters.blocks,
            self.clock.tempo().to_bits(),
            self.clock.target().to_bits(),
            self.clock.beat().to_bits(),
            u64::from(self.clock.beats_per_bar()),
            single(peak),
            single(self.mixer.rms()),
            single(self.mixer.momentary()),
            single(report.limiter_gain),
            self.counters.commands,
            self.counters.late,
            self.counters.lost_events,
            self.counters.not_finite,
            self.counters.timed,
            self.errands.map_or(0, Errands::late),
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
                single(deck.fader.value()),
                single(deck.fade.value()),
                single(self.mixer.deck_peak(index)),
                StretchMethod::ALL.iter().position(|method| *method == deck.method()).unwrap_or(0) as u64,
            ]
        });
        snapshot.publish(head.into_iter().chain(decks));
    }
}
