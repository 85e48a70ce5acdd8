//! Straight lines through beats whose places were rounded.
//!
//! What a library stores was rounded: a place to milliseconds, a tempo to hundredths, an analyser's beat to 10 ms. So the
//! truth lies within half a last digit of each, and all of them together leave it little room: 200 beats of 10 ms know a
//! tempo a hundred times better than its second decimal. That room is found exactly here. Least squares would do worse:
//! rounding errors are not random, they follow the tempo.

/// A beat: its number, and its place in seconds.
pub type Point = (f64, f64);

/// The seconds from beat to beat that are possible.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Periods {
    pub low: f64,
    pub high: f64,
}

impl Periods {
    pub const ALL: Self = Self { low: 0.0, high: f64::INFINITY };

    /// Those of tempos from `bpm - within` to `bpm + within`.
    pub fn of_bpm(bpm: f64, within: f64) -> Self {
        let within = within.min(bpm / 2.0);
        Self { low: 60.0 / (bpm + within), high: 60.0 / (bpm - within) }
    }

    /// What both allow, if anything.
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

/// What is known of a period.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// Beats within `width` seconds of where they are said to be.
    Rounded { points: Vec<Point>, width: f64, periods: Periods },
    /// A line through noisy beats, and its standard error.
    Noisy { period: f64, error: f64 },
}

impl Evidence {
    pub fn periods(&self) -> Periods {
        match *self {
            Self::Rounded { periods, .. } => periods,
            Self::Noisy { period, error } => Periods { low: period - 4.0 * error, high: period + 4.0 * error },
        }
    }

    /// The same of beats `factor` times as long.
    pub fn times(&self, factor: f64) -> Self {
        match self {
            Self::Rounded { points, width, periods } => Self::Rounded {
                points: points.iter().map(|&(beat, at)| (beat / factor, at)).collect(),
                width: *width,
                periods: Periods { low: periods.low * factor, high: periods.high * factor },
            },
            Self::Noisy { period, error } => Self::Noisy { period: period * factor, error: error * factor },
        }
    }

    /// The same with only those of rounded beats that are the farthest from a line of any period: the corners of their convex
    /// hull.
    fn decisive(&self) -> Self {
        match self {
            Self::Rounded { points, width, periods } => {
                Self::Rounded { points: corners(points), width: *width, periods: *periods }
            }
            Self::Noisy { .. } => self.clone(),
        }
    }

    /// How well a period agrees, to be compared with others: for rounded beats, how far a line of it could be moved
    /// without leaving one of them.
    fn weight(&self, period: f64) -> f64 {
        match self {
            Self::Rounded { points, width, .. } => (2.0 * width - extent(points, period).1).max(0.0),
            Self::Noisy { period: best, error } => (-((period - best) / error).powi(2) / 2.0).exp(),
        }
    }
}

/// What all evidence together says of a period.
#[derive(Debug)]
pub struct Odds {
    periods: Periods,
    /// Of rounded beats only those that can decide.
    evidence: Vec<Evidence>,
    /// The largest weight of any period.
    best: f64,
    /// The mean of those that are possible, each weighed by how well it agrees.
    pub mean: f64,
}

impl Odds {
    /// Periods within `periods`, where evidence leaves room.
    pub fn new(periods: Periods, evidence: &[&Evidence]) -> Self {
        const SAMPLES: i32 = 64;
        let evidence = evidence.iter().map(|evidence| evidence.decisive()).collect();
        let mut odds = Self { periods, evidence, best: 0.0, mean: periods.middle() };
        let (mut sum, mut weighed) = (0.0, 0.0);
        for nth in 0..SAMPLES {
            let period = periods.low + (periods.high - periods.low) * (f64::from(nth) + 0.5) / f64::from(SAMPLES);
            let weight = odds.weight(period);
            odds.best = odds.best.max(weight);
            sum += weight;
            weighed += weight * period;
        }
        if sum > 0.0 {
            odds.mean = weighed / sum;
        }
        odds
    }

    /// Whether nothing speaks against a period.
    pub fn allow(&self, period: f64) -> bool {
        self.periods.contains(period)
    }

    /// Whether a period is about as likely as any other.
    pub fn favour(&self, period: f64) -> bool {
        self.allow(period) && self.weight(period) >= 0.25 * self.best
    }

    fn weight(&self, period: f64) -> f64 {
        self.evidence.iter().map(|evidence| evidence.weight(period)).product()
    }
}

/// Points one after another that lie on a straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run {
    /// The first of them.
    pub from: usize,
    /// The one behind the last of them.
    pub to: usize,
    /// The slopes of such lines.
    pub periods: Periods,
}

/// More points than this are thinned out: each is compared with all others.
const MOST: usize = 2_048;

/// At most `MOST` of the points, evenly chosen.
pub fn thin(points: &[Point]) -> Vec<Point> {
    points.iter().copied().step_by(points.len().div_ceil(MOST).max(1)).collect()
}

