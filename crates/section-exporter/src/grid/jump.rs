//! Where a beat grid jumps: the beats behind such a place do not go on from those before it, not even with a tempo that
//! drifts. An edit, a skipped groove, a stretch of another recording.

use crowd_engine::Bpm;
use crowd_engine::tempo::Mark;

use super::fit::Point;
use super::marks::counted;
use super::taps::{Line, Taps};
use crate::rekordbox::Tempo;
use crate::structure::Structure;

/// A mark that lies farther than this from the beats before it, in beats, is no rounding.
const BESIDE: f64 = 0.05;
/// By how much of a beat more it has to lie beside them at most where the other marks are uneven too.
const UNEVEN: f64 = 0.1;
/// Other authors round a place twice, in seconds.
const ROUNDED: f64 = 0.002;
/// Beats of a structure file from one mark to the next that tell a jump from a tempo that was written badly.
const ENOUGH: usize = 16;
/// How far before a mark, in beats, a beat of the structure file belongs to it.
const BEFORE: f64 = 0.2;

/// A place where the beats do not go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jump {
    /// Which of [`Grid::marks`](super::Grid::marks) is the first behind it.
    pub mark: usize,
    /// The first beat behind it, in seconds.
    pub seconds: f64,
    /// How much later this beat comes than the one that was due, in beats: -0.45 to 0.55.
    pub beats: f64,
}

/// The first beats, in seconds, behind the jumps that tempo marks tell of.
pub fn in_tempos(tempos: &[Tempo], taps: Option<&Taps>) -> Vec<f64> {
    let (kept, _) = counted(tempos);
    let pairs = || kept.windows(2).filter_map(|pair| Some((pair.first()?, pair.get(1)?)));
    let beside: Vec<f64> = pairs().map(|(a, b)| beside(a, b)).collect();
    let mut sorted = beside.clone();
    sorted.sort_by(f64::total_cmp);
    let found = pairs().zip(beside).filter(|&((a, b), beside)| {
        let beats = (b.seconds - a.seconds) * a.bpm.value / 60.0;
        let rounded = beats * a.bpm.step / 2.0 / a.bpm.value + ROUNDED * a.bpm.value / 60.0;
        let uneven = (4.0 * others(&sorted, beside)).min(UNEVEN);
        beside > BESIDE + rounded + uneven && !taps.is_some_and(|taps| drifts(a, b, taps))
    });
    found.map(|((_, b), _)| b.seconds).collect()
}

/// How far a mark lies from the beats of the one before it, in beats: of its tempo, or of one that goes evenly from its
/// tempo to that of the later mark.
fn beside(a: &Tempo, b: &Tempo) -> f64 {
    let away = |bpm: f64| {
        let beats = (b.seconds - a.seconds) * bpm / 60.0;
        (beats - beats.round()).abs()
    };
    away(a.bpm.value).min(away(f64::midpoint(a.bpm.value, b.bpm.value)))
}

/// The median of all values but one that is `own`.
fn others(sorted: &[f64], own: f64) -> f64 {
    let place = sorted.partition_point(|value| *value < own);
    let middle = sorted.len().saturating_sub(1) / 2;
    let middle = if middle >= place { middle + 1 } else { middle };
    sorted.get(middle).copied().unwrap_or(0.0)
}

/// Whether the beats of the structure file go evenly from one mark to the next, at another tempo than is written.
fn drifts(a: &Tempo, b: &Tempo, taps: &Taps) -> bool {
    let place = |seconds: f64| taps.points.partition_point(|(_, at)| *at < seconds);
    let inside = taps.points.get(place(a.seconds)..place(b.seconds)).unwrap_or_default();
    let inside: Vec<f64> = inside.iter().map(|(_, at)| *at).collect();
    let written = 60.0 / a.bpm.value;
    let even = (b.seconds - a.seconds) / ((b.seconds - a.seconds) / written).round().max(1.0);
    let spread = |period: f64| {
        let turns = inside.iter().map(|at| {
            let beat = (at - a.seconds) / period;
            beat - beat.floor()
        });
        around(&turns.collect::<Vec<_>>())
    };
    inside.len() >= ENOUGH && 2.0 * spread(even) < spread(written)
}

/// How far fractions of a beat lie from where most of them do, on average, in beats.
fn around(turns: &[f64]) -> f64 {
    let tau = std::f64::consts::TAU;
    let (sin, cos) =
        turns.iter().fold((0.0, 0.0), |(sin, cos), turn| (sin + (turn * tau).sin(), cos + (turn * tau).cos()));
    let middle = f64::atan2(sin, cos) / tau;
    let away = turns.iter().map(|turn| {
        let away = turn - middle;
        (away - away.round()).abs()
    });
    away.sum::<f64>() / turns.len().max(1) as f64
}

