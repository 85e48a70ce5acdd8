//! The beat grid of a recording.

use crate::types::error::Result;
use crate::types::error_reasons::BeatGridError;
use crate::types::loop_region::LoopRegion;
use crate::types::pulse::Pulse;
use crate::types::units::{Bpm, Frames, SampleRate};

/// A beat whose position is known, as DJ libraries store it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// The position in the track, in seconds.
    pub seconds: f64,
    /// The tempo from this beat on.
    pub bpm: Bpm,
    /// The number of the beat in its bar, from 1.
    pub number: u8,
}

/// The span from one mark to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    /// The frame of the mark.
    frame: f64,
    /// The beat of the mark, counted from the first mark. It is a whole number.
    beat: f64,
    /// The number of frames from beat to beat.
    interval: f64,
    /// The number of the mark's beat in its bar, from 1.
    number: u8,
}

/// The beats of a recording, from the marks that a DJ library stores.
///
/// A mark is on a beat. From one mark to the next there is a whole number of evenly spaced beats, the number that fits the mark's tempo
/// best. So a tempo that was rounded when it was stored causes no error that accumulates. The tempo of the first mark holds from the
/// start of the track, and the tempo of the last mark holds to its end. Beats are counted from the first mark, which is beat 0. Earlier
/// beats are negative.
///
/// ```
/// use crowd_engine::tempo::{BeatGrid, Mark};
/// use crowd_engine::{Bpm, SampleRate};
///
/// # fn main() -> Result<(), crowd_engine::Error> {
/// let mark = Mark { seconds: 0.5, bpm: Bpm::new(120.0)?, number: 1 };
/// let grid = BeatGrid::new(&[mark], 4, SampleRate::CD)?;
/// assert_eq!(grid.frame_at(1.0), 44_100.0);
/// assert_eq!(grid.beat_at(0.0), -1.0);
/// assert_eq!(grid.bar_phase(-1.0), 3.0);
/// // A loop of the bar that begins with the mark, and a jump by two bars.
/// let region = grid.beat_loop(22_050.0, 4.0)?;
/// assert_eq!((region.start().0, region.end().0), (22_050, 22_050 + 88_200));
/// assert_eq!(grid.beat_jump(22_050.0, 8.0).0, 22_050 + 2 * 88_200);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BeatGrid {
    /// At least one span. Their frames and beats rise.
    spans: Vec<Span>,
    beats_per_bar: u8,
}

impl BeatGrid {
    /// The largest distance of a mark from the start of its track, in seconds.
    pub const REACH: f64 = 86_400.0;

    /// A grid for a track of the sample rate `rate`, with bars of `beats_per_bar` beats. The marks must be in the order of their
    /// positions.
    ///
    /// # Errors
    /// [`Error::BeatGrid`](crate::Error::BeatGrid) when there is no mark, or when a mark is out of order, too far from the start of the
    /// track, nearer to the next mark than half a beat, or has a number that is not in the bar.
    pub fn new(marks: &[Mark], beats_per_bar: u8, rate: SampleRate) -> Result<Self> {
        let rate = f64::from(rate.get());
        let mut spans: Vec<Span> = Vec::with_capacity(marks.len());
        for (nth, mark) in marks.iter().enumerate() {
            let Mark { seconds, number, .. } = *mark;
            if seconds.is_nan() || seconds.abs() > Self::REACH {
                return Err(BeatGridError::TooFar { mark: nth, seconds, most: Self::REACH }.into());
            }
            if !(1..=beats_per_bar).contains(&number) {
                return Err(BeatGridError::NotInBar { mark: nth, number, beats_per_bar }.into());
            }
            let (frame, mut beat) = (seconds * rate, 0.0);
            if let Some(before) = spans.last_mut() {
                let frames = frame - before.frame;
                let beats = (frames / before.interval).round();
                if beats < 1.0 {
                    return Err(BeatGridError::TooClose { mark: nth, seconds }.into());
                }
                before.interval = frames / beats;
                beat = before.beat + beats;
            }
            spans.push(Span { frame, beat, interval: 60.0 * rate / mark.bpm.get(), number: mark.number });
        }
        if spans.is_empty() {
            return Err(BeatGridError::NoMarks.into());
        }
        Ok(Self { spans, beats_per_bar })
    }

