//! Live sound in the segments.

use std::time::Duration;

use crowd_engine::Frames;

use super::Publisher;
use crate::encode::NEEDED_AFTER;
use crate::error::Error;
use crate::live::{LiveFrame, LiveSpan};

/// The time from now to the frame from which on a live span is known. Until then listeners may receive what was made before.
const NOTICE: Duration = Duration::from_millis(500);
/// The time from then to the first frame of the span, in which encoders change over: twice the time in which a change is searched, at 32 kHz.
const CHANGE_OVER: Duration = Duration::from_millis(2_200);
/// How far live sound is made ahead. Listeners receive what was played every 0.4 s.
const AHEAD: Duration = Duration::from_millis(800);
/// The longest time in which a live source fades out at its end.
const FADE_OUT: Duration = Duration::from_millis(1_500);
/// What encoders may read again of the time before the segments that can be fetched.
const BEFORE: Duration = Duration::from_secs(60);

impl Publisher {
    /// The time from the beginning of a live span to its first frame.
    pub const LIVE_DELAY: Duration = NOTICE.saturating_add(CHANGE_OVER);

    /// The time before the end of live sound from which on it may have been used for segments already.
    pub fn live_margin(&mut self) -> Frames {
        Frames(NEEDED_AFTER + Frames::within(AHEAD, self.sound.program().rate()).0)
    }

    /// Begins a live span. `span` has its source; its number and frames are set here. Returns its number, its first
    /// frame, and whether it is in the journal, which it cannot be when the disk is full. Then it is missing after a restart.
    pub fn begin_live(&mut self, played: Frames, span: LiveSpan) -> (u64, u64, Result<(), Error>) {
        let rate = self.sound.program().rate();
        let known_from = played.0 + Frames::within(NOTICE, rate).0;
        let start = known_from + Frames::within(CHANGE_OVER, rate).0;
        let number = self.sound.live().next_number();
        let span = LiveSpan { number, known_from, start, end: None, titles: Vec::new(), ..span };
        let written = self.changes.begin_live(&span);
        self.sound.begin_live(span);
        // What listeners may have received stays the same; the rest of the segment that plays is made again.
        let present = self.renditions.ended(played).max(self.state.published_segments);
        self.sets.retain(|set| set.number < present);
        (number, start, written)
    }

    /// Appends sound to a live span.
    ///
    /// # Errors
    /// When it cannot be written. It is broadcast nevertheless, and is missing after a restart.
    pub fn append_live(&mut self, number: u64, frames: &[LiveFrame]) -> std::io::Result<()> {
        self.sound.live_mut().append(number, frames)
    }

    /// The first frame of a live span of which there is no sound yet.
    pub fn live_known(&self, number: u64) -> u64 {
        self.sound.live().known_of(number).unwrap_or(0)
    }

    /// The live spans that segments may still be made of.
    pub fn live_spans(&self) -> Vec<LiveSpan> {
        self.sound.live().spans().cloned().collect()
    }

    /// The live span that replaces the program at a frame.
    pub fn live_at(&self, frame: u64) -> Option<&LiveSpan> {
        self.sound.live().at(frame)
    }

    /// A live span has another title from a frame on, of which no sound was made yet.
    ///
    /// # Errors
    /// When the disk is full. The title is shown nevertheless.
    pub fn live_title(&mut self, number: u64, from: u64, title: &str) -> Result<(), Error> {
        self.sound.live_mut().set_title(number, from, title);
        self.changes.live_title(number, from, title.to_owned())
    }

    /// Ends a live span after the sound that was appended. It fades out as far as nothing was made of it.
    ///
    /// # Errors
    /// When the disk is full. The span ends nevertheless.
    pub fn end_live(&mut self, number: u64) -> Result<(), Error> {
        let rate = self.sound.program().rate();
        let known = self.live_known(number);
        let from = known.saturating_sub(Frames::within(FADE_OUT, rate).0).max(self.live_made + NEEDED_AFTER).min(known);
        let end = self.sound.live_mut().end(number, from).unwrap_or(known);
        self.changes.end_live(number, end)
    }

    /// The frame until which segments can be made, while a live span goes on.
    pub(super) fn live_limit(&mut self) -> Option<u64> {
        let known = self.sound.live().known_until();
        let ahead = Frames::within(AHEAD, self.sound.program().rate()).0;
        (known != u64::MAX).then(|| known.saturating_sub(NEEDED_AFTER).min(self.played.0 + ahead))
    }

    /// Forgets the live sound that no segment from number `oldest` on needs.
    pub(super) fn forget_live(&mut self, oldest: u64) {
        let before = Frames::within(BEFORE, self.sound.program().rate()).0;
        self.sound.live_mut().forget(self.renditions.start(oldest).saturating_sub(before));
    }
}
