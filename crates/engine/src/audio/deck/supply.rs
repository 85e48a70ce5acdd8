//! Whether a stem's streamed track has the frames that are about to be read, and what is heard when it has not.

use std::sync::atomic::Ordering::Relaxed;

use super::playhead::{Playhead, Unrolled};
use crate::dsp::{QUANTUM, Ramp, Step};
use crate::rt::{Stream, Wish};
use crate::track::Track;
use crate::types::cast::whole;

/// Frames that must be ready beyond what is read next before a silent stem is heard again.
const AGAIN: i64 = 4_096;

/// Frames that a stretcher may read beyond what it says: it makes its sound in pieces, ahead of what is asked for.
pub(crate) const MARGIN: i64 = 512;

/// A stem's seat at its streamed track, and the gate that closes while frames are missing. A track in memory needs neither.
pub(crate) struct Supply {
    seat: Option<usize>,
    gate: Ramp,
    /// Whether the stem is heard, or fading out.
    open: bool,
    /// Frames of output since the seat was taken.
    clock: u64,
    /// Frames of a fade.
    fade: usize,
    /// The head was put somewhere, and nothing was read there yet.
    jumped: bool,
    /// Frames of output for which a start or a jump may be silent before that counts as an underrun, and how many of them are
    /// left; none when there is nothing to count.
    grace: usize,
    overdue: Option<usize>,
    /// Wait for what is missing: nobody listens.
    patient: bool,
}

/// What is read next.
pub(crate) struct Need {
    pub step: Step,
    /// Frames of output.
    pub frames: usize,
    /// Frames of the track that the stretcher reads before and behind.
    pub reach: usize,
}

impl Supply {
    /// `grace` is how many frames of output a start or a jump may be silent before that counts as an underrun.
    pub fn new(fade: usize, grace: usize) -> Self {
        let gate = Ramp::new(1.0);
        Self { seat: None, gate, open: true, clock: 0, fade, jumped: true, grace, overdue: None, patient: false }
    }

    /// From now on what is missing is waited for. Not on an audio thread.
    pub fn be_patient(&mut self) {
        self.patient = true;
    }

    /// Sits down at a track.
    pub fn sit(&mut self, track: &Track) {
        self.seat = track.stream_inside().and_then(Stream::sit);
        self.clock = 0;
        self.begin();
    }

    /// Whether it has a seat: there is nobody to talk to else.
    pub fn sits(&self) -> bool {
        self.seat.is_some()
    }

    pub fn leave(&mut self, track: &Track) {
        if let (Some(seat), Some(stream)) = (self.seat.take(), track.stream_inside()) {
            stream.leave(seat);
        }
    }

    /// The head begins somewhere else: it is heard at once, if the frames are there.
    pub fn begin(&mut self) {
        (self.gate, self.open) = (Ramp::new(1.0), true);
        (self.jumped, self.overdue) = (true, None);
    }

    /// Looks at what is read next, and opens or closes the gate. True when the stretcher has to start anew.
    pub fn look(&mut self, track: &Track, head: &Playhead, need: &Need) -> bool {
        let Some(stream) = track.stream_inside() else { return false };
        let speed = need.step.rate();
        let position = head.position.frame();
        let reach = need.reach as i64 + MARGIN;
        // As far as a fade-out that begins with the next quantum would read.
        let next = whole((speed * (need.frames + self.fade + QUANTUM) as f64).ceil()) + reach;
        let source = Unrolled::new(track, head);
        let jumped = std::mem::take(&mut self.jumped);
        if source.holds(position - reach, position + next)
            || (self.patient && source.wait(position - reach, position + next))
        {
            let again = !self.open && (self.patient || source.holds(position - reach, position + next + AGAIN));
            if again {
                let silent = self.is_silent();
                (self.open, self.overdue) = (true, None);
                self.gate.set(1.0, self.fade);
                return silent;
            }
        } else if self.open {
            self.open = false;
            if jumped {
                // Nothing of it was heard yet.
                self.gate = Ramp::new(0.0);
                self.overdue = Some(self.grace);
            } else {
                self.gate.set(0.0, self.fade);
                stream.underruns.fetch_add(1, Relaxed);
            }
        }
        if self.is_silent() {
            stream.missed.fetch_add(need.frames as u64, Relaxed);
            self.overdue = self.overdue.and_then(|left| {
                let left = left.checked_sub(need.frames);
                stream.underruns.fetch_add(u64::from(left.is_none()), Relaxed);
                left
            });
        }
        false
    }

    /// Whether nothing is heard, and so nothing needs to be read.
    pub fn is_silent(&self) -> bool {
        !self.open && self.gate.is_settled()
    }

    /// Whether it lets everything through.
    pub fn is_open(&self) -> bool {
        self.open && self.gate.is_settled()
    }

    pub fn gain(&self) -> f32 {
        self.gate.value()
    }

    pub fn next_gain(&mut self) -> f32 {
        self.gate.next()
    }

    /// Tells the feeder where the head is.
    pub fn tell(&mut self, track: &Track, head: &Playhead, wish: Wish, frames: usize) {
        if let (Some(seat), Some(stream)) = (self.seat, track.stream_inside()) {
            self.clock += frames as u64;
            let (position, region) = (head.position.frame(), head.region);
            stream.wish(seat, &Wish { clock: self.clock, position, region, ..wish });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::reach;
    use crate::stretch::Kit;
    use crate::types::method::StretchMethod;

    #[test]
    fn streams_keep_ready_what_any_method_reads() {
        for rate in [8_000, 22_050, 44_100, 48_000, 88_200, 96_000, 192_000] {
            let kit = Kit::new(StretchMethod::Hq, rate);
            assert!(kit.reach() as i64 + MARGIN <= reach(rate), "{rate} Hz: {}", kit.reach());
        }
    }
}
