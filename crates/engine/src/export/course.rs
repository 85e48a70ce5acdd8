//! Where in a track each frame of an export lies.

use std::ops::{Range, RangeInclusive};

use crate::dsp::{Position, Step};
use crate::tempo::BeatGrid;
use crate::track::Track;
use crate::types::error::Result;
use crate::types::error_reasons::TimeMapError;
use crate::types::units::{Bpm, Frames, Rate, SampleRate};

/// Frames a leg may end beside its place so as to run at exactly speed 1, where every method is a wire.
const NEAR: f64 = 0.25;

/// So far on one speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Leg {
    /// The frame of output it begins with.
    pub begin: u64,
    /// The place in the track that sounds there.
    pub from: Position,
    pub step: Step,
}

/// The way of an [`export`](super::export()) through its track: where it begins, how fast it goes, and for how long. Between
/// the places where the speed changes it is constant; no rounding adds up over them.
///
/// ```
/// use crowd_engine::StretchMethod;
/// use crowd_engine::export::{Course, export};
/// use crowd_engine::tempo::{BeatGrid, Mark};
/// use crowd_engine::{Bpm, SampleRate, Track};
///
/// # fn main() -> Result<(), crowd_engine::Error> {
/// // A drummer who goes from 120 to 126 BPM two seconds into the piece.
/// let marks = [(0.0, 120.0), (2.0, 126.0)];
/// let marks = marks.map(|(seconds, bpm)| Mark { seconds, bpm: Bpm::clamped(bpm, Bpm::MIN), number: 1 });
/// let grid = BeatGrid::new(&marks, 4, SampleRate::CD)?;
/// let track = Track::from_interleaved(vec![0.0; 10 * 44_100], SampleRate::CD, 1)?;
///
/// // Eight beats of it, from the second one on, each as long as the other: 128 BPM.
/// let span = grid.frame_at(1.0)..grid.frame_at(9.0);
/// let course = Course::on_beats(&grid, span, Bpm::new(128.0)?, SampleRate::CD)?;
/// assert_eq!(course.frames().0, (8.0_f64 * 60.0 / 128.0 * 44_100.0).round() as u64);
/// let part: Vec<f32> = export(&track, StretchMethod::Hq, &course);
/// assert_eq!(part.len() as u64, 2 * course.frames().0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// Never empty; the first begins at frame 0, and they rise.
    legs: Vec<Leg>,
    frames: u64,
}

impl Course {
    /// `frames` frames of output at one speed, from a place in the track on.
    pub fn steady(from: Position, speed: Rate, frames: Frames) -> Self {
        Self { legs: vec![Leg { begin: 0, from, step: Step::from_rate(speed.get()) }], frames: frames.0 }
    }

    /// The whole track at one speed (2 is twice as fast, half as long): its length divided by the speed, to the nearest
    /// frame.
    pub fn whole(track: &Track, speed: Rate) -> Self {
        let frames = (track.frames().0 as f64 / speed.get()).round() as u64;
        Self::steady(Position::ZERO, speed, Frames(frames))
    }

