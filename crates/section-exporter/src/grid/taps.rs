//! The beats an analyser found: on a 10 ms grid, with some missed and, in played music, some early or late.

use crowd_engine::Bpm;
use crowd_engine::tempo::Mark;

use super::fit::{Evidence, Odds, Periods, Point, first, least_squares, runs, thin};
use crate::structure::Structure;

/// Half of the 10 ms to which beats are rounded, and what floats may miss.
const ROUNDED: f64 = 0.005_001;

/// How far noisy beats lie from steady ones, in seconds: a frame or two of the analyser.
const NOISY: [f64; 2] = [0.015, 0.03];

/// A tempo that changes is believed when it holds for this many beats on average.
const LASTING: usize = 16;

/// Beats with their numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Taps {
    /// Beat numbers from 0, and places in seconds.
    pub points: Vec<Point>,
    /// Beats of a bar.
    pub beats_per_bar: u8,
    /// Where beat 0 is in its bar, from 0.
    bar: u8,
    /// Whether the analyser said where bars begin.
    pub knows_bars: bool,
    /// What they say of the period, if they are steady.
    pub evidence: Option<Evidence>,
}

/// Beats that were fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    pub marks: Vec<Mark>,
    pub steady: bool,
}

impl Taps {
    /// The beats of a structure file; absent for fewer than two.
    pub fn new(structure: &Structure) -> Option<Self> {
        let beats = &structure.beats;
        let mut intervals: Vec<f64> = beats.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?)).collect();
        let middle = intervals.len() / 2;
        let mut interval = if intervals.is_empty() {
            return None;
        } else {
            *intervals.select_nth_unstable_by(middle, f64::total_cmp).1
        };
        let (mut points, mut number, mut last) = (Vec::with_capacity(beats.len()), 0.0, *beats.first()?);
        for &seconds in beats {
            let passed = ((seconds - last) / interval).round().max(if points.is_empty() { 0.0 } else { 1.0 });
            if passed > 0.0 {
                // A tempo that moves is followed, so that beats are not miscounted.
                interval += 0.2 * ((seconds - last) / passed - interval);
            }
            number += passed;
            points.push((number, seconds));
            last = seconds;
        }
        let (beats_per_bar, bar, knows_bars) = bars(structure, &points);
        let evidence = evidence(&points);
        Some(Self { points, beats_per_bar, bar, knows_bars, evidence })
    }

    /// Which beat of its bar this is, from 1.
    pub fn number(&self, beat: f64) -> u8 {
        ((beat + f64::from(self.bar)).rem_euclid(f64::from(self.beats_per_bar))) as u8 + 1
    }

    /// The middle of what they say of the period.
    pub fn period(&self) -> Option<f64> {
        self.evidence.as_ref().map(|evidence| evidence.periods().middle())
    }

    /// Their tempo in beats a minute if they are steady, and how exactly they know it: its fraction to both sides.
    pub fn tempo(&self) -> Option<(f64, f64)> {
        let Periods { low, high } = self.evidence.as_ref()?.periods();
        Some((60.0 / f64::midpoint(low, high), (high - low) / (high + low)))
    }

    /// The beat nearest to a place, and how far it is away in seconds.
    pub fn nearest(&self, seconds: f64) -> Option<(f64, f64)> {
        let after = self.points.partition_point(|(_, at)| *at < seconds);
        let near = self.points.get(after.saturating_sub(1)..(after + 1).min(self.points.len()))?;
        let (beat, at) = near.iter().min_by(|a, b| (a.1 - seconds).abs().total_cmp(&(b.1 - seconds).abs()))?;
        Some((*beat, (at - seconds).abs()))
    }

    /// Marks that follow the beats: one when they are steady, one for each tempo when it changes and lasts, else one a bar.
    /// Absent when they are no tempo.
    pub fn fit(&self) -> Option<Fitted> {
        let steady = |at, period| Some(Fitted { marks: vec![self.mark(0.0, at, period)?], steady: true });
        if let Some(Evidence::Rounded { points, periods, .. }) = &self.evidence {
            let period = roundest(points, *periods);
            return steady(first(points, period), period);
        }
        match self.shape() {
            Shape::Steady { at, period } => return steady(at, period),
            Shape::Lines { lines, .. } => return Some(Fitted { marks: self.joined(&lines)?, steady: false }),
            Shape::Loose => {}
        }
        let every = usize::from(self.beats_per_bar);
        let mut marks = Vec::new();
        for chunk in self.points.chunks(every) {
            let (beat, at) = *chunk.first()?;
            let (later, end) = *chunk.last()?;
            let period = if later > beat {
                (end - at) / (later - beat)
            } else {
                60.0 / marks.last().map_or(120.0, |m: &Mark| m.bpm.get())
            };
            marks.push(self.mark(beat, at, period)?);
        }
        Some(Fitted { marks, steady: false })
    }

    fn shape(&self) -> Shape {
        let points = thin(&self.points);
        for width in [ROUNDED].into_iter().chain(NOISY) {
            let runs = runs(&points, width);
            if let ([_], Some((at, period, _))) = (runs.as_slice(), least_squares(&points)) {
                return Shape::Steady { at, period };
            }
            if points.len() >= runs.len() * LASTING {
                let lines = runs.iter().filter_map(|run| Line::new(points.get(run.from..run.to)?, width)).collect();
                return Shape::Lines { lines, width };
            }
        }
        Shape::Loose
    }

    /// The lines through them, and how far they lie from these in seconds, when there are several and each lasts.
    pub fn lines(&self) -> Option<(Vec<Line>, f64)> {
        if self.evidence.is_some() {
            return None;
        }
        match self.shape() {
            Shape::Lines { lines, width } => Some((lines, width)),
            Shape::Steady { .. } | Shape::Loose => None,
        }
    }

    fn mark(&self, beat: f64, seconds: f64, period: f64) -> Option<Mark> {
        Some(Mark { seconds, bpm: Bpm::new(60.0 / period).ok()?, number: self.number(beat) })
    }

    /// One mark where each line takes over from the one before: on the beat where both agree best.
    fn joined(&self, lines: &[Line]) -> Option<Vec<Mark>> {
        let mut marks: Vec<Mark> = Vec::new();
        let mut before: Option<&Line> = None;
        for line in lines {
            let beat = before.map_or(line.from, |before| before.meets(line));
            marks.push(self.mark(beat, line.first + line.period * beat, line.period)?);
            before = Some(line);
        }
        Some(marks)
    }
}