    /// The last span for which `is_before` is true. The first span when it is true for none.
    fn span(&self, is_before: impl Fn(&Span) -> bool) -> Span {
        let after = self.spans.partition_point(is_before);
        let none = Span { frame: 0.0, beat: 0.0, interval: 1.0, number: 1 };
        self.spans.get(after.saturating_sub(1)).copied().unwrap_or(none)
    }

    /// The beat, with its fraction, at a frame of the track.
    pub fn beat_at(&self, frame: f64) -> f64 {
        let span = self.span(|span| span.frame <= frame);
        span.beat + (frame - span.frame) / span.interval
    }

    /// The frame of the track, with its fraction, at a beat.
    pub fn frame_at(&self, beat: f64) -> f64 {
        let span = self.span(|span| span.beat <= beat);
        span.frame + (beat - span.beat) * span.interval
    }

    /// The frame that is `beats` beats after `frame`, or before it if `beats` is negative. A beat jump
    /// [seeks](crate::DeckHandle::seek) to this frame. It is never before frame 0.
    pub fn beat_jump(&self, frame: f64, beats: f64) -> Frames {
        Frames(self.frame_at(self.beat_at(frame) + beats).round().max(0.0) as u64)
    }

    /// The region of `beats` beats that begins with the latest beat at or before `frame`. A beat loop
    /// [repeats](crate::DeckHandle::loop_) this region.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) when the region is shorter than [`LoopRegion::MIN_FRAMES`].
    pub fn beat_loop(&self, frame: f64, beats: f64) -> Result<LoopRegion> {
        // Because of rounding, a frame on a beat may give a number slightly less than that beat.
        let first = (self.beat_at(frame) + 1e-6).floor();
        let place = |beat| Frames(self.frame_at(beat).round().max(0.0) as u64);
        LoopRegion::new(place(first), place(first + beats))
    }

    /// The frames of the marks that are inside `span` and not at its ends, in order.
    pub(crate) fn marks_in(&self, span: std::ops::Range<f64>) -> impl Iterator<Item = f64> {
        let places = self.spans.iter().map(|span| span.frame);
        places.filter(move |frame| span.start < *frame && *frame < span.end)
    }

    /// The position of a beat in its bar, in beats. 0 is the downbeat.
    pub fn bar_phase(&self, beat: f64) -> f64 {
        let span = self.span(|span| span.beat <= beat);
        (beat - span.beat + f64::from(span.number - 1)).rem_euclid(f64::from(self.beats_per_bar))
    }

