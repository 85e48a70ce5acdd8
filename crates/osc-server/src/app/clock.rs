//! The time of day, and the beat.

use crowd_cli::log::Clock;
use crowd_engine::{SampleRate, Status};
use rosc::OscTime;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds from the epoch of OSC's time tags (NTP, 1900) to the system's (1970).
const EPOCH: f64 = 2_208_988_800.0;
/// How far ahead a time tag may lie, in seconds.
const FARTHEST: f64 = 3_600.0;
/// Looks at the engine after which an old difference between the two clocks is forgotten.
const MEMORY: f64 = 64.0;

/// Which frame it will be at a time of day.
///
/// The engine's time line moves a block at a time; this evens it out, so that the order of time tags is the order of
/// frames.
#[derive(Debug)]
pub struct Wall {
    rate: f64,
    /// The frame it would have been at the epoch of the time tags.
    zero: Option<f64>,
    last: Option<(f64, u64)>,
}

impl Wall {
    /// Of an engine at this sample rate.
    pub fn new(rate: SampleRate) -> Self {
        Self { rate: rate.get().into(), zero: None, last: None }
    }

    /// Notes that the engine is at `frame` now.
    pub fn observe(&mut self, frame: u64) {
        self.observe_at(frame, now());
    }

    fn observe_at(&mut self, frame: u64, now: f64) {
        let seen = frame as f64 - now * self.rate;
        self.zero = match self.zero {
            Some(zero) if (seen - zero).abs() < self.rate / 2.0 => Some(zero + (seen - zero) / MEMORY),
            _ => Some(seen),
        };
    }

    /// The frame of a time tag; `None` if it has passed, or the engine was never looked at.
    ///
    /// # Errors
    /// A text, when the tag lies more than an hour ahead: the sender's clock and ours disagree.
    pub fn frame_of(&mut self, tag: OscTime) -> Result<Option<u64>, String> {
        self.frame_of_at(tag, now())
    }

    fn frame_of_at(&mut self, tag: OscTime, now: f64) -> Result<Option<u64>, String> {
        let time = f64::from(tag.seconds) + f64::from(tag.fractional) / 2_f64.powi(32);
        let ahead = time - now;
        if ahead > FARTHEST {
            return Err(format!(
                "the time tag lies {ahead:.0} s ahead, more than {FARTHEST}: compare the clocks of both machines"
            ));
        }
        let Some(zero) = self.zero.filter(|_| ahead > 0.0) else {
            return Ok(None);
        };
        let mut frame = (zero + time * self.rate).round() as u64;
        // What the clocks drift between two looks must not turn the order of two tags around.
        if let Some((last_time, last_frame)) = self.last {
            frame = if time >= last_time { frame.max(last_frame) } else { frame.min(last_frame) };
        }
        self.last = Some((time, frame));
        Ok(Some(frame))
    }
}

/// The time of day in the seconds of time tags.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()) + EPOCH
}

/// Logs the bars as they begin, when asked to.
#[derive(Debug, Default)]
pub struct Beats {
    on: bool,
    bar: Option<i64>,
}

impl Beats {
    /// Begins or ends logging.
    pub const fn set(&mut self, on: bool) {
        self.on = on;
        self.bar = None;
    }

    /// Logs the bar if it is a new one.
    pub fn print(&mut self, status: &Status, rate: SampleRate, zero: u64) {
        if !self.on {
            return;
        }
        let bar = (status.beat / f64::from(status.beats_per_bar.max(1))).floor() as i64;
        if self.bar.replace(bar) != Some(bar) {
            let time = Clock(status.frames.seconds(rate) - crowd_engine::Frames(zero).seconds(rate));
            tracing::info!("bar {} at {time}, {:.2} BPM", bar + 1, status.tempo);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: f64 = 3_900_000_000.0;

    fn tag(time: f64) -> OscTime {
        OscTime { seconds: time as u32, fractional: (time.fract() * 2_f64.powi(32)) as u32 }
    }

    fn running() -> Wall {
        let mut wall = Wall::new(SampleRate::CD);
        for block in 0..1_000_u64 {
            // A look every 10 ms at an engine that moves by 1,024 frames.
            let time = block as f64 * 0.01;
            wall.observe_at((time * 44_100.0) as u64 / 1024 * 1024, NOON + time);
        }
        wall
    }

    #[test]
    fn a_tag_finds_its_frame_within_a_block() {
        let frame = running().frame_of_at(tag(NOON + 10.5), NOON + 10.0).unwrap().unwrap();
        assert!(frame.abs_diff(463_050) <= 1_024, "{frame}");
    }

    #[test]
    fn tags_in_order_give_frames_in_order() {
        let mut wall = running();
        let mut last = 0;
        for n in 0..10_000_u64 {
            let time = 10.0 + n as f64 * 1e-4;
            wall.observe_at((time * 44_100.0) as u64 / 1024 * 1024, NOON + time);
            let frame = wall.frame_of_at(tag(NOON + time + 0.5), NOON + time).unwrap().unwrap();
            assert!(frame >= last);
            last = frame;
        }
    }

    #[test]
    fn the_past_means_now_and_the_far_future_is_refused() {
        let mut wall = running();
        assert_eq!(wall.frame_of_at(tag(NOON + 9.0), NOON + 10.0), Ok(None));
        assert_eq!(wall.frame_of_at(tag(100.0), NOON + 10.0), Ok(None));
        assert!(wall.frame_of_at(tag(NOON + 4_000.0), NOON).unwrap_err().contains("compare the clocks"));
        assert_eq!(Wall::new(SampleRate::CD).frame_of_at(tag(NOON + 1.0), NOON), Ok(None));
    }
}
