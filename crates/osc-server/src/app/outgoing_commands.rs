//! Sends commands to the engine. It computes when commands act, and adds the commands that keep decks in sync.

use super::command_queue::CommandQueue;
use super::deck_tempo_and_keylock::Decks;
use super::timeline::{ActionTime, Timeline};
use crate::refusal::{Refusal, RefusalKind};
use crowd_engine::{Command, Engine};

/// Sends commands to the engine. It holds the time line on which commands act, and the sync of the decks, for which commands
/// are added.
#[derive(Debug)]
pub struct OutgoingCommands {
    /// The time line of the engine.
    pub time: Timeline,
    /// The tempo, sync and keylock of the decks.
    pub decks: Decks,
    queue: CommandQueue,
}

impl OutgoingCommands {
    /// An empty queue of commands.
    pub fn new(time: Timeline, decks: Decks) -> Self {
        Self { time, decks, queue: CommandQueue::default() }
    }

    /// Sends commands that act in the same sample, and adds the commands that keep decks in sync.
    pub fn send(&mut self, commands: impl IntoIterator<Item = Command>, when: ActionTime) {
        let commands = self.decks.with_sync(commands.into_iter().collect());
        self.queue.push(commands, self.time.engine_time(when));
    }

    /// Checks that there is room for more commands.
    ///
    /// # Errors
    /// [`RefusalKind::Busy`] when the engine has taken nothing for a long time.
    pub fn check_room(&self) -> Result<(), Refusal> {
        if self.queue.has_room() {
            return Ok(());
        }
        Err(Refusal::new(RefusalKind::Busy, "", "the engine takes no commands: is the sound device connected?"))
    }

    /// Sends as many commands as the engine takes. Returns whether all commands were sent.
    pub fn flush(&mut self, engine: &mut Engine) -> bool {
        self.queue.flush(engine);
        self.queue.is_empty()
    }
}
