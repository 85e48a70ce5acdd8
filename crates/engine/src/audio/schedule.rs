//! Commands that wait for their moment, in the order in which they will act.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::command::Command;

/// A command with its frame. Commands of the same frame act in the order they were sent.
#[derive(Debug)]
pub(crate) struct Due {
    pub frame: u64,
    pub sequence: u64,
    /// Whether it was sent for a moment of its own, and not for the next block.
    pub timed: bool,
    pub command: Command,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    /// The earliest is the greatest, so that it stands on top of the heap.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.frame, other.sequence).cmp(&(self.frame, self.sequence))
    }
}

/// A queue of fixed capacity: nothing here allocates after construction.
pub(crate) struct Schedule {
    due: BinaryHeap<Due>,
    on_beat: Vec<Due>,
    sequence: u64,
}

impl Schedule {
    pub fn new(capacity: usize) -> Self {
        Self { due: BinaryHeap::with_capacity(capacity), on_beat: Vec::with_capacity(capacity), sequence: 0 }
    }

    /// Whether another command can be taken.
    pub fn has_room(&self) -> bool {
        self.due.len() + self.on_beat.len() < self.due.capacity().min(self.on_beat.capacity())
    }

    /// Takes a command for `frame`.
    pub fn push(&mut self, frame: u64, timed: bool, command: Command) {
        debug_assert!(self.has_room());
        self.due.push(Due { frame, sequence: self.sequence, timed, command });
        self.sequence += 1;
    }

    /// Takes a command back that was due, for a later frame; it keeps its place among those of that frame.
    pub fn put_off(&mut self, due: Due, frame: u64) {
        self.due.push(Due { frame, ..due });
    }

    /// Takes a command for the next beat.
    pub fn push_on_beat(&mut self, command: Command) {
        debug_assert!(self.has_room());
        self.on_beat.push(Due { frame: 0, sequence: self.sequence, timed: true, command });
        self.sequence += 1;
    }

    /// The next beat is in `frame`: what waited for it is due then.
    pub fn beat_at(&mut self, frame: u64) {
        self.due.extend(self.on_beat.drain(..).map(|due| Due { frame, ..due }));
    }

    /// Whether anything waits for a beat.
    pub fn waits_for_beat(&self) -> bool {
        !self.on_beat.is_empty()
    }

    /// The frame of the earliest command.
    pub fn next_frame(&self) -> Option<u64> {
        self.due.peek().map(|due| due.frame)
    }

    /// The earliest command if it is due at `frame` or before.
    pub fn pop_due(&mut self, frame: u64) -> Option<Due> {
        if self.next_frame()? <= frame { self.due.pop() } else { None }
    }

    /// Throws away what was sent before the command of that `sequence`, as long as `take` takes it.
    pub fn forget_before(&mut self, sequence: u64, mut take: impl FnMut(Due) -> Result<(), Due>) {
        let mut due = std::mem::take(&mut self.due).into_vec();
        // The oldest are at the end then. Neither sorting nor turning a heap into a vector and back takes memory.
        for waiting in [&mut due, &mut self.on_beat] {
            waiting.sort_unstable_by_key(|due| std::cmp::Reverse(due.sequence));
            while let Some(oldest) = waiting.pop_if(|due| due.sequence < sequence) {
                if let Err(kept) = take(oldest) {
                    waiting.push(kept);
                    break;
                }
            }
        }
        self.on_beat.reverse();
        self.due = due.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::units::Bpm;

    fn tempo(bpm: f64) -> Command {
        Command::Tempo { bpm: Bpm::new(bpm).unwrap() }
    }

    fn taken(schedule: &mut Schedule, frame: u64) -> Vec<f64> {
        std::iter::from_fn(|| schedule.pop_due(frame))
            .map(|due| match due.command {
                Command::Tempo { bpm } => bpm.get(),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn the_earliest_acts_first_and_equals_in_the_order_sent() {
        let mut schedule = Schedule::new(8);
        for (frame, bpm) in [(20, 1.0), (10, 2.0), (20, 3.0), (10, 4.0)] {
            schedule.push(frame, true, tempo(bpm + 100.0));
        }
        assert!(taken(&mut schedule, 9).is_empty());
        assert_eq!(taken(&mut schedule, 10), [102.0, 104.0]);
        assert_eq!(schedule.next_frame(), Some(20));
        assert_eq!(taken(&mut schedule, 99), [101.0, 103.0]);
    }

    #[test]
    fn only_what_was_sent_before_is_forgotten_and_the_rest_keeps_its_order() {
        let mut schedule = Schedule::new(16);
        for (frame, bpm) in [(20, 1.0), (10, 2.0), (20, 3.0), (10, 4.0), (20, 5.0)] {
            schedule.push(frame, true, tempo(bpm + 100.0));
            schedule.push_on_beat(tempo(bpm + 200.0));
        }
        let capacity = schedule.due.capacity();
        let mut forgotten = 0;
        schedule.forget_before(5, |_| {
            forgotten += 1;
            Ok(())
        });
        assert_eq!(forgotten, 5);
        schedule.beat_at(30);
        assert_eq!(taken(&mut schedule, 99), [104.0, 105.0, 203.0, 204.0, 205.0]);
        assert_eq!(schedule.due.capacity(), capacity);
        schedule.push(1, true, tempo(101.0));
        schedule.forget_before(99, Err);
        assert_eq!(taken(&mut schedule, 99), [101.0], "what cannot be taken waits on");
    }

    #[test]
    fn what_waits_for_the_beat_acts_in_its_frame() {
        let mut schedule = Schedule::new(4);
        schedule.push_on_beat(tempo(130.0));
        assert!(schedule.waits_for_beat() && schedule.next_frame().is_none());
        schedule.beat_at(77);
        assert_eq!(schedule.next_frame(), Some(77));
        assert!(!schedule.waits_for_beat());
    }
}
