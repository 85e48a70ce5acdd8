//! How loud a chain will be, without running its limiter.
//!
//! A limiter turns a whole passage down: its gain stands still for the 25 ms around a peak and comes back slowly. So its
//! gain in steps of 2 ms, from the peaks of the steps alone, is near enough to that of every frame.

use crate::analysis::{Steps, gating, steps};

/// The engine's limiter holds a gain so long.
const HOLD_SECONDS: f64 = 0.025;
/// It looks ahead so far, and rounds its gain off over that time.
const LOOKAHEAD_SECONDS: f64 = 0.0053;
/// By what a true peak is above its sample, mostly, and by what the limiter stays under its ceiling.
const ABOVE_DB: f64 = 0.45;

/// A limiter, in steps.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    /// The largest sample that passes.
    most: f64,
    /// Share of the way back that is left after a step.
    left: f64,
    /// Steps before and behind a peak for which it holds.
    ahead: usize,
    behind: usize,
}

impl Limit {
    pub fn new(ceiling_dbtp: f32, release_ms: f32) -> Self {
        let steps = |seconds: f64| seconds * steps::PER_SECOND as f64;
        Self {
            most: 10f64.powf((f64::from(ceiling_dbtp) - ABOVE_DB) / 20.0),
            left: 0.1f64.powf(1.0 / steps(f64::from(release_ms) / 1e3)),
            ahead: steps(LOOKAHEAD_SECONDS / 2.0).round() as usize,
            behind: steps(HOLD_SECONDS + LOOKAHEAD_SECONDS / 2.0).round() as usize,
        }
    }
}

/// What reaches a limiter, ready to be heard at any gain.
pub(super) struct Forecast {
    runs: Vec<Run>,
    limit: Limit,
}

struct Run {
    power: Vec<f32>,
    /// The largest peak that holds the gain in a step.
    peak: Vec<f32>,
}

impl Forecast {
    pub fn new(runs: Vec<Steps>, limit: Limit) -> Self {
        let runs = runs.into_iter().map(|Steps { power, peak }| Run { power, peak: held(&peak, &limit) }).collect();
        Self { runs, limit }
    }

    /// Integrated loudness in front of the limiter, LUFS; none of silence.
    pub fn before(&self) -> Option<f64> {
        let windows = |run: &Run| Steps::windows(&run.power, 4);
        gating::integrated(&self.runs.iter().flat_map(windows).collect::<Vec<_>>())
    }

    /// Integrated loudness behind a gain and the limiter, LUFS; none of silence.
    pub fn behind(&self, gain_db: f64) -> Option<f64> {
        let gain = 10f64.powf(gain_db / 20.0);
        let limit = &self.limit;
        let mut power = Vec::new();
        let mut windows = Vec::new();
        for run in &self.runs {
            let mut now = 1.0;
            power.clear();
            power.extend(run.power.iter().zip(&run.peak).map(|(power, peak)| {
                let held = (limit.most / (gain * f64::from(*peak))).min(1.0);
                now = if held < now { held } else { held + (now - held) * limit.left };
                (f64::from(*power) * (gain * now).powi(2)) as f32
            }));
            windows.extend(Steps::windows(&power, 4));
        }
        gating::integrated(&windows)
    }

    /// The gain, to a hundredth of a decibel, that makes it so loud, from `low` to `high`; and how loud it then is.
    pub fn gain_for(&self, lufs: f64, low: f64, high: f64) -> Option<(f32, f64)> {
        self.before()?;
        let (mut under, mut over) = (low, high);
        while over - under > 0.002 {
            let middle = 0.5 * (under + over);
            // What becomes too quiet to be measured is too quiet.
            if self.behind(middle).is_some_and(|loud| loud >= lufs) { over = middle } else { under = middle }
        }
        let gain = (over * 100.0).round() / 100.0;
        Some((gain as f32, self.behind(gain)?))
    }
}

/// The largest peak of the steps from `behind` before to `ahead` behind each.
fn held(peak: &[f32], limit: &Limit) -> Vec<f32> {
    let around = |n: usize| n.saturating_sub(limit.behind)..(n + limit.ahead + 1).min(peak.len());
    (0..peak.len()).map(|n| peak[around(n)].iter().fold(0.0f32, |most, v| most.max(*v))).collect()
}
