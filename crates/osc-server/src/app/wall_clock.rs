//! Maps the time of day to frames of the engine's time line.

use crowd_engine::SampleRate;
use rosc::OscTime;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds from the epoch of OSC time tags (NTP, 1900) to that of the system (1970).
const EPOCH_OFFSET: f64 = 2_208_988_800.0;
/// The largest distance of a time tag from now, in seconds.
const MAX_FROM_NOW: f64 = 3_600.0;
/// The number of observations over which the difference between the two clocks is averaged.
const AVERAGED: f64 = 64.0;

/// Computes the frame of a time of day.
///
/// The engine's time line advances by a whole block at a time. The average of many observations removes these steps, so
/// time tags in ascending order give frames in ascending order.
#[derive(Debug)]
pub struct WallClock {
    rate: f64,
    /// The frame at the epoch of the time tags, which is far before the start of the time line.
    epoch_frame: Option<f64>,
    /// The time tag that was converted last, in seconds, and its frame.
    last_tag: Option<(f64, u64)>,
}

impl WallClock {
    /// The clock of an engine at this sample rate.
    pub fn new(rate: SampleRate) -> Self {
        Self { rate: rate.get().into(), epoch_frame: None, last_tag: None }
    }

    /// Notes that the engine is at `frame` now.
    pub fn observe(&mut self, frame: u64) {
        self.observe_at(frame, now());
    }

    fn observe_at(&mut self, frame: u64, now: f64) {
        let observed = frame as f64 - now * self.rate;
        self.epoch_frame = match self.epoch_frame {
            Some(epoch_frame) if (observed - epoch_frame).abs() < self.rate / 2.0 => {
                Some(epoch_frame + (observed - epoch_frame) / AVERAGED)
            }
            _ => Some(observed),
        };
    }

    /// The frame of a time tag; `None` if it has passed or nothing was observed yet.
    ///
    /// # Errors
    /// A text, when the tag is more than an hour later than now. The clocks of the two machines then differ.
    pub fn frame_of(&mut self, tag: OscTime) -> Result<Option<u64>, String> {
        self.frame_of_at(tag, now())
    }

    fn frame_of_at(&mut self, tag: OscTime, now: f64) -> Result<Option<u64>, String> {
        let time = f64::from(tag.seconds) + f64::from(tag.fractional) / 2_f64.powi(32);
        let from_now = time - now;
        if from_now > MAX_FROM_NOW {
            return Err(format!(
                "the time tag is {from_now:.0} s from now, more than {MAX_FROM_NOW}: compare the clocks of both machines"
            ));
        }
        let Some(epoch_frame) = self.epoch_frame.filter(|_| from_now > 0.0) else {
            return Ok(None);
        };
        let mut frame = (epoch_frame + time * self.rate).round() as u64;
        // Drift of the clocks between two observations must not reverse the order of two tags.
        if let Some((last_time, last_frame)) = self.last_tag {
            frame = if time >= last_time { frame.max(last_frame) } else { frame.min(last_frame) };
        }
        self.last_tag = Some((time, frame));
        Ok(Some(frame))
    }
}

/// The time of day in seconds since the epoch of time tags.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()) + EPOCH_OFFSET
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: f64 = 3_900_000_000.0;

    fn tag(time: f64) -> OscTime {
        OscTime { seconds: time as u32, fractional: (time.fract() * 2_f64.powi(32)) as u32 }
    }

    fn running() -> WallClock {
        let mut clock = WallClock::new(SampleRate::CD);
        for block in 0..1_000_u64 {
            // An observation every 10 ms of an engine that advances by 1,024 frames.
            let time = block as f64 * 0.01;
            clock.observe_at((time * 44_100.0) as u64 / 1024 * 1024, NOON + time);
        }
        clock
    }

    #[test]
    fn a_tag_gives_its_frame_within_a_block() {
        let frame = running().frame_of_at(tag(NOON + 10.5), NOON + 10.0).unwrap().unwrap();
        assert!(frame.abs_diff(463_050) <= 1_024, "{frame}");
    }

    #[test]
    fn tags_in_order_give_frames_in_order() {
        let mut clock = running();
        let mut last_tag = 0;
        for n in 0..10_000_u64 {
            let time = 10.0 + n as f64 * 1e-4;
            clock.observe_at((time * 44_100.0) as u64 / 1024 * 1024, NOON + time);
            let frame = clock.frame_of_at(tag(NOON + time + 0.5), NOON + time).unwrap().unwrap();
            assert!(frame >= last_tag);
            last_tag = frame;
        }
    }

    #[test]
    fn a_past_tag_means_now_and_a_far_one_is_refused() {
        let mut clock = running();
        assert_eq!(clock.frame_of_at(tag(NOON + 9.0), NOON + 10.0), Ok(None));
        assert_eq!(clock.frame_of_at(tag(100.0), NOON + 10.0), Ok(None));
        assert!(clock.frame_of_at(tag(NOON + 4_000.0), NOON).unwrap_err().contains("compare the clocks"));
        assert_eq!(WallClock::new(SampleRate::CD).frame_of_at(tag(NOON + 1.0), NOON), Ok(None));
    }
}
