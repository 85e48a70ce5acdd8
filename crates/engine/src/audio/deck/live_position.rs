//! The position of a stem of a live input, which cannot be sought.

use std::sync::Arc;

use crate::rt::LiveStem;
use crate::track::Track;

/// How many windows the newest frame may be later than the position before a stem that [skips](LiveStem::skips) continues with the
/// newest frames.
const MOST_WINDOWS: i64 = 3;

/// How many frames the live inputs of a deck had at the start of the present span. All stems of an input get the same number.
pub(super) struct LiveSnapshot {
    /// The addresses of the rings that were looked at, and their numbers of frames.
    seen: Vec<(usize, u64)>,
}

impl LiveSnapshot {
    /// For a deck of so many stems.
    pub fn new(stems: usize) -> Self {
        Self { seen: Vec::with_capacity(stems) }
    }

    /// A span begins.
    pub fn begin(&mut self) {
        self.seen.clear();
    }

    /// The number of frames that the input of a track has written; 0 for a track that is not live.
    pub fn written(&mut self, track: &Track) -> u64 {
        let Some(live) = track.live_inside() else { return 0 };
        let ring = Arc::as_ptr(&live.ring).addr();
        if let Some((_, written)) = self.seen.iter().find(|(seen, _)| *seen == ring) {
            return *written;
        }
        let written = live.ring.written();
        if self.seen.len() < self.seen.capacity() {
            self.seen.push((ring, written));
        }
        written
    }
}

/// The state of a stem of a live input.
pub(super) struct LiveState {
    /// The position, in frames of the track.
    pub position: i64,
    /// Frames that are read before the position.
    pub earlier: i64,
    /// Frames that are read after the position.
    pub later: i64,
    /// Frames that the input has written.
    pub written: u64,
    /// Whether the stem starts.
    pub starts: bool,
    /// Whether the stem is silent because frames were missing.
    pub is_silent: bool,
    /// Frames beyond those that are read with which a silent stem sounds again.
    pub resume: i64,
}

impl LiveState {
    /// The frame at which the stem has to continue; none when that is its position.
    pub fn jump(&self, live: &LiveStem) -> Option<i64> {
        // What is kept ready: the window, or more when the input was late again and again.
        let (ready, written) = (self.resume.max(live.window as i64), self.written as i64);
        let oldest = live.oldest(self.written) as i64;
        let newest = (written - self.later - ready).max(0);
        let spare = written - self.position - self.later;
        let is_lost = oldest > 0 && self.position - self.earlier < oldest;
        let skips = live.skips
            && (self.starts
                || (self.is_silent && spare >= self.resume)
                || (!self.is_silent && spare > MOST_WINDOWS * ready));
        ((is_lost || skips) && newest > self.position).then_some(newest)
    }
}
