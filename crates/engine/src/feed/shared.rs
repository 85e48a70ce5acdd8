//! The state that the control half and the feeder share.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::stream_event::StreamEvent;
use crate::buffer::Levels;

/// The number of events that are kept until they are read. Older events are discarded.
const MAX_EVENTS: usize = 16;

/// The state that the control half and the feeder share. The audio thread does not use it.
#[derive(Debug, Default)]
pub(crate) struct FeederShared {
    pub events: Mutex<VecDeque<StreamEvent>>,
    /// Positions that are kept loaded although no playhead is there.
    pub prepared: Mutex<Vec<i64>>,
    /// The lowest levels of all playing playheads, at the feeder's latest poll.
    pub levels: Mutex<Levels>,
}

impl FeederShared {
    /// Adds an event. When there are too many, the oldest is discarded.
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
