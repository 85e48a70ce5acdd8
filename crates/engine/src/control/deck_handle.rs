//! One deck, as an application controls it.

use std::time::Duration;

use super::engine::Engine;
use super::handle::{CommandTarget, Sender};
use crate::command::{Command, DeckCommand, Stems, When};
use crate::track::Track;
use crate::types::band::Band;
use crate::types::crossfade_law::CrossfadeLaw;
use crate::types::error::Result;
use crate::types::loop_region::LoopRegion;
use crate::types::pulse::{Phase, Pulse};
use crate::types::stretch_method::StretchMethod;
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
/// A deck plays one track, or several tracks in step. Each of them is in a stem. Methods act on all stems, or on the stem chosen
/// with [`DeckHandle::stem`]. A track is loaded into the first stem unless another one is chosen.
///
/// Every deck follows the master tempo: its speed is its own [rate](Self::rate) x master tempo / base tempo. A deck for which
/// [`follow_tempo`](Self::follow_tempo) was switched off plays at its own rate: a jingle at its recorded speed, for example.
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
///
/// Three stems of one piece of music. One `play` starts them in the same frame; the melody is silent at first and comes in 2 s:
/// ```
/// use std::time::Duration;
/// use crowd_engine::{DeckId, Engine, Gain, SampleRate, StemId, Track};
///
/// # fn main() -> Result<(), crowd_engine::Error> {
/// let mut offline = Engine::builder().offline()?;
/// let drums = Track::from_interleaved(vec![0.25; 88_200], SampleRate::CD, 2)?;
/// let (bass, melody) = (drums.clone(), drums.clone());
/// let deck = offline.engine().deck(DeckId::A);
/// let deck = deck.stem(StemId(0)).load(&drums)?.stem(StemId(1)).load(&bass)?;
/// let deck = deck.stem(StemId(2)).load(&melody)?.stem_gain(Gain::SILENCE)?;
/// deck.all_stems().play()?;
/// assert_eq!(offline.render_frames(1)[0], 0.5);
/// let melody = offline.engine().deck(DeckId::A).stem(StemId(2));
/// melody.over(Duration::from_secs(2)).stem_gain(Gain::UNITY)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DeckHandle<'a, T: CommandTarget = Engine> {
    sender: Sender<'a, T>,
    deck: DeckId,
    stems: Stems,
    keeps_gain: bool,
}

impl DeckHandle<'_> {
    /// The following calls act at this moment; [`When::NextBlock`] unless chosen.
    #[must_use = "the handle is moved: call a command on the returned one"]
    pub fn at(mut self, when: When) -> Self {
        self.sender.when = when;
        self
    }
}

#[allow(clippy::missing_errors_doc, reason = "said once, at the handle")]
impl<'a, T: CommandTarget> DeckHandle<'a, T> {
    pub(super) fn new(target: &'a mut T, deck: DeckId) -> Self {
        Self { sender: Sender::new(target), deck, stems: Stems::All, keeps_gain: false }
    }

    /// The following calls are for this stem only. `StemId(2)` is the third stem.
    #[must_use = "the handle is moved: call a command on the returned one"]
    pub fn stem(mut self, stem: StemId) -> Self {
        self.stems = Stems::One(stem);
        self
    }

    /// The following calls are for all stems of the deck. This is the default.
    #[must_use = "the handle is moved: call a command on the returned one"]
    pub fn all_stems(mut self) -> Self {
        self.stems = Stems::All;
        self
    }

    /// The following calls of [`fader`](Self::fader) and [`stem_gain`](Self::stem_gain) move the gain in this time. The default is
    /// 50 ms. No other method uses it. With `Duration::ZERO` the gain changes within one frame, which may click.
    #[must_use = "the handle is moved: call a command on the returned one"]
    pub fn over(mut self, time: Duration) -> Self {
        self.sender.over = time;
        self
    }

    /// The following fades and ramps of a gain have the curve of this law. The default is [`CrossfadeLaw::Linear`].
    #[must_use = "the handle is moved: call a command on the returned one"]
    pub fn law(mut self, law: CrossfadeLaw) -> Self {
        self.sender.law = law;
        self
    }

    /// The following loads keep the [`stem_gain`](Self::stem_gain) of their stems. Otherwise a load sets it to 1.
    #[must_use = "the handle is moved: call a command on the returned one"]
    pub fn keep_gain(mut self) -> Self {
        self.keeps_gain = true;
        self
    }

    fn send(mut self, command: DeckCommand) -> Result<Self> {
        self.sender.send([Command::Deck(self.deck, command)])?;
        Ok(self)
    }

    /// The stem into which a track is loaded.
    fn one_stem(&self) -> StemId {
        match self.stems {
            Stems::All => StemId::FIRST,
            Stems::One(stem) => stem,
        }
    }

