//! What is special about a voice that plays a stem of a live input: it cannot be sought, and stays in step with the other stems.

use super::{NextRead, Voice};
use crate::audio::deck::live_position::LiveState;
use crate::audio::deck::underrun_gate::MARGIN;
use crate::dsp::Position;
use crate::rt::{LiveExtent, LiveRing, LiveStem};
use crate::track::Track;

impl Voice {
    /// The live input of its track.
    pub fn live_ring(&self) -> Option<&LiveRing> {
        Some(&self.track.as_ref()?.live_inside()?.ring)
    }

    /// The position, in frames of the track.
    pub fn frame(&self) -> i64 {
        self.head.position.frame()
    }

    /// Plays from now on in step with another stem of the same live input, which plays already.
    pub fn join_live(&mut self, other: &Self) {
        self.change_method(other.stretch.method());
        self.awaited_method = other.awaited_method;
        self.head.position = other.head.position;
        self.gate.join(&other.gate);
    }

    /// Whether its track cannot be sought, and does not follow the tempo.
    pub fn is_live(&self) -> bool {
        self.track.as_ref().is_some_and(Track::is_live)
    }

    /// Moves the playhead of a live input that is not playing.
    pub fn set_live_position(&mut self, frame: i64) {
        self.head.jump(Position::from_frames(frame));
    }

    /// Moves the playhead of a live input when the frames at its position are no longer there, or when newer ones are to be played.
    pub(super) fn follow_live(&mut self, next: &NextRead, extent: LiveExtent) {
        let Some(live) = self.track.as_ref().and_then(Track::live_inside) else { return };
        let state = self.live_state(live, next, extent);
        let Some(to) = state.jump(live) else { return };
        if state.starts || state.is_silent {
            self.set_live_position(to);
        } else {
            self.jump(to);
        }
    }

    pub(super) fn live_state(&self, live: &LiveStem, next: &NextRead, extent: LiveExtent) -> LiveState {
        LiveState {
            position: self.head.position.frame(),
            earlier: next.reach as i64 + MARGIN,
            later: self.gate.later(next),
            written: extent.written,
            starts: self.gate.has_jumped(),
            is_silent: self.gate.is_silent(),
            resume: self.gate.resume(live, next),
        }
    }
}
