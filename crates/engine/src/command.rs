//! Commands to the audio thread, and the moments at which they act.

use crate::track::Track;
use crate::types::band::Band;
use crate::types::crossfade::CrossfadeLaw;
use crate::types::loop_region::LoopRegion;
use crate::types::pulse::{Phase, Pulse};
use crate::types::stretch_method::StretchMethod;
use crate::types::units::{Bpm, DeckId, Frames, Gain, Rate, StemId};

/// The moment a command acts.
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
    /// As soon as the audio thread takes it: the next quantum of 64 frames, whose first frame is
    /// [`Status::horizon`](crate::Status::horizon).
    #[default]
    NextBlock,
    /// At exactly this frame of the engine's time line. When the frame has passed, the command acts at once, is counted
    /// in [`Status::late_commands`](crate::Status::late_commands) and reported as [`Event::Late`](crate::Event::Late).
    At(Frames),
    /// In the frame of the next beat of the engine's clock. A beat in the first frame that is not made yet counts as the next.
    OnBeat,
    /// In the frame of the next beat of the engine's clock that begins a bar: a beat whose number is a multiple of the
    /// [beats in a bar](Command::BeatsPerBar).
    OnBar,
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
/// Ramps are linear and counted in frames, unless a command says otherwise. A ramp of 0 frames is a step.
///
/// "Declicked" means two fades. What sounded until then fades out over 5 ms; a sound that began while another was still fading
/// out fades out over 1 ms. What sounds from the new position on fades in over 1 ms: a linear ramp of 44 frames at 44.1 kHz,
/// whose first frame has 1/44 of the gain and whose 44th is the first with all of it. The fade-in does not depend on the samples
/// there. A transient that begins a millisecond or more after the new position is unchanged; one that begins exactly at it loses
/// its first millisecond, so set a cue slightly before an attack. A start at frame 0 of the track, or before it, has no
/// fade-in: it plays the track's samples as they are. The jump from the end of a loop region to its start is no command and has
/// no fade-in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Command {
    /// For one deck.
    Deck(DeckId, DeckCommand),
    /// The gain of the whole mix, before the limiter.
    MasterGain {
        /// The new gain.
        gain: Gain,
        /// The length of the ramp.
        over: Frames,
    },
    /// A new master tempo at once. The speed of every deck is multiplied with tempo / base tempo; the beat phase does not jump.
    Tempo {
        /// The tempo.
        bpm: Bpm,
    },
    /// Approach a tempo exponentially: 99 % of the step after `over`.
    GlideTempo {
        /// The tempo to approach.
        bpm: Bpm,
        /// The time to 99 %.
        over: Frames,
    },
    /// Frame `zero` of the engine's time line becomes beat 0.
    ResetClock {
        /// The frame of beat 0; may lie in the past.
        zero: Frames,
    },
    /// Beats in a bar of the engine's clock; 4 at the start.
    BeatsPerBar {
        /// The number of beats; 0 counts as 1.
        beats: u8,
    },
    /// A sine on the master, faded in and out, for checking cables.
    Tone {
        /// Its frequency in hertz; clamped to 20..=20,000 and the Nyquist frequency.
        hertz: f32,
        /// Its peak.
        gain: Gain,
        /// Its length.
        length: Frames,
    },
    /// Drop everything that was sent earlier and waits for its moment; stop and unload every deck (declicked).
    Clear,
}

