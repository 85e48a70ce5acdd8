//! Changes of the stretch method of a voice.

use super::{AwaitedMethod, NextRead, Unrolled, Voice};
use crate::audio::deck::live_position::LiveView;
use crate::dsp::Ramp;
use crate::stretch::Source;
use crate::track::Track;
use crate::types::cast::{count, whole};
use crate::types::stretch_method::StretchMethod;

/// The shortest fade from one method to another, in frames.
const SHORTEST_FADE: usize = 16;

impl Voice {
    /// Changes the method, with a fade from the old one to the new one. A stem of a live input changes when the frames that the new
    /// method reads are there.
    pub fn set_method(&mut self, method: StretchMethod) {
        self.awaited_method = None;
        if self.is_live() && self.sounds() {
            self.awaited_method = Some(AwaitedMethod { method, frames_left: self.grace });
        } else {
            self.change_method(method);
        }
    }

    pub(super) fn change_method(&mut self, method: StretchMethod) {
        if self.stretch.method() == method {
            return;
        }
        if self.playing && self.track.is_some() {
            // Both methods play the same position of the same track, so a linear cross-fade keeps the level. It ends before
            // the next onset, so that no attack is played by both methods.
            let fade = self.until_onset().clamp(SHORTEST_FADE, self.fade_out);
            self.cut(fade);
            self.start_fade = Ramp::new(0.0);
            self.start_fade.set(1.0, fade);
        }
        self.stretch.select(method);
        self.just_reset = true;
    }

    /// Frames of output until the next onset of the track, at most the length of a fade-out.
    fn until_onset(&self) -> usize {
        let rate = self.last_step.rate().max(1e-3);
        let here = self.head.position.frame();
        let there = here + whole(self.fade_out as f64 * rate);
        let onset = self.track.as_ref().and_then(|track| Unrolled::new(track, &self.head).onset(here, there));
        onset.map_or(self.fade_out, |onset| count((onset.frame - here) as f64 / rate))
    }

    /// Changes to the method that is awaited, as soon as the frames that it reads are there. A stream that skips gets no further
    /// ahead while it plays, so it goes back to where they are.
    pub(super) fn follow_method(&mut self, rate: f64, frames: usize, view: Option<&LiveView>) {
        let Some(awaited) = &mut self.awaited_method else { return };
        awaited.frames_left = awaited.frames_left.saturating_sub(frames);
        let AwaitedMethod { method, frames_left } = *awaited;
        let next = self.next_read(method, rate, frames);
        let position = self.head.position.frame();
        let (from, until) = self.gate.span(position, &next);
        let mut to = position;
        if let Some((live, view)) = self.track.as_ref().and_then(Track::live_inside).zip(view)
            && self.sounds()
            && !self.gate.waits_for_frames()
            && !live.holds(from, until, view.extent)
        {
            if live.skips {
                to = to.min(self.live_state(live, &next, view.extent).newest(live));
            } else if frames_left > 0 {
                return;
            }
        }
        self.awaited_method = None;
        self.change_method(method);
        if to < position {
            self.set_live_position(to);
        }
    }

    /// The next read of a live input, or that of the method that is awaited, if it reads further.
    pub(super) fn furthest_read(&self, next: &NextRead) -> NextRead {
        let awaited = self.awaited_method.map_or(0, |awaited| self.stretch.reach_at(awaited.method, next.step.rate()));
        NextRead { reach: next.reach.max(awaited), ..*next }
    }
}
