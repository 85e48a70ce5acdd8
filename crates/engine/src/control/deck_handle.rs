//! One deck, as an application moves it.

use super::engine::Engine;
use crate::command::{Command, When};
use crate::track::Track;
use crate::types::band::Band;
use crate::types::error::Result;
use crate::types::loop_region::LoopRegion;
use crate::types::method::StretchMethod;
use crate::types::pulse::{Phase, Pulse};
use crate::types::units::{DeckId, Frames, Gain, Rate, StemId};

impl Engine {
    /// A handle for one deck and its first stem.
    pub fn deck(&mut self, deck: DeckId) -> DeckHandle<'_> {
        DeckHandle { engine: self, deck, stem: StemId::FIRST, when: When::NextBlock }
    }
}

/// One stem of one deck, and the moment at which what is asked of it happens. Calls can be chained.
///
/// Every method returns [`Error::NoSuchStem`](crate::Error::NoSuchStem), [`Error::QueueFull`](crate::Error::QueueFull) or
/// [`Error::ScheduleFull`](crate::Error::ScheduleFull) as
/// [`Engine::send_all`] does.
pub struct DeckHandle<'a> {
    engine: &'a mut Engine,
    deck: DeckId,
    stem: StemId,
    when: When,
}

#[allow(clippy::missing_errors_doc)] // said once, above
impl DeckHandle<'_> {
    /// The following calls act at this moment.
    pub fn at(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    /// The following calls mean this stem.
    pub fn stem(mut self, stem: StemId) -> Self {
        self.stem = stem;
        self
    }

    fn send(self, command: Command) -> Result<Self> {
        self.engine.send(command, self.when)?;
        Ok(self)
    }

    /// Puts a track in, armed at its start.
    pub fn load(self, track: &Track) -> Result<Self> {
        self.load_at(track, Frames::ZERO)
    }

    /// Puts a track in, armed at `cue`.
    pub fn load_at(self, track: &Track, cue: Frames) -> Result<Self> {
        let (deck, stem) = (self.deck, self.stem);
        self.send(Command::Load { deck, stem, track: track.clone(), cue, region: None })
    }

    /// Takes the track out.
    pub fn unload(self) -> Result<Self> {
        let (deck, stems) = (self.deck, self.stem.into());
        self.send(Command::Unload { deck, stems })
    }

    /// Plays from where the stem stands.
    pub fn play(self) -> Result<Self> {
        let (deck, stems) = (self.deck, self.stem.into());
        self.send(Command::Play { deck, stems })
    }

    /// Falls silent and stays where it is.
    pub fn pause(self) -> Result<Self> {
        let (deck, stems) = (self.deck, self.stem.into());
        self.send(Command::Pause { deck, stems })
    }

    /// Falls silent and goes back to the cue.
    pub fn stop(self) -> Result<Self> {
        let (deck, stems) = (self.deck, self.stem.into());
        self.send(Command::Stop { deck, stems })
    }

    /// Goes to a position.
    pub fn seek(self, to: Frames) -> Result<Self> {
        let (deck, stems) = (self.deck, self.stem.into());
        self.send(Command::Seek { deck, stems, to })
    }

    /// Moves the cue.
    pub fn cue(self, cue: Frames) -> Result<Self> {
        let (deck, stems) = (self.deck, self.stem.into());
        self.send(Command::Cue { deck, stems, cue })
    }

    /// Repeats a region, or with `None` plays on.
    pub fn loop_(self, region: Option<LoopRegion>) -> Result<Self> {
        let (deck, stems) = (self.deck, self.stem.into());
        self.send(Command::Loop { deck, stems, region })
    }

    /// The stem's volume, in 50 ms.
    pub fn volume(self, gain: Gain) -> Result<Self> {
        let (deck, stem, over) = (self.deck, self.stem, self.engine.fader_ramp());
        self.send(Command::StemGain { deck, stem, gain, over })
    }

    /// The deck's speed beside the master tempo.
    pub fn rate(self, rate: Rate) -> Result<Self> {
        let deck = self.deck;
        self.send(Command::DeckRate { deck, rate })
    }

    /// Moves by at most half a beat, or half a bar, onto the engine's clock.
    pub fn align(self, pulse: Pulse, phase: Phase) -> Result<Self> {
        let (deck, stems) = (self.deck, self.stem.into());
        self.send(Command::Align { deck, stems, pulse, phase })
    }

    /// How the deck changes speed.
    pub fn stretch(self, method: StretchMethod) -> Result<Self> {
        let deck = self.deck;
        self.send(Command::Stretch { deck, method })
    }

    /// The deck's fader, in 50 ms.
    pub fn level(self, gain: Gain) -> Result<Self> {
        let (deck, over) = (self.deck, self.engine.fader_ramp());
        self.send(Command::Level { deck, gain, over })
    }

    /// A fade beside the fader; the next play ends it.
    pub fn fade_to(self, gain: Gain, over: std::time::Duration) -> Result<Self> {
        let deck = self.deck;
        let over = Frames::from_seconds(over.as_secs_f64(), self.engine.sample_rate());
        self.send(Command::Fade { deck, gain, over })
    }

    /// One band of the equaliser.
    pub fn eq(self, band: Band, gain: Gain) -> Result<Self> {
        let deck = self.deck;
        self.send(Command::Eq { deck, band, gain })
    }
}
