//! Measures the time by which Rekordbox's beats are later than those of the decoded music.

use std::fmt;
use std::path::Path;

use crowd_engine::dsp::OnsetFinder;
use crowd_media::Reader;

use crate::grid::Grid;

/// The largest distance between a beat and an onset, or between two beats, that count as the same event, in seconds.
const SAME_EVENT: f64 = 0.06;
/// The smallest number of differences between beats or onsets from which an offset is measured.
const MIN_COUNT: usize = 16;
/// Half of the step to which an analyser rounds its beats, in seconds.
const HALF_BEAT_STEP: f64 = 0.005;
/// The largest difference between the medians of the first and the second half of the differences, in seconds. With a
/// larger one the offset is not constant, and is not measured.
const HALVES_TOLERANCE: f64 = 0.005;
/// The largest median distance of the differences between beats from their median, in seconds.
const BEAT_SPREAD: f64 = 0.015;
/// The largest median distance of the differences between beats and onsets from their median, in seconds. It is smaller
/// than [`BEAT_SPREAD`], because onsets are not rounded.
const ONSET_SPREAD: f64 = 0.004;
/// Seconds from an onset to the beat of a grid: a hit begins to rise at the onset, and is heard at the beat.
const ONSET_RISE: f64 = 0.0016;
/// Seconds of the track that are searched for onsets.
const SEARCHED: f64 = 40.0;

/// The evidence by which an offset was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetEvidence {
    /// The beats of the structure file.
    Beats,
    /// Onsets in the sound.
    Onsets,
}

impl OffsetEvidence {
    /// The name that reports show.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Beats => "structure beats",
            Self::Onsets => "onsets",
        }
    }
}

/// A measured offset of Rekordbox's beats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredOffset {
    /// The evidence with which the beats were compared.
    pub by: OffsetEvidence,
    /// The time by which the beats are later than the evidence, in seconds.
    pub seconds: f64,
    /// The error that remains because the evidence is rounded, in seconds.
    pub rounding_error: f64,
}

impl fmt::Display for MeasuredOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            OffsetEvidence::Beats => "the beats of its structure file",
            OffsetEvidence::Onsets => "its onsets",
        };
        let way = if self.seconds < 0.0 { "before" } else { "after" };
        write!(f, "its tempo marks are {:.1} ms {way} {by}", self.seconds.abs() * 1e3)
    }
}

/// Measures the offset with the beats of a structure file, which are in seconds.
pub fn by_beats(grid: &Grid, beats: &[f64]) -> Option<MeasuredOffset> {
    let offset = |at: &f64| Some(grid.nearest_beat(*at) - at).filter(|offset| offset.abs() <= SAME_EVENT);
    let offsets: Vec<f64> = beats.iter().filter_map(offset).collect();
    // If Rekordbox counts half as fast, only every second beat of the structure file has a partner. So two fifths of them
    // are enough.
    let middle = constant(&offsets, BEAT_SPREAD).filter(|_| 5 * offsets.len() >= 2 * beats.len())?;
    let (low, high) =
        offsets.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(*at), high.max(*at)));
    let rounding_error = HALF_BEAT_STEP - (high - low) / 2.0;
    let (seconds, rounding_error) =
        if rounding_error >= 0.0 { (f64::midpoint(low, high), rounding_error) } else { (middle, 0.0) };
    Some(MeasuredOffset { by: OffsetEvidence::Beats, seconds, rounding_error })
}

/// Measures the offset with the onsets of the audio from a time in seconds on. `None` when the audio has no clear onsets,
/// or cannot be read.
pub fn by_onsets(grid: &Grid, audio: &Path, from: f64) -> Option<MeasuredOffset> {
    let (onsets, until) = onsets(audio, from)?;
    let first = grid.beat_at(from + SAME_EVENT).ceil();
    let last = grid.beat_at(until - SAME_EVENT).floor();
    if last < first || last - first > SEARCHED * 20.0 {
        return None;
    }
    let beats = (0..=(last - first) as u32).map(|nth| grid.seconds_at(first + f64::from(nth)));
    let beats: Vec<f64> = beats.collect();
    let strongest = |beat: &f64| {
        let near = onsets.partition_point(|(at, _)| *at < beat - SAME_EVENT)
            ..onsets.partition_point(|(at, _)| *at <= beat + SAME_EVENT);
        let near = onsets.get(near)?.iter();
        near.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| beat - at)
    };
    let offsets: Vec<f64> = beats.iter().filter_map(strongest).collect();
    let seconds = constant(&offsets, ONSET_SPREAD).filter(|_| 2 * offsets.len() >= beats.len())?;
    Some(MeasuredOffset { by: OffsetEvidence::Onsets, seconds, rounding_error: 0.0 })
}

/// The onsets from a time in seconds on, each as its time in seconds and its strength, in the order of time. The second
/// value is the time at which the search ended, in seconds.
fn onsets(audio: &Path, from: f64) -> Option<(Vec<(f64, f32)>, f64)> {
    let mut reader = Reader::open(audio).ok()?.to_stereo().ok()?;
    let rate = f64::from(reader.sample_rate());
    let first = (from.max(0.0) * rate).round();
    let frames = (SEARCHED * rate) as usize;
    let channels = usize::from(reader.channels());
    reader.seek(first as u64).ok()?;
    let mut finder = OnsetFinder::new(reader.sample_rate());
    let (mut found, mut searched) = (Vec::new(), 0);
    while searched < frames {
        let Some(block) = reader.next_block().ok()? else { break };
        searched += block.len() / channels;
        let stereo = block.chunks_exact(channels).filter_map(|frame| Some([*frame.first()?, *frame.last()?]));
        finder.push(stereo, |onset| found.push(onset));
    }
    finder.finish(|onset| found.push(onset));
    let seconds_at = |frame: i64| (first + frame as f64) / rate + ONSET_RISE;
    let mut onset_times: Vec<(f64, f32)> =
        found.iter().map(|onset| (seconds_at(onset.frame), onset.strength)).collect();
    onset_times.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some((onset_times, (first + searched as f64) / rate))
}

/// The median of differences that are in the order of time. `None` unless the differences are constant and half of them
/// lie within `spread` seconds of the median.
fn constant(offsets: &[f64], spread: f64) -> Option<f64> {
    if offsets.len() < MIN_COUNT {
        return None;
    }
    let middle = median(offsets.iter().copied())?;
    let (first, second) = offsets.split_at(offsets.len() / 2);
    let halves = [first, second].map(|half| median(half.iter().copied()));
    let [Some(first), Some(second)] = halves else { return None };
    let apart = median(offsets.iter().map(|at| (at - middle).abs()))?;
    ((first - second).abs() <= HALVES_TOLERANCE && apart <= spread).then_some(middle)
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}
