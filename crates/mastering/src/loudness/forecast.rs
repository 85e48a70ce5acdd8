//! The forecast of a chain's loudness, without running its limiter.
//!
//! The gain of a limiter changes slowly: it is constant for the 25 ms around a peak and is then released. So a gain per step of 2 ms,
//! computed from the peaks of the steps alone, is close enough to the gain of every frame.

use crowd_engine::dsp::limiter::HOLD_SECONDS;

use super::gating::integrated;
use super::loudness_steps::{LoudnessSteps, STEPS_PER_SECOND};
use crate::settings::MasteringSettings;
use crate::true_peak_limiter::{LOOKAHEAD_SECONDS, MARGIN_DB};

/// The usual difference between a true peak and the largest sample, dB.
const BETWEEN_SAMPLES_DB: f64 = 0.15;

/// A gain is useful only if its last decibel increases the loudness by at least this, in dB.
const LEAST_RETURN_DB: f64 = 0.5;

/// A model of the chain's limiter that computes one gain for each step. At any sample rate it has the lookahead at 48 kHz.
#[derive(Clone, Copy, Debug)]
struct StepLimiter {
    /// The largest sample that passes.
    largest: f64,
    /// The fraction of the reduction that remains after a step.
    left: f64,
    /// The number of steps before a peak for which the gain is held.
    before: usize,
    /// The number of steps after a peak for which the gain is held.
    after: usize,
}

impl StepLimiter {
    fn new(settings: &MasteringSettings) -> Self {
        let steps = |seconds: f64| seconds * STEPS_PER_SECOND as f64;
        let ceiling_db = f64::from(settings.ceiling_dbtp) - MARGIN_DB - BETWEEN_SAMPLES_DB;
        Self {
            largest: 10f64.powf(ceiling_db / 20.0),
            left: 0.1f64.powf(1.0 / steps(f64::from(settings.limiter_release_ms) / 1e3)),
            before: steps(LOOKAHEAD_SECONDS / 2.0).round() as usize,
            after: steps(HOLD_SECONDS + LOOKAHEAD_SECONDS / 2.0).round() as usize,
        }
    }

    /// The limiter's gain of each step, 0 to 1, when a linear gain is applied before the limiter. `held` are the [held](held) peaks.
    fn gains(self, gain: f64, held: &[f32]) -> impl Iterator<Item = f64> {
        let mut now = 1.0;
        held.iter().map(move |peak| {
            let held = (self.largest / (gain * f64::from(*peak))).min(1.0);
            now = if held < now { held } else { held + (now - held) * self.left };
            now
        })
    }
}

/// What limits a gain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum GainBound {
    /// The gain is the largest that the caller allows.
    Range,
    /// Another decibel of gain would make the sound less than half a decibel louder.
    Return,
    /// The limiter reduces by as much as the caller allows.
    Reduction,
}

/// The input of a chain's limiter, from which the loudness after the limiter is computed for any gain before the limiter.
///
/// It is made from the output of [`process_unlimited`](crate::Mastering::process_unlimited): [`forecast`](crate::measure::forecast) and
/// [`Probes::forecast`](crate::measure::Probes::forecast) make one from a track.
#[derive(Clone, Debug)]
pub struct Forecast {
    runs: Vec<StepRun>,
    limit: StepLimiter,
}

/// One span of sound.
#[derive(Clone, Debug)]
struct StepRun {
    /// The power of each step.
    power: Vec<f32>,
    /// The [held](held) peak of each step, which determines the limiter's gain.
    peak: Vec<f32>,
}

impl Forecast {
    /// A forecast from spans of sound as they enter the limiter. Each span is measured separately. Of the chain's `settings`, only the
    /// ceiling and the limiter's release are used.
    pub fn new(spans: Vec<LoudnessSteps>, settings: &MasteringSettings) -> Self {
        let limit = StepLimiter::new(settings);
        let runs = spans
            .into_iter()
            .map(|LoudnessSteps { power, peak }| StepRun { power, peak: held(&peak, &limit) })
            .collect();
        Self { runs, limit }
    }

