//! What the audio thread reports: events, the status, a report on each block.

use crate::types::cast::whole;
use crate::types::stretch_method::StretchMethod;
use crate::types::units::{DeckId, Frames, StemId};

/// Something that happened on the audio thread, with the frame in which it happened.
///
/// ```
/// use crowd_engine::{DeckId, Engine, Event, Frames, SampleRate, Track, When};
///
/// # fn main() -> Result<(), crowd_engine::Error> {
/// let mut offline = Engine::builder().offline()?;
/// let track = Track::from_interleaved(vec![0.25; 88_200], SampleRate::CD, 2)?;
/// offline.engine().deck(DeckId::A).load(&track)?.at(When::At(Frames(500))).play()?;
/// offline.render_frames(1_000);
/// for event in offline.engine().events() {
///     match event {
///         Event::Started { deck, at, .. } => assert_eq!((deck, at), (DeckId::A, Frames(500))),
///         Event::Ended { deck, .. } => println!("deck {deck} is free"),
///         other => println!("{other:?}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event {
    /// A stem began to sound (or to count, when its track is not there yet): by a play command, a fade-in, or as the deck to
    /// which a crossfade goes. A stem that played already is not reported again.
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
    /// A stem reached the end of its track, sounding or faded to silence. It stops and goes back to its cue. A stem that is
    /// stopped, paused, unloaded or looped does not end.
    Ended {
        /// The deck.
        deck: DeckId,
        /// The stem.
        stem: StemId,
        /// The end of the quantum of 64 frames in which the stem became silent, or the frame of the next command when one acts
        /// earlier in that quantum. This is after the last frame of the track: the stem is silent when the position is past
        /// the end by what the [method](crate::StretchMethod) reads ahead (some 30 frames at playback rate, half an STFT frame
        /// when the pitch is kept), and when a track that ends in the middle of a sound has faded out, which takes 4 ms. The
        /// end of the track itself is (`length` - position of the start) / `rate` frames after [`Event::Started`], when the
        /// rate did not change and the track has the sample rate of the engine.
        at: Frames,
    },
    /// A command reached the audio thread after its moment, and acted at once.
    Late {
        /// The frame it was sent for.
        wanted: Frames,
        /// The frame in which it acted.
        at: Frames,
    },
    /// A sample of the mix was infinite or not a number; silence was played in its place.
    NotFinite {
        /// The start of the quantum.
        at: Frames,
    },
}

/// What one call of [`Renderer::render`](crate::Renderer::render) has done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BlockReport {
    /// Frames written.
    pub frames: usize,
    /// The frame of the time line with which the block begins.
    pub start: Frames,
    /// Commands that acted during it.
    pub commands: u32,
    /// The smallest gain the limiter used, 1 when it did nothing.
    pub limiter_gain: f32,
}

/// A snapshot of one deck, at [`Status::horizon`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DeckStatus {
    /// How many stems play.
    pub playing: u8,
    /// How many stems hold a track.
    pub loaded: u8,
    /// The position of the first stem that plays (else of the first that is loaded), in frames of its track. It is the position
    /// at [`Status::horizon`]: at a steady rate the position in the output is less by (`horizon` - `frames`) x `rate`, times
    /// track rate / engine rate where the sample rates differ. Negative before the start of the track, where
    /// [`align`](crate::DeckHandle::align) may put it.
    pub position: f64,
    /// The length of the track of that stem; 0 when it has none. What remains is `length` - `position`, and the time until then is
    /// that / `rate` in frames of the track's sample rate.
    pub length: Frames,
    /// The effective playing speed: master, deck and (for that stem) stem rate; 1 is the recorded speed.
    pub rate: f64,
    /// How the deck changes speed.
    pub stretch: StretchMethod,
    /// The gain of the fader.
    pub fader: f32,
    /// The gain of a fade in addition to the fader (see [`DeckCommand::Fade`](crate::DeckCommand::Fade)).
    pub fade: f32,
    /// Peak after equaliser and fader, linear, falling by 20 dB a second.
    pub peak: f32,
}

/// A consistent snapshot of the audio thread after its latest block.
///
/// Tempo, beat and the [decks](DeckStatus) are those of the frame [`horizon`](Self::horizon), the first frame that is not made yet.
/// It is later than [`frames`](Self::frames), the first frame that is not put out yet. At a steady tempo the beat in the output is
/// less by (`horizon` - `frames`) x `tempo` / (60 x sample rate).
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Status {
    /// Frames handed to the output so far.
    pub frames: Frames,
    /// The first frame in which a new command can act: sound is made earlier than it is put out, by the limiter's lookahead
    /// and the rest of a quantum.
    pub horizon: Frames,
    /// Calls of `render`.
    pub blocks: u64,
    /// Master tempo in BPM, at the horizon.
    pub tempo: f64,
    /// The tempo at which a glide ends; the tempo itself when none is under way.
    pub tempo_target: f64,
    /// The beat of the engine's clock at the horizon, counted from beat 0, with its fraction. Negative before beat 0.
    pub beat: f64,
    /// Beats in a bar.
    pub beats_per_bar: u32,
    /// Peak of the latest block after the limiter, linear.
    pub peak: f32,
    /// RMS of the mix after the limiter, linear.
    pub rms: f32,
    /// Momentary loudness in LUFS (400 ms), minus infinity for silence.
    pub momentary: f32,
    /// The smallest gain of the limiter in the latest block; 1 when it did nothing.
    pub limiter_gain: f32,
    /// Commands that have acted so far.
    pub commands: u64,
    /// Commands that reached the audio thread after their moment.
    pub late_commands: u64,
    /// Events that were dropped because [`Engine::events`](crate::Engine::events) was not called often enough.
    pub lost_events: u64,
    /// Samples of the mix that were infinite or not a number, and were silenced.
    pub not_finite: u64,
    /// Jobs that the [stretch worker](crate::Builder::stretch_worker) had not finished in time: the audio thread did them
    /// itself.
    pub stretch_jobs_late: u64,
    /// The decks, in the order of their letters.
    pub decks: Vec<DeckStatus>,
}

impl Status {
    /// The bar of the engine's clock at the horizon, counted from bar 0, which begins with beat 0; negative before it. The bars
    /// are counted as if all had the present number of beats.
    pub fn bar(&self) -> i64 {
        whole((self.beat / f64::from(self.beats_per_bar.max(1))).floor())
    }

    /// The beat within the bar, from 0, with its fraction.
    pub fn bar_phase(&self) -> f64 {
        self.beat.rem_euclid(f64::from(self.beats_per_bar.max(1)))
    }
}
