//! One deck, as an application controls it.

use std::time::Duration;

use super::engine::Engine;
use super::handle::{CommandTarget, Sender};
use crate::command::{Command, DeckCommand, Stems, When};
use crate::track::Track;
use crate::types::band::Band;
use crate::types::crossfade::CrossfadeLaw;
use crate::types::error::Result;
use crate::types::loop_region::LoopRegion;
use crate::types::method::StretchMethod;
use crate::types::pulse::{Phase, Pulse};
use crate::types::units::{Bpm, DeckId, Frames, Gain, Rate, StemId};

impl Engine {
    /// A handle for one deck.
    pub fn deck(&mut self, deck: DeckId) -> DeckHandle<'_> {
        DeckHandle::new(self, deck)
    }
}

/// One deck of an [`Engine`] or a [`CommandGroup`](crate::CommandGroup). Each method sends the [`DeckCommand`] of its name.
/// Calls can be chained.
///
/// A deck plays one track, or several in step: its stems. Methods that move stems are for all of them, or for the one chosen with
/// [`DeckHandle::stem`]. A track is loaded into the first stem unless another is chosen.
///
/// Every method returns the errors of [`Engine::send_all`].
///
/// ```
/// use std::time::Duration;
/// use crowd_engine::{Band, Bpm, DeckId, Engine, Gain, SampleRate, Track, When};
///
/// # fn main() -> Result<(), crowd_engine::Error> {
/// let mut offline = Engine::builder().offline()?;
/// let track = Track::from_interleaved(vec![0.25; 88_200], SampleRate::CD, 2)?;
/// let deck = offline.engine().deck(DeckId::A).load(&track)?.match_tempo(Bpm::new(124.0)?)?;
/// // Without its bass, from the next beat on; the fader opens in a second.
/// let deck = deck.eq(Band::Low, Gain::SILENCE)?.fader(Gain::SILENCE)?;
/// deck.at(When::OnBeat).play()?.over(Duration::from_secs(1)).fader(Gain::UNITY)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DeckHandle<'a, T: CommandTarget = Engine> {
    sender: Sender<'a, T>,
    deck: DeckId,
    stems: Stems,
}

impl DeckHandle<'_> {
    /// The following calls act at this moment; [`When::NextBlock`] unless chosen.
    pub fn at(mut self, when: When) -> Self {
        self.sender.when = when;
        self
    }
}

#[allow(clippy::missing_errors_doc, reason = "said once, at the handle")]
impl<'a, T: CommandTarget> DeckHandle<'a, T> {
    pub(super) fn new(target: &'a mut T, deck: DeckId) -> Self {
        Self { sender: Sender::new(target), deck, stems: Stems::All }
    }

    /// The following calls are for this stem only.
    pub fn stem(mut self, stem: StemId) -> Self {
        self.stems = Stems::One(stem);
        self
    }

    /// The following calls are for all stems of the deck, as at first.
    pub fn all_stems(mut self) -> Self {
        self.stems = Stems::All;
        self
    }

    /// The following moves of a fader or a stem's gain take this long; 50 ms unless chosen.
    pub fn over(mut self, time: Duration) -> Self {
        self.sender.over = time;
        self
    }

    /// The following fades have the curve of this law; [`CrossfadeLaw::Linear`] unless chosen.
    pub fn law(mut self, law: CrossfadeLaw) -> Self {
        self.sender.law = law;
        self
    }

    fn send(mut self, command: DeckCommand) -> Result<Self> {
        self.sender.send([Command::Deck(self.deck, command)])?;
        Ok(self)
    }

    /// The stem that takes a track.
    fn one_stem(&self) -> StemId {
        match self.stems {
            Stems::All => StemId::FIRST,
            Stems::One(stem) => stem,
        }
    }

    /// Puts a track in, armed and silent at its start.
    pub fn load(self, track: &Track) -> Result<Self> {
        self.load_at(track, Frames::ZERO)
    }

    /// Puts a track in, armed and silent at `cue`, in frames of the track.
    pub fn load_at(self, track: &Track, cue: Frames) -> Result<Self> {
        let stem = self.one_stem();
        self.send(DeckCommand::Load { stem, track: track.clone(), cue, region: None })
    }

