//! How loud a chain will be, without running its limiter.
//!
//! A limiter turns a whole passage down: its gain stands still for the 25 ms around a peak and comes back slowly. So its
//! gain in steps of 2 ms, from the peaks of the steps alone, is near enough to that of every frame.

use crowd_engine::dsp::limiter::HOLD_SECONDS;

use super::gating::integrated;
use super::steps::{STEPS_PER_SECOND, Steps};
use crate::settings::MasteringSettings;
use crate::true_peak::{LOOKAHEAD_SECONDS, MARGIN_DB};

/// By what a true peak is above its largest sample, mostly.
const BETWEEN_SAMPLES_DB: f64 = 0.15;

/// The limiter of a chain, in steps. The look-ahead is that at 48 kHz whatever the rate.
#[derive(Clone, Copy, Debug)]
struct Limit {
    /// The largest sample that passes.
    most: f64,
    /// Share of the way back that is left after a step.
    left: f64,
    /// Steps before and behind a peak for which it holds.
    ahead: usize,
    behind: usize,
}

impl Limit {
    fn new(settings: &MasteringSettings) -> Self {
        let steps = |seconds: f64| seconds * STEPS_PER_SECOND as f64;
        let ceiling_db = f64::from(settings.ceiling_dbtp) - MARGIN_DB - BETWEEN_SAMPLES_DB;
        Self {
            most: 10f64.powf(ceiling_db / 20.0),
            left: 0.1f64.powf(1.0 / steps(f64::from(settings.limiter_release_ms) / 1e3)),
            ahead: steps(LOOKAHEAD_SECONDS / 2.0).round() as usize,
            behind: steps(HOLD_SECONDS + LOOKAHEAD_SECONDS / 2.0).round() as usize,
        }
    }
}

/// What reaches the limiter of a chain, from which its loudness behind the limiter is worked out for any gain between them.
///
/// It is made of what [`process_unlimited`](crate::Mastering::process_unlimited) leaves: [`forecast`](crate::measure::forecast)
/// and [`Probes::forecast`](crate::measure::Probes::forecast) make one of a track.
#[derive(Clone, Debug)]
pub struct Forecast {
    runs: Vec<Run>,
    limit: Limit,
}

#[derive(Clone, Debug)]
struct Run {
    power: Vec<f32>,
    /// The largest peak that holds the gain in a step.
    peak: Vec<f32>,
}

impl Forecast {
    /// Of spans of sound as they reach the limiter, each a run of its own; `settings` are those of the chain, of which the
    /// ceiling and the limiter's release are read.
    pub fn new(spans: Vec<Steps>, settings: &MasteringSettings) -> Self {
        let limit = Limit::new(settings);
        let runs = spans.into_iter().map(|Steps { power, peak }| Run { power, peak: held(&peak, &limit) }).collect();
        Self { runs, limit }
    }

    /// Integrated loudness in front of the limiter, LUFS; none of silence and under 400 ms.
    pub fn before(&self) -> Option<f64> {
        let windows = |run: &Run| Steps::windows(&run.power, 4);
        integrated(&self.runs.iter().flat_map(windows).collect::<Vec<_>>())
    }

    /// Integrated loudness behind a gain in decibels and then the limiter, LUFS; none of silence and under 400 ms.
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
        integrated(&windows)
    }

    /// The gain in decibels, to a hundredth and from `low` to `high`, that makes it so loud behind the limiter (`lufs`); and how
    /// loud it then is, LUFS. Where no gain in that range does, it is the nearest. None of silence and under 400 ms.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_limiter_is_that_of_the_chain() {
        // Programs keep gains that were found with these numbers: one that moves here moves what they make of the same track, and
        // the version they keep them under has to grow.
        let limit = Limit::new(&MasteringSettings::default());
        assert_eq!(limit.most.to_bits(), 10f64.powf(-1.45 / 20.0).to_bits());
        assert_eq!(limit.left.to_bits(), 0.1f64.powf(1.0 / 50.0).to_bits());
        assert_eq!((limit.ahead, limit.behind), (1, 14));
    }

    #[test]
    fn a_peak_turns_down_what_is_around_it_and_the_gain_comes_back() {
        let settings = MasteringSettings::default();
        let limit = Limit::new(&settings);
        // A second of steady power with one peak in its middle, twice as large as what passes.
        let mut peak = vec![0.1; 500];
        peak[250] = 2.0 * limit.most as f32;
        let forecast = Forecast::new(vec![Steps { power: vec![0.01; 500], peak }], &settings);
        let (free, limited) = (forecast.before().unwrap(), forecast.behind(0.0).unwrap());
        // Half the amplitude for 16 of 500 steps, and a tail: the mean square of the gain over the seven windows of 400 ms.
        let gains: Vec<f64> = (0..500)
            .map(|n| match n {
                0..249 => 1.0,
                249..265 => 0.5,
                _ => 1.0 - 0.5 * limit.left.powi(n - 264),
            })
            .collect();
        let windows =
            (0..7).map(|tenth| gains[50 * tenth..50 * tenth + 200].iter().map(|g| g * g).sum::<f64>() / 200.0);
        let want = 10.0 * (windows.sum::<f64>() / 7.0).log10();
        assert!((limited - free - want).abs() < 1e-3, "{} instead of {want} dB", limited - free);
    }

    #[test]
    fn the_gain_it_finds_makes_it_as_loud_as_wanted_or_as_near_as_may_be() {
        let steps = Steps { power: vec![0.001; 1_000], peak: vec![0.1; 1_000] };
        let forecast = Forecast::new(vec![steps], &MasteringSettings::default());
        let (gain, lufs) = forecast.gain_for(-20.0, -24.0, 20.0).unwrap();
        assert!((lufs + 20.0).abs() < 0.01 && (f64::from(gain) - 10.69).abs() < 0.02, "{gain} dB, {lufs} LUFS");
        assert_eq!(forecast.gain_for(-60.0, -6.0, 6.0).unwrap().0, -6.0);
        assert_eq!(forecast.gain_for(0.0, -6.0, 6.0).unwrap().0, 6.0);
        let silence = Steps { power: vec![0.0; 1_000], peak: vec![0.0; 1_000] };
        assert_eq!(Forecast::new(vec![silence], &MasteringSettings::default()).gain_for(-20.0, -24.0, 20.0), None);
    }
}