/// One command for one deck; see [`Command::Deck`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DeckCommand {
    /// Put a track into a stem, armed and silent, its cue at frame `cue`. What sounded there fades out over 5 ms.
    /// [`DeckHandle::load`](crate::DeckHandle::load) lists what is reset and what is kept.
    Load {
        /// The stem.
        stem: StemId,
        /// The track; a clone shares the samples.
        track: Track,
        /// The frame of the track from which it will play.
        cue: Frames,
        /// The region to repeat, if any.
        region: Option<LoopRegion>,
    },
    /// Give a stem that was started before its track was there its track now: it enters with the phase it
    /// would have had, counted from `cue`, as if it had been there from the start.
    Join {
        /// The stem.
        stem: StemId,
        /// The late track.
        track: Track,
        /// The frame of the track that should have sounded at the start.
        cue: Frames,
        /// The region to repeat, if any.
        region: Option<LoopRegion>,
    },
    /// Take the track out (declicked); the samples are freed off the audio thread.
    Unload {
        /// Which stems.
        stems: Stems,
    },
    /// Play from the present position; ends an earlier [`DeckCommand::Fade`]. A start at frame 0 of the track begins with its
    /// first sample as it is; a start after frame 0 fades in over 1 ms ([why](Command)). A stem that plays already goes on.
    ///
    /// [`Stems::All`] starts the stems that have a track, in the same frame; of a deck without a track it starts the first stem.
    /// [`Stems::One`] starts that stem, with a track or without. A stem without a track counts on silently so that
    /// [`DeckCommand::Join`] can enter in phase.
    Play {
        /// Which stems.
        stems: Stems,
    },
    /// Fall silent, with a fade-out of 5 ms, and keep the position.
    Pause {
        /// Which stems.
        stems: Stems,
    },
    /// Fall silent, with a fade-out of 5 ms, and go back to the cue.
    Stop {
        /// Which stems.
        stems: Stems,
    },
    /// Move the cue; a stem that is not playing goes there. A stem that plays goes on unchanged, and goes to the cue when it
    /// is stopped. A start from a cue after frame 0 fades in over 1 ms, as [`DeckCommand::Play`] does.
    Cue {
        /// Which stems.
        stems: Stems,
        /// The new cue, in frames of the track.
        cue: Frames,
    },
    /// Go to a position, playing or not. A stem that plays fades out at the old position over 5 ms, and in at the new one over
    /// 1 ms unless that is frame 0 ([why](Command)). A position after the end of a loop region is moved into the region.
    Seek {
        /// Which stems.
        stems: Stems,
        /// The position in frames of the track.
        to: Frames,
    },
    /// Repeat a region, or with `None` play on past its end. A stem that is past the region's end jumps into it (declicked).
    Loop {
        /// Which stems.
        stems: Stems,
        /// The region.
        region: Option<LoopRegion>,
    },
    /// The stems' own rate, multiplied with the deck's and the master's.
    StemRate {
        /// Which stems.
        stems: Stems,
        /// The rate.
        rate: Rate,
    },
    /// The stems' gain in their deck.
    StemGain {
        /// Which stems.
        stems: Stems,
        /// The new gain.
        gain: Gain,
        /// The length of the ramp.
        over: Frames,
    },
    /// The deck's rate, multiplied with the master's, which is master tempo / base tempo.
    Rate {
        /// The rate.
        rate: Rate,
    },
    /// Move by at most half a beat, or half a bar, to the frame where the music's pulse meets the engine's clock in the frame in
    /// which the command acts (declicked when it plays). Sent before [`DeckCommand::Play`], in the same frame, it moves the
    /// position from which the music starts. That position may be before frame 0: then silence precedes the music. Stems without
    /// a track keep their position.
    Align {
        /// Which stems.
        stems: Stems,
        /// The beats of the music, in frames of the track.
        pulse: Pulse,
        /// Whether beats have to meet beats, or bars bars.
        phase: Phase,
    },
    /// How the deck changes speed; the new method fades in over the old one in 5 ms.
    Stretch {
        /// The method.
        method: StretchMethod,
    },
    /// The deck's fader.
    Fader {
        /// The new gain.
        gain: Gain,
        /// The length of the ramp.
        over: Frames,
    },
    /// A fade in addition to the fader; it stays where it ends until the next [`DeckCommand::Play`] or
    /// [`DeckCommand::FadeIn`].
    Fade {
        /// Where the fade ends.
        gain: Gain,
        /// Its length.
        over: Frames,
        /// Its curve.
        law: CrossfadeLaw,
    },
    /// Play, as [`DeckCommand::Play`] does, and fade in: from silence when no stem plays, else from the present gain.
    FadeIn {
        /// Which stems.
        stems: Stems,
        /// The length of the fade.
        over: Frames,
        /// Its curve.
        law: CrossfadeLaw,
    },
    /// One band of the equaliser; 0 is a kill, 1 flat. Settles in 50 ms.
    Eq {
        /// The band.
        band: Band,
        /// The band's gain.
        gain: Gain,
    },
}

impl DeckCommand {
    /// The stems a command names, for the check before it is sent.
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
            D::Rate { .. } | D::Stretch { .. } | D::Fader { .. } | D::Fade { .. } | D::Eq { .. } => Stems::All,
        }
    }
}

/// A command on its way, with its moment.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub when: When,
    pub command: Command,
}
