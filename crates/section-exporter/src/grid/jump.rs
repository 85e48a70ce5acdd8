//! Jumps of a beat grid: times after which the beats do not continue those before, not even with a tempo that drifts.
//! Causes are an edit, a skipped groove, or a passage of another recording.

use crowd_engine::Bpm;
use crowd_engine::tempo::Mark;

use super::analysed_beats::{AnalysedBeats, BeatLine};
use super::line_fit::BeatPoint;
use super::tempo_marks::counted;
use crate::rekordbox::TempoMark;
use crate::structure::Structure;

/// The distance of a mark from the beats before it, in beats, above which there is a jump. The rounding of the marks and
/// the unevenness of the other marks are added to it.
const JUMP_THRESHOLD: f64 = 0.05;
/// The most that is added for the unevenness of the other marks, in beats.
const MAX_UNEVENNESS: f64 = 0.1;
/// The largest error of the time of a mark, in seconds. It is more than one rounding, because some programs round twice.
const TIME_ERROR: f64 = 0.002;
/// The smallest number of beats of a structure file between two marks that can show a drift of the tempo instead of a
/// jump.
const MIN_BEATS: usize = 16;
/// A beat of the structure file belongs to a mark if it is at most this many beats before the mark.
const EARLY_BEATS: f64 = 0.2;

/// A time after which the beats do not continue those before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GridJump {
    /// The index of the first mark after it in [`Grid::marks`](super::Grid::marks).
    pub mark: usize,
    /// The first beat after it, in seconds.
    pub seconds: f64,
    /// The delay of that beat after a regular beat, in beats: -0.45 to 0.55.
    pub beats: f64,
}

/// Finds the jumps in tempo marks. Returns the first beat after each jump, in seconds.
pub fn in_tempo_marks(tempos: &[TempoMark], analysed: Option<&AnalysedBeats>) -> Vec<f64> {
    let (marks, _) = counted(tempos);
    let pairs = || marks.windows(2).filter_map(|pair| Some((pair.first()?, pair.get(1)?)));
    let distances: Vec<f64> = pairs().map(|(a, b)| distance_from_beats(a, b)).collect();
    let mut sorted = distances.clone();
    sorted.sort_by(f64::total_cmp);
    let jumps = pairs().zip(distances).filter(|&((a, b), distance)| {
        let beats = (b.seconds - a.seconds) * a.bpm.value / 60.0;
        let rounded = beats * a.bpm.step / 2.0 / a.bpm.value + TIME_ERROR * a.bpm.value / 60.0;
        let uneven = (4.0 * median_without(&sorted, distance)).min(MAX_UNEVENNESS);
        distance > JUMP_THRESHOLD + rounded + uneven && !analysed.is_some_and(|analysed| drifts(a, b, analysed))
    });
    jumps.map(|((_, b), _)| b.seconds).collect()
}

/// The distance of a mark from the beats of the mark before, in beats. The smaller distance counts: at the tempo of the
/// mark before, or at a tempo that changes evenly from one mark to the other.
fn distance_from_beats(a: &TempoMark, b: &TempoMark) -> f64 {
    let distance = |bpm: f64| {
        let beats = (b.seconds - a.seconds) * bpm / 60.0;
        (beats - beats.round()).abs()
    };
    distance(a.bpm.value).min(distance(f64::midpoint(a.bpm.value, b.bpm.value)))
}

/// The median of all values except one that equals `own`.
fn median_without(sorted: &[f64], own: f64) -> f64 {
    let index = sorted.partition_point(|value| *value < own);
    let middle = sorted.len().saturating_sub(1) / 2;
    let middle = if middle >= index { middle + 1 } else { middle };
    sorted.get(middle).copied().unwrap_or(0.0)
}

/// Whether the tempo drifts from mark `a` to mark `b`: the beats of the structure file between them are even, but at
/// another tempo than `a` has.
fn drifts(a: &TempoMark, b: &TempoMark, analysed: &AnalysedBeats) -> bool {
    let index = |seconds: f64| analysed.points.partition_point(|(_, at)| *at < seconds);
    let inside = analysed.points.get(index(a.seconds)..index(b.seconds)).unwrap_or_default();
    let inside: Vec<f64> = inside.iter().map(|(_, at)| *at).collect();
    let written = 60.0 / a.bpm.value;
    let even = (b.seconds - a.seconds) / ((b.seconds - a.seconds) / written).round().max(1.0);
    let spread = |period: f64| {
        let fractions = inside.iter().map(|at| {
            let beat = (at - a.seconds) / period;
            beat - beat.floor()
        });
        mean_circular_distance(&fractions.collect::<Vec<_>>())
    };
    inside.len() >= MIN_BEATS && 2.0 * spread(even) < spread(written)
}

/// The mean distance of fractions of a beat from their circular mean, in beats.
fn mean_circular_distance(fractions: &[f64]) -> f64 {
    let tau = std::f64::consts::TAU;
    let (sin, cos) = fractions
        .iter()
        .fold((0.0, 0.0), |(sin, cos), fraction| (sin + (fraction * tau).sin(), cos + (fraction * tau).cos()));
    let middle = f64::atan2(sin, cos) / tau;
    let distance = fractions.iter().map(|fraction| {
        let distance = fraction - middle;
        (distance - distance.round()).abs()
    });
    distance.sum::<f64>() / fractions.len().max(1) as f64
}

