//! One stem of a deck: a track, its playhead, its stretchers and its fades.

mod live;
mod method;

use super::add_sound::add_sound;
use super::fade_out::FadeOutBuffer;
use super::frame_jobs::{FrameJobQueue, VoiceFrameWorker};
use super::live_position::{LiveSnapshot, LiveView};
use super::playhead::{Playhead, Unrolled};
use super::underrun_gate::{GateUpdate, MARGIN, NextRead, UnderrunGate};
use crate::audio::fade::Fade;
use crate::dsp::{Position, Ramp, Step};
use crate::rt::{PlayheadState, ReturnQueue};
use crate::stretch::StretcherSet;
use crate::track::Track;
use crate::types::crossfade_law::CrossfadeLaw;
use crate::types::loop_region::LoopRegion;
use crate::types::stretch_method::StretchMethod;
use crate::types::units::{Frames, Rate, SampleRate};

/// The fade-out of the old sound at a jump, in seconds.
const FADE_OUT: f64 = 0.005;
/// The fade-in of the new sound, in seconds. It is shorter, so that it does not soften an attack.
const FADE_IN: f64 = 0.001;
/// The time in seconds that a streamed track may stay silent after a start or a jump before that counts as an underrun.
const GRACE: f64 = 0.25;

/// What happened to a voice in a span.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct VoiceReport {
    /// Its track came to its end.
    pub ended: bool,
    /// What its underrun gate did.
    pub gate: GateUpdate,
}

/// A method to which a stem changes when the frames that it reads are there.
#[derive(Clone, Copy)]
struct AwaitedMethod {
    method: StretchMethod,
    /// Frames of output after which the stem waits no longer.
    frames_left: usize,
}

/// One stem of a deck.
pub(crate) struct Voice {
    track: Option<Track>,
    head: Playhead,
    cue: i64,
    pub rate: f64,
    gain: Fade,
    playing: bool,
    /// The fade-in of a start that is not at the start of the track.
    start_fade: Ramp,
    fading: FadeOutBuffer,
    /// The gate that is closed while frames of a streamed track are missing.
    gate: UnderrunGate,
    stretch: Box<StretcherSet>,
    awaited_method: Option<AwaitedMethod>,
    /// Whether the stretcher was reset and has made no sound since. Then a jump has nothing to fade out. This is so after
    /// the first of several jumps in one frame.
    just_reset: bool,
    /// The number of the voice's latest STFT frame job.
    job_id: u64,
    /// [`GRACE`] in frames.
    grace: usize,
    /// [`FADE_OUT`] in frames.
    fade_out: usize,
    /// [`FADE_IN`] in frames.
    fade_in: usize,
    /// The sample rate of the engine. A track with another sample rate is played faster or slower accordingly.
    sample_rate: f64,
    /// The step of the latest frame.
    last_step: Step,
}

impl Voice {
    pub fn new(sample_rate: SampleRate, method: StretchMethod) -> Self {
        let (fade_out, grace) = (sample_rate.frames_in(FADE_OUT), sample_rate.frames_in(GRACE));
        Self {
            track: None,
            head: Playhead::new(0, None),
            cue: 0,
            rate: 1.0,
            gain: Fade::new(1.0),
            playing: false,
            start_fade: Ramp::new(1.0),
            fading: FadeOutBuffer::new(fade_out),
            gate: UnderrunGate::new(fade_out, grace),
            stretch: Box::new(StretcherSet::new(method, sample_rate.get())),
            awaited_method: None,
            just_reset: true,
            job_id: 0,
            grace,
            fade_out,
            fade_in: sample_rate.frames_in(FADE_IN),
            sample_rate: f64::from(sample_rate.get()),
            last_step: Step::UNITY,
        }
    }

    pub fn is_playing(&self) -> bool {
        self.playing
    }

    pub fn is_loaded(&self) -> bool {
        self.track.is_some()
    }

    /// The length of its track; none when it has no track, or one of unknown length.
    pub fn length(&self) -> Option<Frames> {
        self.track.as_ref().and_then(Track::length)
    }

    /// Whether there is nothing to render: no sound, no fade-out, and no playhead that a feeder follows.
    pub fn is_idle(&self) -> bool {
        !self.playing && self.fading.is_silent() && !self.gate.is_attached()
    }

    /// Whether the stem makes no sound now, not even a fade-out.
    pub fn is_silent(&self) -> bool {
        self.fading.is_silent() && !(self.playing && self.track.is_some())
    }

    pub fn position(&self) -> f64 {
        self.head.position.to_f64()
    }

    pub fn set_gain(&mut self, gain: f32, over: usize, law: CrossfadeLaw) {
        let over = if self.is_silent() { 0 } else { over };
        self.gain.set(gain, over, law);
    }

