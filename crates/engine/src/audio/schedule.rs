//! The schedule: commands that wait for their frame or beat, in the order in which they act.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::command::Command;

/// A command with the frame in which it acts. Commands of the same frame act in the order in which they were sent.
#[derive(Debug)]
pub(crate) struct ScheduledCommand {
    pub frame: u64,
    pub sequence: u64,
    /// Whether it was sent for a frame, a beat or a bar. If not, it was sent for the next block.
    pub timed: bool,
    pub command: Command,
}

impl PartialEq for ScheduledCommand {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for ScheduledCommand {}

impl PartialOrd for ScheduledCommand {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ScheduledCommand {
    /// The earliest command is the greatest, because `BinaryHeap` returns the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.frame, other.sequence).cmp(&(self.frame, self.sequence))
    }
}

/// A queue of fixed capacity. It does not allocate after construction.
pub(crate) struct Schedule {
    due: BinaryHeap<ScheduledCommand>,
    on_beat: Vec<ScheduledCommand>,
    on_bar: Vec<ScheduledCommand>,
    /// Commands that wait for a beat of a given number, which is stored in `frame`.
    at_beat: Vec<ScheduledCommand>,
    sequence: u64,
}

impl Schedule {
    pub fn new(capacity: usize) -> Self {
        Self {
            due: BinaryHeap::with_capacity(capacity),
            on_beat: Vec::with_capacity(capacity),
            on_bar: Vec::with_capacity(capacity),
            at_beat: Vec::with_capacity(capacity),
            sequence: 0,
        }
    }

    /// Whether there is room for another command.
    pub fn has_room(&self) -> bool {
        let Self { due, on_beat, on_bar, at_beat, .. } = self;
        let capacity = due.capacity().min(on_beat.capacity()).min(on_bar.capacity()).min(at_beat.capacity());
        due.len() + on_beat.len() + on_bar.len() + at_beat.len() < capacity
    }

    /// Adds a command for `frame`.
    pub fn push(&mut self, frame: u64, timed: bool, command: Command) {
        debug_assert!(self.has_room());
        self.due.push(ScheduledCommand { frame, sequence: self.sequence, timed, command });
        self.sequence += 1;
    }

    /// Adds a due command again, for a later frame. It keeps its sequence number among the commands of that frame.
    pub fn postpone(&mut self, due: ScheduledCommand, frame: u64) {
        self.due.push(ScheduledCommand { frame, ..due });
    }

    /// Adds a command for the next beat.
    pub fn push_on_beat(&mut self, command: Command) {
        debug_assert!(self.has_room());
        self.on_beat.push(ScheduledCommand { frame: 0, sequence: self.sequence, timed: true, command });
        self.sequence += 1;
    }

    /// Adds a command for the next bar.
    pub fn push_on_bar(&mut self, command: Command) {
        debug_assert!(self.has_room());
        self.on_bar.push(ScheduledCommand { frame: 0, sequence: self.sequence, timed: true, command });
        self.sequence += 1;
    }

    /// Adds a command for the beat of number `beat`.
    pub fn push_at_beat(&mut self, beat: i64, command: Command) {
        debug_assert!(self.has_room());
        let frame = beat.cast_unsigned();
        self.at_beat.push(ScheduledCommand { frame, sequence: self.sequence, timed: true, command });
        self.sequence += 1;
    }

    /// The beat of number `beat` is in `frame`: schedules the commands that wait for it, or for any beat, for this frame. With
    /// `begins_bar` also those that wait for a bar.
    pub fn beat_at(&mut self, frame: u64, beat: i64, begins_bar: bool) {
        let reached = self.at_beat.extract_if(.., |waiting| waiting.frame.cast_signed() <= beat);
        let on_bar = if begins_bar { self.on_bar.len() } else { 0 };
        let all = self.on_beat.drain(..).chain(reached).chain(self.on_bar.drain(..on_bar));
        self.due.extend(all.map(|due| ScheduledCommand { frame, ..due }));
    }

    /// The beats before number `next` have passed without a frame of theirs, because the clock was reset: schedules the commands that
    /// wait for them for `frame`, and passes their beats to `late`.
    pub fn pass_beats(&mut self, frame: u64, next: i64, mut late: impl FnMut(i64)) {
        let passed = self.at_beat.extract_if(.., |waiting| waiting.frame.cast_signed() < next);
        self.due.extend(passed.map(|due| {
            late(due.frame.cast_signed());
            ScheduledCommand { frame, ..due }
        }));
    }