    /// Loads a track, with the position at its start. The stem is silent until it is played.
    ///
    /// - The stem stops, with a fade-out of 5 ms if it plays. Other stems of the deck go on.
    /// - Reset for the stem: cue and position (to the start), the loop (none; [`load_looped`](Self::load_looped) sets one), [`stem_gain`](Self::stem_gain) (1, unless it is [kept](Self::keep_gain)) and
    ///   [`stem_rate`](Self::stem_rate) (1). What was set before the load is lost: set these after it.
    /// - Kept, because it belongs to the deck: [`rate`](Self::rate), [`match_tempo`](Self::match_tempo) and
    ///   [`tempo`](Self::tempo), [`stretch`](Self::stretch), [`eq`](Self::eq), [`fader`](Self::fader) and [`fade`](Self::fade). A
    ///   deck that was faded out stays so until [`play`](Self::play) or a fade-in.
    pub fn load(self, track: &Track) -> Result<Self> {
        self.load_cued(track, Frames::ZERO)
    }

    /// Loads a track, as [`load`](Self::load) does, with the position and the cue at `cue`, in frames of the track.
    pub fn load_cued(self, track: &Track, cue: Frames) -> Result<Self> {
        self.load_region(track, cue, None)
    }

    /// Loads a track, as [`load_cued`](Self::load_cued) does, with a region that repeats.
    pub fn load_looped(self, track: &Track, cue: Frames, region: LoopRegion) -> Result<Self> {
        self.load_region(track, cue, Some(region))
    }

    fn load_region(self, track: &Track, cue: Frames, region: Option<LoopRegion>) -> Result<Self> {
        let (stem, track, keeps_gain) = (self.one_stem(), track.clone(), self.keeps_gain);
        self.send(DeckCommand::Load { stem, track, cue, region, keeps_gain })
    }

    /// Loads a track into a stem that plays without one. The track enters at the position that it would have if it had played
    /// from `cue` since the stem started. The stem's gain and rate are kept.
    pub fn join(self, track: &Track, cue: Frames, region: Option<LoopRegion>) -> Result<Self> {
        let stem = self.one_stem();
        self.send(DeckCommand::Join { stem, track: track.clone(), cue, region })
    }

