//! One deck: stems, read at the deck's rate and summed, with the fader's two ramps.
//!
//! The equaliser and the fader themselves work on four decks at a time and stand in the mixer.

mod errand;
mod fade;
mod playhead;
mod supply;
mod tail;
mod voice;

use crate::command::{DeckCommand, Stems};
use crate::dsp::Ramp;
use crate::event::Event;
use crate::rt::ReturnBin;
use crate::track::Track;
use crate::types::cast::{byte, whole};
use crate::types::config::EngineConfig;
use crate::types::crossfade::CrossfadeLaw;
use crate::types::loop_region::LoopRegion;
use crate::types::method::StretchMethod;
use crate::types::pulse::Pulse;
use crate::types::units::{DeckId, Frames, StemId};
pub(crate) use errand::{Errand, Errands};
use fade::Fade;
use voice::Voice;

/// Where events go while a deck works.
pub(crate) struct Report<'a> {
    pub now: Frames,
    pub events: &'a mut dyn FnMut(Event),
}

/// Frames in which a fade is taken back from a deck that sounds.
const FADE_BACK: usize = 256;

pub(crate) struct Deck {
    id: DeckId,
    voices: Box<[Voice]>,
    method: StretchMethod,
    pub rate: f64,
    /// The fader.
    pub fader: Ramp,
    /// The fade beside it.
    pub fade: Fade,
}

impl Deck {
    pub fn new(id: DeckId, config: &EngineConfig) -> Self {
        Self {
            id,
            voices: (0..config.stems).map(|_| Voice::new(config.sample_rate, config.stretch)).collect(),
            method: config.stretch,
            rate: 1.0,
            fader: Ramp::new(1.0),
            fade: Fade::new(1.0),
        }
    }

    /// From now on waits for what streamed tracks lack. Not on an audio thread.
    pub fn be_patient(&mut self) {
        self.voices.iter_mut().for_each(Voice::be_patient);
    }

    /// Whether no stem makes any sound now.
    pub fn is_silent(&self) -> bool {
        self.voices.iter().all(Voice::is_silent)
    }

    /// How it changes speed.
    pub fn method(&self) -> StretchMethod {
        self.method
    }

    /// Stems that play and stems that hold a track.
    pub fn counts(&self) -> (u8, u8) {
        self.voices.iter().fold((0, 0), |(playing, loaded), voice| {
            (playing + u8::from(voice.is_playing()), loaded + u8::from(voice.is_loaded()))
        })
    }

    /// Position and own rate of the first stem that plays, else of the first that is loaded.
    pub fn position(&self) -> (f64, f64) {
        let voice = self
            .voices
            .iter()
            .find(|voice| voice.is_playing())
            .or_else(|| self.voices.iter().find(|voice| voice.is_loaded()));
        voice.map_or((0.0, self.rate), |voice| (voice.position(), self.rate * voice.rate))
    }

    fn each(&mut self, stems: Stems) -> impl Iterator<Item = (StemId, &mut Voice)> {
        self.voices.iter_mut().enumerate().map(|(index, voice)| (StemId(byte(index as u64)), voice)).filter(
            move |(stem, _)| match stems {
                Stems::All => true,
                Stems::One(wanted) => wanted == *stem,
            },
        )
    }

    /// Carries out a command of this deck. The bin must have room for a track of each stem.
    pub fn apply(&mut self, command: DeckCommand, bin: &mut ReturnBin<Track>, report: &mut Report<'_>) {
        use DeckCommand as D;
        let deck = self.id;
        let at = report.now;
        match command {
            D::Load { stem, track, cue, region } => match self.voices.get_mut(stem.index()) {
                Some(voice) => voice.load(track, in_track(cue), region, bin),
                None => drop_home(bin, track),
            },
            D::Join { stem, track, cue, region } => match self.voices.get_mut(stem.index()) {
                Some(voice) => {
                    voice.join(track, in_track(cue), region, bin);
                    (report.events)(Event::Joined { deck, stem, at });
                }
                None => drop_home(bin, track),
            },
            D::Unload { stems } => self.each(stems).for_each(|(_, voice)| voice.unload(bin)),
            D::Play { stems } => {
                self.end_fade();
                self.play(stems, report);
            }
            D::Pause { stems } => self.each(stems).for_each(|(_, voice)| voice.pause()),
            D::Stop { stems } => self.each(stems).for_each(|(_, voice)| voice.stop()),
            D::Cue { stems, cue } => self.each(stems).for_each(|(_, voice)| voice.set_cue(in_track(cue))),
            D::Seek { stems, to } => self.each(stems).for_each(|(_, voice)| voice.seek(in_track(to))),
            D::Loop { stems, region } => self.each(stems).for_each(|(_, voice)| voice.set_loop(region)),
            D::StemRate { stems, rate } => self.each(stems).for_each(|(_, voice)| voice.rate = rate.get()),
            D::StemGain { stems, gain, over } => {
                self.each(stems).for_each(|(_, voice)| voice.set_gain(gain.get(), ramp_frames(over)));
            }
            D::Rate { rate } => self.rate = rate.get(),
            D::Stretch { method } => {
                self.method = method;
                self.each(Stems::All).for_each(|(_, voice)| voice.set_method(method));
            }
            D::Fader { gain, over } => self.fader.set(gain.get(), ramp_frames(over)),
            D::Fade { gain, over, law } => self.fade.set(gain.get(), ramp_frames(over), law),
            D::FadeIn { stems, over, law } => {
                if !self.voices.iter().any(Voice::is_playing) {
                    self.fade = Fade::new(0.0);
                }
                self.play(stems, report);
                self.fade.set(1.0, ramp_frames(over), law);
            }
            // The renderer applies these itself.
            D::Align { .. } | D::Eq { .. } => {}
        }
    }

