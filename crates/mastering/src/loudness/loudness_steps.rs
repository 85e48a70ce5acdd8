//! The power and peak of sound in steps of 2 ms. They are enough to compute the loudness of the sound, and the effect of a limiter, without
//! the sound itself.

use crowd_engine::SampleRate;
use crowd_engine::dsp::biquad::Cascade;
use crowd_engine::dsp::loudness::k_weighting;

/// The number of steps in a second, at any sample rate. So steps may differ in length by a frame.
pub const STEPS_PER_SECOND: u64 = 500;
/// The number of steps in a tenth of a second.
const TENTH: usize = STEPS_PER_SECOND as usize / 10;

/// The power and peak of sound, in steps of 2 ms.
#[derive(Clone, Debug)]
pub struct LoudnessSteps {
    /// The mean square of each step after K-weighting, added over both channels.
    pub power: Vec<f32>,
    /// The largest sample of each step in both channels, full scale 1, not weighted.
    pub peak: Vec<f32>,
}

impl LoudnessSteps {
    /// The sum of the powers of all steps.
    pub fn total(&self) -> f64 {
        self.power.iter().map(|power| f64::from(*power)).sum()
    }

    /// The mean powers of windows, from the `power` of steps. A window has `tenths` tenths of a second: 4 for the integrated loudness, 30
    /// for the loudness range. A window begins at each tenth. A remainder that does not fill a tenth is left out. Sound that is shorter
    /// than a window has no windows.
    ///
    /// # Panics
    /// If `tenths` is 0.
    pub fn windows(power: &[f32], tenths: usize) -> Vec<f32> {
        let (steps, _) = power.as_chunks::<TENTH>();
        let each: Vec<f64> = steps.iter().map(|steps| steps.iter().map(|v| f64::from(*v)).sum()).collect();
        each.windows(tenths).map(|window| (window.iter().sum::<f64>() / (tenths * TENTH) as f64) as f32).collect()
    }
}

/// Measures sound in [`LoudnessSteps`], in blocks of any length.
///
/// ```
/// use crowd_engine::SampleRate;
/// use crowd_mastering::loudness::{StepMeter, LoudnessSteps, integrated};
///
/// // EBU Tech 3341, signal 1: a tone of 1 kHz and -23 dBFS in both channels.
/// let gain = 10f64.powf(-23.0 / 20.0);
/// let tone = |n: u32| (gain * (std::f64::consts::TAU * f64::from(n) / 48.0).sin()) as f32;
/// let sound: Vec<[f32; 2]> = (0..96_000).map(|n| [tone(n); 2]).collect();
/// let mut meter = StepMeter::new(SampleRate::DAT);
/// sound.chunks(4_096).for_each(|block| meter.push(block));
/// let steps = meter.finish();
/// assert_eq!(steps.power.len(), 1_000);
/// let lufs = integrated(&LoudnessSteps::windows(&steps.power, 4));
/// assert!(lufs.is_some_and(|lufs| (lufs + 23.0).abs() < 0.1));
/// ```
#[derive(Clone, Debug)]
pub struct StepMeter {
    rate: u64,
    filter: Cascade<2, 2>,
    /// The number of frames measured so far.
    at: u64,
    /// The frame at which the current step ends.
    end: u64,
    /// The frame at which the current step began.
    begin: u64,
    sum: f64,
    peak: f32,
    steps: LoudnessSteps,
}

impl StepMeter {
    /// A meter in its initial state, for any sample rate of the engine.
    pub fn new(rate: SampleRate) -> Self {
        let rate = u64::from(rate.get());
        Self {
            rate,
            filter: Cascade::new(k_weighting(rate as f64)),
            at: 0,
            end: rate / STEPS_PER_SECOND,
            begin: 0,
            sum: 0.0,
            peak: 0.0,
            steps: LoudnessSteps { power: Vec::new(), peak: Vec::new() },
        }
    }

    /// Advances the filter by these frames, without measuring them.
    pub fn warm(&mut self, block: &[[f32; 2]]) {
        for frame in block {
            self.filter.tick(frame.map(f64::from));
        }
    }

    /// Measures the next frames: left and right, full scale 1, finite.
    pub fn push(&mut self, block: &[[f32; 2]]) {
        let mut rest = block;
        while !rest.is_empty() {
            let n = (self.end - self.at).min(rest.len() as u64);
            let (now, later) = rest.split_at(n as usize);
            for frame in now {
                let [left, right] = self.filter.tick(frame.map(f64::from));
                self.sum += left * left + right * right;
                self.peak = self.peak.max(frame[0].abs()).max(frame[1].abs());
            }
            self.at += n;
            if self.at == self.end {
                self.end_step();
            }
            rest = later;
        }
    }

    fn end_step(&mut self) {
        self.steps.power.push((std::mem::take(&mut self.sum) / (self.end - self.begin) as f64) as f32);
        self.steps.peak.push(std::mem::take(&mut self.peak));
        self.begin = self.end;
        self.end = (self.steps.power.len() as u64 + 1) * self.rate / STEPS_PER_SECOND;
    }

    /// All complete steps.
    pub fn finish(self) -> LoudnessSteps {
        self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_500_steps_at_every_rate_however_it_is_split() {
        for rate in [SampleRate::CD, SampleRate::DAT, SampleRate::new(11_025).unwrap()] {
            let sound: Vec<[f32; 2]> =
                (0..rate.get()).map(|n| [(n % 97) as f32 / 97.0, (n % 31) as f32 / -31.0]).collect();
            let steps = |length: usize| {
                let mut meter = StepMeter::new(rate);
                sound.chunks(length).for_each(|block| meter.push(block));
                meter.finish()
            };
            let (whole, cut) = (steps(sound.len()), steps(67));
            assert_eq!(whole.power.len(), 500, "{rate:?}");
            assert_eq!((whole.power, whole.peak), (cut.power, cut.peak), "{rate:?}");
        }
    }

    #[test]
    fn windows_begin_at_each_tenth_and_have_the_mean_of_their_steps() {
        let power: Vec<f32> = (0..6).flat_map(|tenth| [tenth as f32; TENTH]).chain([9.0; TENTH - 1]).collect();
        assert_eq!(LoudnessSteps::windows(&power, 4), [1.5, 2.5, 3.5]);
        assert_eq!(LoudnessSteps::windows(&power[..3 * TENTH], 4), [0.0; 0]);
    }

    #[test]
    fn a_filter_that_was_warmed_up_has_no_transient() {
        // A high-pass removes a constant, except at its start.
        let constant = [[0.5; 2]; 48_000];
        let first = |warm: bool| {
            let mut meter = StepMeter::new(SampleRate::DAT);
            if warm {
                meter.warm(&constant);
            }
            meter.push(&constant);
            meter.finish().power[0]
        };
        assert!(first(false) > 0.1 && first(true) < 1e-6, "{} {}", first(false), first(true));
    }
}
