//! The beats that an analyser found, rounded to 10 ms. Some are missing and, in played music, some are early or late.

use crowd_engine::Bpm;
use crowd_engine::tempo::Mark;

use super::line_fit::{BeatPoint, PeriodEvidence, PeriodLikelihood, PeriodRange, beat_zero, least_squares, runs, thin};
use crate::structure::Structure;

/// Half of the 10 ms to which beats are rounded, and a margin for floating-point errors, in seconds.
const ROUNDING_ERROR: f64 = 0.005_001;

/// The largest distances of noisy beats from steady ones, in seconds; the smaller one is tried first. They are one and two
/// STFT frames of the analyser.
const NOISE_WIDTHS: [f64; 2] = [0.015, 0.03];

/// Changes of tempo count only if a tempo lasts for this many beats on average.
const MIN_BEATS_A_TEMPO: usize = 16;

/// The beats of a structure file, numbered.
#[derive(Clone, Debug, PartialEq)]
pub struct AnalysedBeats {
    /// Beat numbers from 0, and times in seconds.
    pub points: Vec<BeatPoint>,
    /// Beats in a bar.
    pub beats_per_bar: u8,
    /// The position of beat 0 in its bar, from 0.
    position_of_beat_0: u8,
    /// Whether the analyser found where bars begin.
    pub has_bars: bool,
    /// The possible periods of the beats, if they are steady.
    pub evidence: Option<PeriodEvidence>,
}

/// Tempo marks that follow the beats.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedMarks {
    pub marks: Vec<Mark>,
    pub steady: bool,
}

impl AnalysedBeats {
    /// The beats of a structure file; `None` for fewer than two.
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
                // The interval follows a tempo that changes, so that beats are not miscounted.
                interval += 0.2 * ((seconds - last) / passed - interval);
            }
            number += passed;
            points.push((number, seconds));
            last = seconds;
        }
        let (beats_per_bar, position_of_beat_0, has_bars) = bars(structure, &points);
        let evidence = evidence(&points);
        Some(Self { points, beats_per_bar, position_of_beat_0, has_bars, evidence })
    }

    /// The number of a beat in its bar, from 1.
    pub fn number(&self, beat: f64) -> u8 {
        ((beat + f64::from(self.position_of_beat_0)).rem_euclid(f64::from(self.beats_per_bar))) as u8 + 1
    }

    /// The middle of the possible periods.
    pub fn period(&self) -> Option<f64> {
        self.evidence.as_ref().map(|evidence| evidence.periods().middle())
    }

    /// The tempo in beats a minute if the beats are steady, and its relative error.
    pub fn tempo(&self) -> Option<(f64, f64)> {
        let PeriodRange { low, high } = self.evidence.as_ref()?.periods();
        Some((60.0 / f64::midpoint(low, high), (high - low) / (high + low)))
    }

    /// The beat nearest to a time, and its distance in seconds.
    pub fn nearest(&self, seconds: f64) -> Option<(f64, f64)> {
        let after = self.points.partition_point(|(_, at)| *at < seconds);
        let near = self.points.get(after.saturating_sub(1)..(after + 1).min(self.points.len()))?;
        let (beat, at) = near.iter().min_by(|a, b| (a.1 - seconds).abs().total_cmp(&(b.1 - seconds).abs()))?;
        Some((*beat, (at - seconds).abs()))
    }

    /// Tempo marks that follow the beats. Steady beats give one mark. Where the tempo changes and each tempo lasts, there is
    /// one mark for each tempo, else one for each bar. `None` when the beats have no tempo within the range of the engine.
    pub fn fit(&self) -> Option<FittedMarks> {
        let steady = |at, period| Some(FittedMarks { marks: vec![self.mark(0.0, at, period)?], steady: true });
        if let Some(PeriodEvidence::Rounded { points, periods, .. }) = &self.evidence {
            let period = roundest_period(points, *periods);
            return steady(beat_zero(points, period), period);
        }
        match self.pattern() {
            BeatPattern::Steady { at, period } => return steady(at, period),
            BeatPattern::Lines { lines, .. } => {
                return Some(FittedMarks { marks: self.joined(&lines)?, steady: false });
            }
            BeatPattern::Irregular => {}
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
        Some(FittedMarks { marks, steady: false })
    }

    fn pattern(&self) -> BeatPattern {
        let points = thin(&self.points);
        for width in [ROUNDING_ERROR].into_iter().chain(NOISE_WIDTHS) {
            let runs = runs(&points, width);
            if let ([_], Some((at, period, _))) = (runs.as_slice(), least_squares(&points)) {
                return BeatPattern::Steady { at, period };
            }
            if points.len() >= runs.len() * MIN_BEATS_A_TEMPO {
                let lines = runs.iter().filter_map(|run| BeatLine::new(points.get(run.from..run.to)?, width)).collect();
                return BeatPattern::Lines { lines, width };
            }
        }
        BeatPattern::Irregular
    }

    /// The lines through the beats, and the largest distance of a beat from its line, in seconds. `None` unless there are
    /// several lines and each lasts.
    pub fn lines(&self) -> Option<(Vec<BeatLine>, f64)> {
        if self.evidence.is_some() {
            return None;
        }
        match self.pattern() {
            BeatPattern::Lines { lines, width } => Some((lines, width)),
            BeatPattern::Steady { .. } | BeatPattern::Irregular => None,
        }
    }

    fn mark(&self, beat: f64, seconds: f64, period: f64) -> Option<Mark> {
        Some(Mark { seconds, bpm: Bpm::new(60.0 / period).ok()?, number: self.number(beat) })
    }

    /// One mark for each line, on the beat at which the line takes over from the one before.
    fn joined(&self, lines: &[BeatLine]) -> Option<Vec<Mark>> {
        let mut marks: Vec<Mark> = Vec::new();
        let mut before: Option<&BeatLine> = None;
        for line in lines {
            let beat = before.map_or(line.from, |before| before.meets(line));
            marks.push(self.mark(beat, line.first + line.period * beat, line.period)?);
            before = Some(line);
        }
        Some(marks)
    }
}

