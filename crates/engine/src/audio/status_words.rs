//! The words of the status snapshot, as the renderer writes them. The control half reads them in `control/status.rs`.

use super::clock::Clock;
use super::deck::{Deck, FrameJobQueue};
use super::mixer::Mixer;
use crate::event::BlockReport;
use crate::rt::Snapshot;
use crate::types::stretch_method::StretchMethod;

/// The number of words of the renderer itself. They come first.
pub(crate) const RENDERER_WORDS: usize = 17;
/// The number of words of each deck. They follow those of the renderer.
pub(crate) const WORDS_PER_DECK: usize = 9;

/// The number of words of a snapshot with `decks` decks.
pub(crate) const fn words(decks: usize) -> usize {
    RENDERER_WORDS + WORDS_PER_DECK * decks
}

/// The word for a length that is not known.
pub(crate) const UNKNOWN_LENGTH: u64 = u64::MAX;

/// Index of the count of timed commands that have left the schedule.
pub(crate) const TIMED_WORD: usize = 15;

/// Counters since the start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    pub blocks: u64,
    pub commands: u64,
    /// The number of commands that were sent for a frame, a beat or a bar and have left the schedule.
    pub timed: u64,
    pub late: u64,
    pub lost_events: u64,
    pub not_finite: u64,
}

/// The values that are published after a block.
pub(super) struct StatusValues<'a> {
    pub played: u64,
    pub made: u64,
    pub counters: &'a Counters,
    pub clock: &'a Clock,
    pub mixer: &'a Mixer,
    pub decks: &'a [Deck],
    pub frame_jobs: Option<&'a FrameJobQueue>,
}

impl StatusValues<'_> {
    pub fn publish(&self, snapshot: &Snapshot, report: &BlockReport, peak: f32) {
        let single = |x: f32| u64::from(x.to_bits());
        let head: [u64; RENDERER_WORDS] = [
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
            self.frame_jobs.map_or(0, FrameJobQueue::late),
        ];
        let rate = self.clock.rate();
        let decks = self.decks.iter().enumerate().flat_map(|(index, deck)| {
            let (playing, loaded) = deck.counts();
            let (position, speed) = deck.position(rate);
            [
                u64::from(playing),
                u64::from(loaded),
                position.to_bits(),
                speed.to_bits(),
                single(deck.fader.value()),
                single(deck.fade.value()),
                single(self.mixer.deck_peak(index)),
                StretchMethod::ALL.iter().position(|method| *method == deck.method()).unwrap_or(0) as u64,
                deck.length().map_or(UNKNOWN_LENGTH, |length| length.0),
            ]
        });
        snapshot.publish(head.into_iter().chain(decks));
    }
}
