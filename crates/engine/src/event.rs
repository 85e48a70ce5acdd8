//! What comes back from the audio thread.

use crate::types::method::StretchMethod;
use crate::types::units::{DeckId, Frames, StemId};

/// Something that happened on the audio thread, in order, each with its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event {
    /// A stem began to sound (or to count, when its track is not there yet).
    Started {
        /// The deck.
        deck: DeckId,
        /// The stem.
        stem: StemId,
        /// The frame of its first sample.
        at: Frames,
    },
    /// A late track entered, in phase.
    Joined {
        /// The deck.
        deck: DeckId,
        /// The stem.
        stem: StemId,
        /// The frame in which it entered.
        at: Frames,
    },
    /// A stem reached the end of its track.
    Ended {
        /// The deck.
        deck: DeckId,
        /// The stem.
        stem: StemId,
        /// The frame after its last sample, to the quantum.
        at: Frames,
    },
    /// A scheduled command arrived after its moment and acted at once.
    Late {
        /// The moment asked for.
        wanted: Frames,
        /// The frame in which it acted.
        at: Frames,
    },
    /// A sample that was not a number reached the output; silence was played in its place.
    NotFinite {
        /// The start of the quantum.
        at: Frames,
    },
}

/// What one call of [`Renderer::render`](crate::Renderer::render) did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BlockReport {
    /// Frames written.
    pub frames: usize,
    /// The frame of the time line that stands first in the block.
    pub start: Frames,
    /// Commands that acted.
    pub commands: u32,
    /// The smallest gain the limiter used, 1 when it did nothing.
    pub limiter_gain: f32,
}

/// A snapshot of one deck.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DeckStatus {
    /// Stems that sound.
    pub playing: u8,
    /// Stems that hold a track.
    pub loaded: u8,
    /// Where the first playing stem (else the first loaded one) stands, in frames of its track.
    pub position: f64,
    /// The effective playing speed: master, deck and (for that stem) stem rate.
    pub rate: f64,
    /// How it changes speed.
    pub stretch: StretchMethod,
    /// The fader, ramp included.
    pub fader: f32,
    /// The gain of a fade in addition to the fader (see [`DeckCommand::Fade`](crate::DeckCommand::Fade)).
    pub fade: f32,
    /// Peak behind fader and equaliser, linear, falling 20 dB a second.
    pub peak: f32,
}

/// A consistent snapshot of the audio thread after its latest block.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Status {
    /// Frames handed to the output so far.
    pub frames: Frames,
    /// The first frame a new command can still reach: rendering runs ahead of the output by the limiter's
    /// look-ahead and the rest of a quantum.
    pub horizon: Frames,
    /// Calls of `render`.
    pub blocks: u64,
    /// Master tempo in BPM.
    pub tempo: f64,
    /// The tempo a glide is going to.
    pub tempo_target: f64,
    /// Beats since beat 0, with their fraction: the phase.
    pub beat: f64,
    /// Beats in a bar.
    pub beats_per_bar: u32,
    /// Peak of the latest block behind the limiter, linear.
    pub peak: f32,
    /// RMS of the mix, linear.
    pub rms: f32,
    /// Momentary loudness in LUFS (400 ms), minus infinity for silence.
    pub momentary: f32,
    /// Smallest gain of the limiter in the latest block.
    pub limiter_gain: f32,
    /// Commands that acted.
    pub commands: u64,
    /// Scheduled commands that arrived after their moment.
    pub late_commands: u64,
    /// Events that found the ring full and were dropped.
    pub lost_events: u64,
    /// Samples that were not numbers and were silenced.
    pub not_finite: u64,
    /// Jobs that the [stretch worker](crate::Builder::stretch_worker) had not finished in time: the audio thread did them
    /// itself.
    pub stretch_jobs_late: u64,
    /// Each deck.
    pub decks: Vec<DeckStatus>,
}

impl Status {
    /// The beat within the bar, from 0, with its fraction.
    pub fn bar_phase(&self) -> f64 {
        self.beat.rem_euclid(f64::from(self.beats_per_bar.max(1)))
    }
}
