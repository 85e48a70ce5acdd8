//! Fits straight lines through beats whose times were rounded.
//!
//! All stored values are rounded: the times of marks to milliseconds, tempos to hundredths, the beats of an analyser to
//! 10 ms. A true value differs from the stored one by at most half of the rounding step. Many beats together leave only a
//! small range of possible periods: 200 beats that are rounded to 10 ms give the tempo five times more exactly than two
//! decimals do. This module computes that range exactly. Least squares would be worse, because rounding errors are not
//! random: they follow the tempo.

/// A beat: its number, and its time in seconds.
pub type BeatPoint = (f64, f64);

/// A range of periods, in seconds from beat to beat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeriodRange {
    pub low: f64,
    pub high: f64,
}

impl PeriodRange {
    pub const ALL: Self = Self { low: 0.0, high: f64::INFINITY };

    /// The periods of tempos from `bpm - within` to `bpm + within`.
    pub fn of_bpm(bpm: f64, within: f64) -> Self {
        let within = within.min(bpm / 2.0);
        Self { low: 60.0 / (bpm + within), high: 60.0 / (bpm - within) }
    }

    /// The intersection of both ranges; `None` when it is empty.
    pub fn and(self, other: Self) -> Option<Self> {
        let both = Self { low: self.low.max(other.low), high: self.high.min(other.high) };
        (both.low <= both.high).then_some(both)
    }

    pub fn contains(self, period: f64) -> bool {
        (self.low..=self.high).contains(&period)
    }

    pub fn middle(self) -> f64 {
        f64::midpoint(self.low, self.high)
    }
}

/// The evidence for a period.
#[derive(Clone, Debug, PartialEq)]
pub enum PeriodEvidence {
    /// Beats that were rounded: the true beats lie within `width` seconds of `points`, which leaves `periods` possible.
    Rounded { points: Vec<BeatPoint>, width: f64, periods: PeriodRange },
    /// The period of a line through noisy beats, and its standard error.
    Noisy { period: f64, error: f64 },
}

impl PeriodEvidence {
    pub fn periods(&self) -> PeriodRange {
        match *self {
            Self::Rounded { periods, .. } => periods,
            Self::Noisy { period, error } => PeriodRange { low: period - 4.0 * error, high: period + 4.0 * error },
        }
    }

    /// The same evidence for beats that are `factor` times as long.
    pub fn times(&self, factor: f64) -> Self {
        match self {
            Self::Rounded { points, width, periods } => Self::Rounded {
                points: points.iter().map(|&(beat, at)| (beat / factor, at)).collect(),
                width: *width,
                periods: PeriodRange { low: periods.low * factor, high: periods.high * factor },
            },
            Self::Noisy { period, error } => Self::Noisy { period: period * factor, error: error * factor },
        }
    }

    /// The same evidence with only those rounded beats that can limit the period: the corners of their convex hull.
    fn decisive(&self) -> Self {
        match self {
            Self::Rounded { points, width, periods } => {
                Self::Rounded { points: corners(points), width: *width, periods: *periods }
            }
            Self::Noisy { .. } => self.clone(),
        }
    }

    /// How well a period fits: a larger weight is a better fit. For rounded beats it is the time by which a line of this
    /// period can be moved while it stays within `width` of every point.
    fn weight(&self, period: f64) -> f64 {
        match self {
            Self::Rounded { points, width, .. } => (2.0 * width - beat_zero_range(points, period).1).max(0.0),
            Self::Noisy { period: best, error } => (-((period - best) / error).powi(2) / 2.0).exp(),
        }
    }
}

/// The likelihood of periods from all evidence together.
#[derive(Debug)]
pub struct PeriodLikelihood {
    periods: PeriodRange,
    /// The evidence; of rounded beats only those that can limit the period.
    evidence: Vec<PeriodEvidence>,
    /// The largest weight of any period.
    best: f64,
    /// The mean of the possible periods, weighted by how well they fit.
    pub mean: f64,
}

