//! The queue of commands to the engine.

use crowd_engine::{Command, Engine, Error, When};
use std::collections::VecDeque;

/// The largest number of commands that wait. Commands wait when the engine takes none, because its device is gone.
const CAPACITY: usize = 65_536;

/// Groups of commands in the order in which they were added. The commands of a group act in the same sample.
#[derive(Debug, Default)]
pub struct CommandQueue {
    groups: VecDeque<(Vec<Command>, When)>,
    waiting: usize,
}

impl CommandQueue {
    /// Whether there is room for more. If not, the engine has taken nothing for a long time.
    pub fn has_room(&self) -> bool {
        self.waiting < CAPACITY
    }

    /// Whether the engine has taken everything.
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

    /// Sends as many groups as the engine takes.
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
