//! Converts between the engine's time line, in frames, and the times of clients, in seconds after time zero.

use crate::units::TimeAfterZero;
use crowd_cli::log::ClockTime;
use crowd_engine::{Frames, SampleRate, When};

/// A start is sent to the engine this many seconds and two blocks before its time. The control thread never waits that
/// long for a processor, so the start is not late.
const LEAD_SECONDS: f64 = 0.25;
/// A start is performed this many seconds and two blocks before its time, even if a file is not loaded yet.
const DEADLINE_SECONDS: f64 = 0.03;

/// The time at which a message or an action acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionTime {
    /// The time for the engine.
    when: When,
    /// The frame at which it acts, as far as it is known: for "now", the first frame that a new command can reach.
    frame: u64,
}

impl ActionTime {
    /// Exactly this frame.
    #[must_use]
    pub const fn at(frame: u64) -> Self {
        Self { when: When::At(Frames(frame)), frame }
    }

    /// The frame at which it acts. For "now" it is the first frame that a new command could reach.
    pub(super) const fn frame(self) -> u64 {
        self.frame
    }
}

/// The engine's time line, and time zero on it.
#[derive(Debug)]
pub struct Timeline {
    rate: SampleRate,
    /// The frame of time zero.
    zero: u64,
    /// The first frame that a new command can reach.
    horizon: Frames,
    /// The largest block of the output, in frames.
    block: u32,
}

impl Timeline {
    /// The time line of an engine that has not rendered yet.
    pub const fn new(rate: SampleRate) -> Self {
        Self { rate, zero: 0, horizon: Frames::ZERO, block: 0 }
    }

    /// Notes the first frame that a new command can reach now.
    pub const fn observe(&mut self, horizon: Frames) {
        self.horizon = horizon;
    }

    /// Notes the largest block of the output.
    pub const fn set_block(&mut self, block: u32) {
        self.block = block;
    }

    /// Makes `when` time zero.
    pub const fn reset(&mut self, when: ActionTime) {
        self.zero = when.frame;
    }

    /// Frames per second.
    pub const fn rate(&self) -> SampleRate {
        self.rate
    }

    /// The frame of time zero.
    pub const fn zero(&self) -> u64 {
        self.zero
    }

    /// The first frame that a new command can reach.
    pub const fn horizon(&self) -> Frames {
        self.horizon
    }

    /// The time "now", for a message that was just received.
    pub const fn now(&self) -> ActionTime {
        ActionTime { when: When::NextBlock, frame: self.horizon.0 }
    }

    /// The engine's time for an action. A time that has passed means now.
    pub fn engine_time(&self, when: ActionTime) -> When {
        match when.when {
            When::At(frame) if frame < self.horizon => When::NextBlock,
            when => when,
        }
    }

    /// Converts seconds to frames.
    pub fn frames(&self, seconds: f64) -> Frames {
        Frames::from_seconds(seconds, self.rate)
    }

    /// The frame of a time. For times before the start of the time line it is the start.
    pub fn frame_at(&self, time: TimeAfterZero) -> u64 {
        let distance = (time.get() * f64::from(self.rate.get())).round();
        self.zero.saturating_add_signed(distance as i64)
    }

    /// The seconds from time zero to `frame`.
    pub fn seconds_at(&self, frame: u64) -> f64 {
        (i128::from(frame) - i128::from(self.zero)) as f64 / f64::from(self.rate.get())
    }

    /// The clock time of `frame`, for the log.
    pub fn clock_at(&self, frame: u64) -> ClockTime {
        ClockTime(self.seconds_at(frame))
    }

    /// The frame up to which scheduled actions are to be performed now.
    pub fn due_until(&self) -> u64 {
        self.horizon.0 + self.lead(LEAD_SECONDS)
    }

    /// Whether a start at `frame` cannot wait any longer for its files.
    pub fn is_deadline(&self, frame: u64) -> bool {
        frame <= self.horizon.0 + self.lead(DEADLINE_SECONDS)
    }

    /// The frame for which an action has to be scheduled, so that it is performed when [`is_deadline`](Self::is_deadline)
    /// becomes true for `frame`.
    pub fn deadline_of(&self, frame: u64) -> u64 {
        frame + self.lead(LEAD_SECONDS) - self.lead(DEADLINE_SECONDS)
    }

    /// The length of two blocks plus `seconds`, in frames.
    fn lead(&self, seconds: f64) -> u64 {
        2 * u64::from(self.block) + self.frames(seconds).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Quantity;

    #[test]
    fn times_count_from_time_zero_and_end_at_the_start_of_the_time_line() {
        let time = |seconds| TimeAfterZero::checked(seconds).unwrap();
        let mut timeline = Timeline::new(SampleRate::CD);
        timeline.reset(ActionTime::at(44_100));
        assert_eq!(
            [0.0, 1.5, -0.5, -9.0].map(|seconds| timeline.frame_at(time(seconds))),
            [44_100, 110_250, 22_050, 0]
        );
        assert_eq!([44_100, 22_050].map(|frame| timeline.seconds_at(frame)), [0.0, -0.5]);
    }

    #[test]
    fn a_time_that_has_passed_is_now() {
        let mut timeline = Timeline::new(SampleRate::CD);
        timeline.observe(Frames(1_000));
        assert_eq!(timeline.engine_time(ActionTime::at(999)), When::NextBlock);
        assert_eq!(timeline.engine_time(ActionTime::at(1_000)), When::At(Frames(1_000)));
        assert_eq!(timeline.now().frame(), 1_000);
    }

    #[test]
    fn an_action_that_is_scheduled_for_a_deadline_is_due_at_it() {
        let mut timeline = Timeline::new(SampleRate::CD);
        timeline.set_block(1_024);
        let scheduled = timeline.deadline_of(100_000);
        let mut horizon = 0;
        while timeline.due_until() < scheduled {
            assert!(!timeline.is_deadline(100_000), "{horizon}");
            horizon += 1;
            timeline.observe(Frames(horizon));
        }
        assert!(timeline.is_deadline(100_000));
    }
}
