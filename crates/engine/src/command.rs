//! Commands to the audio thread, and the moments at which they act.

use crate::track::Track;
use crate::types::band::Band;
use crate::types::crossfade_law::CrossfadeLaw;
use crate::types::loop_region::LoopRegion;
use crate::types::pulse::{Phase, Pulse};
use crate::types::stretch_method::StretchMethod;
use crate::types::units::{Bpm, DeckId, Frames, Gain, Rate, StemId};

/// The moment at which a command acts.
///
/// ```
/// use crowd_engine::{DeckId, Engine, Frames, SampleRate, Track, When};
///
/// # fn main() -> Result<(), crowd_engine::Error> {
/// let mut offline = Engine::builder().offline()?;
/// let track = Track::from_interleaved(vec![0.25; 88_200], SampleRate::CD, 2)?;
/// // Deck A starts as soon as possible, B on the next beat, C two seconds after the start
/// // of the time line, D on the next bar.
/// let engine = offline.engine();
/// engine.deck(DeckId::A).load(&track)?.play()?;
/// engine.deck(DeckId::B).load(&track)?.at(When::OnBeat).play()?;
/// let two_seconds = When::At(Frames::from_seconds(2.0, engine.sample_rate()));
/// engine.deck(DeckId::C).load(&track)?.at(two_seconds).play()?;
/// engine.deck(DeckId::D).load(&track)?.at(When::OnBar).play()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum When {
    /// As soon as possible: at the start of the first quantum that is made after the audio thread has received the command. Its first
    /// frame is [`Status::horizon`](crate::Status::horizon).
    #[default]
    NextBlock,
    /// At exactly this frame of the engine's time line. If the frame has passed, the command acts at once. It is then counted in
    /// [`Status::late_commands`](crate::Status::late_commands) and reported as [`Event::Late`](crate::Event::Late).
    At(Frames),
    /// In the frame of the next beat of the engine's clock. A beat in the first frame that is not made yet counts as the next.
    OnBeat,
    /// In the frame in which the next bar of the engine's clock begins. A bar begins with each beat whose number is a multiple of the
    /// [beats in a bar](Command::BeatsPerBar).
    OnBar,
    /// In the frame of the beat of this number of the engine's clock. When the beat has passed, the command acts at once and is
    /// late, as one for a frame that has passed.
    AtBeat(i64),
}

/// The stems of a deck that a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stems {
    /// All stems of the deck.
    All,
    /// One stem.
    One(StemId),
}

impl From<StemId> for Stems {
    fn from(stem: StemId) -> Self {
        Self::One(stem)
    }
}

/// One command to the audio thread.
///
/// Ramps are counted in frames. A ramp of 0 frames is a step.
///
/// # Declicked jumps
///
/// Some commands are "declicked", which means two fades:
///
/// - The old sound fades out over 5 ms. If an earlier sound is still fading out at that time, the old sound fades out over 1 ms.
/// - The new sound fades in over 1 ms. At 44.1 kHz this is a linear ramp of 44 frames: the first frame has 1/44 of the gain, and the
///   44th frame is the first with the full gain. The fade-in is the same for all samples.
///
/// A transient that begins a millisecond or more after the new position is unchanged. A transient that begins exactly at the new
/// position loses its first millisecond, so set a cue slightly before an attack.
///
/// A start at frame 0 of the track, or before it, has no fade-in: the samples of the track are unchanged. The jump from the end of a
/// loop region to its start is not a command and has no fade-in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Command {
    /// A command for one deck.
    Deck(DeckId, DeckCommand),
    /// The gain of the whole mix, before the limiter.
    MasterGain {
        /// The new gain.
        gain: Gain,
        /// The length of the ramp.
        over: Frames,
        /// The curve of the ramp.
        law: CrossfadeLaw,
    },
    /// Set the master tempo at once. The speed of every deck is its own rate x tempo / base tempo. The beat phase does not jump.
    Tempo {
        /// The tempo.
        bpm: Bpm,
    },
    /// Move the master tempo to another one along an exponential curve. After `over` frames, 99 % of the change is done.
    GlideTempo {
        /// The tempo at the end of the glide.
        bpm: Bpm,
        /// The time in which 99 % of the change is done.
        over: Frames,
    },
    /// Set the clock so that beat 0 is at frame `zero` of the engine's time line.
    ResetClock {
        /// The frame of beat 0. It may be in the past.
        zero: Frames,
    },
    /// Set the number of beats in a bar of the engine's clock. The default is 4.
    BeatsPerBar {
        /// The number of beats. 0 counts as 1.
        beats: u8,
    },
    /// Play a sine for checking cables. It fades in and out.
    Tone {
        /// The frequency in hertz. It is limited to the range from 20 Hz to 20 kHz and to 0.49 x the sample rate.
        hertz: f32,
        /// The peak of the sine.
        gain: Gain,
        /// The length of the sine.
        length: Frames,
    },
    /// Discard every command that was sent earlier and waits for its moment. Unload every deck ([declicked](Command)).
    Clear,
}