/// The longest runs from the first point on whose points lie within `width` seconds of a straight line.
///
/// A line with the period p passes all points exactly when p (kj - ki) <= tj - ti + 2 width for all pairs of them: what is
/// left of "ti - width <= first + p ki <= ti + width" without the unknown `first`. Takes time proportional to the points.
pub fn runs(points: &[Point], width: f64) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut run = Run { from: 0, to: 0, periods: Periods::ALL };
    let (mut longest, mut shortest) = (Bound::new(width), Bound::new(width));
    for (nth, &(beat, seconds)) in points.iter().enumerate() {
        let high = longest.with((beat, seconds));
        // The shortest period is the longest one of the mirrored points. None is shorter than nothing.
        let low = (-shortest.with((beat, -seconds))).max(0.0);
        if low <= high {
            run = Run { to: nth + 1, periods: Periods { low, high }, ..run };
        } else {
            runs.push(run);
            run = Run { from: nth, to: nth + 1, periods: Periods::ALL };
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

/// The longest period of lines through points that come one after another, each within `width` seconds of its place.
///
/// It is the least slope from an earlier point's lower end to a later one's upper end. Of the earlier points only the upper
/// convex hull can have it; and once a point has been passed on the hull by the one that has it, it never has it again
/// (J. O'Rourke, "An on-line algorithm for fitting straight lines between data ranges", CACM 24, 1981). So each point is
/// entered once, left once, and passed once.
struct Bound {
    width: f64,
    hull: Vec<Point>,
    /// The place in `hull` of the point that has the least slope.
    first: usize,
    period: f64,
}

impl Bound {
    fn new(width: f64) -> Self {
        Self { width, hull: Vec::new(), first: 0, period: f64::INFINITY }
    }

    fn restart(&mut self) {
        self.hull.clear();
        (self.first, self.period) = (0, f64::INFINITY);
    }

    /// The longest period when this point is one of them.
    fn with(&mut self, (beat, seconds): Point) -> f64 {
        let slope = |from: Option<&Point>| {
            from.map_or(f64::INFINITY, |(earlier, at)| (seconds - at + 2.0 * self.width) / (beat - earlier))
        };
        let mut period = slope(self.hull.get(self.first));
        if period < self.period {
            let mut next = slope(self.hull.get(self.first + 1));
            while next <= period {
                self.first += 1;
                period = next;
                next = slope(self.hull.get(self.first + 1));
            }
            self.period = period;
        }
        self.period
    }

    /// Enters a point behind the others.
    fn push(&mut self, (beat, seconds): Point) {
        push(&mut self.hull, self.first, (beat, seconds));
    }
}

/// Enters a point behind the others into an upper convex hull, of which those before `from` stay.
fn push(hull: &mut Vec<Point>, from: usize, (beat, seconds): Point) {
    while let Some([before, last]) = hull.get(from..).unwrap_or_default().last_chunk::<2>() {
        // Under the line from the one before to the new one, or on it.
        if (last.1 - before.1) * (beat - before.0) > (seconds - before.1) * (last.0 - before.0) {
            break;
        }
        hull.pop();
    }
    hull.push((beat, seconds));
}

/// The corners of the convex hull of points that come one after another: first those above, then those below.
fn corners(points: &[Point]) -> Vec<Point> {
    let (mut above, mut below) = (Vec::new(), Vec::new());
    for &(beat, seconds) in points {
        push(&mut above, 0, (beat, seconds));
        push(&mut below, 0, (beat, -seconds));
    }
    above.extend(below.into_iter().map(|(beat, seconds)| (beat, -seconds)));
    above
}

/// Where beat 0 lies when beats of this period pass all points as evenly as can be.
pub fn first(points: &[Point], period: f64) -> f64 {
    extent(points, period).0
}

/// The middle of the places where the points would have beat 0, and how far these lie apart.
fn extent(points: &[Point], period: f64) -> (f64, f64) {
    let places = points.iter().map(|(beat, seconds)| seconds - beat * period);
    let (low, high) = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(at), high.max(at)));
    (f64::midpoint(low, high), high - low)
}