    /// The integrated loudness before the limiter, LUFS; `None` for silence and for less than 400 ms.
    pub fn input_lufs(&self) -> Option<f64> {
        let windows = |run: &StepRun| LoudnessSteps::windows(&run.power, 4);
        integrated(&self.runs.iter().flat_map(windows).collect::<Vec<_>>())
    }

    /// The integrated loudness after a gain in decibels and the limiter, LUFS; `None` for silence and for less than 400 ms.
    pub fn output_lufs(&self, gain_db: f64) -> Option<f64> {
        let gain = 10f64.powf(gain_db / 20.0);
        let mut power = Vec::new();
        let mut windows = Vec::new();
        for run in &self.runs {
            power.clear();
            let limited = self.limit.gains(gain, &run.peak);
            power.extend(
                run.power.iter().zip(limited).map(|(power, now)| (f64::from(*power) * (gain * now).powi(2)) as f32),
            );
            windows.extend(LoudnessSteps::windows(&power, 4));
        }
        integrated(&windows)
    }

    /// The limiter's reduction, in dB, 0 or more, when a gain in decibels is applied before the limiter. It is the value that the reduction
    /// exceeds during a fiftieth of the time.
    pub fn reduction_db(&self, gain_db: f64) -> f64 {
        let gain = 10f64.powf(gain_db / 20.0);
        let gains = |run: &StepRun| self.limit.gains(gain, &run.peak).map(|now| now as f32).collect::<Vec<_>>();
        let mut gains: Vec<f32> = self.runs.iter().flat_map(gains).collect();
        let rarely = gains.len() / 50;
        if rarely == gains.len() {
            return 0.0;
        }
        -20.0 * f64::from(*gains.select_nth_unstable_by(rarely, f32::total_cmp).1).log10()
    }

    /// The largest useful gain in decibels, at most `most`, and what limits it. A gain is useful if each of its decibels makes the sound at
    /// least half a decibel louder, and if the limiter's [reduction](Self::reduction_db) is at most `allowed_reduction_db`.
    pub fn largest_useful_gain(&self, most: f64, allowed_reduction_db: f64) -> (f64, GainBound) {
        let bound = |gain: f64| {
            if self.reduction_db(gain) > allowed_reduction_db {
                return Some(GainBound::Reduction);
            }
            let more = self.output_lufs(gain)? - self.output_lufs(gain - 1.0)?;
            (more < LEAST_RETURN_DB).then_some(GainBound::Return)
        };
        // Up to this gain nothing is limited.
        let peak = self.runs.iter().flat_map(|run| &run.peak).fold(0.0f32, |most, peak| most.max(*peak));
        let mut under = 20.0 * (self.limit.largest / f64::from(peak)).log10();
        while under < most {
            let over = most.min(under + 1.0);
            if let Some(found) = bound(over) {
                return self.between(under, over, found, bound);
            }
            under = over;
        }
        (most, GainBound::Range)
    }

    /// The largest gain between `under`, at which no bound is reached, and `over`, at which one is.
    fn between(
        &self,
        mut under: f64,
        mut over: f64,
        mut found: GainBound,
        bound: impl Fn(f64) -> Option<GainBound>,
    ) -> (f64, GainBound) {
        while over - under > 0.005 {
            let middle = 0.5 * (under + over);
            match bound(middle) {
                Some(other) => (over, found) = (middle, other),
                None => under = middle,
            }
        }
        (under, found)
    }

    /// The gain in decibels with which the loudness after the limiter is `lufs`, and the loudness that results, LUFS. The gain is rounded
    /// to hundredths, and is from `low` to `high`. When no gain in this range reaches the loudness, the gain that comes nearest is
    /// returned. `None` for silence and for less than 400 ms.
    pub fn gain_for(&self, lufs: f64, low: f64, high: f64) -> Option<(f32, f64)> {
        self.input_lufs()?;
        let (mut under, mut over) = (low, high);
        while over - under > 0.002 {
            let middle = 0.5 * (under + over);
            // Sound that is too quiet to be measured needs more gain.
            if self.output_lufs(middle).is_some_and(|loud| loud >= lufs) { over = middle } else { under = middle }
        }
        let gain = (over * 100.0).round() / 100.0;
        Some((gain as f32, self.output_lufs(gain)?))
    }
}