    /// Loads a track with the playhead at `cue`. The return queue must have room for one track.
    /// With `keeps_gain` the stem keeps its gain.
    pub fn load(
        &mut self,
        track: Track,
        cue: i64,
        region: Option<LoopRegion>,
        keeps_gain: bool,
        returned: &mut ReturnQueue<Track>,
    ) {
        self.unload(returned);
        self.gate.attach(&track);
        let (cue, region) = if track.is_live() { (0, None) } else { (cue, region) };
        self.track = Some(track);
        self.cue = cue;
        self.head = Playhead::new(cue, region);
        self.rate = 1.0;
        if !keeps_gain {
            self.gain = Fade::new(1.0);
        }
    }

    /// Loads a track into a stem that may play without one. If it plays, its playhead moves to the position that it would
    /// have if the track had played from `cue` since the start. A live input cannot be sought, so its first frames play.
    pub fn join(&mut self, track: Track, cue: i64, region: Option<LoopRegion>, returned: &mut ReturnQueue<Track>) {
        let (counted, playing, rate) = (self.head.position, self.playing, self.rate);
        self.load(track, cue, region, true, returned);
        self.rate = rate;
        if playing {
            if !self.is_live() {
                self.head.position = counted.offset(cue);
                self.head.wrap();
            }
            self.start(true);
        }
    }

    /// Unloads the track. The return queue must have room for one track.
    pub fn unload(&mut self, returned: &mut ReturnQueue<Track>) {
        self.cut(self.fade_out);
        self.playing = false;
        if let Some(track) = self.track.take() {
            self.gate.detach(&track);
            let _full = returned.put(track);
        }
        self.head = Playhead::new(0, None);
        self.cue = 0;
    }

    /// Starts to play at the playhead. Returns false when the stem plays already.
    pub fn play(&mut self) -> bool {
        let begins = !self.playing;
        if begins {
            self.start(self.head.position.frame() > 0);
        }
        begins
    }

    fn start(&mut self, fade_in: bool) {
        self.playing = true;
        self.gate.reopen();
        if !std::mem::replace(&mut self.just_reset, true) {
            self.stretch.reset();
        }
        self.start_fade = Ramp::new(1.0);
        if fade_in {
            self.start_fade = Ramp::new(0.0);
            self.start_fade.set(1.0, self.fade_in);
        }
    }

    /// Stops playing, with a fade-out.
    pub fn pause(&mut self) {
        self.cut(self.fade_out);
        self.playing = false;
    }

    /// Stops playing and moves the playhead to the cue.
    pub fn stop(&mut self) {
        self.pause();
        if !self.is_live() {
            self.head.jump(Position::from_frames(self.cue));
        }
    }

    /// Moves the cue. The playhead of a stem that does not play moves to the cue. A live input has no cue.
    pub fn set_cue(&mut self, cue: i64) {
        if self.is_live() {
            return;
        }
        self.cue = cue;
        if !self.playing {
            self.head.jump(Position::from_frames(cue));
        }
    }

    /// Moves the playhead. A live input cannot be sought.
    pub fn seek(&mut self, to: i64) {
        if !self.is_live() {
            self.jump(to);
        }
    }

    fn jump(&mut self, to: i64) {
        self.cut(self.fade_out);
        self.head.jump(Position::from_frames(to));
        self.head.wrap();
        if self.playing {
            self.start(to > 0);
        }
    }

    /// Sets or ends the loop. A playhead after the new end moves into the loop. A live input has no loop.
    pub fn set_loop(&mut self, region: Option<LoopRegion>) {
        if self.is_live() {
            return;
        }
        let outside = region.is_some_and(|region| self.head.position.frame() >= region.end as i64);
        if outside {
            self.cut(self.fade_out);
        }
        self.head.region = region;
        if outside {
            self.head.wrap();
            if self.playing {
                self.start(true);
            }
        }
    }

    /// Ends the present sound with a fade-out of `fade` frames, which is rendered into a buffer.
    fn cut(&mut self, fade: usize) {
        if self.sounds() {
            self.render_fade_out(fade);
        }
    }

    /// Whether it has a sound that would have to fade out.
    fn sounds(&self) -> bool {
        self.playing && !self.just_reset && !self.gate.is_silent()
    }

    /// The rendering part of [`Self::cut`]. It is not inlined, because most calls have nothing to render: of a thousand
    /// jumps in one frame, only the first has a sound to fade out.
    #[inline(never)]
    fn render_fade_out(&mut self, fade: usize) {
        let Some(track) = &self.track else { return };
        // If an earlier sound is still fading out, the present sound began less than 5 ms ago, so it gets only a short
        // fade-out.
        let fade = if self.fading.is_silent() { fade } else { fade.min(self.fade_in) };
        let gain = self.gain.value() * self.start_fade.value() * self.gate.gain();
        let (stretch, step, mut head) = (&mut self.stretch, self.last_step, self.head);
        self.fading.add(gain, fade, |out| {
            let frames = out[0].len();
            stretch.process(&Unrolled::new(track, &head), head.position, step, out);
            head.position = head.position.advance(step, frames);
            stretch.moved(head.wrap_played(track));
        });
    }