impl PeriodLikelihood {
    /// The likelihood of the periods within `periods`.
    pub fn new(periods: PeriodRange, evidence: &[&PeriodEvidence]) -> Self {
        const SAMPLES: i32 = 64;
        let evidence = evidence.iter().map(|evidence| evidence.decisive()).collect();
        let mut likelihood = Self { periods, evidence, best: 0.0, mean: periods.middle() };
        let (mut sum, mut weighed) = (0.0, 0.0);
        for nth in 0..SAMPLES {
            let period = periods.low + (periods.high - periods.low) * (f64::from(nth) + 0.5) / f64::from(SAMPLES);
            let weight = likelihood.weight(period);
            likelihood.best = likelihood.best.max(weight);
            sum += weight;
            weighed += weight * period;
        }
        if sum > 0.0 {
            likelihood.mean = weighed / sum;
        }
        likelihood
    }

    /// Whether no evidence excludes a period.
    pub fn is_possible(&self, period: f64) -> bool {
        self.periods.contains(period)
    }

    /// Whether a period is about as likely as any other.
    pub fn is_likely(&self, period: f64) -> bool {
        self.is_possible(period) && self.weight(period) >= 0.25 * self.best
    }

    fn weight(&self, period: f64) -> f64 {
        self.evidence.iter().map(|evidence| evidence.weight(period)).product()
    }
}

/// Consecutive points that lie on a straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineRun {
    /// The index of the first point.
    pub from: usize,
    /// The index after the last point.
    pub to: usize,
    /// The possible slopes of the line.
    pub periods: PeriodRange,
}

/// The most points that are used, which bounds the time of a fit. Of more points, evenly spaced ones are used.
const MAX_POINTS: usize = 2_048;

/// At most `MAX_POINTS` of the points, evenly chosen.
pub fn thin(points: &[BeatPoint]) -> Vec<BeatPoint> {
    points.iter().copied().step_by(points.len().div_ceil(MAX_POINTS).max(1)).collect()
}

/// Splits the points into runs, each as long as possible, whose points lie within `width` seconds of a straight line.
///
/// Let point i have the beat number ki and the time ti. A line with the period p passes within `width` of all points
/// exactly if p (kj - ki) <= tj - ti + 2 width for every pair of points. This follows from "ti - width <= first + p ki <=
/// ti + width", where `first` is the unknown time of beat 0, by eliminating `first`. The running time is proportional to
/// the number of points.
pub fn runs(points: &[BeatPoint], width: f64) -> Vec<LineRun> {
    let mut runs = Vec::new();
    let mut run = LineRun { from: 0, to: 0, periods: PeriodRange::ALL };
    let (mut longest, mut shortest) = (SlopeBound::new(width), SlopeBound::new(width));
    for (nth, &(beat, seconds)) in points.iter().enumerate() {
        let high = longest.with((beat, seconds));
        // Mirrored points have the negative periods, so the longest of these is the negative shortest period. No true
        // period is negative.
        let low = (-shortest.with((beat, -seconds))).max(0.0);
        if low <= high {
            run = LineRun { to: nth + 1, periods: PeriodRange { low, high }, ..run };
        } else {
            runs.push(run);
            run = LineRun { from: nth, to: nth + 1, periods: PeriodRange::ALL };
            longest.restart();
            shortest.restart();
        }
        longest.push((beat, seconds));
        shortest.push((beat, -seconds));
    }
    if !points.is_empty() {
        runs.push(run);
    }
    runs
}

/// The longest period of lines through consecutive points, each within `width` seconds of its time.
///
/// A point allows the times from `width` before it to `width` after it. The longest period is the least slope from the
/// start of an earlier point's range to the end of a later point's range. Only the earlier points on the upper convex hull
/// matter. When points are added, the hull point that gives the least slope never moves back (J. O'Rourke, "An on-line
/// algorithm for fitting straight lines between data ranges", CACM 24, 1981). So each point is added, passed and removed
/// at most once.
struct SlopeBound {
    width: f64,
    hull: Vec<BeatPoint>,
    /// The index in `hull` of the point that gives the least slope.
    tightest: usize,
    /// The longest period of lines through the points so far.
    period: f64,
}

impl SlopeBound {
    fn new(width: f64) -> Self {
        Self { width, hull: Vec::new(), tightest: 0, period: f64::INFINITY }
    }

    fn restart(&mut self) {
        self.hull.clear();
        (self.tightest, self.period) = (0, f64::INFINITY);
    }