    /// Gives a stem that plays without a track its track: it enters as if it had been played from `cue` at the start.
    pub fn join(self, track: &Track, cue: Frames, region: Option<LoopRegion>) -> Result<Self> {
        let stem = self.one_stem();
        self.send(DeckCommand::Join { stem, track: track.clone(), cue, region })
    }

    /// Takes the track out.
    pub fn unload(self) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Unload { stems })
    }

    /// Plays from the present position, and ends a [fade](Self::fade).
    pub fn play(self) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Play { stems })
    }

    /// Falls silent and keeps the position.
    pub fn pause(self) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Pause { stems })
    }

    /// Falls silent and goes back to the cue.
    pub fn stop(self) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Stop { stems })
    }

    /// Moves the cue, in frames of the track; a stem that is not playing goes there.
    pub fn cue(self, cue: Frames) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Cue { stems, cue })
    }

    /// Goes to a position, in frames of the track, playing or not.
    pub fn seek(self, to: Frames) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Seek { stems, to })
    }

    /// Repeats a region, or with `None` plays on past its end.
    pub fn loop_(self, region: Option<LoopRegion>) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Loop { stems, region })
    }

    /// The stems' own rate, multiplied with the deck's and the master's.
    pub fn stem_rate(self, rate: Rate) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::StemRate { stems, rate })
    }

    /// The stems' gain in their deck.
    pub fn stem_gain(self, gain: Gain) -> Result<Self> {
        let (stems, over) = (self.stems, self.sender.ramp());
        self.send(DeckCommand::StemGain { stems, gain, over })
    }

    /// The deck's rate, multiplied with the master's.
    pub fn rate(self, rate: Rate) -> Result<Self> {
        self.send(DeckCommand::Rate { rate })
    }

    /// Plays music whose own tempo is `own` at the master tempo, whatever that becomes: the [rate](Self::rate) is base tempo /
    /// `own`.
    ///
    /// Returns [`Error::OutOfRange`](crate::Error::OutOfRange), too, when the deck would have to play at an impossible rate.
    pub fn match_tempo(self, own: Bpm) -> Result<Self> {
        let base = self.sender.target.settings().base_tempo;
        self.tempo(own, base)
    }

    /// Plays music whose own tempo is `own` at `tempo`, for as long as the master tempo is the
    /// [base tempo](crate::Builder::base_tempo); it follows the master's changes in proportion. The [rate](Self::rate) is
    /// `tempo` / `own`.
    ///
    /// Returns [`Error::OutOfRange`](crate::Error::OutOfRange), too, when the deck would have to play at an impossible rate.
    pub fn tempo(self, own: Bpm, tempo: Bpm) -> Result<Self> {
        self.rate(Rate::between(own, tempo)?)
    }

    /// Moves by at most half a beat, or half a bar, to where the beats of the music, `pulse`, meet those of the engine's clock:
    /// beats beats, or bars bars, as `phase` says. A [beat grid](crate::tempo::BeatGrid::pulse_at) has the pulse.
    pub fn align(self, pulse: Pulse, phase: Phase) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Align { stems, pulse, phase })
    }

    /// How the deck changes speed; the change takes 5 ms.
    pub fn stretch(self, method: StretchMethod) -> Result<Self> {
        self.send(DeckCommand::Stretch { method })
    }

    /// The gain of the deck's fader.
    pub fn fader(self, gain: Gain) -> Result<Self> {
        let over = self.sender.ramp();
        self.send(DeckCommand::Fader { gain, over })
    }

    /// A fade in addition to the fader; the next [`play`](Self::play) ends it.
    pub fn fade(self, gain: Gain, over: Duration) -> Result<Self> {
        let (over, law) = (self.sender.frames(over), self.sender.law);
        self.send(DeckCommand::Fade { gain, over, law })
    }

    /// Plays, and fades in: from silence when the deck does not play, else from the present gain.
    pub fn fade_in(self, over: Duration) -> Result<Self> {
        let (stems, over, law) = (self.stems, self.sender.frames(over), self.sender.law);
        self.send(DeckCommand::FadeIn { stems, over, law })
    }

    /// The gain of one band of the equaliser: 0 is a kill, 1 is flat. It settles in 50 ms.
    pub fn eq(self, band: Band, gain: Gain) -> Result<Self> {
        self.send(DeckCommand::Eq { band, gain })
    }
}
