//! What is planned for a time, and starts that wait for their files.

use super::action::Action;
use super::agenda::{self, Agenda};
use super::buffers::Buffers;
use super::origin::Asked;
use super::part::Part;
use super::timeline::Moment;
use crate::ids::BufferId;
use crate::refusal::{Kind, Refusal};
use crowd_engine::Gain;
use std::time::{Duration, Instant};

/// How long a start waits for the disk, once all files are loaded.
const DISK_PATIENCE: Duration = Duration::from_secs(2);

/// A start that waits until none of its files is on its way any more.
#[derive(Debug)]
pub struct Group {
    /// Who asked for it.
    pub asked: Asked,
    /// What starts, in the same sample.
    pub parts: Vec<Part>,
    /// When, unless a file comes later.
    pub moment: Moment,
    /// When it starts even if a streamed file is not ready: then that one enters in phase.
    latest: Option<Instant>,
}

impl Group {
    /// A start of `parts`.
    pub const fn new(asked: Asked, parts: Vec<Part>, moment: Moment) -> Self {
        Self { asked, parts, moment, latest: None }
    }

    fn is_due(&mut self, buffers: &Buffers, now: Instant) -> bool {
        !self.parts.iter().any(|part| buffers.is_loading(part.id))
            && (self.parts.iter().all(|part| buffers.is_ready(part))
                || *self.latest.get_or_insert(now + DISK_PATIENCE) <= now)
    }
}

/// The agenda, and the groups that wait.
#[derive(Debug, Default)]
pub struct Plans {
    agenda: Agenda<Action>,
    groups: Vec<Group>,
}

impl Plans {
    /// Plans something.
    ///
    /// # Errors
    /// [`Kind::Busy`] when too much is planned.
    pub fn plan(&mut self, frame: u64, action: Action) -> Result<(), Refusal> {
        self.agenda.plan(frame, action).map_err(|_| {
            Refusal::new(Kind::Busy, "", format!("{} things are planned already: wait for some", agenda::CAPACITY))
        })
    }

    /// Lets movement set the tempo again at `frame`, and not earlier.
    ///
    /// # Errors
    /// [`Kind::Busy`] when too much is planned.
    pub fn hold_movement_until(&mut self, frame: u64) -> Result<(), Refusal> {
        self.agenda.retain(|action| !matches!(action, Action::MovementOn));
        self.plan(frame, Action::MovementOn)
    }

    /// The moment of the next thing on the agenda.
    pub fn next(&self) -> Option<u64> {
        self.agenda.next()
    }

    /// The next thing on the agenda, with its moment, if that is `frame` or earlier.
    pub fn take_until(&mut self, frame: u64) -> Option<(u64, Action)> {
        self.agenda.take_until(frame)
    }

    /// Forgets what clients planned relative to time zero, and the starts that wait; returns how much was planned.
    pub fn forget(&mut self) -> usize {
        self.groups.clear();
        self.agenda.retain(|action| matches!(action, Action::Deliver { .. } | Action::MovementOn))
    }

    /// Has a start wait for its files.
    pub fn wait(&mut self, group: Group) {
        self.groups.push(group);
    }

    /// Whether any start waits for its files.
    pub const fn is_waiting(&self) -> bool {
        !self.groups.is_empty()
    }

    /// A start that has nothing more to wait for, without what could not be loaded: that was answered when it showed.
    pub fn take_due(&mut self, buffers: &Buffers) -> Option<Group> {
        let now = Instant::now();
        let n = self.groups.iter_mut().position(|group| group.is_due(buffers, now))?;
        let mut group = self.groups.remove(n);
        group.parts.retain(|part| buffers.get(part.id).is_some());
        Some(group)
    }

    /// Takes a stem out of the starts that wait; returns whether it was in one.
    pub fn drop_waiting(&mut self, id: BufferId) -> bool {
        let mut dropped = false;
        for group in &mut self.groups {
            group.parts.retain(|part| {
                dropped |= part.id == id;
                part.id != id
            });
        }
        self.groups.retain(|group| !group.parts.is_empty());
        dropped
    }

    /// Sets the gain of a stem in the starts that wait; returns whether it was in one.
    pub fn set_volume(&mut self, id: BufferId, gain: Gain) -> bool {
        let mut waits = false;
        for part in self.groups.iter_mut().flat_map(|group| &mut group.parts).filter(|part| part.id == id) {
            part.volume = gain;
            waits = true;
        }
        waits
    }

    /// Whether anything planned or waiting needs this buffer.
    pub fn need(&self, id: BufferId) -> bool {
        let planned = self.agenda.iter().filter_map(|action| match action {
            Action::Start { parts, .. } => Some(parts),
            _ => None,
        });
        planned.chain(self.groups.iter().map(|group| &group.parts)).flatten().any(|part| part.id == id)
    }
}