    /// The longest period when this point is added.
    fn with(&mut self, (beat, seconds): BeatPoint) -> f64 {
        let slope = |from: Option<&BeatPoint>| {
            from.map_or(f64::INFINITY, |(earlier, at)| (seconds - at + 2.0 * self.width) / (beat - earlier))
        };
        let mut period = slope(self.hull.get(self.tightest));
        if period < self.period {
            let mut next = slope(self.hull.get(self.tightest + 1));
            while next <= period {
                self.tightest += 1;
                period = next;
                next = slope(self.hull.get(self.tightest + 1));
            }
            self.period = period;
        }
        self.period
    }

    /// Adds a later point.
    fn push(&mut self, (beat, seconds): BeatPoint) {
        push(&mut self.hull, self.tightest, (beat, seconds));
    }
}

/// Adds a later point to an upper convex hull. The points of the hull before the index `from` are not removed.
fn push(hull: &mut Vec<BeatPoint>, from: usize, (beat, seconds): BeatPoint) {
    while let Some([before, last]) = hull.get(from..).unwrap_or_default().last_chunk::<2>() {
        // The last point stays if it lies above the line from the point before it to the new point.
        if (last.1 - before.1) * (beat - before.0) > (seconds - before.1) * (last.0 - before.0) {
            break;
        }
        hull.pop();
    }
    hull.push((beat, seconds));
}

/// The corners of the convex hull of consecutive points: first the upper ones, then the lower ones.
fn corners(points: &[BeatPoint]) -> Vec<BeatPoint> {
    let (mut above, mut below) = (Vec::new(), Vec::new());
    for &(beat, seconds) in points {
        push(&mut above, 0, (beat, seconds));
        push(&mut below, 0, (beat, -seconds));
    }
    above.extend(below.into_iter().map(|(beat, seconds)| (beat, -seconds)));
    above
}

/// The time of beat 0 of the best line with this period: the line whose largest distance from a point is smallest.
pub fn beat_zero(points: &[BeatPoint], period: f64) -> f64 {
    beat_zero_range(points, period).0
}

/// The range of times of beat 0 at this period, of which each point gives one. Returns the middle of the range and its
/// length.
fn beat_zero_range(points: &[BeatPoint], period: f64) -> (f64, f64) {
    let times = points.iter().map(|(beat, seconds)| seconds - beat * period);
    let (low, high) = times.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(at), high.max(at)));
    (f64::midpoint(low, high), high - low)
}