/// Finds the jumps in the beats of a structure file: two successive lines through the beats do not meet. Returns the first
/// beat after each jump, in seconds.
pub fn in_beats(analysed: &AnalysedBeats) -> Vec<f64> {
    let Some((lines, width)) = analysed.lines() else { return Vec::new() };
    let pairs = lines.windows(2).filter_map(|pair| Some((pair.first()?, pair.get(1)?)));
    let jumps = pairs.filter(|(before, next)| before.apart(next) > JUMP_THRESHOLD * before.period() + 2.0 * width);
    jumps.map(|(_, next): (&BeatLine, &BeatLine)| next.begin()).collect()
}

/// The tempo marks and the structure of each side of the jumps. There is one more side than jumps.
pub fn sides<'a>(
    tempos: &'a [TempoMark],
    structure: &'a Structure,
    jumps: &'a [f64],
    period: f64,
) -> impl Iterator<Item = (&'a [TempoMark], Structure)> {
    let first = std::iter::once(f64::NEG_INFINITY).chain(jumps.iter().copied());
    let until = jumps.iter().copied().chain(std::iter::once(f64::INFINITY));
    first.zip(until).map(move |(from, until)| {
        let index = |seconds: f64| tempos.partition_point(|tempo| tempo.seconds < seconds);
        let tempos = tempos.get(index(from)..index(until)).unwrap_or_default();
        let (from, until) = (from - EARLY_BEATS * period, until - EARLY_BEATS * period);
        (tempos, structure_between(structure, from, until))
    })
}

/// The beats of a structure between two times in seconds.
fn structure_between(structure: &Structure, from: f64, until: f64) -> Structure {
    let range = |times: &[f64]| {
        let index = |seconds: f64| times.partition_point(|time| *time < seconds);
        index(from)..index(until)
    };
    let (beats, downbeats) = (range(&structure.beats), range(&structure.downbeats));
    Structure {
        path: structure.path.clone(),
        bpm: structure.bpm,
        beat_positions: structure.beat_positions.get(beats.clone()).unwrap_or_default().to_vec(),
        beats: structure.beats.get(beats).unwrap_or_default().to_vec(),
        downbeats: structure.downbeats.get(downbeats).unwrap_or_default().to_vec(),
        ..Structure::default()
    }
}

/// The number of whole beats from a mark to the last beat that is kept before a jump.
fn whole_beats_before(before: &Mark, jump: f64) -> f64 {
    /// The shortest length of the last beat before the jump. Every length from 0.55 to 1.55 beats is possible.
    const SHORTEST: f64 = 0.55;
    ((jump - before.seconds) * before.bpm.get() / 60.0 - SHORTEST).floor().max(0.0)
}

/// The delay of the first beat after a jump (in seconds) relative to a regular beat, in beats.
pub fn delay_in_beats(before: &Mark, jump: f64) -> f64 {
    (jump - before.seconds) * before.bpm.get() / 60.0 - whole_beats_before(before, jump) - 1.0
}

/// The marks, with one more before each jump, so that each side of the jump keeps its tempo. Only the last beat before the
/// jump becomes longer or shorter, by about half at most.
pub fn straightened(marks: &[Mark], jumps: &[GridJump], beats_per_bar: u8) -> Vec<Mark> {
    let mut all = Vec::with_capacity(marks.len() + jumps.len());
    let mut jumps = jumps.iter().peekable();
    for (nth, mark) in marks.iter().enumerate() {
        if jumps.next_if(|jump| jump.mark == nth).is_some() {
            add_last_beat(&mut all, mark.seconds, beats_per_bar);
        }
        all.push(*mark);
    }
    all
}

/// Adds a mark at the last beat before `jump` (in seconds), so that it lasts until the jump.
fn add_last_beat(marks: &mut Vec<Mark>, jump: f64, beats_per_bar: u8) {
    let Some(last) = marks.last_mut() else { return };
    let beats = whole_beats_before(last, jump);
    let seconds = last.seconds + beats * 60.0 / last.bpm.get();
    let bpm = Bpm::new(60.0 / (jump - seconds)).unwrap_or(last.bpm);
    if beats < 1.0 {
        last.bpm = bpm;
        return;
    }
    let position = (f64::from(last.number - 1) + beats).rem_euclid(f64::from(beats_per_bar));
    marks.push(Mark { seconds, bpm, number: position as u8 + 1 });
}

/// The approximate period of the beats, in seconds.
pub fn approximate_period(tempos: &[TempoMark], points: &[BeatPoint]) -> f64 {
    let between = || {
        let (first, last) = (points.first()?, points.last()?);
        Some((last.1 - first.1) / (last.0 - first.0)).filter(|period| period.is_finite())
    };
    tempos.first().map(|tempo| 60.0 / tempo.bpm.value).or_else(between).unwrap_or(0.0)
}