/// The evidence for the period if the beats are steady. It is the range of periods that rounding leaves possible. If the
/// beats are noisy, it is the line of least squares.
fn evidence(points: &[BeatPoint]) -> Option<PeriodEvidence> {
    let points = thin(points);
    let steady = |width| match runs(&points, width).as_slice() {
        [run] => Some(run.periods),
        _ => None,
    };
    if let Some(periods) = steady(ROUNDING_ERROR) {
        return Some(PeriodEvidence::Rounded { points, width: ROUNDING_ERROR, periods });
    }
    NOISE_WIDTHS.into_iter().find_map(steady)?;
    let (_, period, error) = least_squares(&points).filter(|_| points.len() >= 32)?;
    Some(PeriodEvidence::Noisy { period, error })
}

/// The pattern of the beats.
enum BeatPattern {
    /// One tempo, with noise.
    Steady { at: f64, period: f64 },
    /// Tempos that last, each a line. The beats lie within `width` seconds of their lines.
    Lines { lines: Vec<BeatLine>, width: f64 },
    /// Neither one tempo nor tempos that last.
    Irregular,
}

/// A straight line through beats.
pub struct BeatLine {
    /// The time of beat 0 on the line, in seconds.
    first: f64,
    /// The seconds from beat to beat.
    period: f64,
    /// The first beat on the line.
    from: f64,
    /// The last beat on the line.
    to: f64,
}

impl BeatLine {
    fn new(points: &[BeatPoint], width: f64) -> Option<Self> {
        let (from, to) = (points.first()?.0, points.last()?.0);
        // The last two beats may already belong to the next line. Then they would bend this one a little.
        let points = points.get(..points.len().saturating_sub(2)).filter(|points| points.len() > 1).unwrap_or(points);
        // A single beat has no tempo: it belongs to the line before.
        let periods = runs(points, width).first().filter(|_| points.len() > 1)?.periods;
        let period = roundest_period(points, periods);
        Some(Self { first: beat_zero(points, period), period, from, to })
    }

    /// The seconds from beat to beat.
    pub fn period(&self) -> f64 {
        self.period
    }

    /// The time of its first beat, in seconds.
    pub fn begin(&self) -> f64 {
        self.first + self.period * self.from
    }

