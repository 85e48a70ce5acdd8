//! The time map of an export: which position in the track each frame of output is made of.

use std::ops::{Range, RangeInclusive};

use crate::dsp::{Position, Step};
use crate::tempo::BeatGrid;
use crate::track::Track;
use crate::types::error::Result;
use crate::types::error_reasons::TimeMapError;
use crate::types::units::{Bpm, Frames, Rate, SampleRate};

/// If a span at exactly speed 1 ends less than this many frames from its position, it runs at speed 1, where every method
/// is a bypass.
const NEAR: f64 = 0.25;

/// A span of output at one speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TimeMapSpan {
    /// The first frame of output.
    pub begin: u64,
    /// The position in the track at that frame.
    pub from: Position,
    pub step: Step,
}

/// The time map of an [`export`](super::export()): its start in the track, its speed, and its length. The speed may change
/// at certain positions, and is constant between them. No rounding error accumulates.
///
/// ```
/// use crowd_engine::StretchMethod;
/// use crowd_engine::export::{TimeMap, export};
/// use crowd_engine::tempo::{BeatGrid, Mark};
/// use crowd_engine::{Bpm, SampleRate, Track};
///
/// # fn main() -> Result<(), crowd_engine::Error> {
/// // A drummer who changes from 120 to 126 BPM two seconds into the piece.
/// let mark = |(seconds, bpm)| Mark { seconds, bpm: Bpm::clamped(bpm, Bpm::MIN), number: 1 };
/// let marks = [(0.0, 120.0), (2.0, 126.0)].map(mark);
/// let grid = BeatGrid::new(&marks, 4, SampleRate::CD)?;
/// let track = Track::from_interleaved(vec![0.0; 10 * 44_100], SampleRate::CD, 1)?;
///
/// // Eight beats of it, from the second one on, all of the same length: 128 BPM.
/// let span = grid.frame_at(1.0)..grid.frame_at(9.0);
/// let time_map = TimeMap::on_beats(&grid, span, Bpm::new(128.0)?, SampleRate::CD)?;
/// assert_eq!(time_map.frames().0, (8.0_f64 * 60.0 / 128.0 * 44_100.0).round() as u64);
/// let excerpt: Vec<f32> = export(&track, StretchMethod::Hq, &time_map);
/// assert_eq!(excerpt.len() as u64, 2 * time_map.frames().0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TimeMap {
    /// At least one span, in the order of output. The first span begins at frame 0.
    spans: Vec<TimeMapSpan>,
    frames: u64,
}

impl TimeMap {
    /// A time map of `frames` frames of output at one speed, from frame `from` of the track on.
    pub fn steady(from: Frames, speed: Rate, frames: Frames) -> Self {
        let from = Position::from_frames(i64::try_from(from.0).unwrap_or(i64::MAX));
        Self { spans: vec![TimeMapSpan { begin: 0, from, step: Step::from_rate(speed.get()) }], frames: frames.0 }
    }

    /// The whole track at one speed. The length is that of the track divided by the speed, to the nearest frame. At speed 2
    /// it is half as long.
    pub fn whole(track: &Track, speed: Rate) -> Self {
        let frames = (track.frames().0 as f64 / speed.get()).round() as u64;
        Self::steady(Frames::ZERO, speed, Frames(frames))
    }