    /// The pulse around a frame of the track.
    pub fn pulse_at(&self, frame: f64) -> Pulse {
        let span = self.span(|span| span.frame <= frame);
        let interval = span.interval;
        Pulse { downbeat: span.frame - f64::from(span.number - 1) * interval, interval }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mark(seconds: f64, bpm: f64, number: u8) -> Mark {
        Mark { seconds, bpm: Bpm::new(bpm).unwrap(), number }
    }

    fn grid(marks: &[Mark]) -> BeatGrid {
        BeatGrid::new(marks, 4, SampleRate::CD).unwrap()
    }

    #[test]
    fn between_two_marks_there_are_whole_beats_evenly_spaced() {
        // 32 beats of 126 BPM last 15.238095 s. The DJ library has rounded the position to milliseconds and the tempo.
        let grid = grid(&[mark(0.1, 126.04, 1), mark(15.338, 128.0, 1)]);
        assert_eq!(grid.beat_at(15.338 * 44_100.0), 32.0);
        assert_eq!(grid.frame_at(32.0), 15.338 * 44_100.0);
        let half = grid.frame_at(16.0) - 0.1 * 44_100.0;
        assert!((half - 15.238 * 22_050.0).abs() < 1e-6, "{half}");
        assert!((grid.frame_at(33.0) - grid.frame_at(32.0) - 60.0 * 44_100.0 / 128.0).abs() < 1e-6);
    }

    #[test]
    fn a_mark_says_which_beat_of_the_bar_it_is() {
        let grid = grid(&[mark(1.0, 60.0, 3), mark(6.0, 60.0, 1)]);
        let bars: Vec<f64> = (-3..8).map(|beat| grid.bar_phase(f64::from(beat))).collect();
        assert_eq!(bars, [3.0, 0.0, 1.0, 2.0, 3.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0]);
        assert_eq!(grid.pulse_at(44_100.0 * 5.0).beat_at(44_100.0 * 5.0), 6.0);
        assert_eq!(grid.pulse_at(44_100.0 * 7.0).beat_at(44_100.0 * 7.0), 1.0);
    }

    #[test]
    fn an_invalid_grid_is_refused_with_its_mark() {
        for (marks, cause) in [
            (vec![], "no mark"),
            (vec![mark(f64::NAN, 120.0, 1)], "mark 1 lies at NaN s"),
            (vec![mark(90_000.0, 120.0, 1)], "mark 1 lies at 90000 s: give at most 86400 s"),
            (vec![mark(0.0, 120.0, 1), mark(0.2, 120.0, 1)], "mark 2 lies at 0.2 s, not half a beat"),
            (vec![mark(0.0, 120.0, 1), mark(-1.0, 120.0, 1)], "mark 2 lies at -1 s"),
            (vec![mark(0.0, 120.0, 0)], "mark 1 is beat 0 of a bar of 4"),
            (vec![mark(0.0, 120.0, 5)], "mark 1 is beat 5 of a bar of 4"),
        ] {
            let error = BeatGrid::new(&marks, 4, SampleRate::CD).unwrap_err().to_string();
            assert!(error.starts_with("not a beat grid: ") && error.contains(cause), "{error}");
        }
    }

    #[test]
    fn a_beat_jump_and_a_beat_loop_follow_the_marks() {
        let grid = grid(&[mark(1.0, 60.0, 1), mark(5.0, 120.0, 1)]);
        assert_eq!(grid.beat_jump(44_100.0, 6.0), Frames(6 * 44_100));
        assert_eq!(grid.beat_jump(6.0 * 44_100.0, -6.0), Frames(44_100));
        assert_eq!(grid.beat_jump(0.0, -4.0), Frames(0));
        let region = grid.beat_loop(4.5 * 44_100.0, 2.0).unwrap();
        assert_eq!((region.start, region.end), (4 * 44_100, 11 * 22_050));
        for beat in 0..9 {
            let region = grid.beat_loop(grid.frame_at(f64::from(beat)).round(), 1.0).unwrap();
            assert_eq!(region.start as f64, grid.frame_at(f64::from(beat)).round());
        }
        assert!(grid.beat_loop(0.0, 0.001).is_err());
    }

    fn any_marks() -> impl Strategy<Value = Vec<Mark>> {
        let step = (20.0..400.0f64, 0.51..300.0f64, 1..=4u8);
        (-10.0..10.0f64, proptest::collection::vec(step, 1..20)).prop_map(|(first, steps)| {
            let mut seconds = first;
            let next_mark = |(bpm, beats, number): (f64, f64, u8)| {
                let next = mark(seconds, bpm, number);
                seconds += beats * 60.0 / bpm;
                next
            };
            steps.into_iter().map(next_mark).collect()
        })
    }

    proptest! {
        #[test]
        fn every_mark_is_on_a_whole_beat_in_both_directions(marks in any_marks()) {
            let grid = grid(&marks);
            let mut last = -1.0;
            for mark in &marks {
                let beat = grid.beat_at(mark.seconds * 44_100.0);
                prop_assert!(beat == beat.round() && beat > last);
                prop_assert_eq!(grid.frame_at(beat), mark.seconds * 44_100.0);
                prop_assert_eq!(grid.bar_phase(beat), f64::from(mark.number - 1));
                last = beat;
            }
        }

        #[test]
        fn from_frame_to_beat_and_back_is_the_same_frame(marks in any_marks(), frame in -1e7..1e9f64, on in 0.01..1e5f64) {
            let grid = grid(&marks);
            let beat = grid.beat_at(frame);
            prop_assert!((grid.frame_at(beat) - frame).abs() < 1e-5);
            prop_assert!(grid.beat_at(frame + on) > beat, "beats rise");
            let bar = (grid.pulse_at(frame).beat_at(frame) - grid.bar_phase(beat)) / 4.0;
            prop_assert!((bar - bar.round()).abs() < 1e-5);
        }
    }
}
