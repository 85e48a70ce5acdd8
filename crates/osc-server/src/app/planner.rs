//! Keeps the scheduled actions, and the starts that wait for their files.

use super::buffers::Buffers;
use super::request_source::RequestSource;
use super::schedule::{self, Schedule};
use super::scheduled_action::ScheduledAction;
use super::stem_start::StemStart;
use super::timeline::ActionTime;
use crate::ids::BufferId;
use crate::refusal::{Refusal, RefusalKind};
use crowd_engine::Gain;
use std::time::{Duration, Instant};

/// The longest time for which a start waits for frames of streamed files after all its files are loaded.
const DISK_TIMEOUT: Duration = Duration::from_secs(2);

/// Stems that start in the same sample, as soon as none of their files is being loaded.
#[derive(Debug)]
pub struct StartGroup {
    /// The request for the start.
    pub source: RequestSource,
    /// The starts of the stems.
    pub starts: Vec<StemStart>,
    /// The time at which the stems start. They start later if a file is loaded only after that time.
    pub when: ActionTime,
    /// The time at which the group starts even if a streamed file is not ready. It is set when all files
    /// are loaded and a streamed file is not ready. A file that is not ready at the deadline starts late, in phase.
    deadline: Option<Instant>,
}

impl StartGroup {
    /// A group whose stems start at `when`.
    pub const fn new(source: RequestSource, starts: Vec<StemStart>, when: ActionTime) -> Self {
        Self { source, starts, when, deadline: None }
    }

    /// Whether the group can start now: all files are loaded, and streamed files are ready or the deadline has passed.
    fn is_due(&mut self, buffers: &Buffers, now: Instant) -> bool {
        !self.starts.iter().any(|start| buffers.is_loading(start.id))
            && (self.starts.iter().all(|start| buffers.is_ready(start))
                || *self.deadline.get_or_insert(now + DISK_TIMEOUT) <= now)
    }
}

/// The scheduled actions, and the groups that wait for their files.
#[derive(Debug, Default)]
pub struct Planner {
    schedule: Schedule<ScheduledAction>,
    waiting: Vec<StartGroup>,
}

impl Planner {
    /// Schedules an action.
    ///
    /// # Errors
    /// [`RefusalKind::Busy`] when too many actions are scheduled.
    pub fn add(&mut self, frame: u64, action: ScheduledAction) -> Result<(), Refusal> {
        self.schedule.add(frame, action).map_err(|_| {
            Refusal::new(
                RefusalKind::Busy,
                "",
                format!("{} actions are scheduled already: wait until some are done", schedule::CAPACITY),
            )
        })
    }

    /// Schedules the action that lets movement set the tempo again at `frame`. An earlier schedule for it is cancelled.
    ///
    /// # Errors
    /// [`RefusalKind::Busy`] when too many actions are scheduled.
    pub fn hold_movement_until(&mut self, frame: u64) -> Result<(), Refusal> {
        self.schedule.retain(|action| !matches!(action, ScheduledAction::MovementOn));
        self.add(frame, ScheduledAction::MovementOn)
    }

    /// The frame of the first scheduled action.
    pub fn next(&self) -> Option<u64> {
        self.schedule.next()
    }

    /// Removes and returns the first scheduled action and its frame, if that is `frame` or earlier.
    pub fn take_until(&mut self, frame: u64) -> Option<(u64, ScheduledAction)> {
        self.schedule.take_until(frame)
    }

    /// Cancels the actions whose time is counted from time zero, and the groups that wait. Messages from bundles with a
    /// time tag, and the return to movement, stay scheduled. Returns the number of cancelled actions; groups are
    /// not counted.
    pub fn cancel(&mut self) -> usize {
        self.waiting.clear();
        self.schedule.retain(|action| matches!(action, ScheduledAction::Deliver { .. } | ScheduledAction::MovementOn))
    }

    /// Adds a group that waits for its files.
    pub fn add_waiting(&mut self, group: StartGroup) {
        self.waiting.push(group);
    }

    /// Whether any group waits for its files.
    pub const fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Removes and returns a waiting group that can start. Stems whose files could not be loaded are removed from it; they
    /// were refused when their load ended.
    pub fn take_due(&mut self, buffers: &Buffers) -> Option<StartGroup> {
        let now = Instant::now();
        let n = self.waiting.iter_mut().position(|group| group.is_due(buffers, now))?;
        let mut group = self.waiting.remove(n);
        group.starts.retain(|start| buffers.get(start.id).is_some());
        Some(group)
    }

    /// Removes a stem from the groups that wait. Returns whether it was in one.
    pub fn drop_waiting(&mut self, id: BufferId) -> bool {
        let mut found = false;
        for group in &mut self.waiting {
            group.starts.retain(|start| {
                found |= start.id == id;
                start.id != id
            });
        }
        self.waiting.retain(|group| !group.starts.is_empty());
        found
    }

    /// Sets the gain of a stem in the groups that wait. Returns whether it was in one.
    pub fn set_gain(&mut self, id: BufferId, gain: Gain) -> bool {
        let mut found = false;
        for start in self.waiting.iter_mut().flat_map(|group| &mut group.starts).filter(|start| start.id == id) {
            start.gain = gain;
            found = true;
        }
        found
    }

    /// Whether a scheduled start or a waiting group needs this buffer.
    pub fn needs(&self, id: BufferId) -> bool {
        let scheduled = self.schedule.iter().filter_map(|action| match action {
            ScheduledAction::Start { starts, .. } => Some(starts),
            _ => None,
        });
        scheduled.chain(self.waiting.iter().map(|group| &group.starts)).flatten().any(|start| start.id == id)
    }
}
