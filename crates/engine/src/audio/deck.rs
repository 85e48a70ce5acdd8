//! One deck. It renders its stems at the deck's rate, adds them up, and holds the gains of its fader.
//!
//! The mixer applies these gains and the equaliser, to four decks at a time.

mod add_sound;
mod fade_out;
mod frame_jobs;
mod live_position;
mod playhead;
mod underrun_gate;
mod voice;

use std::ptr;

use super::fade::Fade;
use crate::command::{DeckCommand, Stems};
use crate::event::Event;
use crate::rt::ReturnQueue;
use crate::track::Track;
use crate::types::cast::{byte, whole};
use crate::types::config::EngineConfig;
use crate::types::crossfade_law::CrossfadeLaw;
use crate::types::loop_region::LoopRegion;
use crate::types::pulse::Pulse;
use crate::types::stretch_method::StretchMethod;
use crate::types::units::{DeckId, Frames, StemId};
pub(crate) use frame_jobs::{FrameJob, FrameJobQueue};
use live_position::LiveSnapshot;
use voice::{Voice, VoiceReport};

/// Receives the events of a deck.
pub(crate) struct EventSink<'a> {
    pub now: Frames,
    pub events: &'a mut dyn FnMut(Event),
}

/// The length in frames of the ramp that undoes a fade on a deck that is not silent.
const FADE_BACK: usize = 256;

pub(crate) struct Deck {
    id: DeckId,
    voices: Box<[Voice]>,
    method: StretchMethod,
    rate: f64,
    /// Whether the rate is multiplied with that of the clock.
    follows_tempo: bool,
    /// The fader.
    pub fader: Fade,
    /// The gain of timed fades. It is multiplied with the gain of the fader.
    pub fade: Fade,
    live: LiveSnapshot,
}

impl Deck {
    pub fn new(id: DeckId, config: &EngineConfig) -> Self {
        Self {
            id,
            voices: (0..config.stems).map(|_| Voice::new(config.sample_rate, config.stretch)).collect(),
            method: config.stretch,
            rate: 1.0,
            follows_tempo: true,
            fader: Fade::new(1.0),
            fade: Fade::new(1.0),
            live: LiveSnapshot::new(config.stems),
        }
    }

    /// From now on rendering blocks while frames of streamed tracks are missing. Not for an audio thread.
    pub fn wait_for_frames(&mut self) {
        self.voices.iter_mut().for_each(Voice::wait_for_frames);
    }

    /// Whether no stem makes any sound.
    pub fn is_silent(&self) -> bool {
        self.voices.iter().all(Voice::is_silent)
    }

    /// The stretch method.
    pub fn method(&self) -> StretchMethod {
        self.method
    }

    /// The number of stems that play, and the number of stems that have a track.
    pub fn counts(&self) -> (u8, u8) {
        self.voices.iter().fold((0, 0), |(playing, loaded), voice| {
            (playing + u8::from(voice.is_playing()), loaded + u8::from(voice.is_loaded()))
        })
    }

    /// The first stem that plays. If no stem plays, the first stem that has a track.
    fn first_voice(&self) -> Option<&Voice> {
        let playing = self.voices.iter().find(|voice| voice.is_playing());
        playing.or_else(|| self.voices.iter().find(|voice| voice.is_loaded()))
    }

    /// The length of the track of the stem of [`Self::position`]; none when it is not known.
    pub fn length(&self) -> Option<Frames> {
        self.first_voice().and_then(Voice::length)
    }

    /// The speed at which the deck plays while the clock has this rate.
    fn speed(&self, master_rate: f64) -> f64 {
        if self.follows_tempo { master_rate * self.rate } else { self.rate }
    }

    /// Position and speed of the first stem that plays. If no stem plays, those of the first stem that has a track.
    pub fn position(&self, master_rate: f64) -> (f64, f64) {
        let speed = self.speed(master_rate);
        let Some(voice) = self.first_voice() else { return (0.0, speed) };
        let speed = if voice.is_live() { self.rate } else { speed };
        (voice.position(), speed * voice.rate)
    }

    fn each(&mut self, stems: Stems) -> impl Iterator<Item = (StemId, &mut Voice)> {
        self.voices.iter_mut().enumerate().map(|(index, voice)| (StemId(byte(index as u64)), voice)).filter(
            move |(stem, _)| match stems {
                Stems::All => true,
                Stems::One(wanted) => wanted == *stem,
            },
        )
    }