/// The seconds from beat to beat if they are steady: what rounding leaves possible or, where beats are noisy, the line of
/// least squares.
fn evidence(points: &[Point]) -> Option<Evidence> {
    let points = thin(points);
    let steady = |width| match runs(&points, width).as_slice() {
        [run] => Some(run.periods),
        _ => None,
    };
    if let Some(periods) = steady(ROUNDED) {
        return Some(Evidence::Rounded { points, width: ROUNDED, periods });
    }
    NOISY.into_iter().find_map(steady)?;
    let (_, period, error) = least_squares(&points).filter(|_| points.len() >= 32)?;
    Some(Evidence::Noisy { period, error })
}

/// What beats look like.
enum Shape {
    /// One tempo, with noise.
    Steady { at: f64, period: f64 },
    /// A tempo that changes and lasts; they lie within `width` seconds of the lines.
    Lines { lines: Vec<Line>, width: f64 },
    /// None of both.
    Loose,
}

/// A straight line through beats.
pub struct Line {
    first: f64,
    period: f64,
    /// The first and last beats it passes.
    from: f64,
    to: f64,
}

impl Line {
    fn new(points: &[Point], width: f64) -> Option<Self> {
        let (from, to) = (points.first()?.0, points.last()?.0);
        // The last ones may already belong to the next line, and bend this one a little.
        let points = points.get(..points.len().saturating_sub(2)).filter(|points| points.len() > 1).unwrap_or(points);
        // A single beat has no tempo: it belongs to the line before.
        let periods = runs(points, width).first().filter(|_| points.len() > 1)?.periods;
        let period = roundest(points, periods);
        Some(Self { first: first(points, period), period, from, to })
    }