    /// Renders into `out`, one slice per channel, at most a quantum long. `rate` is the rate of the deck.
    ///
    /// With `overwrite` the frames of `out` are overwritten. Without it the sound is added to them. `overwrite` becomes
    /// false once something was written. With `jobs`, the worker thread
    /// may synthesise STFT frames.
    pub fn render(
        &mut self,
        rate: f64,
        out: [&mut [f32]; 2],
        overwrite: &mut bool,
        jobs: Option<&mut FrameJobQueue>,
        live: &mut LiveSnapshot,
    ) -> VoiceReport {
        let [left, right] = out;
        let view = self.track.as_ref().and_then(Track::live_inside).and_then(|stem| live.view(stem));
        self.follow_method(rate, left.len(), view.as_deref());
        let next = self.next_read(self.stretch.method(), rate, left.len());
        if let Some(track) = self.track.as_ref().filter(|_| self.gate.is_attached()) {
            let (playing, speed, cue) = (self.playing, self.last_step.rate(), self.cue);
            let reach = match track.live_inside() {
                Some(live) => self.gate.wanted(live, &self.furthest_read(&next)),
                None => self.stretch.reach() as i64 + MARGIN,
            };
            let playhead = PlayheadState { speed, playing, cue, reach, ..PlayheadState::default() };
            self.gate.publish_playhead(track, &self.head, playhead, left.len());
        }
        let report = self.render_track(&next, [&mut *left, &mut *right], overwrite, jobs, view);
        self.render_fading([left, right], overwrite);
        report
    }

    /// From now on rendering blocks while frames of a streamed track are missing. Not for an audio thread.
    pub fn wait_for_frames(&mut self) {
        self.gate.wait_for_frames();
    }

    /// What the next span of so many frames reads with this method, at this rate of the deck.
    fn next_read(&self, method: StretchMethod, rate: f64, frames: usize) -> NextRead {
        let native = self.track.as_ref().map_or(1.0, |track| f64::from(track.sample_rate().get()) / self.sample_rate);
        let step = Step::from_rate((rate * self.rate * native).clamp(0.0, Rate::MAX.get()));
        // A live input keeps little ready, so it prepares for this method and rate only.
        let reach =
            if self.is_live() { self.stretch.reach_at(method, step.rate()) } else { self.stretch.latency().input };
        NextRead { step, frames, reach }
    }

    fn render_track(
        &mut self,
        next: &NextRead,
        out: [&mut [f32]; 2],
        overwrite: &mut bool,
        jobs: Option<&mut FrameJobQueue>,
        view: Option<&mut LiveView>,
    ) -> VoiceReport {
        let mut report = VoiceReport::default();
        if !self.playing {
            return report;
        }
        let NextRead { step, frames, .. } = *next;
        self.last_step = step;
        if let Some(view) = &view {
            self.follow_live(next, view.extent);
        }
        let Some(track) = &self.track else {
            self.head.position = self.head.position.advance(step, frames);
            return report;
        };
        let source = Unrolled::new(track, &self.head);
        let (stretch, position) = (&mut self.stretch, self.head.position);
        report.gate = self.gate.update(track, &self.head, next, view);
        if report.gate.restarts {
            stretch.reset();
        }
        let (gain, start_fade, gate) = (&mut self.gain, &mut self.start_fade, &mut self.gate);
        if gate.is_silent() {
            // Position and ramps advance in silence, so that the stem returns in phase.
            // The position of a live input waits.
            (0..frames).for_each(|_| _ = (gain.next(), start_fade.next()));
            if track.is_live() {
                return report;
            }
        } else {
            self.just_reset = false;
            let steady = (gain.is_settled() && start_fade.is_settled() && gate.is_open()).then(|| gain.value());
            let gain = || gain.next() * start_fade.next() * gate.next_gain();
            add_sound(out, overwrite, steady, gain, |out| match jobs {
                Some(jobs) => {
                    let mut worker = VoiceFrameWorker { jobs, job_id: &mut self.job_id, track, head: &self.head };
                    stretch.process_with(&source, position, step, out, &mut worker);
                }
                None => stretch.process(&source, position, step, out),
            });
        }
        self.head.position = position.advance(step, frames);
        stretch.moved(self.head.wrap_played(track));
        if self.head.is_past(track, stretch.ring_out()) {
            self.playing = false;
            if !track.is_live() {
                self.head.jump(Position::from_frames(self.cue));
            }
            report.ended = true;
        }
        report
    }

    fn render_fading(&mut self, out: [&mut [f32]; 2], overwrite: &mut bool) {
        if self.fading.is_silent() {
            return;
        }
        let sound = self.fading.take(out[0].len());
        let overwrite = std::mem::take(overwrite);
        for (out, sound) in out.into_iter().zip(sound) {
            if overwrite {
                out.fill(0.0);
            }
            out.iter_mut().zip(sound).for_each(|(out, sound)| *out += *sound);
        }
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        if let Some(track) = &self.track {
            self.gate.detach(track);
        }
    }
}

#[cfg(test)]
mod tests;
