//! What concerns the whole mix: master gain, tempo, the clock, the crossfader.

use std::time::Duration;

use super::engine::Engine;
use super::handle::{CommandTarget, Sender};
use crate::command::{Command, DeckCommand, Stems, When};
use crate::types::crossfade::CrossfadeLaw;
use crate::types::error::Result;
use crate::types::units::{Bpm, DeckId, Frames, Gain};

impl Engine {
    /// A handle for what concerns the whole mix.
    pub fn mix(&mut self) -> MixHandle<'_> {
        MixHandle::new(self)
    }
}

/// The mix of an [`Engine`] or a [`CommandGroup`](crate::CommandGroup): master gain, tempo, the clock, the crossfader. Each
/// method sends the [`Command`] of its name. Calls can be chained.
///
/// Every method returns the errors of [`Engine::send_all`].
///
/// From deck A to deck B: both play at the master tempo, and B enters with its bars on those of the clock. `align` and `crossfade`
/// are in one group, so that both act in the same frame:
/// ```
/// use std::time::Duration;
/// use crowd_engine::tempo::{Phase, Pulse};
/// use crowd_engine::{Bpm, CrossfadeLaw, DeckId, Engine, Frames, SampleRate, Track, When};
///
/// # fn main() -> Result<(), crowd_engine::Error> {
/// let mut offline = Engine::builder().base_tempo(Bpm::new(120.0)?).offline()?;
/// let first = Track::from_interleaved(vec![0.25; 88_200], SampleRate::CD, 2)?;
/// let second = first.clone();
/// let engine = offline.engine();
/// engine.deck(DeckId::A).load(&first)?.match_tempo(Bpm::new(120.0)?)?.play()?;
/// engine.deck(DeckId::B).load(&second)?.match_tempo(Bpm::new(126.0)?)?;
///
/// let mut group = engine.group();
/// // The first bar of the second track begins at 0.37 s.
/// group.deck(DeckId::B).align(Pulse::new(Bpm::new(126.0)?, 0.37, SampleRate::CD), Phase::Bar)?;
/// group.mix().crossfade(DeckId::A, DeckId::B, Duration::from_secs(8), CrossfadeLaw::EqualPower)?;
/// group.send(When::At(Frames::from_seconds(60.0, SampleRate::CD)))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct MixHandle<'a, T: CommandTarget = Engine> {
    sender: Sender<'a, T>,
}

impl MixHandle<'_> {
    /// The following calls act at this moment; [`When::NextBlock`] unless chosen.
    #[must_use = "the handle is moved: call a command on the returned one"]
    pub fn at(mut self, when: When) -> Self {
        self.sender.when = when;
        self
    }
}

#[allow(clippy::missing_errors_doc, reason = "said once, at the handle")]
impl<'a, T: CommandTarget> MixHandle<'a, T> {
    pub(super) fn new(target: &'a mut T) -> Self {
        Self { sender: Sender::new(target) }
    }

    fn send(mut self, commands: impl Into<Vec<Command>>) -> Result<Self> {
        self.sender.send(commands)?;
        Ok(self)
    }

    /// The following calls of [`master_gain`](Self::master_gain) and [`crossfader`](Self::crossfader) take this long; 50 ms unless
    /// chosen. It is for those two only. With `Duration::ZERO` the gain changes at once, in one frame, which may click.
    #[must_use = "the handle is moved: call a command on the returned one"]
    pub fn over(mut self, time: Duration) -> Self {
        self.sender.over = time;
        self
    }

    /// The gain of the whole mix, before the limiter, reached in the time set with [`over`](Self::over).
    pub fn master_gain(self, gain: Gain) -> Result<Self> {
        let over = self.sender.ramp();
        self.send([Command::MasterGain { gain, over }])
    }

    /// A new master tempo at once. The speed of every deck is its own rate x tempo / [base tempo](crate::Builder::base_tempo).
    pub fn tempo(self, bpm: Bpm) -> Result<Self> {
        self.send([Command::Tempo { bpm }])
    }

    /// Approaches a tempo: 99 % of the step after `over`.
    pub fn glide_tempo(self, bpm: Bpm, over: Duration) -> Result<Self> {
        let over = self.sender.frames(over);
        self.send([Command::GlideTempo { bpm, over }])
    }

    /// Makes frame `zero` of the engine's time line beat 0; it may lie in the past.
    pub fn reset_clock(self, zero: Frames) -> Result<Self> {
        self.send([Command::ResetClock { zero }])
    }

    /// The beats in a bar of the engine's clock: 4 at the start; 0 counts as 1.
    pub fn beats_per_bar(self, beats: u8) -> Result<Self> {
        self.send([Command::BeatsPerBar { beats }])
    }

    /// Plays a sine of `hertz` (20 to 20,000, and below the Nyquist frequency) with a peak of `gain` for checking cables.
    pub fn tone(self, hertz: f32, gain: Gain, length: Duration) -> Result<Self> {
        let length = self.sender.frames(length);
        self.send([Command::Tone { hertz, gain, length }])
    }

    /// Drops every command that waits for its moment, and stops and unloads every deck.
    pub fn clear(self) -> Result<Self> {
        self.send([Command::Clear])
    }

    /// Fades from one deck to another in the time `over`, along the curves of `law`. The faders stay as they are.
    ///
    /// The deck `to` is started unless it plays: its stems that have a track start, each with an
    /// [`Event::Started`](crate::Event::Started), and it fades in from silence. When it plays, it fades in from the present gain. The
    /// deck `from` goes on unheard afterwards, until it is paused, stopped or unloaded, or its track comes to its end with an
    /// [`Event::Ended`](crate::Event::Ended) as usual. It stays faded out until it is played again.
    ///
    /// Earlier [fades](crate::DeckHandle::fade) of both decks end: each goes on from the present gain to the new end. So another
    /// crossfade of the same decks turns round one that is under way.
    pub fn crossfade(self, from: DeckId, to: DeckId, over: Duration, law: CrossfadeLaw) -> Result<Self> {
        let over = self.sender.frames(over);
        self.send([
            Command::Deck(to, DeckCommand::FadeIn { stems: Stems::All, over, law }),
            Command::Deck(from, DeckCommand::Fade { gain: Gain::SILENCE, over, law }),
        ])
    }

    /// Moves the faders of two decks to where a crossfader at `position` (-1, left, to 1, right) has them, both in the same frame, in
    /// the time set with [`over`](Self::over). It starts and stops no deck.
    pub fn crossfader(self, left: DeckId, right: DeckId, position: f32, law: CrossfadeLaw) -> Result<Self> {
        let over = self.sender.ramp();
        let (left_gain, right_gain) = law.gains(position);
        let fader = |deck, gain| Command::Deck(deck, DeckCommand::Fader { gain, over });
        self.send([fader(left, left_gain), fader(right, right_gain)])
    }
}
