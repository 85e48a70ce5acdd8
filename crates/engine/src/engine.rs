//! The control half: what an application holds.

use std::sync::Arc;

use crate::command::{Command, Envelope, LoopRegion, Stems, When};
use crate::config::{Builder, EngineConfig};
use crate::deck::helper;
use crate::dsp::Band;
use crate::error::{Error, Result};
use crate::event::{Event, Status};
use crate::mixer::CrossfadeLaw;
use crate::output::{Health, Session};
use crate::render::{self, Renderer};
use crate::rt::Snapshot;
use crate::stretch::StretchMethod;
use crate::tempo::{Phase, Pulse};
use crate::track::Track;
use crate::units::{Bpm, DeckId, Frames, Gain, Rate, SampleRate, StemId};
use crate::worker::Worker;

/// Length of a fader move, in seconds.
const FADER_SECONDS: f64 = 0.05;

/// The control half of an engine: sends commands, hears of events, looks at the status.
///
/// It belongs to one thread at a time. Nothing it does can make the audio thread wait.
pub struct Engine {
    config: EngineConfig,
    commands: rtrb::Producer<Envelope>,
    events: rtrb::Consumer<Event>,
    garbage: rtrb::Consumer<Track>,
    snapshot: Arc<Snapshot>,
    /// Commands sent for a moment of their own.
    timed: u64,
    /// What plays it, unless the renderer is in other hands.
    output: Option<Session>,
    /// Works until the engine is dropped.
    _helper: Option<Worker>,
}

impl Engine {
    /// Starts a [`Builder`] from the defaults: four decks at 44.1 kHz.
    pub fn builder() -> Builder {
        Builder::new(EngineConfig::default())
    }

    /// Both halves from a finished configuration.
    pub(crate) fn split(config: EngineConfig) -> Result<(Self, Renderer)> {
        config.check()?;
        let (commands, inbox) = rtrb::RingBuffer::new(config.queue);
        let (event_sender, events) = rtrb::RingBuffer::new(config.queue);
        let (garbage_sender, garbage) = rtrb::RingBuffer::new(256);
        let snapshot = Arc::new(Snapshot::new(render::words(config.decks)));
        let (helper, errands) = config.helper.then(|| helper::start(config.sample_rate)).transpose()?.unzip();
        let renderer = Renderer::new(&config, inbox, event_sender, garbage_sender, snapshot.clone(), errands);
        Ok((Self { config, commands, events, garbage, snapshot, timed: 0, output: None, _helper: helper }, renderer))
    }

    pub(crate) fn attach(&mut self, output: Session) {
        self.output = Some(output);
    }

    /// How the output is doing; `None` when the renderer is in your own hands ([`Builder::split`]). Each look begins
    /// a new [`Health::recent`] load.
    pub fn health(&self) -> Option<Health> {
        self.output.as_ref().map(Session::health)
    }

    /// Stops the output and waits until a recording is in its place. Dropping the engine does the same, but cannot
    /// say how it went.
    ///
    /// # Errors
    /// `Error::Media` or [`Error::Output`] when a recording could not be finished.
    pub fn close(mut self) -> Result<()> {
        self.output.take().map_or(Ok(()), |mut output| output.close())
    }

    /// What it was built with.
    pub fn config(&self) -> &EngineConfig {
        &self.config
    }

    /// Frames per second.
    pub fn sample_rate(&self) -> SampleRate {
        self.config.sample_rate
    }

    /// Sends one command.
    ///
    /// # Errors
    /// As [`Engine::send_all`].
    pub fn send(&mut self, command: Command, when: When) -> Result<()> {
        self.send_all([command], when)
    }