    /// Carries out a command for this deck. The return queue must have room for a track of each stem.
    pub fn apply(&mut self, command: DeckCommand, returned: &mut ReturnQueue<Track>, sink: &mut EventSink<'_>) {
        use DeckCommand as D;
        let deck = self.id;
        let at = sink.now;
        match command {
            D::Load { stem, track, cue, region, keeps_gain } => match self.voices.get_mut(stem.index()) {
                Some(voice) => voice.load(track, clamp_frame(cue), region, keeps_gain, returned),
                None => return_track(returned, track),
            },
            D::Join { stem, track, cue, region } => match self.voices.get_mut(stem.index()) {
                Some(voice) => {
                    voice.join(track, clamp_frame(cue), region, returned);
                    self.join_live_stem(stem.index());
                    (sink.events)(Event::Joined { deck, stem, at });
                }
                None => return_track(returned, track),
            },
            D::Unload { stems } => self.each(stems).for_each(|(_, voice)| voice.unload(returned)),
            D::Play { stems } => {
                self.end_fade();
                self.play(stems, sink);
            }
            D::Pause { stems } => self.each(stems).for_each(|(_, voice)| voice.pause()),
            D::Stop { stems } => self.each(stems).for_each(|(_, voice)| voice.stop()),
            D::Cue { stems, cue } => self.each(stems).for_each(|(_, voice)| voice.set_cue(clamp_frame(cue))),
            D::Seek { stems, to } => self.each(stems).for_each(|(_, voice)| voice.seek(clamp_frame(to))),
            D::Loop { stems, region } => self.each(stems).for_each(|(_, voice)| voice.set_loop(region)),
            D::StemRate { stems, rate } => self.each(stems).for_each(|(_, voice)| voice.rate = rate.get()),
            D::StemGain { stems, gain, over, law } => {
                self.each(stems).for_each(|(_, voice)| voice.set_gain(gain.get(), ramp_frames(over), law));
            }
            D::Rate { rate } => self.rate = rate.get(),
            D::FollowTempo { follow } => self.follows_tempo = follow,
            D::Stretch { method } => {
                self.method = method;
                self.each(Stems::All).for_each(|(_, voice)| voice.set_method(method));
            }
            D::Fader { gain, over, law } => self.fader.set(gain.get(), ramp_frames(over), law),
            D::Fade { gain, over, law } => self.fade.set(gain.get(), ramp_frames(over), law),
            D::FadeIn { stems, over, law } => {
                if !self.voices.iter().any(Voice::is_playing) {
                    self.fade = Fade::new(0.0);
                }
                self.play(stems, sink);
                self.fade.set(1.0, ramp_frames(over), law);
            }
            // The renderer applies these itself, because they need the mixer or the clock.
            D::Align { .. } | D::Eq { .. } => {}
        }
    }

    /// Starts stems at their playheads.
    fn play(&mut self, stems: Stems, sink: &mut EventSink<'_>) {
        let (deck, at) = (self.id, sink.now);
        // One stem starts even without a track: the named stem, or the first stem of a deck without any track. Its position
        // advances in silence, until a track joins it.
        let counting = match stems {
            Stems::One(stem) => Some(stem),
            Stems::All if self.voices.iter().any(Voice::is_loaded) => None,
            Stems::All => Some(StemId::FIRST),
        };
        self.move_live_stems();
        for index in 0..self.voices.len() {
            let stem = StemId(byte(index as u64));
            let voice = &mut self.voices[index];
            let is_meant = matches!(stems, Stems::All) || stems == Stems::One(stem);
            if is_meant && (voice.is_loaded() || counting == Some(stem)) && voice.play() {
                self.join_live_stem(index);
                (sink.events)(Event::Started { deck, stem, at });
            }
        }
    }

    /// Moves the stems of a live input that do not play to the furthest position of its stems in this deck: they are heard together.
    fn move_live_stems(&mut self) {
        for index in 0..self.voices.len() {
            let voice = &self.voices[index];
            let Some(ring) = voice.live_ring().filter(|_| !voice.is_playing()) else { continue };
            let same = |other: &&Voice| other.live_ring().is_some_and(|other| ptr::eq(other, ring));
            let furthest = self.voices.iter().filter(same).map(Voice::frame).max().unwrap_or_default();
            if furthest > voice.frame() {
                self.voices[index].set_live_position(furthest);
            }
        }
    }