    /// Frames `span` of a track of `rate` frames a second, which may begin and end between two frames and reach over the
    /// track's ends, such that every beat of `grid` (a grid of that rate) lasts as long as one at `target`. The length is
    /// that of the beats at `target`, to the nearest frame; the first frame of output is the span's first.
    ///
    /// Each mark falls on the frame of output nearest to it. Where the music is so near `target` that a leg at exactly
    /// speed 1 ends within a quarter of a frame of its place, it does, and stays untouched.
    ///
    /// # Errors
    /// [`Error::TimeMap`](crate::Error::TimeMap) when the span is empty or not finite, or somewhere the speed would leave [`Rate`]'s range.
    pub fn on_beats(grid: &BeatGrid, span: Range<f64>, target: Bpm, rate: SampleRate) -> Result<Self> {
        let seconds = |frame: f64| frame / f64::from(rate.get());
        let far = BeatGrid::REACH * f64::from(rate.get());
        // Written so that a NaN is refused.
        let sound = span.start < span.end && span.start >= -far && span.end <= far;
        if !sound {
            return Err(TimeMapError::Empty { from: seconds(span.start), until: seconds(span.end) }.into());
        }
        let (first, last) = (grid.beat_at(span.start), grid.beat_at(span.end));
        let beat = 60.0 * f64::from(rate.get()) / target.get();
        let out = |place: f64| ((grid.beat_at(place) - first) * beat).round() as u64;
        let frames = ((last - first) * beat).round() as u64;
        let mut legs = Vec::new();
        let mut here = Leg { begin: 0, from: Position::from_f64(span.start), step: Step::UNITY };
        for end in grid.marks_in(span.clone()).map(out).chain([frames]) {
            let length = end.saturating_sub(here.begin);
            if length == 0 {
                continue;
            }
            let place = grid.frame_at(first + end as f64 / beat);
            let distance = place - here.from.to_f64();
            let speed = distance / length as f64;
            if Rate::new(speed).is_err() {
                let (from, until) = (seconds(here.from.to_f64()), seconds(place));
                let (target, low, high) = (target.get(), Rate::MIN.get(), Rate::MAX.get());
                return Err(TimeMapError::Speed { from, until, speed, target, low, high }.into());
            }
            let near = (distance - length as f64).abs() < NEAR;
            here.step = if near { Step::UNITY } else { Step::from_rate(speed) };
            legs.push(here);
            // From where this leg really ends, so that the next one makes good what was rounded.
            here = Leg { begin: end, from: here.from.advance(here.step, length as usize), ..here };
        }
        if legs.is_empty() {
            let (from, until) = (seconds(span.start), seconds(span.end));
            return Err(TimeMapError::TooShort { from, until, target: target.get() }.into());
        }
        Ok(Self { legs, frames })
    }

    /// The same way `by` frames further on in the track: for a track whose beginning was left out, `by` is negative.
    #[must_use]
    pub fn moved(mut self, by: i64) -> Self {
        self.legs.iter_mut().for_each(|leg| leg.from = leg.from.offset(by));
        self
    }

    /// Frames of output.
    pub fn frames(&self) -> Frames {
        Frames(self.frames)
    }

