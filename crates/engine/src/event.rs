//! Reports of the audio thread: events, the status, and a report on each block.

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
    /// A stem started, because of a play command, a fade-in or a crossfade to its deck. This is also reported for a stem without a
    /// track, whose position advances in silence. It is not reported for a stem that played already.
    Started {
        /// The deck.
        deck: DeckId,
        /// The stem.
        stem: StemId,
        /// The frame of its first sample.
        at: Frames,
    },
    /// A track was [joined](crate::DeckHandle::join) to a stem, in phase.
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
        /// The end of the quantum in which the stem became silent. If a command acts after that in the same quantum, the frame of the
        /// command.
        ///
        /// This frame is later than the last frame of the track. A stretcher sounds for a while after the end of the track: some 30
        /// frames at playback rate, half an STFT frame with the [methods](crate::StretchMethod) that keep the pitch. A track that
        /// ends in the middle of a sound fades out in 4 ms.
        ///
        /// The end of the track itself is (`length` - position of the start) / `rate` frames after [`Event::Started`], if the rate
        /// did not change and the track has the sample rate of the engine.
        at: Frames,
    },
    /// A stem of a streamed track or of a live input begins to fade out, because its frames are not there; or it is still silent a
    /// quarter of a second after a start or a jump.
    Underrun {
        /// The deck.
        deck: DeckId,
        /// The stem.
        stem: StemId,
        /// The frame in which the fade-out begins, or in which the quarter of a second is over.
        at: Frames,
    },
    /// A stem sounds again after an [`Event::Underrun`].
    Resumed {
        /// The deck.
        deck: DeckId,
        /// The stem.
        stem: StemId,
        /// The frame in which it begins to fade in.
        at: Frames,
    },
    /// A beat of the engine's clock. Reported when the engine was made with [`beat_events`](crate::Builder::beat_events).
    Beat {
        /// The number of the beat.
        beat: i64,
        /// Whether a bar begins with it.
        begins_bar: bool,
        /// The frame of the beat.
        at: Frames,
    },
    /// A command reached the audio thread after its moment, and acted at once.
    Late {
        /// The frame for which the command was sent.
        wanted: Frames,
        /// The frame in which it acted.
        at: Frames,
    },
    /// A sample of the mix was infinite or not a number. Silence was played in its place.
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
    /// The number of frames that were written.
    pub frames: usize,
    /// The frame of the time line with which the block begins.
    pub start: Frames,
    /// The number of commands that acted.
    pub commands: u32,
    /// The smallest gain of the limiter. 1 when the limiter changed nothing.
    pub limiter_gain: f32,
}

/// A snapshot of one deck, at [`Status::horizon`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DeckStatus {
    /// The number of stems that play.
    pub playing: u8,
    /// The number of stems that have a track.
    pub loaded: u8,
    /// The position, in frames of the track, of the first stem that plays. If none plays, of the first stem that has a track.
    ///
    /// It is the position at [`Status::horizon`]. At a steady rate the position in the output is less by (`horizon` - `frames`) x
    /// `rate`. If the sample rates differ, multiply this by track rate / engine rate. The position is negative before the start of
    /// the track, where [`align`](crate::DeckHandle::align) may put it.
    pub position: f64,
    /// The length of the track of that stem. `None` without a track, and when its length is [not known](crate::Track::length). The
    /// remaining time is (`length` - `position`) / `rate`, in frames of the track's sample rate.
    pub length: Option<Frames>,
    /// The speed of that stem: the product of the master's, the deck's and the stem's rate. 1 is the recorded speed.
    pub rate: f64,
    /// The stretch method.
    pub stretch: StretchMethod,
    /// The gain of the fader.
    pub fader: f32,
    /// The gain of the [fade](crate::DeckCommand::Fade), which is multiplied with that of the fader.
    pub fade: f32,
    /// The linear peak level after equaliser and fader. It falls by 20 dB a second.
    pub peak: f32,
}

/// A consistent snapshot of the audio thread after its latest block.
///
/// Tempo, beat and the [decks](DeckStatus) are those of the frame [`horizon`](Self::horizon), the first frame that is not made yet.
/// This frame is later than [`frames`](Self::frames), the first frame that is not output yet. At a steady tempo the beat in the
/// output is less by (`horizon` - `frames`) x `tempo` / (60 x sample rate).
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Status {
    /// The number of frames output so far.
    pub frames: Frames,
    /// The first frame in which a new command can act. Sound is made earlier than it is output: by the limiter's lookahead and the
    /// rest of a quantum.
    pub horizon: Frames,
    /// The number of calls of `render`.
    pub blocks: u64,
    /// The master tempo in BPM, at the horizon.
    pub tempo: f64,
    /// The tempo at which a glide ends. Without a glide, the master tempo.
    pub tempo_target: f64,
    /// The beat of the engine's clock at the horizon, counted from beat 0, with its fraction. Negative before beat 0.
    pub beat: f64,
    /// The number of beats in a bar.
    pub beats_per_bar: u32,
    /// The linear peak level of the latest block, after the limiter.
    pub peak: f32,
    /// The linear RMS level of the mix, after the limiter.
    pub rms: f32,
    /// The momentary loudness (over 400 ms) in LUFS. Minus infinity for silence.
    pub momentary: f32,
    /// The smallest gain of the limiter in the latest block. 1 when the limiter changed nothing.
    pub limiter_gain: f32,
    /// The number of commands that have acted.
    pub commands: u64,
    /// The number of commands that acted later than at the frame for which they were sent.
    pub late_commands: u64,
    /// The number of events that were lost because [`Engine::events`](crate::Engine::events) was not called often enough.
    pub lost_events: u64,
    /// The number of samples of the mix that were infinite or not a number, and were replaced by silence.
    pub not_finite: u64,
    /// The number of jobs that the [stretch worker](crate::Builder::stretch_worker) had not finished in time, so that the audio
    /// thread did them.
    pub stretch_jobs_late: u64,
    /// The decks, in the order of their letters.
    pub decks: Vec<DeckStatus>,
}

impl Status {
    /// The bar of the engine's clock at the horizon. Bar 0 begins with beat 0, and earlier bars are negative. Bars are counted as if
    /// all of them had the present number of beats.
    pub fn bar(&self) -> i64 {
        whole((self.beat / f64::from(self.beats_per_bar.max(1))).floor())
    }

    /// The beat within the bar, with its fraction. The first beat is 0.
    pub fn bar_phase(&self) -> f64 {
        self.beat.rem_euclid(f64::from(self.beats_per_bar.max(1)))
    }
}
