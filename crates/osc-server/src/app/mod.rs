//! The mixer as clients control it. Messages are turned into commands to the engine.
//!
//! The same [`App`] serves the network and plays scores. It receives messages with the [`ActionTime`] at which they
//! act, and reads the status of the engine at every tick. It has no clock and no socket. Its results are commands to
//! the engine, replies to clients, and log lines.
//!
//! Starts at a later time are kept in a schedule of the app, and sent to the engine shortly before their time. So `/reset`
//! can cancel them, and a file may still be loaded until then.
//!
//! An app reads datagrams and performs scheduled actions. Its dispatcher passes each message to the object that handles
//! the message. These objects return commands or send them through `OutgoingCommands`, and reply through `Clients`. None
//! of them uses the dispatcher.

mod bar_log;
mod buffers;
mod clients;
mod command_queue;
mod deck_tempo_and_keylock;
mod dispatcher;
mod file_loads;
mod generators;
mod loaded_stems;
mod loader;
mod master_tempo;
mod mixer_commands;
mod outgoing_commands;
mod output_status;
mod planner;
mod playback;
mod request_source;
mod schedule;
mod scheduled_action;
mod settings;
mod startup;
mod status;
mod stem_slots;
mod stem_start;
mod sync_requests;
mod timeline;
mod wall_clock;

pub use generators::Generators;
pub use loader::{DecodeFn, FileAccess, LoadId, LoadMonitor, Loader, MemoryBudget, MonitoredFile, ResolveFn, decoder};
pub use output_status::OutputStatus;
pub use request_source::Origin;
pub use settings::Settings;
pub use startup::{Startup, StartupFile};
pub use stem_slots::STEMS_PER_DECK;
pub use timeline::ActionTime;

use crate::args::Arg;
use crate::datagram::{self, RawMessage};
use crate::handlers;
use crate::refusal::{Refusal, RefusalKind, quote};
use crate::refusal_counters::RefusalCounters;
use crowd_engine::{Engine, Status};
use dispatcher::Dispatcher;
use scheduled_action::ScheduledAction;
use std::net::SocketAddr;
use std::time::Duration;
use wall_clock::WallClock;

/// The mixer as clients control it.
#[derive(Debug)]
pub struct App {
    dispatcher: Dispatcher,
    wall_clock: WallClock,
}

impl App {
    /// An app for an engine that has not rendered yet.
    #[must_use]
    pub fn new(settings: &Settings, loader: Loader) -> Self {
        Self { dispatcher: Dispatcher::new(settings, loader), wall_clock: WallClock::new(settings.sample_rate) }
    }

    /// Performs the flags of the command line that load files, set the mixer and start decks. The files loop, and start
    /// in the same sample when all are loaded.
    pub fn start_up(&mut self, startup: &Startup) {
        if let Err(refusal) = self.dispatcher.start_up(startup) {
            self.dispatcher.clients.refuse(Origin::CommandLine, &refusal);
        }
    }

    /// Handles a datagram from the network.
    pub fn handle_datagram(&mut self, from: SocketAddr, bytes: &[u8]) {
        let origin = Origin::Client(from);
        match datagram::split(bytes) {
            Ok(messages) => messages.into_iter().for_each(|message| self.handle_raw(origin, message)),
            Err(refusal) => self.refuse_unhandled(origin, &refusal),
        }
    }

    fn handle_raw(&mut self, origin: Origin, raw: RawMessage<'_>) {
        let message = match datagram::decode(raw.bytes) {
            Ok(message) => message,
            Err(refusal) => return self.refuse_unhandled(origin, &refusal),
        };
        let (address, args) = (message.addr, Arg::from_osc(message.args));
        let time = &self.dispatcher.outgoing.time;
        match raw.at.map_or(Ok(None), |tag| self.wall_clock.frame_of(tag)) {
            Ok(Some(frame)) if frame > time.horizon().0 => {
                let due = time.deadline_of(frame);
                let action = ScheduledAction::Deliver { origin, at: frame, address: address.clone(), args };
                if let Err(refusal) = self.dispatcher.playback.planner.add(due, action) {
                    self.refuse_unhandled(origin, &Refusal::new(refusal.kind, &address, refusal.text));
                }
            }
            Ok(_) => {
                let now = time.now();
                self.handle_message(origin, &address, &args, now);
            }
            Err(text) => self.refuse_unhandled(origin, &Refusal::new(RefusalKind::BadArgument, &address, text)),
        }
    }

