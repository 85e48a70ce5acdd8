//! From messages to the engine's commands.
//!
//! The same [`App`] serves the network and plays scores: it is given messages with the [`Moment`] they act in, and from
//! time to time a look at the engine. It has no clock and no socket of its own. What it decides goes out three ways:
//! commands to the engine, replies to the senders, and lines to the log.
//!
//! Starts that lie in the future stay here, on the agenda, until shortly before their time: so `/reset` can take them
//! back, and a file that loads in time starts as if it had been there all along.
//!
//! An app reads datagrams and acts in time; its dispatcher gives each message to what it concerns. Those objects return
//! commands or send them through `Outgoing`, and answer through `Clients`; none of them knows the dispatcher.

mod action;
mod agenda;
mod buffers;
mod clients;
mod clock;
mod decks;
mod dispatcher;
mod loader;
mod loads;
mod mix;
mod opening;
mod origin;
mod outbox;
mod outgoing;
mod part;
mod plans;
mod playback;
mod settings;
mod slots;
mod status;
mod stems;
mod sync;
mod tempo;
mod timeline;
mod vitals;

pub use loader::{Decode, Files, Loader, Memory, Resolve, Ticket, Watch, Watched, decoder};
pub use opening::{Opening, Wanted};
pub use origin::Origin;
pub use settings::Settings;
pub use slots::STEMS;
pub use timeline::Moment;
pub use vitals::Vitals;

use crate::args::Arg;
use crate::guard::{self, Packed};
use crate::methods;
use crate::refusal::{Kind, Refusal, quote};
use crate::tally::Tally;
use action::Action;
use clock::Wall;
use crowd_engine::{Engine, Status};
use dispatcher::Dispatcher;
use std::net::SocketAddr;
use std::time::Duration;

/// The mixer as its clients know it.
#[derive(Debug)]
pub struct App {
    dispatcher: Dispatcher,
    wall: Wall,
}

impl App {
    /// An app for an engine that has not rendered yet.
    #[must_use]
    pub fn new(settings: &Settings, loader: Loader) -> Self {
        Self { dispatcher: Dispatcher::new(settings, loader), wall: Wall::new(settings.sample_rate) }
    }

    /// Does what the command line asks for: the files repeat, and start in the same sample when all are loaded.
    pub fn open_with(&mut self, opening: &Opening) {
        if let Err(refusal) = self.dispatcher.open_with(opening) {
            self.dispatcher.clients.refuse(Origin::CommandLine, &refusal);
        }
    }

    /// Obeys a datagram from the network.
    pub fn datagram(&mut self, from: SocketAddr, bytes: &[u8]) {
        let origin = Origin::Sender(from);
        match guard::unpack(bytes) {
            Ok(messages) => messages.into_iter().for_each(|packed| self.packed(origin, packed)),
            Err(refusal) => self.refuse_unread(origin, &refusal),
        }
    }

    fn packed(&mut self, origin: Origin, packed: Packed<'_>) {
        let message = match guard::decode(packed.bytes) {
            Ok(message) => message,
            Err(refusal) => return self.refuse_unread(origin, &refusal),
        };
        let (address, args) = (message.addr, Arg::from_osc(message.args));
        let time = &self.dispatcher.out.time;
        match packed.at.map_or(Ok(None), |tag| self.wall.frame_of(tag)) {
            Ok(Some(frame)) if frame > time.horizon().0 => {
                let due = time.last_call_for(frame);
                let action = Action::Deliver { origin, at: frame, address: address.clone(), args };
                if let Err(refusal) = self.dispatcher.playback.plans.plan(due, action) {
                    self.refuse_unread(origin, &Refusal::new(refusal.kind, &address, refusal.text));
                }
            }
            Ok(_) => {
                let now = time.now();
                self.deliver(origin, &address, &args, now);
            }
            Err(text) => self.refuse_unread(origin, &Refusal::new(Kind::BadArgument, &address, text)),
        }
    }

