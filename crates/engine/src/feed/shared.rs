//! The state that the control half and the feeder share.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::stream_event::StreamEvent;
use crate::buffer::Levels;

/// Events that are kept until they are read; older ones are dropped.
const MAX_EVENTS: usize = 16;

/// The state that the control half and the feeder share. The audio thread never touches it.
#[derive(Debug, Default)]
pub(crate) struct FeederShared {
    pub events: Mutex<VecDeque<StreamEvent>>,
    /// Positions that are kept loaded although no playhead is there.
    pub prepared: Mutex<Vec<i64>>,
    /// The levels of the playing playhead that had the least prefetched when the feeder polled last.
    pub levels: Mutex<Levels>,
}

impl FeederShared {
    /// Adds an event; the oldest is dropped when there are too many.
    pub fn push_event(&self, event: StreamEvent) {
        let mut waiting = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() == MAX_EVENTS {
            waiting.pop_front();
        }
        waiting.push_back(event);
    }

    pub fn set_levels(&self, levels: Levels) {
        *self.levels.lock().unwrap_or_else(PoisonError::into_inner) = levels;
    }
}
