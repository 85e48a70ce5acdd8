//! The position of a stem of a live input, which cannot be sought.

use std::sync::Arc;

use crate::rt::{LiveExtent, LiveStem};

/// How many windows the newest frame may be later than the position before a stem that [skips](LiveStem::skips) continues with the
/// newest frames.
const MOST_WINDOWS: i64 = 3;

/// A live input as it was at the start of a span.
pub(super) struct LiveView {
    /// The address of its ring.
    ring: usize,
    /// How much of it there was.
    pub extent: LiveExtent,
    /// Whether an offline engine has waited for it in vain in this span.
    pub waited_in_vain: bool,
}

/// The live inputs of a deck as they were at the start of the present span. All stems of an input see the same, so that they stay
/// in step.
pub(super) struct LiveSnapshot {
    seen: Vec<LiveView>,
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

    /// The input of a stem.
    pub fn view(&mut self, live: &LiveStem) -> Option<&mut LiveView> {
        let ring = Arc::as_ptr(&live.ring).addr();
        let is_new = !self.seen.iter().any(|view| view.ring == ring);
        // There are no more inputs than stems.
        if is_new && self.seen.len() < self.seen.capacity() {
            self.seen.push(LiveView { ring, extent: live.ring.extent(), waited_in_vain: false });
        }
        self.seen.iter_mut().find(|view| view.ring == ring)
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
    /// What is kept ready: the window, or more when the input was late again and again.
    fn ready(&self, live: &LiveStem) -> i64 {
        self.resume.max(live.window as i64)
    }

    /// The latest position at which that much is ready.
    pub fn newest(&self, live: &LiveStem) -> i64 {
        (self.written as i64 - self.later - self.ready(live)).max(0)
    }

    /// The frame at which the stem has to continue; none when that is its position.
    pub fn jump(&self, live: &LiveStem) -> Option<i64> {
        let oldest = live.oldest(self.written) as i64;
        let newest = self.newest(live);
        let spare = self.written as i64 - self.position - self.later;
        let is_lost = oldest > 0 && self.position - self.earlier < oldest;
        let ready = self.ready(live);
        let most = (MOST_WINDOWS * ready).min(live.most_kept(self.earlier + self.later)).max(ready);
        let skips = live.skips && (self.starts || if self.is_silent { spare >= self.resume } else { spare > most });
        ((is_lost || skips) && newest > self.position).then_some(newest)
    }
}