    /// Unloads the track.
    pub fn unload(self) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Unload { stems })
    }

    /// Plays from the present position, and ends a [fade](Self::fade). A start at frame 0 of the track begins with its first sample,
    /// unchanged. A start after frame 0 fades in over 1 ms. A stem that plays already continues.
    ///
    /// Without a chosen stem, all stems that have a track start in the same frame. If the deck has no track, its first stem starts.
    /// A chosen stem starts with a track or without. The position of a stem without a track advances in silence until
    /// [`join`](Self::join) loads a track.
    pub fn play(self) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Play { stems })
    }

    /// Stops playing, with a fade-out of 5 ms, and keeps the position.
    pub fn pause(self) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Pause { stems })
    }

    /// Stops playing, with a fade-out of 5 ms, and moves the position to the cue.
    pub fn stop(self) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Stop { stems })
    }

    /// Moves the cue, in frames of the track. The position of a stem that is not playing moves to the cue. A start from a cue after
    /// frame 0 fades in over 1 ms, so set the cue a millisecond before an attack.
    pub fn cue(self, cue: Frames) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Cue { stems, cue })
    }

    /// Moves to a position, in frames of the track. A stem that plays fades out at the old position over 5 ms. It fades in at the
    /// new position over 1 ms, unless that is frame 0.
    pub fn seek(self, to: Frames) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Seek { stems, to })
    }

    /// Repeats a region. With `None` the loop ends, and the stem plays on after the region's end. A position after the end of a new
    /// region moves into the region. A later [`load`](Self::load) removes the region.
    pub fn loop_(self, region: Option<LoopRegion>) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Loop { stems, region })
    }

    /// The rate of the stems. The playback rate is this rate x the deck's rate x the master's rate.
    pub fn stem_rate(self, rate: Rate) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::StemRate { stems, rate })
    }

    /// The gain of the stems. It is reached in the time set with [`over`](Self::over). A silent stem has it at once.
    pub fn stem_gain(self, gain: Gain) -> Result<Self> {
        let (stems, over, law) = (self.stems, self.sender.ramp(), self.sender.law);
        self.send(DeckCommand::StemGain { stems, gain, over, law })
    }

    /// The rate of the deck. The speed is this rate x the master's rate, which is master tempo / base tempo.
    pub fn rate(self, rate: Rate) -> Result<Self> {
        self.send(DeckCommand::Rate { rate })
    }

    /// Whether the deck follows the master tempo, as it does at first. A deck that does not follow plays at its own
    /// [rate](Self::rate), whatever the master tempo is: a jingle, for example. A [live input](crate::Track::from_live) never follows.
    pub fn follow_tempo(self, follow: bool) -> Result<Self> {
        self.send(DeckCommand::FollowTempo { follow })
    }

    /// Plays music whose own tempo is `own` at the master tempo, and follows its changes. The [rate](Self::rate) becomes
    /// base tempo / `own`.
    ///
    /// Returns [`Error::OutOfRange`](crate::Error::OutOfRange), too, when that rate is outside the range of [`Rate`].
    pub fn match_tempo(self, own: Bpm) -> Result<Self> {
        let base = self.sender.target.settings().base_tempo;
        self.tempo(own, base)
    }

    /// Plays music whose own tempo is `own` at `tempo`. The [rate](Self::rate) becomes `tempo` / `own`.
    ///
    /// The music has exactly this tempo while the master tempo is the [base tempo](crate::Builder::base_tempo). It follows other
    /// master tempos in proportion.
    ///
    /// Returns [`Error::OutOfRange`](crate::Error::OutOfRange), too, when that rate is outside the range of [`Rate`].
    pub fn tempo(self, own: Bpm, tempo: Bpm) -> Result<Self> {
        self.rate(Rate::between(own, tempo)?)
    }

    /// Moves the position so that the beats of the music fall on the beats of the engine's clock. `pulse` has the beats of the
    /// music. [`BeatGrid::pulse_at`](crate::tempo::BeatGrid::pulse_at) computes it from a beat grid.
    ///
    /// With [`Phase::Beat`] the position moves by at most half a beat. With [`Phase::Bar`] bars fall on bars, and the position moves
    /// by at most half a bar.
    ///
    /// The command compares the position with the clock in the frame in which it acts. To start in phase, send it before `play` (or
    /// a crossfade) in the same group. The new position may be before frame 0 of the track. Then silence precedes the music, whose
    /// beats are still in phase. To avoid the silence, use a cue half a bar or more into the track.
    ///
    /// ```
    /// use crowd_engine::tempo::{Phase, Pulse};
    /// use crowd_engine::{Bpm, DeckId, Engine, SampleRate, Track, When};
    ///
    /// # fn main() -> Result<(), crowd_engine::Error> {
    /// let mut offline = Engine::builder().base_tempo(Bpm::new(120.0)?).offline()?;
    /// let track = Track::from_interleaved(vec![0.25; 88_200], SampleRate::CD, 2)?;
    /// let own = Bpm::new(120.0)?;
    /// // The first bar of the music begins at 0.1 s.
    /// let pulse = Pulse::new(own, 0.1, SampleRate::CD);
    /// offline.engine().deck(DeckId::A).load(&track)?.match_tempo(own)?;
    /// let mut group = offline.engine().group();
    /// group.deck(DeckId::A).align(pulse, Phase::Beat)?.play()?;
    /// group.send(When::OnBeat)?;
    /// offline.render_frames(1_000);
    /// // On beat 0, which is frame 0, the music began with its downbeat.
    /// let status = offline.engine().status();
    /// assert_eq!(status.decks[DeckId::A.index()].position, (4_410 + status.horizon.0) as f64);
    /// # Ok(())
    /// # }
    /// ```
    pub fn align(self, pulse: Pulse, phase: Phase) -> Result<Self> {
        let stems = self.stems;
        self.send(DeckCommand::Align { stems, pulse, phase })
    }

    /// Selects the method by which the deck changes its speed. The old method fades to the new one in 5 ms. A
    /// [live input](crate::Track::from_live) changes when the frames that the new method reads are there, or after a quarter of a
    /// second; one that [skips](crate::feed::Starvation::Skip) goes back to them.
    pub fn stretch(self, method: StretchMethod) -> Result<Self> {
        self.send(DeckCommand::Stretch { method })
    }

    /// The gain of the deck's fader. It is reached in the time set with [`over`](Self::over).
    pub fn fader(self, gain: Gain) -> Result<Self> {
        let (over, law) = (self.sender.ramp(), self.sender.law);
        self.send(DeckCommand::Fader { gain, over, law })
    }

    /// Fades the deck to `gain` in the time `over`, along the curve set with [`law`](Self::law). The gain of a fade is multiplied
    /// with that of the fader. It stays until the next [`play`](Self::play), [`fade_in`](Self::fade_in) or crossfade.
    pub fn fade(self, gain: Gain, over: Duration) -> Result<Self> {
        let (over, law) = (self.sender.frames(over), self.sender.law);
        self.send(DeckCommand::Fade { gain, over, law })
    }

    /// Plays, and fades in in the time `over`, along the curve set with [`law`](Self::law). The fade begins from silence when the deck
    /// does not play, and from the present gain when it plays.
    pub fn fade_in(self, over: Duration) -> Result<Self> {
        let (stems, over, law) = (self.stems, self.sender.frames(over), self.sender.law);
        self.send(DeckCommand::FadeIn { stems, over, law })
    }

    /// The gain of one [band](Band) of the equaliser: 0 is a kill, 1 is flat, 4 is the maximum. The gain is reached in 50 ms.
    /// [`over`](Self::over) does not change that.
    pub fn eq(self, band: Band, gain: Gain) -> Result<Self> {
        self.send(DeckCommand::Eq { band, gain })
    }
}
