//! One stem of a deck: a track, its playhead, and what is fading out behind it.

use super::errand::{Errands, Sender};
use super::playhead::{Playhead, Unrolled};
use super::supply::{MARGIN, Need, Supply};
use super::tail::Tail;
use crate::dsp::{Position, QUANTUM, Ramp, Step};
use crate::rt::{ReturnBin, Wish};
use crate::stretch::{Kit, Source};
use crate::track::Track;
use crate::types::cast::{count, whole};
use crate::types::loop_region::LoopRegion;
use crate::types::method::StretchMethod;
use crate::types::units::{Rate, SampleRate};

/// Fades of a jump, in seconds: out slowly, in fast enough to leave an attack alone.
const FADE_OUT: f64 = 0.005;
const FADE_IN: f64 = 0.001;
/// How long a streamed track may take to be heard after a start or a jump before that counts as an underrun, in seconds.
const GRACE: f64 = 0.25;
/// Frames of the shortest fade from one method to another.
const SHORTEST_FADE: usize = 16;

/// One stem.
pub(crate) struct Voice {
    track: Option<Track>,
    head: Playhead,
    cue: i64,
    pub rate: f64,
    gain: Ramp,
    playing: bool,
    /// Fades the beginning in when it does not begin at the track's own start.
    entry: Ramp,
    tail: Tail,
    /// What a streamed track has ready.
    supply: Supply,
    stretch: Box<Kit>,
    /// Whether the stretcher was reset and has made nothing since: of however many jumps in one frame only the first has
    /// anything to fade out.
    fresh: bool,
    /// The errand it has sent somebody on.
    ticket: u64,
    fade_out: usize,
    fade_in: usize,
    /// Engine rate, to read tracks of another one at their right speed.
    sample_rate: f64,
    last_step: Step,
}