    /// The whole beat at which the next line takes over from this one: the beat in [`join`](Self::join) that is nearest to
    /// the crossing of both lines.
    fn meets(&self, next: &Self) -> f64 {
        let (low, high) = self.join(next);
        self.crossing(next).map_or(next.from, |beat| beat.round().clamp(low, high))
    }

    /// The distance between this line and the next at the beat in [`join`](Self::join) where they are nearest, in seconds.
    pub fn apart(&self, next: &Self) -> f64 {
        let (low, high) = self.join(next);
        let beat = self.crossing(next).map_or(next.from, |beat| beat.clamp(low, high));
        (self.first + self.period * beat - next.first - next.period * beat).abs()
    }

    /// The beat where the lines cross, unless they are parallel.
    fn crossing(&self, next: &Self) -> Option<f64> {
        Some((next.first - self.first) / (self.period - next.period)).filter(|beat| beat.is_finite())
    }

    /// The range of beats at which the next line may take over. It begins before the first beat of that line, because
    /// rounding can hide a change of tempo for a few beats.
    fn join(&self, next: &Self) -> (f64, f64) {
        let (low, high) = ((self.to - 8.0).max(self.from + 1.0), next.from);
        (low.min(high), high)
    }
}

/// The period of the roundest possible tempo, because most music is made at round tempos. It is a whole number if the
/// beats allow one, else a tempo with one or two decimals if such a tempo is likely. A round tempo counts only where the
/// range of possible periods is so small that a round tempo in it is no coincidence. Otherwise the result is the mean of
/// the possible periods.
fn roundest_period(points: &[BeatPoint], periods: PeriodRange) -> f64 {
    let evidence = PeriodEvidence::Rounded { points: points.to_vec(), width: ROUNDING_ERROR, periods };
    let evidence = [&evidence];
    let likelihood = PeriodLikelihood::new(periods, &evidence);
    let reach = 60.0 / periods.low - 60.0 / periods.high;
    let rounds = [1.0, 10.0, 100.0].into_iter().filter(|steps| reach * steps < 0.2);
    let mut rounds = rounds.map(|steps| (steps, 60.0 * steps / (60.0 / likelihood.mean * steps).round()));
    let round = rounds
        .find(|&(steps, period)| likelihood.is_likely(period) || (steps == 1.0 && likelihood.is_possible(period)));
    round.map_or(likelihood.mean, |(_, period)| period)
}

/// The number of beats in a bar, the position of beat 0 in its bar (from 0), and whether the structure file has bars at
/// all. Where the beats disagree, the majority decides.
fn bars(structure: &Structure, points: &[BeatPoint]) -> (u8, u8, bool) {
    let longest = structure.beat_positions.iter().copied().max().filter(|longest| (2..=16).contains(longest));
    if let Some(longest) = longest {
        let positions = points.iter().zip(&structure.beat_positions);
        let bar = most_frequent(longest, positions.map(|((beat, _), position)| f64::from(position - 1) - beat));
        return (longest, bar, true);
    }
    let beat_at = |seconds: f64| {
        let (beat, at) = points.get(points.partition_point(|(_, at)| *at <= seconds - 0.05))?;
        (at - seconds < 0.05).then_some(*beat)
    };
    let downbeats: Vec<f64> = structure.downbeats.iter().filter_map(|&seconds| beat_at(seconds)).collect();
    let threes = downbeats.windows(2).filter(|pair| matches!(pair, [a, b] if *b - *a == 3.0)).count();
    let beats_per_bar = if threes * 2 > downbeats.len() { 3 } else { 4 };
    let bar = most_frequent(beats_per_bar, downbeats.iter().map(|beat| -beat));
    (beats_per_bar, bar, !downbeats.is_empty())
}

/// The position in the bar that occurs most often, from 0.
fn most_frequent(beats_per_bar: u8, positions: impl Iterator<Item = f64>) -> u8 {
    let mut votes = vec![0; usize::from(beats_per_bar)];
    for position in positions {
        if let Some(votes) = votes.get_mut(position.rem_euclid(f64::from(beats_per_bar)) as usize) {
            *votes += 1;
        }
    }
    let best = votes.iter().copied().max().unwrap_or(0);
    votes.iter().position(|votes| *votes == best).and_then(|position| u8::try_from(position).ok()).unwrap_or(0)
}
