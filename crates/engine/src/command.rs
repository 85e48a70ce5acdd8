//! What may cross to the audio thread: plain data and the moment it acts.

use crate::track::Track;
use crate::types::band::Band;
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
    /// At exactly this frame of the engine's time line. A moment that has passed means now, and is counted
    /// in [`Status::late_commands`](crate::Status).
    At(Frames),
    /// In the frame of the next beat of the engine's clock.
    OnBeat,
}

/// Which stems of a deck a command means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stems {
    /// All of the deck.
    All,
    /// Only this one.
    One(StemId),
}

impl From<StemId> for Stems {
    fn from(stem: StemId) -> Self {
        Self::One(stem)
    }
}

/// One order to the audio thread.
///
/// Ramps are linear and counted in frames. "Declicked" means that what sounded before fades out over 5 ms
/// while the new sound is already there, so that a hit at the new position keeps its attack.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Command {
    /// Put a track into a stem, armed and silent, its cue at frame `cue`. What sounded there is declicked away.
    Load {
        /// The deck.
        deck: DeckId,
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
        /// The deck.
        deck: DeckId,
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
        /// The deck.
        deck: DeckId,
        /// Which stems.
        stems: Stems,
    },
    /// Play from where the stem stands; ends an earlier [`Command::Fade`] of the deck. A stem without a track
    /// counts on silently so that [`Command::Join`] can enter in phase.
    Play {
        /// The deck.
        deck: DeckId,
        /// Which stems.
        stems: Stems,
    },
    /// Fall silent (declicked) and stay where it is.
    Pause {
        /// The deck.
        deck: DeckId,
        /// Which stems.
        stems: Stems,
    },
    /// Fall silent (declicked) and go back to the cue.
    Stop {
        /// The deck.
        deck: DeckId,
        /// Which stems.
        stems: Stems,
    },
    /// Move the cue; a stem that is not playing goes there.
    Cue {
        /// The deck.
        deck: DeckId,
        /// Which stems.
        stems: Stems,
        /// The new cue, in frames of the track.
        cue: Frames,
    },
    /// Go to a position, playing or not (declicked).
    Seek {
        /// The deck.
        deck: DeckId,
        /// Which stems.
        stems: Stems,
        /// The position in frames of the track.
        to: Frames,
    },
    /// Repeat a region, or with `None` play on past its end. A stem behind the region's end jumps into it (declicked).
    Loop {
        /// The deck.
        deck: DeckId,
        /// Which stems.
        stems: Stems,
        /// The region.
        region: Option<LoopRegion>,
    },
    /// The stem's own rate, multiplied with the deck's and the master's.
    StemRate {
        /// The deck.
        deck: DeckId,
        /// The stem.
        stem: StemId,
        /// The rate.
        rate: Rate,
    },
    /// The stem's volume in its deck.
    StemGain {
        /// The deck.
        deck: DeckId,
        /// The stem.
        stem: StemId,
        /// The new gain.
        gain: Gain,
        /// The length of the ramp.
        over: Frames,
    },
    /// The deck's rate, multiplied with the master's.
    DeckRate {
        /// The deck.
        deck: DeckId,
        /// The rate.
        rate: Rate,
    },
    /// Move by at most half a beat, or half a bar, to the frame where the music's pulse lies on the engine's clock
    /// (declicked when it plays). Sent before [`Command::Play`] it moves the place the music starts from. Stems without
    /// a track stay where they are.
    Align {
        /// The deck.
        deck: DeckId,
        /// Which stems.
        stems: Stems,
        /// The beats of the music, in frames of the track.
        pulse: Pulse,
        /// Whether beats have to meet beats, or bars bars.
        phase: Phase,
    },
    /// How the deck changes speed; the new method fades in over the old one in 5 ms.
    Stretch {
        /// The deck.
        deck: DeckId,
        /// The method.
        method: StretchMethod,
    },
    /// The deck's fader.
    Level {
        /// The deck.
        deck: DeckId,
        /// The new gain.
        gain: Gain,
        /// The length of the ramp.
        over: Frames,
    },
    /// A fade beside the fader; the next [`Command::Play`] on the deck ends it.
    Fade {
        /// The deck.
        deck: DeckId,
        /// Where the fade ends.
        gain: Gain,
        /// Its length.
        over: Frames,
    },
    /// One band of the deck's equaliser; 0 is a kill, 1 flat. Settles in 50 ms.
    Eq {
        /// The deck.
        deck: DeckId,
        /// The band.
        band: Band,
        /// The band's gain.
        gain: Gain,
    },
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
    /// Beats in a bar, at least 1.
    Meter {
        /// The number of beats.
        beats: u8,
    },
    /// A sine on the master, faded in and out, for checking cables.
    Tone {
        /// Its frequency in hertz; clamped to 20..=20,000 and the Nyquist frequency.
        hertz: f32,
        /// Its peak.
        gain: Gain,
        /// Its length.
        over: Frames,
    },
    /// Forget everything that was sent before and waits for its moment, stop and unload every deck (declicked).
    Clear,
}

impl Command {
    /// The stem a command names, for the check at the sender's side.
    pub(crate) fn target(&self) -> Option<(DeckId, Stems)> {
        use Command as C;
        match *self {
            C::Load { deck, stem, .. }
            | C::Join { deck, stem, .. }
            | C::StemRate { deck, stem, .. }
            | C::StemGain { deck, stem, .. } => Some((deck, Stems::One(stem))),
            C::Unload { deck, stems }
            | C::Play { deck, stems }
            | C::Pause { deck, stems }
            | C::Stop { deck, stems }
            | C::Cue { deck, stems, .. }
            | C::Seek { deck, stems, .. }
            | C::Loop { deck, stems, .. }
            | C::Align { deck, stems, .. } => Some((deck, stems)),
            C::DeckRate { deck, .. }
            | C::Stretch { deck, .. }
            | C::Level { deck, .. }
            | C::Fade { deck, .. }
            | C::Eq { deck, .. } => Some((deck, Stems::All)),
            C::MasterGain { .. }
            | C::Tempo { .. }
            | C::GlideTempo { .. }
            | C::ResetClock { .. }
            | C::Meter { .. }
            | C::Tone { .. }
            | C::Clear => None,
        }
    }
}

/// A command on its way, with its moment.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub when: When,
    pub command: Command,
}
