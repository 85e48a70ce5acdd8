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

/// By what the last decibel of a gain has to make it louder, dB.
const LEAST_RETURN_DB: f64 = 0.5;

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

    /// The gain of each step, 0 to 1, behind a linear gain.
    fn gains(self, gain: f64, held: &[f32]) -> impl Iterator<Item = f64> {
        let mut now = 1.0;
        held.iter().map(move |peak| {
            let held = (self.most / (gain * f64::from(*peak))).min(1.0);
            now = if held < now { held } else { held + (now - held) * self.left };
            now
        })
    }
}

/// What holds a gain back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum Bound {
    /// It is the largest that was asked for.
    Range,
    /// Another decibel of it would make the sound less than half a decibel louder.
    Return,
    /// The limiter turns down by as much as is allowed.
    Reduction,
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
        let mut power = Vec::new();
        let mut windows = Vec::new();
        for run in &self.runs {
            power.clear();
            let limited = self.limit.gains(gain, &run.peak);
            power.extend(
                run.power.iter().zip(limited).map(|(power, now)| (f64::from(*power) * (gain * now).powi(2)) as f32),
            );
            windows.extend(Steps::windows(&power, 4));
        }
        integrated(&windows)
    }

    /// How far the limiter turns down behind a gain in decibels: what it does not exceed but for a fiftieth of the time, dB, 0 or
    /// more.
    pub fn reduction_db(&self, gain_db: f64) -> f64 {
        let gain = 10f64.powf(gain_db / 20.0);
        let gains = |run: &Run| self.limit.gains(gain, &run.peak).map(|now| now as f32).collect::<Vec<_>>();
        let mut gains: Vec<f32> = self.runs.iter().flat_map(gains).collect();
        let rarely = gains.len() / 50;
        if rarely == gains.len() {
            return 0.0;
        }
        -20.0 * f64::from(*gains.select_nth_unstable_by(rarely, f32::total_cmp).1).log10()
    }

    /// The largest gain in decibels, `most` or less, that is worth its price: on the way up to it each decibel made it at least half a
    /// decibel louder, and the limiter turns down by [no more](Self::reduction_db) than `most_reduction_db`. And what is not so any
    /// more behind it.
    pub fn worth(&self, most: f64, most_reduction_db: f64) -> (f64, Bound) {
        let bound = |gain: f64| {
            if self.reduction_db(gain) > most_reduction_db {
                return Some(Bound::Reduction);
            }
            let more = self.behind(gain)? - self.behind(gain - 1.0)?;
            (more < LEAST_RETURN_DB).then_some(Bound::Return)
        };
        // Up to here nothing is limited.
        let peak = self.runs.iter().flat_map(|run| &run.peak).fold(0.0f32, |most, peak| most.max(*peak));
        let mut under = 20.0 * (self.limit.most / f64::from(peak)).log10();
        while under < most {
            let over = most.min(under + 1.0);
            if let Some(found) = bound(over) {
                return self.between(under, over, found, bound);
            }
            under = over;
        }
        (most, Bound::Range)
    }

    /// The largest gain from `under`, which is not bound, to `over`, which is.
    fn between(
        &self,
        mut under: f64,
        mut over: f64,
        mut found: Bound,
        bound: impl Fn(f64) -> Option<Bound>,
    ) -> (f64, Bound) {
        while over - under > 0.005 {
            let middle = 0.5 * (under + over);
            match bound(middle) {
                Some(other) => (over, found) = (middle, other),
                None => under = middle,
            }
        }
        (under, found)
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

    #[test]
    fn a_gain_ends_where_it_brings_less_than_half_or_the_limiter_turns_down_by_what_it_may() {
        let of = |power: f32| {
            // A hit each fifth of a second, 20 dB over the room between, in which there is `power`.
            let steps = |hit: f32, room: f32| (0..2_000).map(|n| if n % 100 < 5 { hit } else { room }).collect();
            Forecast::new(
                vec![Steps { power: steps(0.1, power), peak: steps(0.5, 0.05) }],
                &MasteringSettings::default(),
            )
        };
        // 4.57 dB up to the ceiling. All that is loud is limited from there on: no decibel more is worth it.
        let (gain, bound) = of(1e-6).worth(20.0, 20.0);
        assert!((4.5..5.6).contains(&gain) && bound == Bound::Return, "{gain} dB, {bound:?}");
        // Where the room is as loud as the hits, it is the limiter's depth that ends it.
        let (gain, bound) = of(0.1).worth(20.0, 3.0);
        assert!((gain - 7.57).abs() < 0.02 && bound == Bound::Reduction, "{gain} dB, {bound:?}");
        assert!((of(0.1).reduction_db(gain) - 3.0).abs() < 0.02);
        // Nothing ends it under the ceiling.
        assert_eq!(of(0.1).worth(4.0, 3.0), (4.0, Bound::Range));
    }
}
