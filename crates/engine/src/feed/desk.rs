//! What the control half and the feeder share.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::buffer::{Levels, Underruns};

/// What a feeder has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// The sound had to fade out because frames were missing, or did not begin within a quarter of a second of a start or jump
    /// for want of them. At most once every two seconds.
    Underruns(Underruns),
    /// The file cannot be read; what is asked for and not there yet is silent. It is tried again and again.
    Unreadable(String),
    /// It can be read again.
    Readable,
    /// Some of it is damaged, which was met while it was read. Told once.
    Damaged(String),
}

/// News that wait to be heard, at most.
const NEWS: usize = 16;

/// What the control half and the feeder share. The audio thread never touches it.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub news: Mutex<VecDeque<News>>,
    pub announced: Mutex<Vec<i64>>,
    /// What lay ready for the playhead in the greatest need when the feeder looked last.
    pub levels: Mutex<Levels>,
}

impl Desk {
    pub fn tell(&self, news: News) {
        let mut waiting = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() == NEWS {
            waiting.pop_front();
        }
        waiting.push_back(news);
    }

    pub fn note(&self, levels: Levels) {
        *self.levels.lock().unwrap_or_else(PoisonError::into_inner) = levels;
    }
}