    /// Refuses a message that was not handled, and counts it as received.
    fn refuse_unhandled(&mut self, origin: Origin, refusal: &Refusal) {
        self.dispatcher.clients.count_received();
        self.dispatcher.clients.refuse(origin, refusal);
    }

    /// Handles a message.
    pub fn handle_message(&mut self, origin: Origin, address: &str, args: &[Arg], when: ActionTime) {
        self.dispatcher.clients.count_received();
        for message in handlers::parse(address, args) {
            let result = message.and_then(|message| {
                tracing::trace!(%origin, ?message, "received");
                self.dispatcher.dispatch(origin, message, when)
            });
            if let Err(mut refusal) = result {
                if refusal.address.is_empty() {
                    refusal.address = quote(address);
                }
                self.dispatcher.clients.refuse(origin, &refusal);
            }
        }
    }

    /// The frame of the first scheduled action.
    #[must_use]
    pub fn next_scheduled(&self) -> Option<u64> {
        self.dispatcher.playback.planner.next()
    }

    /// Performs the actions that are scheduled up to `frame`.
    pub fn perform_until(&mut self, frame: u64) {
        while let Some((due, action)) = self.dispatcher.playback.planner.take_until(frame) {
            match action {
                ScheduledAction::Deliver { origin, at, address, args } => {
                    self.handle_message(origin, &address, &args, ActionTime::at(at));
                }
                action => self.dispatcher.perform(action, due),
            }
        }
    }

    /// Reads the status of the engine, and performs the actions that are due. To be called every few milliseconds.
    pub fn tick(&mut self, engine: &mut Engine, output_status: OutputStatus) {
        self.observe(engine);
        self.dispatcher.output_status = output_status;
        self.dispatcher.outgoing.time.set_block(output_status.block);
        self.wall_clock.observe(self.dispatcher.engine.horizon.0);
        self.dispatcher.take_finished_loads();
        self.perform_until(self.dispatcher.outgoing.time.due_until());
        self.flush(engine);
        self.dispatcher.push_status();
    }

    /// Reads the events and the status of the engine.
    pub fn observe(&mut self, engine: &mut Engine) {
        self.dispatcher.observe(engine);
    }

    /// Sends commands to the engine, and answers each `/sync` that is done.
    pub fn flush(&mut self, engine: &mut Engine) {
        self.dispatcher.flush(engine);
    }

    /// Blocks until every requested file is loaded or refused.
    pub fn finish_loads(&mut self) {
        while let Some(load) = self.dispatcher.file_loads.wait() {
            self.dispatcher.finish_load(load);
        }
        while self.dispatcher.playback.planner.has_waiting() {
            // All files are loaded now, but a streamed file may not be ready for a few milliseconds more.
            std::thread::sleep(Duration::from_millis(1));
            self.dispatcher.start_waiting();
        }
    }

    /// The replies since the last call.
    pub fn replies(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        self.dispatcher.clients.take_replies()
    }

    /// The loader. The control thread selects on its signal.
    #[must_use]
    pub const fn loader(&self) -> &Loader {
        self.dispatcher.file_loads.loader()
    }

    /// The number of messages received.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.dispatcher.clients.received()
    }

    /// The counters of refused messages.
    #[must_use]
    pub const fn refusals(&self) -> &RefusalCounters {
        self.dispatcher.clients.refusals()
    }

    /// Whether something plays, or will play, that ends by itself.
    #[must_use]
    pub fn is_sounding(&self) -> bool {
        let playback = &self.dispatcher.playback;
        playback.stems.slots.any_playing(false) || playback.planner.has_waiting()
    }

    /// Whether something plays that does not end by itself.
    #[must_use]
    pub fn is_looping(&self) -> bool {
        self.dispatcher.playback.stems.slots.any_playing(true)
    }

    /// The status of the engine at the last tick.
    #[must_use]
    pub const fn status(&self) -> &Status {
        &self.dispatcher.engine
    }

    /// One line of the status, for the log.
    #[must_use]
    pub fn status_line(&self) -> String {
        self.dispatcher.status_sources().line()
    }

    /// The name of what is heard most, such as that of a file. `None` when nothing is heard.
    #[must_use]
    pub fn playing_name(&self) -> Option<String> {
        self.dispatcher.status_sources().playing_name()
    }

    /// The number of damaged files that were loaded.
    #[must_use]
    pub const fn damaged(&self) -> u64 {
        self.dispatcher.file_loads.damaged()
    }
}
