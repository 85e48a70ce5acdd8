//! Figures of the last day, for plots.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;

use super::as_run::Listeners;

/// The time between two rows.
pub const FIGURE_INTERVAL: Duration = Duration::from_secs(10);
/// The number of rows that are kept: a day.
const KEPT: usize = 24 * 60 * 6;

/// The figures of one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Figure {
    /// In seconds after 1970-01-01T00:00:00 UTC.
    pub time: f64,
    /// The generated music that was not played, in seconds; `None` in a station without it.
    pub buffer_seconds: Option<f64>,
    /// The listeners.
    pub listeners: Listeners,
    /// The loudness of the newest segment in LUFS, if the station listens to itself.
    pub loudness_lufs: Option<f64>,
    /// Its largest sample in dBFS.
    pub peak_dbfs: Option<f64>,
}

/// The figures of the last day. They are not stored.
#[derive(Debug, Default)]
pub struct Figures(VecDeque<Figure>);

impl Figures {
    /// Adds a row. Rows of other times than now, which a clock that was set leaves, stay until a day has passed.
    pub fn push(&mut self, row: Figure) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(row);
    }

    /// The rows of the last `span`, the earliest first, at most about `most`: if there are more, those of equal times are one, with the most
    /// listeners, the highest peak, the last loudness and the least music of them.
    pub fn last(&self, span: Duration, most: usize) -> Vec<Figure> {
        let interval = FIGURE_INTERVAL.as_secs();
        let count = (span.as_secs() / interval).min(self.0.len() as u64) as usize;
        let step = (interval as usize * count.div_ceil(most.max(1)).max(1)) as f64;
        let mut rows: Vec<Figure> = Vec::new();
        for row in self.0.iter().skip(self.0.len() - count) {
            match rows.last_mut().filter(|last| (last.time / step).floor() == (row.time / step).floor()) {
                Some(last) => last.join(row),
                None => rows.push(*row),
            }
        }
        rows
    }
}

impl Figure {
    /// Joins the row after it.
    fn join(&mut self, next: &Self) {
        let (mine, theirs) = (&mut self.listeners, &next.listeners);
        mine.aac = mine.aac.max(theirs.aac);
        mine.opus = mine.opus.max(theirs.opus);
        mine.hls = mine.hls.max(theirs.hls);
        let both = |one: Option<f64>, other: Option<f64>, join: fn(f64, f64) -> f64| match (one, other) {
            (Some(one), Some(other)) => Some(join(one, other)),
            (one, other) => one.or(other),
        };
        self.buffer_seconds = both(self.buffer_seconds, next.buffer_seconds, f64::min);
        self.peak_dbfs = both(self.peak_dbfs, next.peak_dbfs, f64::max);
        self.loudness_lufs = next.loudness_lufs.or(self.loudness_lufs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_kept_and_rows_are_joined_without_losing_a_peak() {
        let mut figures = Figures::default();
        assert!(figures.last(Duration::from_secs(60), 100).is_empty());
        for row in 0..KEPT as u64 + 10 {
            let listeners = Listeners { aac: u64::from(row == 4_321), ..Listeners::default() };
            let peak_dbfs = Some(if row == 5_000 { -1.0 } else { -9.0 });
            let buffer_seconds = Some(if row == 6_000 { 1.0 } else { 90.0 });
            figures.push(Figure { time: 10.0 * row as f64, listeners, peak_dbfs, buffer_seconds, ..Figure::default() });
        }
        let last = 10.0 * (KEPT + 9) as f64;
        let times = |seconds, most| -> Vec<f64> {
            figures.last(Duration::from_secs(seconds), most).iter().map(|row| row.time).collect()
        };
        assert_eq!(times(30, 100), [last - 20.0, last - 10.0, last]);
        assert_eq!(times(86_400, usize::MAX).len(), KEPT);
        let day = figures.last(Duration::from_secs(86_400), 360);
        assert!((360..=361).contains(&day.len()) && day[0].time <= 240.0 && day[day.len() - 1].time > last - 240.0);
        assert_eq!(day.iter().map(|row| row.listeners.aac).sum::<u64>(), 1);
        assert_eq!(day.iter().filter(|row| row.peak_dbfs == Some(-1.0)).count(), 1);
        assert_eq!(day.iter().filter(|row| row.buffer_seconds == Some(1.0)).count(), 1);
    }
}