/// For each step, its held peak: the largest peak among the steps whose gain reduction extends to this step.
fn held(peak: &[f32], limit: &StepLimiter) -> Vec<f32> {
    let around = |n: usize| n.saturating_sub(limit.after)..(n + limit.before + 1).min(peak.len());
    (0..peak.len()).map(|n| peak[around(n)].iter().fold(0.0f32, |most, v| most.max(*v))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_limiter_has_the_constants_of_the_chain() {
        // Programs store gains that were found with these constants. A change of a constant changes the sound that is rendered from the
        // same track, so the version under which it is stored must be increased.
        let limit = StepLimiter::new(&MasteringSettings::default());
        assert_eq!(limit.largest.to_bits(), 10f64.powf(-1.45 / 20.0).to_bits());
        assert_eq!(limit.left.to_bits(), 0.1f64.powf(1.0 / 50.0).to_bits());
        assert_eq!((limit.before, limit.after), (1, 14));
    }

    #[test]
    fn a_peak_reduces_the_gain_around_it_and_the_gain_is_released() {
        let settings = MasteringSettings::default();
        let limit = StepLimiter::new(&settings);
        // A second of steady power. One peak in its middle is twice as large as the largest sample that passes.
        let mut peak = vec![0.1; 500];
        peak[250] = 2.0 * limit.largest as f32;
        let forecast = Forecast::new(vec![LoudnessSteps { power: vec![0.01; 500], peak }], &settings);
        let (free, limited) = (forecast.input_lufs().unwrap(), forecast.output_lufs(0.0).unwrap());
        // The expected gain: half the amplitude for 16 of 500 steps, and then the release. The expected loudness follows from the mean
        // square of the gain over the seven windows of 400 ms.
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
    fn the_gain_gives_the_requested_loudness_or_the_nearest_possible() {
        let steps = LoudnessSteps { power: vec![0.001; 1_000], peak: vec![0.1; 1_000] };
        let forecast = Forecast::new(vec![steps], &MasteringSettings::default());
        let (gain, lufs) = forecast.gain_for(-20.0, -24.0, 20.0).unwrap();
        assert!((lufs + 20.0).abs() < 0.01 && (f64::from(gain) - 10.69).abs() < 0.02, "{gain} dB, {lufs} LUFS");
        assert_eq!(forecast.gain_for(-60.0, -6.0, 6.0).unwrap().0, -6.0);
        assert_eq!(forecast.gain_for(0.0, -6.0, 6.0).unwrap().0, 6.0);
        let silence = LoudnessSteps { power: vec![0.0; 1_000], peak: vec![0.0; 1_000] };
        assert_eq!(Forecast::new(vec![silence], &MasteringSettings::default()).gain_for(-20.0, -24.0, 20.0), None);
    }

    #[test]
    fn a_gain_is_limited_where_it_adds_less_than_half_or_the_limiter_reduces_too_much() {
        let of = |power: f32| {
            // There is a hit each fifth of a second. Its peak is 20 dB over that of the sound in between, which has the power `power`.
            let steps = |hit: f32, room: f32| (0..2_000).map(|n| if n % 100 < 5 { hit } else { room }).collect();
            Forecast::new(
                vec![LoudnessSteps { power: steps(0.1, power), peak: steps(0.5, 0.05) }],
                &MasteringSettings::default(),
            )
        };
        // With 4.57 dB of gain the hits reach the ceiling. From there on all loud sound is limited, so no further decibel is useful.
        let (gain, bound) = of(1e-6).largest_useful_gain(20.0, 20.0);
        assert!((4.5..5.6).contains(&gain) && bound == GainBound::Return, "{gain} dB, {bound:?}");
        // Here the sound in between is as loud as the hits, so the limiter's reduction bounds the gain.
        let (gain, bound) = of(0.1).largest_useful_gain(20.0, 3.0);
        assert!((gain - 7.57).abs() < 0.02 && bound == GainBound::Reduction, "{gain} dB, {bound:?}");
        assert!((of(0.1).reduction_db(gain) - 3.0).abs() < 0.02);
        // Below the ceiling only the caller limits the gain.
        assert_eq!(of(0.1).largest_useful_gain(4.0, 3.0), (4.0, GainBound::Range));
    }
}