    /// Starts stems where they stand.
    fn play(&mut self, stems: Stems, report: &mut Report<'_>) {
        let (deck, at) = (self.id, report.now);
        // A stem that was named, or the first of an empty deck, counts on without a track.
        let counting = match stems {
            Stems::One(stem) => Some(stem),
            Stems::All if self.voices.iter().any(Voice::is_loaded) => None,
            Stems::All => Some(StemId::FIRST),
        };
        for (stem, voice) in self.each(stems) {
            if (voice.is_loaded() || counting == Some(stem)) && voice.play() {
                (report.events)(Event::Started { deck, stem, at });
            }
        }
    }

    /// Moves stems to the nearest frame where `pulse` is as far into its beat, or its `unit` of beats, as a clock at
    /// `beat`.
    pub fn align(&mut self, stems: Stems, pulse: Pulse, beat: f64, unit: f64) {
        for (_, voice) in self.each(stems).filter(|(_, voice)| voice.is_loaded()) {
            let position = voice.position();
            let by = pulse.distance(position, beat, unit);
            // What is off by less than a frame is aligned, and left alone.
            if by.abs() >= 1.0 {
                voice.seek(whole((position + by).round()));
            }
        }
    }

    /// Empties every stem. The bin must have room for a track of each stem.
    pub fn clear(&mut self, bin: &mut ReturnBin<Track>) {
        self.voices.iter_mut().for_each(|voice| voice.unload(bin));
    }

    /// A deck that is started again is heard again: at once from silence, else in [`FADE_BACK`].
    fn end_fade(&mut self) {
        if self.is_silent() {
            self.fade = Fade::new(1.0);
        } else if self.fade.target() != 1.0 {
            self.fade.set(1.0, FADE_BACK, CrossfadeLaw::Linear);
        }
    }

    /// Writes the sound of all stems to `out` (planar, at most a quantum); true when any stem made some. Who runs
    /// `errands` may do some of the work.
    pub fn render(
        &mut self,
        master_rate: f64,
        out: [&mut [f32]; 2],
        mut errands: Option<&mut Errands>,
        report: &mut Report<'_>,
    ) -> bool {
        let [left, right] = out;
        let rate = master_rate * self.rate;
        let mut fresh = true;
        for (index, voice) in self.voices.iter_mut().enumerate() {
            if voice.render(rate, [&mut *left, &mut *right], &mut fresh, errands.as_deref_mut()) {
                let stem = StemId(byte(index as u64));
                (report.events)(Event::Ended { deck: self.id, stem, at: report.now + Frames(left.len() as u64) });
            }
        }
        if fresh {
            left.fill(0.0);
            right.fill(0.0);
        }
        !fresh
    }
}

/// Sends home a track that found no stem; the sender has checked the stem, so this is only for completeness.
fn drop_home(bin: &mut ReturnBin<Track>, track: Track) {
    let _full = bin.put(track);
}

/// Where a playhead can be sent: no further than a loop can end, which keeps the arithmetic of positions far from its
/// limits.
fn in_track(frame: Frames) -> i64 {
    frame.min(LoopRegion::LAST_FRAME).0 as i64
}

pub(crate) fn ramp_frames(over: Frames) -> usize {
    usize::try_from(over.0).unwrap_or(usize::MAX)
}
