//! What goes to the engine.

use super::decks::Decks;
use super::outbox::Outbox;
use super::timeline::{Moment, Timeline};
use crate::refusal::{Kind, Refusal};
use crowd_engine::{Command, Engine};

/// Commands on their way to the engine, and what has a say in them: the time line on which they act, and the decks that are to
/// stay in sync.
#[derive(Debug)]
pub struct Outgoing {
    /// Where the engine is.
    pub time: Timeline,
    /// What was said of the decks' music.
    pub decks: Decks,
    outbox: Outbox,
}

impl Outgoing {
    /// Nothing yet.
    pub fn new(time: Timeline, decks: Decks) -> Self {
        Self { time, decks, outbox: Outbox::default() }
    }

    /// Sends commands that act in the same sample, with what keeps decks in sync behind them.
    pub fn send(&mut self, commands: impl IntoIterator<Item = Command>, moment: Moment) {
        let commands = self.decks.in_step(commands.into_iter().collect());
        self.outbox.push(commands, self.time.when(moment));
    }

    /// Makes sure that there is room for more.
    ///
    /// # Errors
    /// [`Kind::Busy`] when the engine has taken nothing for a long time.
    pub fn room(&self) -> Result<(), Refusal> {
        if self.outbox.has_room() {
            return Ok(());
        }
        Err(Refusal::new(Kind::Busy, "", "the engine takes no commands: is the sound device away?"))
    }

    /// Hands over as much as the engine takes; returns whether that is everything.
    pub fn flush(&mut self, engine: &mut Engine) -> bool {
        self.outbox.flush(engine);
        self.outbox.is_empty()
    }
}
