//! The engine's time line, in frames, and the time of clients, in seconds after time zero.

use crate::units::Time;
use crowd_cli::log::Clock;
use crowd_engine::{Frames, SampleRate, When};

/// How long before its time, beside two blocks, a start is handed to the engine, in seconds: longer than this thread is
/// ever kept waiting for a processor.
const LEAD_SECONDS: f64 = 0.25;
/// How long before its time, beside two blocks, a start goes ahead without a file that is not here yet, in seconds.
const LAST_CALL_SECONDS: f64 = 0.03;

/// The moment a message acts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    when: When,
    /// The frame this will be, as near as can be known.
    frame: u64,
}

impl Moment {
    /// Exactly this frame.
    #[must_use]
    pub const fn at(frame: u64) -> Self {
        Self { when: When::At(Frames(frame)), frame }
    }

    /// The frame this will be, as near as can be known.
    pub(super) const fn frame(self) -> u64 {
        self.frame
    }
}

/// Where the engine is, and where time zero lies.
#[derive(Debug)]
pub struct Timeline {
    rate: SampleRate,
    /// The frame of time zero.
    zero: u64,
    /// The first frame that a new command can reach.
    horizon: Frames,
    /// The largest block the output asks for, in frames.
    block: u32,
}

impl Timeline {
    /// Of an engine that has not rendered yet.
    pub const fn new(rate: SampleRate) -> Self {
        Self { rate, zero: 0, horizon: Frames::ZERO, block: 0 }
    }

    /// Notes the first frame that a new command can reach now.
    pub const fn observe(&mut self, horizon: Frames) {
        self.horizon = horizon;
    }

    /// Notes the largest block the output asks for.
    pub const fn set_block(&mut self, block: u32) {
        self.block = block;
    }

    /// Time zero is this moment from now on.
    pub const fn reset(&mut self, moment: Moment) {
        self.zero = moment.frame;
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

    /// Now, to a message that just came.
    pub const fn now(&self) -> Moment {
        Moment { when: When::NextBlock, frame: self.horizon.0 }
    }

    /// When a command for that moment is to act. A moment that has passed means now.
    pub fn when(&self, moment: Moment) -> When {
        match moment.when {
            When::At(frame) if frame < self.horizon => When::NextBlock,
            when => when,
        }
    }

    /// A length in frames.
    pub fn frames(&self, seconds: f64) -> Frames {
        Frames::from_seconds(seconds, self.rate)
    }

    /// The frame of a time; the start of the time line if that is earlier.
    pub fn frame_at(&self, time: Time) -> u64 {
        let distance = (time.get() * f64::from(self.rate.get())).round();
        self.zero.saturating_add_signed(distance as i64)
    }

    /// The seconds from time zero to `frame`.
    pub fn seconds_at(&self, frame: u64) -> f64 {
        (i128::from(frame) - i128::from(self.zero)) as f64 / f64::from(self.rate.get())
    }

    /// The same, for the log.
    pub fn clock_at(&self, frame: u64) -> Clock {
        Clock(self.seconds_at(frame))
    }

    /// Up to which frame what is planned is to be done now.
    pub fn due_until(&self) -> u64 {
        self.horizon.0 + self.lead(LEAD_SECONDS)
    }

    /// Whether what is to sound at `frame` cannot wait any longer.
    pub fn is_last_call(&self, frame: u64) -> bool {
        frame <= self.horizon.0 + self.lead(LAST_CALL_SECONDS)
    }

    /// Where on the agenda something stands that is to come up at the last call for `frame`, and not before.
    pub fn last_call_for(&self, frame: u64) -> u64 {
        frame + self.lead(LEAD_SECONDS) - self.lead(LAST_CALL_SECONDS)
    }

    /// Two blocks and `seconds`, in frames.
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
        let time = |seconds| Time::checked(seconds).unwrap();
        let mut line = Timeline::new(SampleRate::CD);
        line.reset(Moment::at(44_100));
        assert_eq!([0.0, 1.5, -0.5, -9.0].map(|seconds| line.frame_at(time(seconds))), [44_100, 110_250, 22_050, 0]);
        assert_eq!([44_100, 22_050].map(|frame| line.seconds_at(frame)), [0.0, -0.5]);
    }

    #[test]
    fn a_moment_that_has_passed_is_now() {
        let mut line = Timeline::new(SampleRate::CD);
        line.observe(Frames(1_000));
        assert_eq!(line.when(Moment::at(999)), When::NextBlock);
        assert_eq!(line.when(Moment::at(1_000)), When::At(Frames(1_000)));
        assert_eq!(line.now().frame(), 1_000);
    }

    #[test]
    fn what_is_planned_for_a_last_call_comes_up_at_it() {
        let mut line = Timeline::new(SampleRate::CD);
        line.set_block(1_024);
        let planned = line.last_call_for(100_000);
        let mut horizon = 0;
        while line.due_until() < planned {
            assert!(!line.is_last_call(100_000), "{horizon}");
            horizon += 1;
            line.observe(Frames(horizon));
        }
        assert!(line.is_last_call(100_000));
    }
}