/// The line of least squares through noisy points: the time of beat 0, the period, and the standard error of the
/// period. `None` for fewer than three points.
pub fn least_squares(points: &[BeatPoint]) -> Option<(f64, f64, f64)> {
    let count = points.len() as f64;
    if points.len() < 3 {
        return None;
    }
    let sum = |of: &dyn Fn(&BeatPoint) -> f64| points.iter().map(of).sum::<f64>();
    let (beat, seconds) = (sum(&|p| p.0) / count, sum(&|p| p.1) / count);
    let spread = sum(&|p| (p.0 - beat).powi(2));
    let period = sum(&|p| (p.0 - beat) * (p.1 - seconds)) / spread;
    let first = seconds - period * beat;
    let errors = sum(&|p| (p.1 - first - period * p.0).powi(2));
    Some((first, period, (errors / (count - 2.0) / spread).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rounded(first: f64, period: f64, beats: usize, step: f64) -> Vec<BeatPoint> {
        (0..beats).map(|beat| (beat as f64, ((first + period * beat as f64) / step).round() * step)).collect()
    }

    #[test]
    fn a_run_of_points_ends_where_no_line_fits_any_more() {
        let mut points = rounded(0.1, 0.5, 32, 0.01);
        points.extend((0..32).map(|beat| (32.0 + f64::from(beat), 16.1 + f64::from(beat) * 0.48)));
        let runs = runs(&points, 0.005_001);
        assert_eq!(runs.iter().map(|run| (run.from, run.to)).collect::<Vec<_>>(), [(0, 33), (33, 64)]);
        assert!(runs[0].periods.contains(0.5) && runs[1].periods.contains(0.48));
        assert!(super::runs(&[], 0.005).is_empty());
    }

    #[test]
    fn two_hundred_beats_of_ten_milliseconds_give_a_tempo_to_half_a_millisecond_a_minute() {
        // Tempos with a third decimal, such as those of turntable recordings and of drummers.
        for thousandths in (118_003..126_000).step_by(911) {
            let period = 60_000.0 / f64::from(thousandths);
            let (points, width) = (rounded(0.2468, period, 200, 0.01), 0.005_001);
            let periods = runs(&points, width)[0].periods;
            let found = PeriodLikelihood::new(periods, &[&PeriodEvidence::Rounded { points, width, periods }]).mean;
            let error = (found / period - 1.0).abs() * 60_000.0;
            assert!(error < 0.5, "{thousandths}: {error} ms/min");
        }
    }

    #[test]
    fn least_squares_gives_the_line_and_its_error() {
        let noise = |beat: f64| if beat as i64 % 2 == 0 { 0.01 } else { -0.01 };
        let points: Vec<BeatPoint> =
            (0..100).map(f64::from).map(|beat| (beat, 3.0 + 0.5 * beat + noise(beat))).collect();
        let (first, period, error) = least_squares(&points).unwrap();
        assert!((first - 3.0).abs() < 0.001 && (period - 0.5).abs() < 3.0 * error && error < 0.00005);
        assert_eq!(least_squares(&points[..2]), None);
    }

    /// The result of [`runs`], computed from all pairs of points as in its definition.
    fn runs_of_all_pairs(points: &[BeatPoint], width: f64) -> Vec<LineRun> {
        let mut runs = Vec::new();
        let mut run = LineRun { from: 0, to: 0, periods: PeriodRange::ALL };
        for (nth, &(beat, seconds)) in points.iter().enumerate() {
            let mut periods = run.periods;
            for &(before, earlier) in &points[run.from..nth] {
                periods.low = periods.low.max((seconds - earlier - 2.0 * width) / (beat - before));
                periods.high = periods.high.min((seconds - earlier + 2.0 * width) / (beat - before));
            }
            if periods.low <= periods.high {
                run = LineRun { to: nth + 1, periods, ..run };
            } else {
                runs.push(run);
                run = LineRun { from: nth, to: nth + 1, periods: PeriodRange::ALL };
            }
        }
        runs.push(run);
        runs
    }

    #[test]
    fn two_hundred_thousand_points_make_one_run() {
        let points = rounded(0.1, 60.0 / 123.456, 200_000, 0.001);
        let runs = runs(&points, 0.000_501);
        assert_eq!((runs.len(), runs[0].to), (1, points.len()));
        assert!(runs[0].periods.contains(60.0 / 123.456) && runs[0].periods.high - runs[0].periods.low < 1e-8);
    }

    proptest! {
        #[test]
        fn runs_from_the_hull_equal_runs_from_all_pairs(
            steps in proptest::collection::vec((1..4u8, -40..40i32), 1..200), bpm in 60.0..200.0f64, width in 0.001..0.02f64,
        ) {
            let mut beat = 0.0;
            let points: Vec<BeatPoint> = steps.iter().map(|&(beats, off)| {
                beat += f64::from(beats);
                (beat, ((beat * 60.0 / bpm + f64::from(off) * 0.000_7) * 1e3).round() / 1e3)
            }).collect();
            let (fast, slow) = (runs(&points, width), runs_of_all_pairs(&points, width));
            prop_assert_eq!(fast, slow);
        }

        #[test]
        fn the_corners_of_points_leave_the_same_times_of_beat_0_as_all_points(
            first in 0.0..3.0f64, bpm in 60.0..200.0f64, beats in 1..300usize, period in 0.3..1.0f64,
        ) {
            let points = rounded(first, 60.0 / bpm, beats, 0.01);
            let (middle, length) = beat_zero_range(&points, period);
            let (corner_middle, corner_length) = beat_zero_range(&corners(&points), period);
            prop_assert!((middle - corner_middle).abs() < 1e-9 && (length - corner_length).abs() < 1e-9);
        }

        #[test]
        fn the_true_period_is_always_possible(
            first in 0.0..3.0f64, bpm in 60.0..200.0f64, beats in 2..300usize, step in 0.001..0.01f64,
        ) {
            let points = rounded(first, 60.0 / bpm, beats, step);
            let runs = runs(&points, step * 0.5001);
            prop_assert_eq!(runs.len(), 1);
            prop_assert!(runs[0].periods.contains(60.0 / bpm));
            let at = beat_zero(&points, 60.0 / bpm);
            prop_assert!((at - first).abs() <= step / 2.0);
        }
    }
}
