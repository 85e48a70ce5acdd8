//! The underrun gate: it mutes a stem while the frames of its streamed track that are needed next are not loaded.

use std::sync::atomic::Ordering::Relaxed;

use super::playhead::{Playhead, Unrolled};
use crate::dsp::{QUANTUM, Ramp, Step};
use crate::rt::{PlayheadState, Stream};
use crate::track::Track;
use crate::types::cast::whole;

/// The gate of a muted stem opens again when this many frames after those of the next read are loaded, too.
const REOPEN_MARGIN: i64 = 4_096;

/// The number of frames that a stretcher may read in addition to its stated reach. It reads them because it makes its
/// sound in quanta and hops, earlier than the sound is played.
pub(crate) const MARGIN: i64 = 512;

/// The gate of a stem. It closes while frames of the streamed track are missing. It also publishes the stem's playhead for
/// the feeder. A track in memory needs neither.
pub(crate) struct UnderrunGate {
    /// The index of the stem among the playheads of the track.
    entry: Option<usize>,
    /// The gain of the gate.
    gate: Ramp,
    /// Whether the gate is open or opening.
    open: bool,
    /// Frames of output since the playhead was registered.
    clock: u64,
    /// Frames in which the gate opens or closes.
    fade: usize,
    /// Whether the playhead has jumped and nothing was read at the new position yet.
    jumped: bool,
    /// After a start or a jump, silence of up to this many frames of output counts as no underrun.
    grace: usize,
    /// The frames of [`Self::grace`] that are left. `None` when no start or jump waits for its frames.
    grace_left: Option<usize>,
    /// Whether rendering blocks until missing frames are loaded. This is so in engines that render offline.
    blocking: bool,
}

/// The next read of the stretcher.
pub(crate) struct NextRead {
    pub step: Step,
    /// Frames of output.
    pub frames: usize,
    /// The number of frames of the track that the stretcher reads before the position, and after it.
    pub reach: usize,
}

impl UnderrunGate {
    /// `fade` is the number of frames in which the gate opens or closes. After a start or a jump, silence of up to `grace`
    /// frames of output counts as no underrun.
    pub fn new(fade: usize, grace: usize) -> Self {
        let gate = Ramp::new(1.0);
        Self { entry: None, gate, open: true, clock: 0, fade, jumped: true, grace, grace_left: None, blocking: false }
    }

    /// From now on rendering blocks while frames are missing. Not for an audio thread.
    pub fn wait_for_frames(&mut self) {
        self.blocking = true;
    }

    /// Registers the stem's playhead with a track.
    pub fn attach(&mut self, track: &Track) {
        self.entry = track.stream_inside().and_then(Stream::register_playhead);
        self.clock = 0;
        self.reopen();
    }

    /// Whether the playhead is registered with a streamed track.
    pub fn is_attached(&self) -> bool {
        self.entry.is_some()
    }

    /// Removes the stem's playhead from its track.
    pub fn detach(&mut self, track: &Track) {
        if let (Some(entry), Some(stream)) = (self.entry.take(), track.stream_inside()) {
            stream.remove_playhead(entry);
        }
    }

    /// Opens the gate, because the playhead has jumped. If the frames at the new position are loaded, the stem sounds at
    /// once.
    pub fn reopen(&mut self) {
        (self.gate, self.open) = (Ramp::new(1.0), true);
        (self.jumped, self.grace_left) = (true, None);
    }

    /// Opens or closes the gate, depending on which frames are loaded. Returns true when the stretcher has to start anew.
    pub fn update(&mut self, track: &Track, head: &Playhead, next: &NextRead) -> bool {
        let Some(stream) = track.stream_inside() else { return false };
        let speed = next.step.rate();
        let position = head.position.frame();
        let reach = next.reach as i64 + MARGIN;
        // The number of frames after the playhead that would be read by a fade-out that begins with the next quantum.
        let later = whole((speed * (next.frames + self.fade + QUANTUM) as f64).ceil()) + reach;
        let source = Unrolled::new(track, head);
        let jumped = std::mem::take(&mut self.jumped);
        if source.holds(position - reach, position + later)
            || (self.blocking && source.wait(position - reach, position + later))
        {
            let reopens =
                !self.open && (self.blocking || source.holds(position - reach, position + later + REOPEN_MARGIN));
            if reopens {
                let silent = self.is_silent();
                (self.open, self.grace_left) = (true, None);
                self.gate.set(1.0, self.fade);
                return silent;
            }
        } else if self.open {
            self.open = false;
            if jumped {
                // None of the new sound was played yet, so there is nothing to fade out.
                self.gate = Ramp::new(0.0);
                self.grace_left = Some(self.grace);
            } else {
                self.gate.set(0.0, self.fade);
                stream.underruns.fetch_add(1, Relaxed);
            }
        }
        if self.is_silent() {
            stream.missed.fetch_add(next.frames as u64, Relaxed);
            self.grace_left = self.grace_left.and_then(|left| {
                let left = left.checked_sub(next.frames);
                stream.underruns.fetch_add(u64::from(left.is_none()), Relaxed);
                left
            });
        }
        false
    }

    /// Whether the gate is closed, so that nothing needs to be read.
    pub fn is_silent(&self) -> bool {
        !self.open && self.gate.is_settled()
    }

    /// Whether the gate is fully open.
    pub fn is_open(&self) -> bool {
        self.open && self.gate.is_settled()
    }

    pub fn gain(&self) -> f32 {
        self.gate.value()
    }

    pub fn next_gain(&mut self) -> f32 {
        self.gate.next()
    }

    /// Publishes the state of the playhead for the feeder.
    pub fn publish_playhead(&mut self, track: &Track, head: &Playhead, playhead: PlayheadState, frames: usize) {
        if let (Some(entry), Some(stream)) = (self.entry, track.stream_inside()) {
            self.clock += frames as u64;
            let (position, region) = (head.position.frame(), head.region);
            stream.publish_playhead(entry, &PlayheadState { clock: self.clock, position, region, ..playhead });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::reach;
    use crate::stretch::StretcherSet;
    use crate::types::stretch_method::StretchMethod;

    #[test]
    fn feeders_load_the_reach_of_every_method() {
        for rate in [8_000, 22_050, 44_100, 48_000, 88_200, 96_000, 192_000] {
            let stretchers = StretcherSet::new(StretchMethod::Hq, rate);
            assert!(stretchers.reach() as i64 + MARGIN <= reach(rate), "{rate} Hz: {}", stretchers.reach());
        }
    }
}