/// The line of least squares through points that are noisy rather than rounded: beat 0, the period, and its standard error.
/// Absent for fewer than three.
pub fn least_squares(points: &[Point]) -> Option<(f64, f64, f64)> {
    let count = points.len() as f64;
    if points.len() < 3 {
        return None;
    }
    let sum = |of: &dyn Fn(&Point) -> f64| points.iter().map(of).sum::<f64>();
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

    fn rounded(first: f64, period: f64, beats: usize, step: f64) -> Vec<Point> {
        (0..beats).map(|beat| (beat as f64, ((first + period * beat as f64) / step).round() * step)).collect()
    }

    #[test]
    fn a_run_ends_where_no_line_passes_any_more() {
        let mut points = rounded(0.1, 0.5, 32, 0.01);
        points.extend((0..32).map(|beat| (32.0 + f64::from(beat), 16.1 + f64::from(beat) * 0.48)));
        let runs = runs(&points, 0.005_001);
        assert_eq!(runs.iter().map(|run| (run.from, run.to)).collect::<Vec<_>>(), [(0, 33), (33, 64)]);
        assert!(runs[0].periods.contains(0.5) && runs[1].periods.contains(0.48));
        assert!(super::runs(&[], 0.005).is_empty());
    }

    #[test]
    fn two_hundred_beats_of_ten_milliseconds_know_a_tempo_to_half_a_millisecond_a_minute() {
        // Tempos with a third decimal, as recordings from turntables and drummers have them.
        for thousandths in (118_003..126_000).step_by(911) {
            let period = 60_000.0 / f64::from(thousandths);
            let (points, width) = (rounded(0.2468, period, 200, 0.01), 0.005_001);
            let periods = runs(&points, width)[0].periods;
            let found = Odds::new(periods, &[&Evidence::Rounded { points, width, periods }]).mean;
            let error = (found / period - 1.0).abs() * 60_000.0;
            assert!(error < 0.5, "{thousandths}: {error} ms/min");
        }
    }

    #[test]
    fn least_squares_finds_the_line_and_says_how_well() {
        let noise = |beat: f64| if beat as i64 % 2 == 0 { 0.01 } else { -0.01 };
        let points: Vec<Point> = (0..100).map(f64::from).map(|beat| (beat, 3.0 + 0.5 * beat + noise(beat))).collect();
        let (first, period, error) = least_squares(&points).unwrap();
        assert!((first - 3.0).abs() < 0.001 && (period - 0.5).abs() < 3.0 * error && error < 0.00005);
        assert_eq!(least_squares(&points[..2]), None);
    }

    /// Every pair of points, as the promise is worded.
    fn runs_of_all_pairs(points: &[Point], width: f64) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut run = Run { from: 0, to: 0, periods: Periods::ALL };
        for (nth, &(beat, seconds)) in points.iter().enumerate() {
            let mut periods = run.periods;
            for &(before, earlier) in &points[run.from..nth] {
                periods.low = periods.low.max((seconds - earlier - 2.0 * width) / (beat - before));
                periods.high = periods.high.min((seconds - earlier + 2.0 * width) / (beat - before));
            }
            if periods.low <= periods.high {
                run = Run { to: nth + 1, periods, ..run };
            } else {
                runs.push(run);
                run = Run { from: nth, to: nth + 1, periods: Periods::ALL };
            }
        }
        runs.push(run);
        runs
    }

    #[test]
    fn two_hundred_thousand_points_are_one_run_with_the_period_of_all() {
        let points = rounded(0.1, 60.0 / 123.456, 200_000, 0.001);
        let runs = runs(&points, 0.000_501);
        assert_eq!((runs.len(), runs[0].to), (1, points.len()));
        assert!(runs[0].periods.contains(60.0 / 123.456) && runs[0].periods.high - runs[0].periods.low < 1e-8);
    }

    proptest! {
        #[test]
        fn the_hull_finds_what_all_pairs_would(
            steps in proptest::collection::vec((1..4u8, -40..40i32), 1..200), bpm in 60.0..200.0f64, width in 0.001..0.02f64,
        ) {
            let mut beat = 0.0;
            let points: Vec<Point> = steps.iter().map(|&(beats, off)| {
                beat += f64::from(beats);
                (beat, ((beat * 60.0 / bpm + f64::from(off) * 0.000_7) * 1e3).round() / 1e3)
            }).collect();
            let (fast, slow) = (runs(&points, width), runs_of_all_pairs(&points, width));
            prop_assert_eq!(fast, slow);
        }

        #[test]
        fn the_corners_of_beats_are_as_far_from_a_line_as_all_of_them(
            first in 0.0..3.0f64, bpm in 60.0..200.0f64, beats in 1..300usize, period in 0.3..1.0f64,
        ) {
            let points = rounded(first, 60.0 / bpm, beats, 0.01);
            let ((middle, wide), (m, w)) = (extent(&points, period), extent(&corners(&points), period));
            prop_assert!((middle - m).abs() < 1e-9 && (wide - w).abs() < 1e-9);
        }

        #[test]
        fn the_truth_is_among_the_periods_that_are_possible(
            first in 0.0..3.0f64, bpm in 60.0..200.0f64, beats in 2..300usize, step in 0.001..0.01f64,
        ) {
            let points = rounded(first, 60.0 / bpm, beats, step);
            let runs = runs(&points, step * 0.5001);
            prop_assert_eq!(runs.len(), 1);
            prop_assert!(runs[0].periods.contains(60.0 / bpm));
            let at = super::first(&points, 60.0 / bpm);
            prop_assert!((at - first).abs() <= step / 2.0);
        }
    }
}
