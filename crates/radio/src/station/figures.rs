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

    /// The rows of the last `span`, the earliest first: all of them, or every second, third and so on, so that there are at most `most`.
    pub fn last(&self, span: Duration, most: usize) -> Vec<Figure> {
        let count = (span.as_secs() / FIGURE_INTERVAL.as_secs()).min(self.0.len() as u64) as usize;
        let step = count.div_ceil(most.max(1)).max(1);
        // The latest row is always one of them.
        let mut rows: Vec<Figure> = self.0.iter().rev().take(count).step_by(step).copied().collect();
        rows.reverse();
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_kept_and_thinned_out() {
        let mut figures = Figures::default();
        assert!(figures.last(Duration::from_secs(60), 100).is_empty());
        for row in 0..KEPT + 10 {
            figures.push(Figure { time: row as f64, ..Figure::default() });
        }
        let times = |seconds, most| -> Vec<f64> {
            figures.last(Duration::from_secs(seconds), most).iter().map(|row| row.time).collect()
        };
        let last = (KEPT + 9) as f64;
        assert_eq!(times(30, 100), [last - 2.0, last - 1.0, last]);
        assert_eq!(times(40, 2), [last - 2.0, last]);
        assert_eq!(times(86_400, usize::MAX).len(), KEPT);
        let day = times(86_400, 360);
        assert!(day.len() == 360 && *day.last().unwrap() == last && day[0] < 40.0);
    }
}
