//! Commands on their way to the engine.

use crowd_engine::{Command, Engine, Error, When};
use std::collections::VecDeque;

/// Commands that may wait while the engine takes none (a device that is away).
const CAPACITY: usize = 65_536;

/// Groups of commands in the order they were given; each group acts in one sample.
#[derive(Debug, Default)]
pub struct Outbox {
    groups: VecDeque<(Vec<Command>, When)>,
    waiting: usize,
}

impl Outbox {
    /// Whether more can be taken; the engine has taken nothing for a long time if not.
    pub fn has_room(&self) -> bool {
        self.waiting < CAPACITY
    }

    /// Whether everything was handed over.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Adds a group.
    pub fn push(&mut self, commands: Vec<Command>, when: When) {
        if !commands.is_empty() {
            self.waiting += commands.len();
            self.groups.push_back((commands, when));
        }
    }

    /// Hands over as much as the engine takes.
    pub fn flush(&mut self, engine: &mut Engine) {
        while let Some((commands, when)) = self.groups.front() {
            match engine.send_all(commands.iter().cloned(), *when) {
                Ok(()) => {}
                Err(Error::QueueFull { .. } | Error::ScheduleFull { .. }) => return,
                Err(error) => tracing::error!("the engine refused {commands:?}: {error}"),
            }
            self.waiting -= commands.len();
            self.groups.pop_front();
        }
    }
}