/// The first beats, in seconds, behind the jumps in the beats of a structure file: where two lines through them do not meet.
pub fn in_taps(taps: &Taps) -> Vec<f64> {
    let Some((lines, width)) = taps.lines() else { return Vec::new() };
    let pairs = lines.windows(2).filter_map(|pair| Some((pair.first()?, pair.get(1)?)));
    let jumps = pairs.filter(|(before, next)| before.apart(next) > BESIDE * before.period() + 2.0 * width);
    jumps.map(|(_, next): (&Line, &Line)| next.begin()).collect()
}

/// The tempo marks and the structure between jumps: one more of them than there are jumps.
pub fn sides<'a>(
    tempos: &'a [Tempo],
    structure: &'a Structure,
    jumps: &'a [f64],
    period: f64,
) -> impl Iterator<Item = (&'a [Tempo], Structure)> {
    let first = std::iter::once(f64::NEG_INFINITY).chain(jumps.iter().copied());
    let until = jumps.iter().copied().chain(std::iter::once(f64::INFINITY));
    first.zip(until).map(move |(from, until)| {
        let place = |seconds: f64| tempos.partition_point(|tempo| tempo.seconds < seconds);
        let tempos = tempos.get(place(from)..place(until)).unwrap_or_default();
        let (from, until) = (from - BEFORE * period, until - BEFORE * period);
        (tempos, within(structure, from, until))
    })
}

/// The beats of a structure between two places in seconds.
fn within(structure: &Structure, from: f64, until: f64) -> Structure {
    let cut = |times: &[f64]| {
        let place = |seconds: f64| times.partition_point(|time| *time < seconds);
        place(from)..place(until)
    };
    let (beats, downbeats) = (cut(&structure.beats), cut(&structure.downbeats));
    Structure {
        path: structure.path.clone(),
        bpm: structure.bpm,
        beat_positions: structure.beat_positions.get(beats.clone()).unwrap_or_default().to_vec(),
        beats: structure.beats.get(beats).unwrap_or_default().to_vec(),
        downbeats: structure.downbeats.get(downbeats).unwrap_or_default().to_vec(),
        ..Structure::default()
    }
}

/// Whole beats of the mark before a jump, from it to the last one that is kept.
fn kept(before: &Mark, jump: f64) -> f64 {
    /// The shortest that the last beat may become; half of one would be none.
    const SHORTEST: f64 = 0.55;
    ((jump - before.seconds) * before.bpm.get() / 60.0 - SHORTEST).floor().max(0.0)
}

/// How much later the first beat behind a jump, in seconds, comes than the one that was due, in beats.
pub fn later(before: &Mark, jump: f64) -> f64 {
    (jump - before.seconds) * before.bpm.get() / 60.0 - kept(before, jump) - 1.0
}

/// The marks such that each side of a jump keeps its tempo: only the last beat before it becomes longer or shorter, by up
/// to half.
pub fn straightened(marks: &[Mark], jumps: &[Jump], beats_per_bar: u8) -> Vec<Mark> {
    let mut all = Vec::with_capacity(marks.len() + jumps.len());
    let mut jumps = jumps.iter().peekable();
    for (nth, mark) in marks.iter().enumerate() {
        if jumps.next_if(|jump| jump.mark == nth).is_some() {
            last_beat(&mut all, mark.seconds, beats_per_bar);
        }
        all.push(*mark);
    }
    all
}

/// Marks the last beat before `jump`, in seconds, so that it lasts until there.
fn last_beat(marks: &mut Vec<Mark>, jump: f64, beats_per_bar: u8) {
    let Some(last) = marks.last_mut() else { return };
    let beats = kept(last, jump);
    let seconds = last.seconds + beats * 60.0 / last.bpm.get();
    let bpm = Bpm::new(60.0 / (jump - seconds)).unwrap_or(last.bpm);
    if beats < 1.0 {
        last.bpm = bpm;
        return;
    }
    let place = (f64::from(last.number - 1) + beats).rem_euclid(f64::from(beats_per_bar));
    marks.push(Mark { seconds, bpm, number: place as u8 + 1 });
}

/// A period in seconds that beats have about everywhere.
pub fn period(tempos: &[Tempo], points: &[Point]) -> f64 {
    let between = || {
        let (first, last) = (points.first()?, points.last()?);
        Some((last.1 - first.1) / (last.0 - first.0)).filter(|period| period.is_finite())
    };
    tempos.first().map(|tempo| 60.0 / tempo.bpm.value).or_else(between).unwrap_or(0.0)
}