/// One command for one deck; see [`Command::Deck`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DeckCommand {
    /// Load a track into a stem, with the position and the cue at frame `cue`. The stem is silent until it is played. Its old sound
    /// fades out over 5 ms. [`DeckHandle::load`](crate::DeckHandle::load) lists what is reset and what is kept.
    Load {
        /// The stem.
        stem: StemId,
        /// The track. A clone shares the samples.
        track: Track,
        /// The frame of the track from which it will play.
        cue: Frames,
        /// The region to repeat, if any.
        region: Option<LoopRegion>,
        /// Whether the stem keeps its gain. Otherwise the gain becomes 1.
        keeps_gain: bool,
    },
    /// Load a track into a stem that was started without one. The track enters at the position that it would have if it had played
    /// from `cue` since the stem started.
    Join {
        /// The stem.
        stem: StemId,
        /// The track.
        track: Track,
        /// The frame of the track that should have been played when the stem started.
        cue: Frames,
        /// The region to repeat, if any.
        region: Option<LoopRegion>,
    },
    /// Unload the track ([declicked](Command)). The samples are not freed on the audio thread.
    Unload {
        /// Which stems.
        stems: Stems,
    },
    /// Play from the present position, and end an earlier [`DeckCommand::Fade`]. A start at frame 0 of the track begins with its
    /// first sample, unchanged. A start after frame 0 [fades in](Command) over 1 ms. A stem that plays already continues.
    ///
    /// [`Stems::All`] starts all stems that have a track, in the same frame. If the deck has no track, it starts the first stem.
    /// [`Stems::One`] starts that stem, with a track or without. The position of a stem without a track advances in silence, so that
    /// a track can [join](DeckCommand::Join) in phase.
    Play {
        /// Which stems.
        stems: Stems,
    },
    /// Stop playing, with a fade-out of 5 ms, and keep the position.
    Pause {
        /// Which stems.
        stems: Stems,
    },
    /// Stop playing, with a fade-out of 5 ms, and move the position to the cue.
    Stop {
        /// Which stems.
        stems: Stems,
    },
    /// Move the cue. The position of a stem that is not playing moves to the cue. A stem that plays continues unchanged, and its
    /// position moves to the cue when it is stopped. A start from a cue after frame 0 [fades in](Command) over 1 ms.
    Cue {
        /// Which stems.
        stems: Stems,
        /// The new cue, in frames of the track.
        cue: Frames,
    },
    /// Move to a position. A stem that plays fades out at the old position over 5 ms. It [fades in](Command) at the new position
    /// over 1 ms, unless that is frame 0. A position after the end of a loop region is moved into the region.
    Seek {
        /// Which stems.
        stems: Stems,
        /// The position in frames of the track.
        to: Frames,
    },
    /// Repeat a region. With `None` the loop ends, and the stem plays on after the region's end. A stem whose position is after the
    /// end of a new region jumps into the region ([declicked](Command)).
    Loop {
        /// Which stems.
        stems: Stems,
        /// The region.
        region: Option<LoopRegion>,
    },
    /// Set the rate of the stems. The playback rate is this rate x the deck's rate x the master's rate.
    StemRate {
        /// Which stems.
        stems: Stems,
        /// The rate.
        rate: Rate,
    },
    /// Set the gain of the stems.
    StemGain {
        /// Which stems.
        stems: Stems,
        /// The new gain.
        gain: Gain,
        /// The length of the ramp.
        over: Frames,
        /// The curve of the ramp.
        law: CrossfadeLaw,
    },
    /// Set the rate of the deck. The speed is this rate x the master's rate, which is master tempo / base tempo.
    Rate {
        /// The rate.
        rate: Rate,
    },
    /// Set whether the deck follows the master tempo, as it does at first. Otherwise its speed is its own rate.
    FollowTempo {
        /// Whether it follows.
        follow: bool,
    },
    /// Move the position so that the beats of the music fall on the beats of the engine's clock. The position moves by at most half a
    /// beat, or by half a bar if bars have to fall on bars. A stem that plays is [declicked](Command). Stems without a track keep
    /// their position.
    ///
    /// The command compares the position with the clock in the frame in which it acts. If it is sent before [`DeckCommand::Play`] for
    /// the same frame, it moves the position from which the music starts. This position may be before frame 0. Then silence precedes
    /// the music.
    Align {
        /// Which stems.
        stems: Stems,
        /// The beats of the music, in frames of the track.
        pulse: Pulse,
        /// Whether beats have to fall on beats, or bars on bars.
        phase: Phase,
    },
    /// Select the stretch method. The old method fades to the new one in 5 ms.
    Stretch {
        /// The method.
        method: StretchMethod,
    },
    /// Set the gain of the deck's fader.
    Fader {
        /// The new gain.
        gain: Gain,
        /// The length of the ramp.
        over: Frames,
        /// The curve of the ramp.
        law: CrossfadeLaw,
    },
    /// Fade the deck. The gain of a fade is multiplied with that of the fader. It stays until the next [`DeckCommand::Play`] or
    /// [`DeckCommand::FadeIn`].
    Fade {
        /// The gain at the end of the fade.
        gain: Gain,
        /// The length of the fade.
        over: Frames,
        /// The curve of the fade.
        law: CrossfadeLaw,
    },
    /// Play, as [`DeckCommand::Play`] does, and fade in. The fade begins from silence when no stem plays, and from the present gain
    /// when one plays.
    FadeIn {
        /// Which stems.
        stems: Stems,
        /// The length of the fade.
        over: Frames,
        /// Its curve.
        law: CrossfadeLaw,
    },
    /// Set the gain of one band of the equaliser: 0 is a kill, 1 is flat. The gain is reached in 50 ms.
    Eq {
        /// The band.
        band: Band,
        /// The band's gain.
        gain: Gain,
    },
}

impl DeckCommand {
    /// The stems that a command names. They are checked before the command is sent.
    pub(crate) const fn stems(&self) -> Stems {
        use DeckCommand as D;
        match *self {
            D::Load { stem, .. } | D::Join { stem, .. } => Stems::One(stem),
            D::Unload { stems }
            | D::Play { stems }
            | D::Pause { stems }
            | D::Stop { stems }
            | D::Cue { stems, .. }
            | D::Seek { stems, .. }
            | D::Loop { stems, .. }
            | D::StemRate { stems, .. }
            | D::StemGain { stems, .. }
            | D::FadeIn { stems, .. }
            | D::Align { stems, .. } => stems,
            D::Rate { .. }
            | D::FollowTempo { .. }
            | D::Stretch { .. }
            | D::Fader { .. }
            | D::Fade { .. }
            | D::Eq { .. } => Stems::All,
        }
    }
}

/// A command in the queue to the audio thread, with its moment.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub when: When,
    pub command: Command,
}
