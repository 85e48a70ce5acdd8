//! Where the next item begins so that the beats of both are together.

use crowd_engine::{Frames, SampleRate};
use serde::{Deserialize, Serialize};

/// Tempi that differ by less are equal, in beats per minute: over a minute the beats then move apart by less than 1 ms.
const SAME_TEMPO: f64 = 0.002;
/// The beats of a bar.
pub const BEATS: f64 = 4.0;

/// Where in an item the next one begins so that the beats of both are together. An item that has one begins on the first beat of a bar and
/// has a steady tempo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixPoint {
    /// The tempo in beats per minute.
    pub bpm: f64,
    /// The frame of the item with the first beat of a bar at which the next one begins.
    pub frame: u64,
}

impl MixPoint {
    /// The frame of an item of `frames` frames at which the next one, of `next_frames` frames, begins; `None` when their tempi differ, or
    /// both are too short. The items overlap by at most half of either: if they are shorter, the next one begins later by whole bars.
    pub fn start_of(self, frames: Frames, next: Self, next_frames: Frames, rate: SampleRate) -> Option<Frames> {
        if (self.bpm - next.bpm).abs() >= SAME_TEMPO {
            return None;
        }
        let bar = BEATS * 60.0 / self.bpm * f64::from(rate.get());
        let longest = frames.0.min(next_frames.0) / 2;
        let earliest = (frames.0 - longest).saturating_sub(self.frame);
        let bars = (earliest as f64 / bar).ceil();
        let start = self.frame + (bars * bar).round() as u64;
        (start < frames.0).then_some(Frames(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 120 BPM: a bar takes 96,000 frames.
    const POINT: MixPoint = MixPoint { bpm: 120.0, frame: 1_440_000 };

    fn start(frames: u64, next: u64) -> Option<u64> {
        POINT.start_of(Frames(frames), POINT, Frames(next), SampleRate::DAT).map(|frame| frame.0)
    }

    #[test]
    fn the_next_item_begins_at_the_point_or_whole_bars_later() {
        assert_eq!(start(2_304_000, 2_304_000), Some(1_440_000));
        // The next one is short: they overlap by half of it, or less.
        assert_eq!(start(2_304_000, 960_000), Some(1_824_000));
        assert_eq!(start(2_304_000, 950_000), Some(1_920_000));
        assert_eq!(start(1_500_000, 100_000), None);
    }

    #[test]
    fn items_of_other_tempi_are_not_matched() {
        let other = MixPoint { bpm: 120.01, ..POINT };
        assert_eq!(POINT.start_of(Frames(2_304_000), other, Frames(2_304_000), SampleRate::DAT), None);
    }
}