    /// Sends a group that acts in the same sample: all of it or nothing.
    ///
    /// # Errors
    /// [`Error::NoSuchStem`] when a command names a deck or stem this engine does not have,
    /// [`Error::QueueFull`] or [`Error::ScheduleFull`] when there is no room for all of them. Nothing was sent then.
    pub fn send_all<C>(&mut self, commands: C, when: When) -> Result<()>
    where
        C: IntoIterator<Item = Command>,
        C::IntoIter: ExactSizeIterator,
    {
        self.collect_garbage();
        let commands: Vec<Command> = commands.into_iter().collect();
        for command in &commands {
            self.check(command)?;
        }
        let timed = if when == When::NextBlock { 0 } else { commands.len() as u64 };
        if timed > 0 && self.waiting() + timed > self.config.queue as u64 {
            return Err(Error::ScheduleFull { capacity: self.config.queue });
        }
        let Ok(room) = self.commands.write_chunk_uninit(commands.len()) else {
            return Err(Error::QueueFull { capacity: self.config.queue });
        };
        // One store makes the whole group visible, so the audio thread sees all of it or none.
        room.fill_from_iter(commands.into_iter().map(|command| Envelope { when, command }));
        self.timed += timed;
        Ok(())
    }

    /// Commands sent for a moment of their own that are still waiting for it.
    pub fn waiting(&self) -> u64 {
        self.timed - render::timed(&self.snapshot.read())
    }

    fn check(&self, command: &Command) -> Result<()> {
        let Some((deck, stems)) = command.target() else { return Ok(()) };
        let stem = match stems {
            Stems::All => 0,
            Stems::One(stem) => stem.index(),
        };
        if deck.index() < self.config.decks && stem < self.config.stems {
            Ok(())
        } else {
            Err(Error::NoSuchStem { deck, stem, decks: self.config.decks, stems: self.config.stems })
        }
    }

    /// A handle for one deck and its first stem.
    pub fn deck(&mut self, deck: DeckId) -> DeckHandle<'_> {
        DeckHandle { engine: self, deck, stem: StemId::FIRST, when: When::NextBlock }
    }

    /// A new master tempo at once; decks play at tempo / base tempo.
    ///
    /// # Errors
    /// [`Error::QueueFull`].
    pub fn set_tempo(&mut self, bpm: Bpm) -> Result<()> {
        self.send(Command::Tempo { bpm }, When::NextBlock)
    }

    /// Approaches a tempo: 99 % of the step after `over`.
    ///
    /// # Errors
    /// [`Error::QueueFull`].
    pub fn glide_tempo(&mut self, bpm: Bpm, over: std::time::Duration) -> Result<()> {
        let over = Frames::from_seconds(over.as_secs_f64(), self.config.sample_rate);
        self.send(Command::GlideTempo { bpm, over }, When::NextBlock)
    }

    /// Sets the levels of two decks from a crossfader at `position` (-1 to 1), both in the same sample.
    ///
    /// # Errors
    /// As [`Engine::send_all`].
    pub fn crossfade(&mut self, left: DeckId, right: DeckId, position: f32, law: CrossfadeLaw) -> Result<()> {
        let over = self.fader_ramp();
        let (left_gain, right_gain) = law.gains(position);
        self.send_all(
            [
                Command::Level { deck: left, gain: left_gain, over },
                Command::Level { deck: right, gain: right_gain, over },
            ],
            When::NextBlock,
        )
    }

    /// The length of a usual fader move: 50 ms.
    pub fn fader_ramp(&self) -> Frames {
        Frames::from_seconds(FADER_SECONDS, self.config.sample_rate)
    }

    /// What the audio thread published after its latest block.
    pub fn status(&self) -> Status {
        render::decode(&self.snapshot.read())
    }

    /// What happened on the audio thread since the last call, in order.
    pub fn events(&mut self) -> impl Iterator<Item = Event> + '_ {
        self.collect_garbage();
        std::iter::from_fn(|| self.events.pop().ok())
    }

    /// Frees what came home from the audio thread; sending and reading events do it too.
    pub fn collect_garbage(&mut self) {
        while self.garbage.pop().is_ok() {}
    }
}

/// One stem of one deck, and the moment at which what is asked of it happens. Calls can be chained.
///
/// Every method returns [`Error::NoSuchStem`], [`Error::QueueFull`] or [`Error::ScheduleFull`] as
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