    /// The time map with which every beat of `grid` in frames `span` of a track lasts as long as a beat at `target`. `rate`
    /// is the sample rate of the track and of the grid.
    ///
    /// The span may begin and end between two frames. It may begin before the track and end after it. The first frame of
    /// output is the first of the span. The length is that of the beats at `target`, to the nearest frame.
    ///
    /// Each mark of the grid falls on the nearest frame of output. Between two marks the speed is exactly 1, and the samples
    /// are unchanged, if the span then ends within a quarter of a frame of its position.
    ///
    /// # Errors
    /// [`Error::TimeMap`](crate::Error::TimeMap) when the span is empty or not finite, or when the speed would be outside
    /// the range of [`Rate`] anywhere.
    pub fn on_beats(grid: &BeatGrid, span: Range<f64>, target: Bpm, rate: SampleRate) -> Result<Self> {
        let seconds = |frame: f64| frame / f64::from(rate.get());
        let far = BeatGrid::REACH * f64::from(rate.get());
        // With these comparisons a NaN is refused, too.
        let is_valid = span.start < span.end && span.start >= -far && span.end <= far;
        if !is_valid {
            return Err(TimeMapError::Empty { from: seconds(span.start), until: seconds(span.end) }.into());
        }
        let (first, last) = (grid.beat_at(span.start), grid.beat_at(span.end));
        let beat = 60.0 * f64::from(rate.get()) / target.get();
        let out = |position: f64| ((grid.beat_at(position) - first) * beat).round() as u64;
        let frames = ((last - first) * beat).round() as u64;
        let mut spans = Vec::new();
        let mut here = TimeMapSpan { begin: 0, from: Position::from_f64(span.start), step: Step::UNITY };
        for end in grid.marks_in(span.clone()).map(out).chain([frames]) {
            let length = end.saturating_sub(here.begin);
            if length == 0 {
                continue;
            }
            let position = grid.frame_at(first + end as f64 / beat);
            let distance = position - here.from.to_f64();
            let speed = distance / length as f64;
            if Rate::new(speed).is_err() {
                let (from, until) = (seconds(here.from.to_f64()), seconds(position));
                let (target, low, high) = (target.get(), Rate::MIN.get(), Rate::MAX.get());
                return Err(TimeMapError::Speed { from, until, speed, target, low, high }.into());
            }
            let near = (distance - length as f64).abs() < NEAR;
            here.step = if near { Step::UNITY } else { Step::from_rate(speed) };
            spans.push(here);
            // The next span starts from the exact end of this one, so that rounding errors do not accumulate.
            here = TimeMapSpan { begin: end, from: here.from.advance(here.step, length as usize), ..here };
        }
        if spans.is_empty() {
            let (from, until) = (seconds(span.start), seconds(span.end));
            return Err(TimeMapError::TooShort { from, until, target: target.get() }.into());
        }
        Ok(Self { spans, frames })
    }

    /// The same time map `by` frames later in the track. For a track whose beginning was left out, `by` is negative.
    #[must_use]
    pub fn moved(mut self, by: i64) -> Self {
        self.spans.iter_mut().for_each(|span| span.from = span.from.offset(by));
        self
    }

    /// The number of frames of output.
    pub fn frames(&self) -> Frames {
        Frames(self.frames)
    }