    /// Puts a stem of a live input that has just started in step with another stem of the input that plays in this deck.
    fn join_live_stem(&mut self, stem: usize) {
        for other in 0..self.voices.len() {
            let Ok([voice, other]) = self.voices.get_disjoint_mut([stem, other]) else { continue };
            let is_same = match (voice.live_ring(), other.live_ring()) {
                (Some(ring), Some(other)) => ptr::eq(ring, other),
                _ => false,
            };
            if is_same && voice.is_playing() && other.is_playing() {
                return voice.join_live(other);
            }
        }
    }

    /// Moves stems to the nearest frame at which the music has the phase of a clock at `beat`. `pulse` has the beats of the
    /// music. `unit` is the number of beats after which the phase repeats: 1 for the phase in a beat, 4 for the phase in a
    /// bar of four beats.
    pub fn align(&mut self, stems: Stems, pulse: Pulse, beat: f64, unit: f64) {
        for (_, voice) in self.each(stems).filter(|(_, voice)| voice.is_loaded()) {
            let position = voice.position();
            let by = pulse.distance(position, beat, unit);
            // An offset of less than a frame is left alone.
            if by.abs() >= 1.0 {
                voice.seek(whole((position + by).round()));
            }
        }
    }

    /// Unloads every stem. The return queue must have room for a track of each stem.
    pub fn clear(&mut self, returned: &mut ReturnQueue<Track>) {
        self.voices.iter_mut().for_each(|voice| voice.unload(returned));
    }

    /// Undoes a fade when the deck starts again. A silent deck has its full gain at once. Otherwise a ramp of
    /// [`FADE_BACK`] frames leads to it.
    fn end_fade(&mut self) {
        if self.is_silent() {
            self.fade = Fade::new(1.0);
        } else if self.fade.target() != 1.0 {
            self.fade.set(1.0, FADE_BACK, CrossfadeLaw::Linear);
        }
    }

    /// Writes the sum of all stems to `out`, one slice per channel, at most a quantum long. Returns true when any stem made
    /// sound. With `jobs`, the worker thread may synthesise STFT frames.
    pub fn render(
        &mut self,
        master_rate: f64,
        out: [&mut [f32]; 2],
        mut jobs: Option<&mut FrameJobQueue>,
        sink: &mut EventSink<'_>,
    ) -> bool {
        let [left, right] = out;
        let (speed, own_rate) = (self.speed(master_rate), self.rate);
        let mut overwrite = true;
        self.live.begin();
        for (index, voice) in self.voices.iter_mut().enumerate() {
            if voice.is_idle() {
                continue;
            }
            let out = [&mut *left, &mut *right];
            let rate = if voice.is_live() { own_rate } else { speed };
            let VoiceReport { ended, gate } =
                voice.render(rate, out, &mut overwrite, jobs.as_deref_mut(), &mut self.live);
            let (deck, stem) = (self.id, StemId(byte(index as u64)));
            if gate.underrun {
                (sink.events)(Event::Underrun { deck, stem, at: sink.now });
            }
            if gate.resumed {
                (sink.events)(Event::Resumed { deck, stem, at: sink.now });
            }
            if ended {
                (sink.events)(Event::Ended { deck, stem, at: sink.now + Frames(left.len() as u64) });
            }
        }
        if overwrite {
            left.fill(0.0);
            right.fill(0.0);
        }
        !overwrite
    }
}

/// Puts a track into the return queue that was sent for a stem that does not exist. The control half checks the stems, so
/// there is no such track.
fn return_track(returned: &mut ReturnQueue<Track>, track: Track) {
    let _full = returned.put(track);
}

/// Limits a frame to the last frame at which a loop can end. This keeps positions far from an overflow.
fn clamp_frame(frame: Frames) -> i64 {
    frame.min(LoopRegion::LAST_FRAME).0 as i64
}

pub(crate) fn ramp_frames(over: Frames) -> usize {
    usize::try_from(over.0).unwrap_or(usize::MAX)
}
