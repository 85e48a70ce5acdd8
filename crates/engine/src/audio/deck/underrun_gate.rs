//! The underrun gate: it mutes a stem while the frames of its streamed track that are needed next are not loaded.

use std::sync::atomic::Ordering::Relaxed;

use super::live_position::LiveView;
use super::playhead::{Playhead, Unrolled};
use crate::dsp::{QUANTUM, Ramp, Step};
use crate::rt::{LiveStem, PlayheadState, Stream};
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
    /// Whether the present silence was reported as an underrun.
    reported: bool,
    /// Frames that a live input must have beyond the next read before the gate opens again.
    resume: u64,
    /// The value of [`Self::clock`] when the gate opened after an underrun.
    opened_at: Option<u64>,
}

/// What the gate did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GateUpdate {
    /// Whether the stretcher has to start anew.
    pub restarts: bool,
    /// Whether an underrun began.
    pub underrun: bool,
    /// Whether an underrun ended.
    pub resumed: bool,
}

/// A live input that falls short again within this many times the grace time gets more time to fill its window.
const SHORT_AGAIN: u64 = 40;

/// The next read of the stretcher.
#[derive(Clone, Copy)]
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
        Self {
            entry: None,
            gate,
            open: true,
            clock: 0,
            fade,
            jumped: true,
            grace,
            grace_left: None,
            blocking: false,
            reported: false,
            resume: 0,
            opened_at: None,
        }
    }

    /// From now on rendering blocks while frames are missing. Not for an audio thread.
    pub fn wait_for_frames(&mut self) {
        self.blocking = true;
    }

    /// Whether rendering blocks while frames are missing.
    pub fn waits_for_frames(&self) -> bool {
        self.blocking
    }

    /// Registers the stem's playhead with a track.
    pub fn attach(&mut self, track: &Track) {
        self.entry = track.stream_inside().and_then(Stream::register_playhead);
        (self.clock, self.reported, self.opened_at) = (0, false, None);
        if let Some(live) = track.live_inside() {
            self.set_resume(live, false);
        }
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

    /// Whether the playhead has jumped, and nothing was read there yet.
    pub fn has_jumped(&self) -> bool {
        self.jumped
    }

    /// Frames that a live input must have beyond the next read before the gate opens again: no more than are kept in memory.
    pub fn resume(&self, live: &LiveStem, next: &NextRead) -> i64 {
        let (from, until) = self.span(0, next);
        (self.resume as i64).min(live.most_kept(until - from))
    }

    /// Frames of a live input after the position that are to be ready.
    pub fn wanted(&self, live: &LiveStem, next: &NextRead) -> i64 {
        self.later(&NextRead { frames: QUANTUM, ..*next }) + live.window.max(self.resume) as i64
    }

    /// Takes on the state of another stem of the same live input, so that both fall silent and sound again together.
    pub fn join(&mut self, other: &Self) {
        (self.gate, self.open, self.jumped, self.grace_left) = (other.gate, other.open, other.jumped, other.grace_left);
        (self.clock, self.resume, self.opened_at) = (other.clock, other.resume, other.opened_at);
    }

    /// Frames of the track after the position that must be there: those of the next read, and those of a fade-out that begins with
    /// the next quantum.
    pub fn later(&self, next: &NextRead) -> i64 {
        whole((next.step.rate() * (next.frames + self.fade + QUANTUM) as f64).ceil()) + next.reach as i64 + MARGIN
    }

    /// The frames of the track from which and up to which the next read at a position needs them.
    pub fn span(&self, position: i64, next: &NextRead) -> (i64, i64) {
        (position - next.reach as i64 - MARGIN, position + self.later(next))
    }

    /// Chooses how much a live input must have before the gate opens again: half a window. When it falls short `again` soon, twice as
    /// much as before, so that an input that is slower than the music is heard in longer spans. One that skips then gets at least a
    /// window beside its reads, so that long reads are played as a whole.
    fn set_resume(&mut self, live: &LiveStem, again: bool) {
        let least = live.window / 2;
        let twice = (2 * self.resume).max(least).min(live.most_ready);
        let read = if live.skips { live.ring.read_length() + live.window } else { 0 };
        self.resume = if again { twice.max(read) } else { least };
    }

    /// Opens or closes the gate depending on what is loaded. `view` is the live input as all its stems see it, so that they close and
    /// open together.
    pub fn update(
        &mut self,
        track: &Track,
        head: &Playhead,
        next: &NextRead,
        mut view: Option<&mut LiveView>,
    ) -> GateUpdate {
        let mut update = GateUpdate::default();
        let Some(stream) = track.stream_inside() else { return update };
        let live = stream.live();
        let (from, until) = self.span(head.position.frame(), next);
        let source = Unrolled::new(track, head);
        let extent = view.as_ref().map(|view| view.extent);
        let holds = |from, until| match live.zip(extent) {
            Some((live, extent)) => live.holds(from, until, extent),
            None => source.holds(from, until),
        };
        let mut wait = || match &mut view {
            Some(view) => {
                view.waited_in_vain = view.waited_in_vain || !source.wait(from, until);
                !view.waited_in_vain
            }
            None => source.wait(from, until),
        };
        let jumped = std::mem::take(&mut self.jumped);
        if holds(from, until) || (self.blocking && wait()) {
            let margin = live.map_or(REOPEN_MARGIN, |live| self.resume(live, next));
            let reopens = !self.open && (self.blocking || holds(from, until + margin));
            if reopens {
                update.restarts = self.is_silent();
                (self.open, self.grace_left) = (true, None);
                self.opened_at = Some(self.clock);
                self.gate.set(1.0, self.fade);
            }
            if self.open {
                // A start or a jump may have opened it.
                update.resumed = std::mem::take(&mut self.reported);
                return update;
            }
        } else if self.open {
            self.open = false;
            if let Some(live) = live.filter(|_| !jumped) {
                let again = self.opened_at.is_some_and(|at| self.clock - at < SHORT_AGAIN * self.grace as u64);
                self.set_resume(live, again);
            }
            if jumped {
                // None of the new sound was played yet, so there is nothing to fade out.
                self.gate = Ramp::new(0.0);
                self.grace_left = Some(self.grace);
            } else {
                self.gate.set(0.0, self.fade);
                stream.underruns.fetch_add(1, Relaxed);
                update.underrun = true;
            }
        }
        if self.is_silent() {
            stream.missed.fetch_add(next.frames as u64, Relaxed);
            self.grace_left = self.grace_left.and_then(|left| {
                let left = left.checked_sub(next.frames);
                stream.underruns.fetch_add(u64::from(left.is_none()), Relaxed);
                update.underrun |= left.is_none();
                left
            });
        }
        self.reported |= update.underrun;
        update
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
    use crate::audio::deck::live_position::LiveSnapshot;
    use crate::feed::{InputError, LiveInfo, LiveInput, reach};
    use crate::stretch::StretcherSet;
    use crate::types::stretch_method::StretchMethod;
    use crate::types::units::SampleRate;
    use std::sync::mpsc;

    /// Has 6,000 frames in one read, and ends when a test lets it.
    struct EndsWhenTold(bool, mpsc::Receiver<()>);

    impl LiveInput for EndsWhenTold {
        fn read(&mut self, stems: &mut [Vec<[f32; 2]>]) -> Result<bool, InputError> {
            if std::mem::take(&mut self.0) {
                stems.iter_mut().for_each(|stem| stem.resize(6_000, [0.1; 2]));
                return Ok(true);
            }
            Ok(self.1.recv().is_ok())
        }
    }

    #[test]
    fn all_stems_of_a_live_input_see_the_same_end() {
        let (end, told) = mpsc::channel();
        let input = EndsWhenTold(true, told);
        let tracks = Track::from_live(input, LiveInfo::new(SampleRate::CD).stems(2)).unwrap();
        let live = tracks[0].live_inside().unwrap();
        while live.ring.written() < 6_000 {
            std::thread::yield_now();
        }
        let next = NextRead { step: Step::UNITY, frames: QUANTUM, reach: 16 };
        let mut snapshot = LiveSnapshot::new(2);
        let is_silent = |snapshot: &mut LiveSnapshot, track: &Track| {
            let mut gate = UnderrunGate::new(220, 11_025);
            let view = snapshot.view(track.live_inside().unwrap());
            gate.update(track, &Playhead::new(5_500, None), &next, view);
            gate.is_silent()
        };
        assert!(is_silent(&mut snapshot, &tracks[0]), "the next frames are missing");
        drop(end);
        while live.ring.end().is_none() {
            std::thread::yield_now();
        }
        assert!(is_silent(&mut snapshot, &tracks[1]), "it does not sound alone");
        snapshot.begin();
        assert!(!is_silent(&mut snapshot, &tracks[1]), "what is missing is after the end");
    }

    #[test]
    fn feeders_load_the_reach_of_every_method() {
        for rate in [8_000, 22_050, 44_100, 48_000, 88_200, 96_000, 192_000] {
            let stretchers = StretcherSet::new(StretchMethod::Hq, rate);
            assert!(stretchers.reach() as i64 + MARGIN <= reach(rate), "{rate} Hz: {}", stretchers.reach());
        }
    }
}