    /// The slowest and the fastest speed.
    pub fn speeds(&self) -> RangeInclusive<f64> {
        let speeds = || self.spans.iter().map(|span| span.step.rate());
        speeds().fold(f64::INFINITY, f64::min)..=speeds().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Whether the output is the track itself, from a whole frame on.
    pub fn is_bypass(&self) -> bool {
        self.spans.iter().all(|span| span.step.is_unity()) && self.start().is_whole()
    }

    /// The position in the track of the first frame of output.
    pub(crate) fn start(&self) -> Position {
        self.spans.first().map_or(Position::ZERO, |span| span.from)
    }

    /// The position in the track at a frame of output, and the speed there.
    pub(crate) fn at(&self, frame: Frames) -> (Position, Step) {
        let (span, _) = self.span(frame.0);
        (span.from.advance(span.step, (frame.0 - span.begin) as usize), span.step)
    }

    /// The frame of output, with its fraction, at which a position in the track is heard. For a position before the start
    /// the first speed applies, and for a position after the end the last speed.
    pub fn frame_of(&self, position: f64) -> f64 {
        let next = self.spans.partition_point(|span| span.from.to_f64() <= position);
        let Some(span) = self.spans.get(next.saturating_sub(1)) else { return 0.0 };
        span.begin as f64 + (position - span.from.to_f64()) / span.step.rate()
    }

    /// The span that contains `frame`, and the frame at which it ends.
    pub(super) fn span(&self, frame: u64) -> (TimeMapSpan, u64) {
        let next = self.spans.partition_point(|span| span.begin <= frame);
        let end = self.spans.get(next).map_or(u64::MAX, |span| span.begin);
        let none = TimeMapSpan { begin: 0, from: Position::ZERO, step: Step::UNITY };
        (self.spans.get(next.saturating_sub(1)).copied().unwrap_or(none), end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tempo::Mark;
    use proptest::prelude::*;

    fn grid(marks: &[(f64, f64)]) -> BeatGrid {
        let mark = |&(seconds, bpm): &(f64, f64)| Mark { seconds, bpm: Bpm::new(bpm).unwrap(), number: 1 };
        BeatGrid::new(&marks.iter().map(mark).collect::<Vec<_>>(), 4, SampleRate::CD).unwrap()
    }

    fn on_beats(grid: &BeatGrid, span: Range<f64>, target: f64) -> Result<TimeMap> {
        TimeMap::on_beats(grid, span, Bpm::new(target).unwrap(), SampleRate::CD)
    }

    #[test]
    fn music_at_the_target_is_bypassed_from_a_whole_frame_on() {
        for bpm in [119.02, 122.0, 123.456] {
            let time_map = on_beats(&grid(&[(0.1, bpm)]), 12_345.0..3_000_000.0, bpm).unwrap();
            assert!(time_map.is_bypass(), "{bpm}: {time_map:?}");
            assert_eq!(time_map.frames().0, 3_000_000 - 12_345);
            assert_eq!(time_map.at(Frames(1_000)), (Position::from_frames(13_345), Step::UNITY));
        }
        // Rounding of marks to milliseconds does not change that.
        let marks: Vec<_> =
            (0..20).map(|n| (0.1 + (f64::from(n) * 33.0 * 60.0 / 123.456 * 1e6).round() / 1e6, 123.46)).collect();
        let time_map = on_beats(&grid(&marks), 50_000.0..10_000_000.0, 123.456).unwrap();
        assert!(time_map.is_bypass(), "{:?}", time_map.speeds());
    }

    #[test]
    fn an_invalid_time_map_is_refused_with_the_position() {
        let steady = grid(&[(0.0, 120.0)]);
        for span in [5.0..5.0, 6.0..5.0, f64::NAN..5.0, 0.0..f64::INFINITY] {
            let error = on_beats(&steady, span.clone(), 120.0).unwrap_err().to_string();
            assert!(error.contains("give an end after the start"), "{error}");
        }
        assert!(on_beats(&steady, 0.0..0.25, 120.0).unwrap_err().to_string().contains("less than a frame"));
        let error = on_beats(&grid(&[(0.0, 120.0), (4.0, 20.0)]), 0.0..1e6, 120.0).unwrap_err().to_string();
        assert!(error.contains("from 4.000 to 22.676 s it would have to run at 6.000x"), "{error}");
    }

    fn tempo_marks() -> impl Strategy<Value = Vec<(f64, f64)>> {
        let step = (80.0..160.0f64, 1..64u32);
        (0.0..5.0f64, proptest::collection::vec(step, 1..40)).prop_map(|(mut seconds, steps)| {
            let mark = |(bpm, beats): (f64, u32)| {
                let next = (seconds, bpm);
                seconds += f64::from(beats) * 60.0 / bpm;
                next
            };
            steps.into_iter().map(mark).collect()
        })
    }

    proptest! {
        #[test]
        fn every_beat_is_within_a_frame_of_its_time_and_no_error_accumulates(
            marks in tempo_marks(), start in 0.0..60.0f64, beats in 8.0..600.0f64, target in 100.0..140.0f64
        ) {
            let grid = grid(&marks);
            let start = (start * 44_100.0).round();
            let first = grid.beat_at(start);
            let beat = 60.0 * 44_100.0 / target;
            let time_map = on_beats(&grid, start..grid.frame_at(first + beats), target).unwrap();
            prop_assert_eq!(time_map.frames().0, (beats * beat).round() as u64);
            prop_assert_eq!(time_map.start().to_f64(), start);
            for nth in 0..beats as u64 {
                let source = grid.frame_at(first + nth as f64);
                prop_assert!((time_map.frame_of(source) - nth as f64 * beat).abs() < 1.0, "beat {nth}");
                let frame = (nth as f64 * beat).round();
                let (position, _) = time_map.at(Frames(frame as u64));
                prop_assert!((position.to_f64() - grid.frame_at(first + frame / beat)).abs() < 1.0);
            }
        }

        #[test]
        fn each_span_continues_where_the_one_before_ends(marks in tempo_marks(), target in 100.0..140.0f64) {
            let time_map = on_beats(&grid(&marks), 0.0..10_000_000.0, target).unwrap();
            for pair in time_map.spans.windows(2) {
                let ran = (pair[1].begin - pair[0].begin) as usize;
                prop_assert_eq!(pair[0].from.advance(pair[0].step, ran), pair[1].from);
            }
        }
    }
}
