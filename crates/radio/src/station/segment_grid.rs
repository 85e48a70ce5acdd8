//! Divides the program into segments.

use std::ops::Range;
use std::time::Duration;

use crowd_engine::{Frames, SampleRate};

use crate::error::Error;

/// The segments of a stream, whose codec has frames of a fixed length. Segment `k` ends at the codec frame that is nearest to `k + 1` times
/// the length of a segment. So no error accumulates, although a segment has a whole number of codec frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentGrid {
    rate: SampleRate,
    /// The number of audio frames in a codec frame.
    codec_frame: u64,
    milliseconds: u32,
}

impl SegmentGrid {
    /// Segments of about `length`, of codec frames with `codec_frame` audio frames each.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a length that is not 1 to 60 seconds.
    pub fn new(rate: SampleRate, codec_frame: u64, length: Duration) -> Result<Self, Error> {
        let milliseconds = u32::try_from(length.as_millis()).ok().filter(|length| (1_000..=60_000).contains(length));
        let invalid = || Error::Invalid(format!("segments of {} s: give 1 to 60 s", length.as_secs_f64()));
        Ok(Self { rate, codec_frame, milliseconds: milliseconds.ok_or_else(invalid)? })
    }

    /// The codec frames of a segment.
    pub fn frames(&self, number: u64) -> Range<u64> {
        self.boundary(number)..self.boundary(number.saturating_add(1))
    }

    /// The number of segments that have ended when this number of audio frames was played.
    pub fn ended(&self, audio_frames: u64) -> u64 {
        let length = u128::from(self.milliseconds) * u128::from(self.rate.get());
        let estimate = (u128::from(audio_frames) * 1_000 / length) as u64;
        // A boundary is at most half a codec frame from its exact place.
        (estimate.saturating_sub(1)..=estimate + 1)
            .take_while(|number| self.frames(*number).end * self.codec_frame <= audio_frames)
            .last()
            .map_or(estimate.saturating_sub(1), |number| number + 1)
    }

    /// The audio frames before a segment.
    pub fn start(&self, number: u64) -> Frames {
        Frames(self.boundary(number) * self.codec_frame)
    }

    /// The time from the beginning of the stream to a segment.
    pub fn time(&self, number: u64) -> Duration {
        self.start(number).duration(self.rate)
    }

    /// The numbers of codec frames that segments have.
    pub fn lengths(&self) -> [u64; 2] {
        let (exact, frame) = (u64::from(self.milliseconds) * u64::from(self.rate.get()), 1_000 * self.codec_frame);
        [exact / frame, exact.div_ceil(frame)]
    }

    /// The longest duration of a segment, rounded to seconds.
    pub fn target_duration(&self) -> u64 {
        let [_, longest] = self.lengths();
        let longest = Frames(longest * self.codec_frame).duration(self.rate);
        (longest + Duration::from_millis(500)).as_secs()
    }

    fn boundary(&self, number: u64) -> u64 {
        let (per_second, frame) = (1_000 * u128::from(self.codec_frame), u128::from(number));
        let exact = frame * u128::from(self.milliseconds) * u128::from(self.rate.get());
        ((exact + per_second / 2) / per_second) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_have_the_lengths_of_the_table_and_do_not_drift() {
        for (rate, seconds, lengths) in [
            (SampleRate::CD, 2, [86, 87]),
            (SampleRate::CD, 6, [258, 259]),
            (SampleRate::DAT, 6, [281, 282]),
            (SampleRate::DAT, 8, [375, 375]),
        ] {
            let grid = SegmentGrid::new(rate, 1_024, Duration::from_secs(seconds)).unwrap();
            let mut end = 0;
            for number in 0..20_000 {
                let frames = grid.frames(number);
                assert_eq!(frames.start, end);
                end = frames.end;
                assert!(lengths.contains(&(frames.end - frames.start)) && grid.lengths() == lengths);
                let exact = (number + 1) as f64 * seconds as f64 * f64::from(rate.get()) / 1_024.0;
                assert!((end as f64 - exact).abs() <= 0.5, "{rate:?} {seconds} {number}");
                let ended = frames.end * 1_024;
                assert_eq!([ended - 1, ended].map(|frame| grid.ended(frame)), [number, number + 1]);
            }
            assert_eq!(grid.target_duration(), seconds);
        }
    }

    #[test]
    fn lengths_under_a_second_and_over_a_minute_are_refused() {
        for seconds in [0.0, 0.9, 60.1] {
            assert!(SegmentGrid::new(SampleRate::DAT, 1_024, Duration::from_secs_f64(seconds)).is_err());
        }
    }
}