    /// Refuses a message that was not delivered: it counts as received too.
    fn refuse_unread(&mut self, origin: Origin, refusal: &Refusal) {
        self.dispatcher.clients.count();
        self.dispatcher.clients.refuse(origin, refusal);
    }

    /// Obeys a message.
    pub fn deliver(&mut self, origin: Origin, address: &str, args: &[Arg], moment: Moment) {
        self.dispatcher.clients.count();
        for message in methods::read(address, args) {
            let result = message.and_then(|message| {
                tracing::trace!(%origin, ?message, "received");
                self.dispatcher.dispatch(origin, message, moment)
            });
            if let Err(mut refusal) = result {
                if refusal.address.is_empty() {
                    refusal.address = quote(address);
                }
                self.dispatcher.clients.refuse(origin, &refusal);
            }
        }
    }

    /// The moment of the next thing on the agenda.
    #[must_use]
    pub fn next_planned(&self) -> Option<u64> {
        self.dispatcher.playback.plans.next()
    }

    /// Does what is planned up to `frame`.
    pub fn act_until(&mut self, frame: u64) {
        while let Some((due, action)) = self.dispatcher.playback.plans.take_until(frame) {
            match action {
                Action::Deliver { origin, at, address, args } => {
                    self.deliver(origin, &address, &args, Moment::at(at));
                }
                action => self.dispatcher.act(action, due),
            }
        }
    }

    /// Looks at the engine, and does what became due: to be called every few milliseconds.
    pub fn tick(&mut self, engine: &mut Engine, vitals: Vitals) {
        self.observe(engine);
        self.dispatcher.vitals = vitals;
        self.dispatcher.out.time.set_block(vitals.block);
        self.wall.observe(self.dispatcher.engine.horizon.0);
        self.dispatcher.hear_loads();
        self.act_until(self.dispatcher.out.time.due_until());
        self.flush(engine);
        self.dispatcher.push_status();
    }

    /// Looks at the engine: what happened there, and where it is.
    pub fn observe(&mut self, engine: &mut Engine) {
        self.dispatcher.observe(engine);
    }

    /// Hands commands to the engine, and answers those who wait for that.
    pub fn flush(&mut self, engine: &mut Engine) {
        self.dispatcher.flush(engine);
    }

    /// Waits until every file that was asked for is here, or refused.
    pub fn finish_loads(&mut self) {
        while let Some(loaded) = self.dispatcher.loads.wait() {
            self.dispatcher.loaded(loaded);
        }
        while self.dispatcher.playback.plans.is_waiting() {
            // Only streamed files are waited for now, and not for long.
            std::thread::sleep(Duration::from_millis(1));
            self.dispatcher.start_waiting();
        }
    }

    /// The replies since the last call, to be sent.
    pub fn replies(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        self.dispatcher.clients.take_replies()
    }

    /// The loader, to wait for it beside other things.
    #[must_use]
    pub const fn loader(&self) -> &Loader {
        self.dispatcher.loads.loader()
    }

    /// Messages received.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.dispatcher.clients.received()
    }

    /// Messages refused.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        self.dispatcher.clients.tally()
    }

    /// Whether something sounds, or will, that comes to an end by itself.
    #[must_use]
    pub fn is_sounding(&self) -> bool {
        let playback = &self.dispatcher.playback;
        playback.stems.slots.any_playing(false) || playback.plans.is_waiting()
    }

    /// Whether something plays that never ends by itself.
    #[must_use]
    pub fn is_looping(&self) -> bool {
        self.dispatcher.playback.stems.slots.any_playing(true)
    }

    /// The engine, when last looked at.
    #[must_use]
    pub const fn status(&self) -> &Status {
        &self.dispatcher.engine
    }

    /// One line of the status, for the log.
    #[must_use]
    pub fn status_line(&self) -> String {
        self.dispatcher.look().line()
    }

    /// Files that were loaded and are damaged.
    #[must_use]
    pub const fn damaged(&self) -> u64 {
        self.dispatcher.loads.damaged()
    }
}