impl Voice {
    pub fn new(sample_rate: SampleRate, method: StretchMethod) -> Self {
        let fade_out = sample_rate.frames_in(FADE_OUT);
        Self {
            track: None,
            head: Playhead::new(0, None),
            cue: 0,
            rate: 1.0,
            gain: Ramp::new(1.0),
            playing: false,
            entry: Ramp::new(1.0),
            tail: Tail::new(fade_out),
            supply: Supply::new(fade_out, sample_rate.frames_in(GRACE)),
            stretch: Box::new(Kit::new(method, sample_rate.get())),
            fresh: true,
            ticket: 0,
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

    /// Whether it makes any sound now, a fading tail included.
    pub fn is_silent(&self) -> bool {
        self.tail.is_silent() && !(self.playing && self.track.is_some())
    }

    pub fn position(&self) -> f64 {
        self.head.position.to_f64()
    }

    pub fn set_gain(&mut self, gain: f32, over: usize) {
        let over = if self.is_silent() { 0 } else { over };
        self.gain.set(gain, over);
    }

    /// Takes a track, armed at `cue`. The bin must have room for one.
    pub fn load(&mut self, track: Track, cue: i64, region: Option<LoopRegion>, bin: &mut ReturnBin<Track>) {
        self.unload(bin);
        self.supply.sit(&track);
        self.track = Some(track);
        self.cue = cue;
        self.head = Playhead::new(cue, region);
        self.rate = 1.0;
        self.gain = Ramp::new(1.0);
    }

    /// Takes a late track: what has been counted since the start moves on from `cue`.
    pub fn join(&mut self, track: Track, cue: i64, region: Option<LoopRegion>, bin: &mut ReturnBin<Track>) {
        let (counted, playing, rate, gain) = (self.head.position, self.playing, self.rate, self.gain);
        self.load(track, cue, region, bin);
        (self.rate, self.gain) = (rate, gain);
        if playing {
            self.head.position = counted.offset(cue);
            self.head.wrap();
            self.start(true);
        }
    }

    /// Gives the track up. The bin must have room for one.
    pub fn unload(&mut self, bin: &mut ReturnBin<Track>) {
        self.cut(self.fade_out);
        self.playing = false;
        if let Some(track) = self.track.take() {
            self.supply.leave(&track);
            let _full = bin.put(track);
        }
        self.head = Playhead::new(0, None);
        self.cue = 0;
    }

    /// Begins to play where the head stands; false when it already did.
    pub fn play(&mut self) -> bool {
        let begins = !self.playing;
        if begins {
            self.start(self.head.position.frame() > 0);
        }
        begins
    }

    fn start(&mut self, fade_in: bool) {
        self.playing = true;
        self.supply.begin();
        if !std::mem::replace(&mut self.fresh, true) {
            self.stretch.reset();
        }
        self.entry = Ramp::new(1.0);
        if fade_in {
            self.entry = Ramp::new(0.0);
            self.entry.set(1.0, self.fade_in);
        }
    }

    /// Falls silent; what sounded fades out behind.
    pub fn pause(&mut self) {
        self.cut(self.fade_out);
        self.playing = false;
    }

    /// Falls silent and goes back to the cue.
    pub fn stop(&mut self) {
        self.pause();
        self.head.jump(Position::from_frames(self.cue));
    }

    /// Moves the cue, and the head with it unless it plays.
    pub fn set_cue(&mut self, cue: i64) {
        self.cue = cue;
        if !self.playing {
            self.head.jump(Position::from_frames(cue));
        }
    }

    /// Jumps.
    pub fn seek(&mut self, to: i64) {
        self.cut(self.fade_out);
        self.head.jump(Position::from_frames(to));
        self.head.wrap();
        if self.playing {
            self.start(to > 0);
        }
    }

    /// Sets or ends the loop. A head behind the new end jumps into the loop.
    pub fn set_loop(&mut self, region: Option<LoopRegion>) {
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

    /// Lets what sounds now fade out over `fade` frames, behind whatever comes next.
    fn cut(&mut self, fade: usize) {
        if self.playing && !self.fresh && !self.supply.is_silent() {
            self.fade_behind(fade);
        }
    }

    /// The part of [`Self::cut`] that has something to fade, apart from it: a thousand jumps in one block cut a
    /// thousand times, and all but the first find nothing.
    #[inline(never)]
    fn fade_behind(&mut self, fade: usize) {
        let Some(track) = &self.track else { return };
        // Of a sound that began while another still fades out there is little yet.
        let fade = if self.tail.is_silent() { fade } else { fade.min(self.fade_in) };
        let gain = self.gain.value() * self.entry.value() * self.supply.gain();
        let (stretch, step, mut head) = (&mut self.stretch, self.last_step, self.head);
        self.tail.add(gain, fade, |out| {
            let frames = out[0].len();
            stretch.process(&Unrolled::new(track, &head), head.position, step, out);
            head.position = head.position.advance(step, frames);
            stretch.moved(head.come_round(track));
        });
    }

    /// Goes on with another method, the old one fading into it.
    pub fn set_method(&mut self, method: StretchMethod) {
        if self.stretch.method() == method {
            return;
        }
        if self.playing && self.track.is_some() {
            // Both play the same place of the same track, so the fade adds up to one. It is over before a hit comes.
            let fade = self.until_onset().clamp(SHORTEST_FADE, self.fade_out);
            self.cut(fade);
            self.entry = Ramp::new(0.0);
            self.entry.set(1.0, fade);
        }
        self.stretch.choose(method);
        self.fresh = true;
    }

    /// Frames of output until the next onset of the track, as far as a fade reaches.
    fn until_onset(&self) -> usize {
        let rate = self.last_step.rate().max(1e-3);
        let here = self.head.position.frame();
        let there = here + whole(self.fade_out as f64 * rate);
        let onset = self.track.as_ref().and_then(|track| Unrolled::new(track, &self.head).onset(here, there));
        onset.map_or(self.fade_out, |onset| count((onset.frame - here) as f64 / rate))
    }

    /// Puts its sound into `out` (at most a quantum, planar) at deck rate `rate`: added to what is there, or
    /// written over it when `fresh`. `fresh` says afterwards whether `out` still waits for the first sound.
    /// True when the track came to its end. Who runs `errands` may do some of the work.
    pub fn render(&mut self, rate: f64, out: [&mut [f32]; 2], fresh: &mut bool, errands: Option<&mut Errands>) -> bool {
        let [left, right] = out;
        if let Some(track) = self.track.as_ref().filter(|_| self.supply.sits()) {
            let (playing, speed, cue) = (self.playing, self.last_step.rate(), self.cue);
            let reach = self.stretch.reach() as i64 + MARGIN;
            let wish = Wish { speed, playing, cue, reach, ..Wish::default() };
            self.supply.tell(track, &self.head, wish, left.len());
        }
        let ended = self.render_head(rate, [&mut *left, &mut *right], fresh, errands);
        self.render_tail([left, right], fresh);
        ended
    }

    /// From now on waits for what a streamed track lacks. Not on an audio thread.
    pub fn be_patient(&mut self) {
        self.supply.be_patient();
    }

    fn render_head(
        &mut self,
        rate: f64,
        out: [&mut [f32]; 2],
        fresh: &mut bool,
        errands: Option<&mut Errands>,
    ) -> bool {
        if !self.playing {
            return false;
        }
        let native = self.track.as_ref().map_or(1.0, |track| f64::from(track.sample_rate().get()) / self.sample_rate);
        let step = Step::from_rate((rate * self.rate * native).clamp(0.0, Rate::MAX.get()));
        self.last_step = step;
        let Some(track) = &self.track else {
            self.head.position = self.head.position.advance(step, out[0].len());
            return false;
        };
        let source = Unrolled::new(track, &self.head);
        let (stretch, position) = (&mut self.stretch, self.head.position);
        let frames = out[0].len();
        if self.supply.look(track, &self.head, &Need { step, frames, reach: stretch.latency().input }) {
            stretch.reset();
        }
        let (gain, entry, supply) = (&mut self.gain, &mut self.entry, &mut self.supply);
        if supply.is_silent() {
            // The position goes on, and so do the ramps.
            (0..frames).for_each(|_| _ = (gain.next(), entry.next()));
        } else {
            self.fresh = false;
            let steady = (gain.is_settled() && entry.is_settled() && supply.is_open()).then(|| gain.value());
            let gain = || gain.next() * entry.next() * supply.next_gain();
            sound(out, fresh, steady, gain, |out| match errands {
                Some(errands) => {
                    let mut sender = Sender { errands, ticket: &mut self.ticket, track, head: &self.head };
                    stretch.process_with(&source, position, step, out, &mut sender);
                }
                None => stretch.process(&source, position, step, out),
            });
        }
        self.head.position = position.advance(step, frames);
        stretch.moved(self.head.come_round(track));
        if self.head.is_past(track, stretch.rings()) {
            self.playing = false;
            self.head.jump(Position::from_frames(self.cue));
            return true;
        }
        false
    }

    fn render_tail(&mut self, out: [&mut [f32]; 2], fresh: &mut bool) {
        if self.tail.is_silent() {
            return;
        }
        let sound = self.tail.take(out[0].len());
        let fresh = std::mem::take(fresh);
        for (out, sound) in out.into_iter().zip(sound) {
            if fresh {
                out.fill(0.0);
            }
            out.iter_mut().zip(sound).for_each(|(out, sound)| *out += *sound);
        }
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        if let Some(track) = &self.track {
            self.supply.leave(track);
        }
    }
}

/// Makes sound with `read` and puts it into `out`, at a `steady` gain or one that moves with each frame. A fresh
/// `out` is written straight away; a gain of 1 leaves every bit as it is.
fn sound(
    out: [&mut [f32]; 2],
    fresh: &mut bool,
    steady: Option<f32>,
    mut gain: impl FnMut() -> f32,
    read: impl FnOnce([&mut [f32]; 2]),
) {
    let [left, right] = out;
    let frames = left.len();
    let mut scratch = [[0.0; QUANTUM]; 2];
    let [scratch_left, scratch_right] = &mut scratch;
    let (new_left, new_right) =
        if *fresh { (&mut *left, &mut *right) } else { (&mut scratch_left[..frames], &mut scratch_right[..frames]) };
    read([&mut *new_left, &mut *new_right]);
    match steady {
        Some(1.0) => {}
        Some(gain) => new_left.iter_mut().chain(new_right.iter_mut()).for_each(|x| *x *= gain),
        None => {
            for (left, right) in new_left.iter_mut().zip(new_right.iter_mut()) {
                let gain = gain();
                *left *= gain;
                *right *= gain;
            }
        }
    }
    if !std::mem::take(fresh) {
        left.iter_mut().zip(scratch_left).for_each(|(out, new)| *out += *new);
        right.iter_mut().zip(scratch_right).for_each(|(out, new)| *out += *new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{Fault, Input, Shape};
    use crate::types::units::Frames;

    struct Silence;

    impl Input for Silence {
        fn seek(&mut self, _frame: u64) -> Result<(), Fault> {
            Ok(())
        }

        fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> Result<bool, Fault> {
            frames.extend([[0.0; 2]; 1_024]);
            Ok(true)
        }
    }

    #[test]
    fn a_streamed_track_is_told_where_its_stem_is_and_how_far_it_reads() {
        let shape = Shape { frames: Frames(1 << 30), sample_rate: SampleRate::CD, channels: 2 };
        let track = Track::from_input(Silence, shape).unwrap();
        let mut bin = ReturnBin::new(rtrb::RingBuffer::new(4).0, 4);
        for &method in StretchMethod::ALL {
            let mut voice = Voice::new(SampleRate::CD, method);
            voice.load(track.clone(), 5_000, None, &mut bin);
            voice.play();
            let sound = &mut [[0.0; 64]; 2];
            for _ in 0..2 {
                let [left, right] = sound;
                voice.render(1.25, [left, right], &mut true, None);
            }
            let stream = track.stream_inside().unwrap();
            let wish = stream.wish_of(0, None).unwrap();
            let reach = Kit::new(method, SampleRate::CD.get()).reach() as i64 + MARGIN;
            let told =
                Wish { clock: 128, position: 5_080, speed: 1.25, playing: true, region: None, cue: 5_000, reach };
            assert_eq!(wish, told, "{method:?}");
            drop(voice);
            assert_eq!(stream.wish_of(0, None), None, "its seat is free again");
        }
    }
}
