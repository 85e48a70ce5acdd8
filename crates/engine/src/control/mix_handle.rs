//! A handle for the whole mix: master gain, tempo, the clock, the crossfader.

use std::time::Duration;

use super::engine::Engine;
use super::handle::{CommandTarget, Sender};
use crate::command::{Command, When};
use crate::types::crossfade_law::CrossfadeLaw;
use crate::types::error::Result;
use crate::types::units::{Bpm, Frames, Gain};

impl Engine {
    /// A handle for the whole mix.
    pub fn mix(&mut self) -> MixHandle<'_> {
        MixHandle::new(self)
    }
}

/// The mix of an [`Engine`] or a [`CommandGroup`](crate::CommandGroup): master gain, tempo, the clock, the crossfader. Each
/// method sends the [`Command`] of its name. Calls can be chained.
///
/// Every method returns the errors of [`Engine::send_all`].
///
/// This example fades from deck A to deck B. Both play at the master tempo, and the bars of B fall on the bars of the clock. `align`
/// and `crossfade` are in one group, so that both act in the same frame:
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
    pub(super) sender: Sender<'a, T>,
}

impl MixHandle<'_> {
    /// The following calls act at this moment. The default is [`When::NextBlock`].
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

    pub(super) fn send(mut self, commands: impl Into<Vec<Command>>) -> Result<Self> {
        self.sender.send(commands)?;
        Ok(self)
    }

    /// The following calls of [`master_gain`](Self::master_gain) and [`crossfader`](Self::crossfader) move the gain in this time. The
    /// default is 50 ms. No other method uses it. With `Duration::ZERO` the gain changes within one frame, which may click.
    #[must_use = "the handle is moved: call a command on the returned one"]
    pub fn over(mut self, time: Duration) -> Self {
        self.sender.over = time;
        self
    }

    /// The following calls of [`master_gain`](Self::master_gain) move the gain along the curve of this law. The default is
    /// [`CrossfadeLaw::Linear`].
    #[must_use = "the handle is moved: call a command on the returned one"]
    pub fn law(mut self, law: CrossfadeLaw) -> Self {
        self.sender.law = law;
        self
    }

    /// The gain of the whole mix, before the limiter. It is reached in the time set with [`over`](Self::over).
    pub fn master_gain(self, gain: Gain) -> Result<Self> {
        let (over, law) = (self.sender.ramp(), self.sender.law);
        self.send([Command::MasterGain { gain, over, law }])
    }

    /// Sets the master tempo at once. The speed of every deck is its own rate x tempo / [base tempo](crate::Builder::base_tempo).
    pub fn tempo(self, bpm: Bpm) -> Result<Self> {
        self.send([Command::Tempo { bpm }])
    }

    /// Moves the master tempo to `bpm`. After the time `over`, 99 % of the change is done.
    pub fn glide_tempo(self, bpm: Bpm, over: Duration) -> Result<Self> {
        let over = self.sender.frames(over);
        self.send([Command::GlideTempo { bpm, over }])
    }

    /// Sets the clock so that beat 0 is at frame `zero` of the engine's time line. This frame may be in the past.
    pub fn reset_clock(self, zero: Frames) -> Result<Self> {
        self.send([Command::ResetClock { zero }])
    }

    /// The number of beats in a bar of the engine's clock. The default is 4. 0 counts as 1.
    pub fn beats_per_bar(self, beats: u8) -> Result<Self> {
        self.send([Command::BeatsPerBar { beats }])
    }

    /// Plays a sine with a peak of `gain`, for checking cables. Its frequency is `hertz`, limited to the range from 20 Hz to 20 kHz
    /// and to 0.49 x the sample rate.
    pub fn tone(self, hertz: f32, gain: Gain, length: Duration) -> Result<Self> {
        let length = self.sender.frames(length);
        self.send([Command::Tone { hertz, gain, length }])
    }

    /// Discards every command that waits for its moment, and unloads every deck.
    pub fn clear(self) -> Result<Self> {
        self.send([Command::Clear])
    }
}
