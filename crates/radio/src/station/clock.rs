//! The clock of the station.

use std::time::{Duration, Instant, SystemTime};

use crowd_engine::{Frames, SampleRate};

/// The most by which the station is slower or faster than the monotonic clock, in parts per million.
const MAX_SLEW_PPM: u32 = 500;

/// The time on the clocks of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The time since the program started, which is never set.
    pub monotonic: Duration,
    /// The time of day, after 1970-01-01T00:00:00 UTC. It can be set at any moment, and is wrong on a machine that has not reached a time
    /// server yet.
    pub wall: Duration,
}

/// The time of day now, after 1970-01-01T00:00:00 UTC; 0 if the clock shows an earlier one.
pub fn wall_time() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

impl Reading {
    /// The time now. `started` is the time at which the program started.
    pub fn now(started: Instant) -> Self {
        Self { monotonic: started.elapsed(), wall: wall_time() }
    }
}

/// The time of the station: how much of the program was played. It follows the monotonic clock, and approaches the wall clock by at most
/// 500 ppm. So when the wall clock is set, nothing that was published moves.
#[derive(Clone, Debug)]
pub struct StationClock {
    rate: SampleRate,
    /// The wall time of the first frame of the program.
    epoch: Duration,
    last: Reading,
    played: Duration,
}

impl StationClock {
    /// The clock of a station whose program began at `epoch`, and of which `published` was already played. If the wall clock is right, the
    /// program continues as if the station had never stopped.
    pub fn new(rate: SampleRate, epoch: Duration, published: Duration, now: Reading) -> Self {
        Self { rate, epoch, last: now, played: now.wall.saturating_sub(epoch).max(published) }
    }

    /// The number of frames that were played.
    pub fn frames(&mut self, now: Reading) -> Frames {
        let elapsed = now.monotonic.saturating_sub(self.last.monotonic);
        self.last = now;
        let target = now.wall.saturating_sub(self.epoch);
        let most = elapsed * MAX_SLEW_PPM / 1_000_000;
        let played = self.played + elapsed;
        self.played = target.clamp(played.saturating_sub(most), played + most);
        Frames::within(self.played, self.rate)
    }

    /// By how much the wall clock is ahead of the station, in seconds; negative if it is behind.
    pub fn offset_seconds(&self) -> f64 {
        self.last.wall.as_secs_f64() - self.epoch.as_secs_f64() - self.played.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate::DAT;
    const START: u64 = 1_790_000_000;

    fn at(monotonic: u64, wall: u64) -> Reading {
        Reading { monotonic: Duration::from_secs(monotonic), wall: Duration::from_secs(wall) }
    }

    fn clock() -> StationClock {
        StationClock::new(RATE, Duration::from_secs(START), Duration::ZERO, at(0, START))
    }

    #[test]
    fn a_step_of_the_wall_clock_by_an_hour_moves_the_station_by_at_most_500_ppm() {
        for (step, slew) in [(-3_600_i64, -5), (3_600, 5), (0, 0)] {
            let mut clock = clock();
            assert_eq!(clock.frames(at(100, START + 100)), Frames(4_800_000));
            let wall = (START + 100).saturating_add_signed(step);
            let mut last = 4_800_000;
            for second in 1..=100 {
                let Frames(now) = clock.frames(at(100 + second, wall + second));
                assert!(now > last, "the station goes on");
                last = now;
            }
            // 100 s more, and 500 ppm of them.
            assert_eq!(last as i64, 9_600_000 + slew * 480, "step {step}");
        }
    }

    #[test]
    fn after_a_restart_the_program_continues_as_if_it_had_never_stopped() {
        let mut clock =
            StationClock::new(RATE, Duration::from_secs(START), Duration::from_secs(50), at(0, START + 3_600));
        assert_eq!(clock.frames(at(1, START + 3_601)), Frames(3_601 * 48_000));
    }

    #[test]
    fn a_machine_that_starts_in_1970_continues_after_what_was_published() {
        let mut clock = StationClock::new(RATE, Duration::from_secs(START), Duration::from_secs(50), at(0, 5));
        let Frames(now) = clock.frames(at(10, 15));
        assert_eq!(now, 60 * 48_000 - 240);
        assert!(clock.offset_seconds() < -1e9);
    }
}
