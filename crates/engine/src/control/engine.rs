//! The engine: the control half, which an application holds.

use std::fmt;
use std::sync::Arc;

use super::handle::sealed::Target;
use super::{frame_worker, status};
use crate::audio::{self, Renderer};
use crate::command::{Command, Envelope, Stems, When};
use crate::event::{Event, Status};
use crate::output::{Health, OutputTap, RunningOutput};
use crate::rt::Snapshot;
use crate::track::Track;
use crate::types::config::EngineConfig;
use crate::types::error::{Error, Result};
use crate::types::units::SampleRate;
use crate::worker::Worker;

/// The control half of an engine: it sends commands, returns events and shows the status.
///
/// [`Engine::builder`] makes an engine. One thread uses it at a time. No method of it can make the audio thread wait.
pub struct Engine {
    config: EngineConfig,
    commands: rtrb::Producer<Envelope>,
    events: rtrb::Consumer<Event>,
    return_ring: rtrb::Consumer<Track>,
    snapshot: Arc<Snapshot>,
    /// The number of commands that were sent with any other [`When`] than [`When::NextBlock`].
    timed: u64,
    /// The output that calls the renderer; `None` when the application calls the renderer itself.
    output: Option<RunningOutput>,
    /// The tap of the output, until the application takes it.
    tap: Option<OutputTap>,
    /// The worker thread for STFT frames. It ends when the engine is dropped.
    _frame_worker: Option<Worker>,
}

impl Engine {
    /// Makes both halves of an engine.
    pub(crate) fn split(config: EngineConfig) -> Result<(Self, Renderer)> {
        config.check()?;
        let (commands, inbox) = rtrb::RingBuffer::new(config.queue);
        let (event_sender, events) = rtrb::RingBuffer::new(config.queue);
        let (return_sender, return_ring) = rtrb::RingBuffer::new(256);
        let snapshot = Arc::new(Snapshot::new(audio::words(config.decks)));
        let (worker, frame_jobs) =
            config.stretch_worker.then(|| frame_worker::start(config.sample_rate)).transpose()?.unzip();
        let mut renderer = Renderer::new(&config, inbox, event_sender, return_sender, snapshot.clone(), frame_jobs);
        let tap = config.tap.map(|length| {
            let (tap, ring) = OutputTap::new(length.as_secs_f64(), config.sample_rate);
            renderer.tap(ring);
            tap
        });
        let engine = Self {
            config,
            commands,
            events,
            return_ring,
            snapshot,
            timed: 0,
            output: None,
            tap,
            _frame_worker: worker,
        };
        Ok((engine, renderer))
    }

    pub(crate) fn attach(&mut self, output: RunningOutput) {
        self.output = Some(output);
    }

    /// The state of the output. `None` when your program calls the renderer itself ([`Builder::split`](crate::Builder::split)).
    /// [`Health::recent`] covers the time since the call before.
    pub fn health(&self) -> Option<Health> {
        self.output.as_ref().map(RunningOutput::health)
    }

    /// The tap of the output. `None` if [`Builder::tap`](crate::Builder::tap) requested none, or it was taken before.
    pub fn take_tap(&mut self) -> Option<OutputTap> {
        self.tap.take()
    }

    /// Stops the output and waits until its recordings are complete. Dropping the engine does the same, but returns no error.
    ///
    /// # Errors
    /// `Error::Media` or [`Error::Output`] when a recording could not be finished.
    pub fn close(mut self) -> Result<()> {
        self.output.take().map_or(Ok(()), |mut output| output.close())
    }

    /// The settings of the engine.
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
        self.send_group(vec![command], when)
    }

    /// Sends commands that act in the same frame: all of them or none.
    ///
    /// # Errors
    /// [`Error::NoSuchStem`] when a command names a deck or stem that this engine does not have.
    /// [`Error::QueueFull`] or [`Error::ScheduleFull`] when there is no room for all commands. After an error nothing was sent.
    pub fn send_all(&mut self, commands: impl IntoIterator<Item = Command>, when: When) -> Result<()> {
        self.send_group(commands.into_iter().collect(), when)
    }

    fn send_group(&mut self, commands: Vec<Command>, when: When) -> Result<()> {
        self.free_returned_tracks();
        self.check(&commands)?;
        let timed = if when == When::NextBlock { 0 } else { commands.len() as u64 };
        if timed > 0 && self.waiting() + timed > self.config.queue as u64 {
            return Err(Error::ScheduleFull { capacity: self.config.queue });
        }
        let Ok(room) = self.commands.write_chunk_uninit(commands.len()) else {
            return Err(Error::QueueFull { capacity: self.config.queue });
        };
        // One store makes the whole group visible, so the audio thread receives all of it or none.
        room.fill_from_iter(commands.into_iter().map(|command| Envelope { when, command }));
        self.timed += timed;
        Ok(())
    }

    /// How many commands sent with any other [`When`] than [`When::NextBlock`] still wait for their moment.
    pub fn waiting(&self) -> u64 {
        self.timed - status::timed(&status::words(&self.snapshot))
    }

    /// Returns an error unless this engine has the decks and stems that the commands name.
    pub(super) fn check(&self, commands: &[Command]) -> Result<()> {
        let EngineConfig { decks, stems, .. } = self.config;
        for command in commands {
            let Command::Deck(deck, command) = command else { continue };
            let stem = match command.stems() {
                Stems::All => 0,
                Stems::One(stem) => stem.index(),
            };
            if deck.index() >= decks || stem >= stems {
                return Err(Error::NoSuchStem { deck: *deck, stem, decks, stems });
            }
        }
        Ok(())
    }

    /// The state of the audio thread after its latest block. Tempo, beat and positions are those of the frame
    /// [`Status::horizon`].
    pub fn status(&self) -> Status {
        status::decode(&status::words(&self.snapshot))
    }

    /// The events of the audio thread since the last call, in order. The iterator borrows the engine, so to send commands in the loop,
    /// collect the events first.
    ///
    /// ```
    /// use crowd_engine::{DeckId, Engine, Event, SampleRate, Track};
    ///
    /// # fn main() -> Result<(), crowd_engine::Error> {
    /// let mut offline = Engine::builder().offline()?;
    /// let track = Track::from_interleaved(vec![0.25; 2_000], SampleRate::CD, 2)?;
    /// offline.engine().deck(DeckId::A).load(&track)?.play()?;
    /// offline.render_frames(2_000);
    /// let engine = offline.engine();
    /// for event in engine.events().collect::<Vec<_>>() {
    ///     if let Event::Ended { deck, .. } = event {
    ///         engine.deck(deck).unload()?;
    ///     }
    /// }
    /// offline.render_frames(64);
    /// assert_eq!(offline.engine().status().decks[0].loaded, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn events(&mut self) -> impl Iterator<Item = Event> + '_ {
        self.free_returned_tracks();
        std::iter::from_fn(|| self.events.pop().ok())
    }

    /// Frees tracks that the audio thread has returned. Sending a command does so too, and so does reading events. Call this if your
    /// program does neither for a long time.
    pub fn free_returned_tracks(&mut self) {
        while self.return_ring.pop().is_ok() {}
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Target for Engine {
    fn take(&mut self, commands: Vec<Command>, when: When) -> Result<()> {
        self.send_group(commands, when)
    }

    fn settings(&self) -> &EngineConfig {
        &self.config
    }
}