    /// The seconds from beat to beat.
    pub fn period(&self) -> f64 {
        self.period
    }

    /// The place of its first beat, in seconds.
    pub fn begin(&self) -> f64 {
        self.first + self.period * self.from
    }

    /// The beat, near the end of this one and the begin of the next, where both lines lie together.
    fn meets(&self, next: &Self) -> f64 {
        let (low, high) = self.join(next);
        self.crossing(next).map_or(next.from, |beat| beat.round().clamp(low, high))
    }

    /// How far both lie apart at that beat, in seconds.
    pub fn apart(&self, next: &Self) -> f64 {
        let (low, high) = self.join(next);
        let beat = self.crossing(next).map_or(next.from, |beat| beat.clamp(low, high));
        (self.first + self.period * beat - next.first - next.period * beat).abs()
    }

    /// Where they cross, unless they are parallel.
    fn crossing(&self, next: &Self) -> Option<f64> {
        Some((next.first - self.first) / (self.period - next.period)).filter(|beat| beat.is_finite())
    }

    /// The beats on which one may take over from the other: rounding can hide a change for a few of them.
    fn join(&self, next: &Self) -> (f64, f64) {
        let (low, high) = ((self.to - 8.0).max(self.from + 1.0), next.from);
        (low.min(high), high)
    }
}

/// The period of the roundest tempo, as music is made at round tempos: a whole number if the beats allow it, one or two
/// decimals if they favour it, and only where they know it well enough for that to be no chance; else the mean of what they
/// leave possible.
fn roundest(points: &[Point], periods: Periods) -> f64 {
    let evidence = Evidence::Rounded { points: points.to_vec(), width: ROUNDED, periods };
    let evidence = [&evidence];
    let odds = Odds::new(periods, &evidence);
    let reach = 60.0 / periods.low - 60.0 / periods.high;
    let rounds = [1.0, 10.0, 100.0].into_iter().filter(|steps| reach * steps < 0.2);
    let mut rounds = rounds.map(|steps| (steps, 60.0 * steps / (60.0 / odds.mean * steps).round()));
    let round = rounds.find(|&(steps, period)| odds.favour(period) || (steps == 1.0 && odds.allow(period)));
    round.map_or(odds.mean, |(_, period)| period)
}

/// Beats of a bar, which of them beat 0 is (from 0), and whether anything says so: what most beats agree on.
fn bars(structure: &Structure, points: &[Point]) -> (u8, u8, bool) {
    let longest = structure.beat_positions.iter().copied().max().filter(|longest| (2..=16).contains(longest));
    if let Some(longest) = longest {
        let places = points.iter().zip(&structure.beat_positions);
        let bar = most(longest, places.map(|((beat, _), place)| f64::from(place - 1) - beat));
        return (longest, bar, true);
    }
    let taps = |seconds: f64| {
        let (beat, at) = points.get(points.partition_point(|(_, at)| *at <= seconds - 0.05))?;
        (at - seconds < 0.05).then_some(*beat)
    };
    let downbeats: Vec<f64> = structure.downbeats.iter().filter_map(|&seconds| taps(seconds)).collect();
    let threes = downbeats.windows(2).filter(|pair| matches!(pair, [a, b] if *b - *a == 3.0)).count();
    let beats_per_bar = if threes * 2 > downbeats.len() { 3 } else { 4 };
    let bar = most(beats_per_bar, downbeats.iter().map(|beat| -beat));
    (beats_per_bar, bar, !downbeats.is_empty())
}

/// The place in the bar that most of these say, from 0.
fn most(beats_per_bar: u8, places: impl Iterator<Item = f64>) -> u8 {
    let mut votes = vec![0; usize::from(beats_per_bar)];
    for place in places {
        if let Some(votes) = votes.get_mut(place.rem_euclid(f64::from(beats_per_bar)) as usize) {
            *votes += 1;
        }
    }
    let best = votes.iter().copied().max().unwrap_or(0);
    votes.iter().position(|votes| *votes == best).and_then(|place| u8::try_from(place).ok()).unwrap_or(0)
}