    /// The slowest and the fastest speed on the way.
    pub fn speeds(&self) -> RangeInclusive<f64> {
        let speeds = || self.legs.iter().map(|leg| leg.step.rate());
        speeds().fold(f64::INFINITY, f64::min)..=speeds().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Whether the output is the track itself, from a whole frame on.
    pub fn is_wire(&self) -> bool {
        self.legs.iter().all(|leg| leg.step.is_unity()) && self.start().is_whole()
    }

    /// The place in the track that the first frame of output is taken from.
    pub fn start(&self) -> Position {
        self.legs.first().map_or(Position::ZERO, |leg| leg.from)
    }

    /// The place in the track that sounds at a frame of output, with its speed.
    pub fn at(&self, frame: Frames) -> (Position, Step) {
        let (leg, _) = self.leg(frame.0);
        (leg.from.advance(leg.step, (frame.0 - leg.begin) as usize), leg.step)
    }

    /// The frame of output, with its fraction, at which a place in the track sounds. Before the start and behind the end the
    /// first and the last speed go on.
    pub fn frame_of(&self, place: f64) -> f64 {
        let behind = self.legs.partition_point(|leg| leg.from.to_f64() <= place);
        let Some(leg) = self.legs.get(behind.saturating_sub(1)) else { return 0.0 };
        leg.begin as f64 + (place - leg.from.to_f64()) / leg.step.rate()
    }

    /// The leg that `frame` lies on, and the frame that ends it.
    pub(super) fn leg(&self, frame: u64) -> (Leg, u64) {
        let behind = self.legs.partition_point(|leg| leg.begin <= frame);
        let end = self.legs.get(behind).map_or(u64::MAX, |leg| leg.begin);
        let nowhere = Leg { begin: 0, from: Position::ZERO, step: Step::UNITY };
        (self.legs.get(behind.saturating_sub(1)).copied().unwrap_or(nowhere), end)
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

    fn on_beats(grid: &BeatGrid, span: Range<f64>, target: f64) -> Result<Course> {
        Course::on_beats(grid, span, Bpm::new(target).unwrap(), SampleRate::CD)
    }

    #[test]
    fn music_at_the_target_is_a_wire_from_a_whole_frame_on() {
        for bpm in [119.02, 122.0, 123.456] {
            let course = on_beats(&grid(&[(0.1, bpm)]), 12_345.0..3_000_000.0, bpm).unwrap();
            assert!(course.is_wire(), "{bpm}: {course:?}");
            assert_eq!(course.frames().0, 3_000_000 - 12_345);
            assert_eq!(course.at(Frames(1_000)), (Position::from_frames(13_345), Step::UNITY));
        }
        // Marks that were rounded to milliseconds are no reason to touch it either.
        let marks: Vec<_> =
            (0..20).map(|n| (0.1 + (f64::from(n) * 33.0 * 60.0 / 123.456 * 1e6).round() / 1e6, 123.46)).collect();
        let course = on_beats(&grid(&marks), 50_000.0..10_000_000.0, 123.456).unwrap();
        assert!(course.is_wire(), "{:?}", course.speeds());
    }

    #[test]
    fn what_cannot_be_a_course_is_refused_with_the_place() {
        let steady = grid(&[(0.0, 120.0)]);
        for span in [5.0..5.0, 6.0..5.0, f64::NAN..5.0, 0.0..f64::INFINITY] {
            let error = on_beats(&steady, span.clone(), 120.0).unwrap_err().to_string();
            assert!(error.contains("end behind the start"), "{error}");
        }
        assert!(on_beats(&steady, 0.0..0.25, 120.0).unwrap_err().to_string().contains("less than a frame"));
        let error = on_beats(&grid(&[(0.0, 120.0), (4.0, 20.0)]), 0.0..1e6, 120.0).unwrap_err().to_string();
        assert!(error.contains("from 4.000 to 22.676 s it would have to run at 6.000x"), "{error}");
    }

    fn drummer() -> impl Strategy<Value = Vec<(f64, f64)>> {
        let step = (80.0..160.0f64, 1..64u32);
        (0.0..5.0f64, proptest::collection::vec(step, 1..40)).prop_map(|(mut seconds, steps)| {
            let place = |(bpm, beats): (f64, u32)| {
                let here = (seconds, bpm);
                seconds += f64::from(beats) * 60.0 / bpm;
                here
            };
            steps.into_iter().map(place).collect()
        })
    }

    proptest! {
        #[test]
        fn every_beat_lies_within_a_frame_of_its_time_and_nothing_adds_up(
            marks in drummer(), start in 0.0..60.0f64, beats in 8.0..600.0f64, target in 100.0..140.0f64
        ) {
            let grid = grid(&marks);
            let start = (start * 44_100.0).round();
            let first = grid.beat_at(start);
            let beat = 60.0 * 44_100.0 / target;
            let course = on_beats(&grid, start..grid.frame_at(first + beats), target).unwrap();
            prop_assert_eq!(course.frames().0, (beats * beat).round() as u64);
            prop_assert_eq!(course.start().to_f64(), start);
            for nth in 0..beats as u64 {
                let place = grid.frame_at(first + nth as f64);
                prop_assert!((course.frame_of(place) - nth as f64 * beat).abs() < 1.0, "beat {nth}");
                let frame = (nth as f64 * beat).round();
                let (there, _) = course.at(Frames(frame as u64));
                prop_assert!((there.to_f64() - grid.frame_at(first + frame / beat)).abs() < 1.0);
            }
        }

        #[test]
        fn from_leg_to_leg_nothing_jumps(marks in drummer(), target in 100.0..140.0f64) {
            let course = on_beats(&grid(&marks), 0.0..10_000_000.0, target).unwrap();
            for pair in course.legs.windows(2) {
                let ran = (pair[1].begin - pair[0].begin) as usize;
                prop_assert_eq!(pair[0].from.advance(pair[0].step, ran), pair[1].from);
            }
        }
    }
}
