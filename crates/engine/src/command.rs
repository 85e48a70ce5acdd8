//! Commands to the audio thread, and the moments at which they act.

use crate::track::Track;
use crate::types::band::Band;
use crate::types::crossfade::CrossfadeLaw;
use crate::types::loop_region::LoopRegion;
use crate::types::method::StretchMethod;
use crate::types::pulse::{Phase, Pulse};
use crate::types::units::{Bpm, DeckId, Frames, Gain, Rate, StemId};

/// The moment a command acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// As soon as the audio thread takes it: the next quantum of 64 frames.
    #[default]
    NextBlock,
    /// At exactly this frame of the engine's time line. When the frame has passed, the command acts at once, is counted
    /// in [`Status::late_commands`](crate::Status::late_commands) and reported as [`Event::Late`](crate::Event::Late).
    At(Frames),
    /// In the frame of the next beat of the engine's clock.
    OnBeat,
}

/// The stems of a deck that a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
/// Ramps are linear and counted in frames, unless a command says otherwise. "Declicked" means that what sounded until then
/// fades out over 5 ms while the new sound is already there, so that a transient at the new position keeps its attack.
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
    /// A new master tempo at once. Decks play at tempo / base tempo; the beat phase does not jump.
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
    /// Put a track into a stem, armed and silent, its cue at frame `cue`. What sounded there is declicked away.
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
    /// Play from the present position; ends an earlier [`DeckCommand::Fade`]. A stem without a track
    /// counts on silently so that [`DeckCommand::Join`] can enter in phase.
    Play {
        /// Which stems.
        stems: Stems,
    },
    /// Fall silent (declicked) and keep the position.
    Pause {
        /// Which stems.
        stems: Stems,
    },
    /// Fall silent (declicked) and go back to the cue.
    Stop {
        /// Which stems.
        stems: Stems,
    },
    /// Move the cue; a stem that is not playing goes there.
    Cue {
        /// Which stems.
        stems: Stems,
        /// The new cue, in frames of the track.
        cue: Frames,
    },
    /// Go to a position, playing or not (declicked).
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
    /// The deck's rate, multiplied with the master's.
    Rate {
        /// The rate.
        rate: Rate,
    },
    /// Move by at most half a beat, or half a bar, to the frame where the music's pulse lies on the engine's clock
    /// (declicked when it plays). Sent before [`DeckCommand::Play`] it moves the position from which the music starts. Stems
    /// without a track keep their position.
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
    /// A fade in addition to the fader; the next [`DeckCommand::Play`] ends it.
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