    /// Whether any command waits for a beat or a bar.
    pub fn waits_for_beats(&self) -> bool {
        !(self.on_beat.is_empty() && self.on_bar.is_empty() && self.at_beat.is_empty())
    }

    /// Whether any command waits for the beat of number `beat`, with which a bar may begin.
    pub fn waits_for_beat(&self, beat: i64, begins_bar: bool) -> bool {
        !self.on_beat.is_empty()
            || (begins_bar && !self.on_bar.is_empty())
            || self.at_beat.iter().any(|waiting| waiting.frame.cast_signed() <= beat)
    }

    /// The frame of the earliest command.
    pub fn next_frame(&self) -> Option<u64> {
        self.due.peek().map(|due| due.frame)
    }

    /// The earliest command if its frame is `frame` or earlier.
    pub fn pop_due(&mut self, frame: u64) -> Option<ScheduledCommand> {
        if self.next_frame()? <= frame { self.due.pop() } else { None }
    }

    /// Removes the commands that were sent before the command numbered `sequence`, and passes them to `take`. In each queue
    /// the oldest is the first. When `take` returns a command as an error, it stays, with the later ones of its queue.
    pub fn discard_before(
        &mut self,
        sequence: u64,
        mut take: impl FnMut(ScheduledCommand) -> Result<(), ScheduledCommand>,
    ) {
        let mut due = std::mem::take(&mut self.due).into_vec();
        // After sorting the oldest are at the end. Neither sorting nor converting between heap and vector allocates.
        for waiting in [&mut due, &mut self.on_beat, &mut self.on_bar, &mut self.at_beat] {
            waiting.sort_unstable_by_key(|due| std::cmp::Reverse(due.sequence));
            while let Some(oldest) = waiting.pop_if(|due| due.sequence < sequence) {
                if let Err(kept) = take(oldest) {
                    waiting.push(kept);
                    break;
                }
            }
        }
        self.on_beat.reverse();
        self.on_bar.reverse();
        self.at_beat.reverse();
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
    fn the_earliest_acts_first_and_those_of_one_frame_in_the_order_sent() {
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
    fn only_commands_sent_before_are_discarded_and_the_rest_keeps_its_order() {
        let mut schedule = Schedule::new(16);
        for (frame, bpm) in [(20, 1.0), (10, 2.0), (20, 3.0), (10, 4.0), (20, 5.0)] {
            schedule.push(frame, true, tempo(bpm + 100.0));
            schedule.push_on_beat(tempo(bpm + 200.0));
        }
        let capacity = schedule.due.capacity();
        let mut discarded = 0;
        schedule.discard_before(5, |_| {
            discarded += 1;
            Ok(())
        });
        assert_eq!(discarded, 5);
        schedule.beat_at(30, 0, false);
        assert_eq!(taken(&mut schedule, 99), [104.0, 105.0, 203.0, 204.0, 205.0]);
        assert_eq!(schedule.due.capacity(), capacity);
        schedule.push(1, true, tempo(101.0));
        schedule.discard_before(99, Err);
        assert_eq!(taken(&mut schedule, 99), [101.0], "a command that is refused stays");
    }

    #[test]
    fn commands_for_a_beat_act_in_its_frame() {
        let mut schedule = Schedule::new(4);
        schedule.push_on_beat(tempo(130.0));
        assert!(schedule.waits_for_beat(5, false) && schedule.next_frame().is_none());
        schedule.push_on_bar(tempo(102.0));
        schedule.beat_at(77, 5, false);
        assert_eq!(taken(&mut schedule, 77), [130.0]);
        assert!(schedule.waits_for_beats() && !schedule.waits_for_beat(6, false) && schedule.waits_for_beat(8, true));
        schedule.push_on_beat(tempo(103.0));
        schedule.beat_at(99, 8, true);
        assert_eq!(taken(&mut schedule, 99), [102.0, 103.0]);
        assert!(!schedule.waits_for_beats());
    }

    #[test]
    fn commands_for_a_beat_of_a_number_wait_for_it() {
        let mut schedule = Schedule::new(4);
        for beat in [-3, 7, 8] {
            schedule.push_at_beat(beat, tempo(100.0 + beat as f64));
        }
        assert!(schedule.waits_for_beat(6, false));
        schedule.beat_at(10, 6, false);
        assert_eq!(taken(&mut schedule, 10), [97.0]);
        assert!(!schedule.waits_for_beat(6, true) && schedule.waits_for_beat(7, false));
        schedule.beat_at(20, 8, true);
        assert_eq!(taken(&mut schedule, 20), [107.0, 108.0]);
        assert!(!schedule.waits_for_beats());
    }
}
