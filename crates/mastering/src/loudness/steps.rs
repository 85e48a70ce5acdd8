//! Sound in steps of 2 ms: enough to work out a loudness, and what a limiter would take away, without the sound itself.

use crowd_engine::SampleRate;
use crowd_engine::dsp::biquad::Cascade;
use crowd_engine::dsp::loudness::k_weighting;

/// Steps in a second, at any sample rate: a step need not be a whole number of frames.
pub const STEPS_PER_SECOND: u64 = 500;
/// Steps in a tenth of a second.
const TENTH: usize = STEPS_PER_SECOND as usize / 10;

/// Sound, in steps of 2 ms.
#[derive(Clone, Debug)]
pub struct Steps {
    /// Of each step the mean square of both channels behind K-weighting, added.
    pub power: Vec<f32>,
    /// Of each step the largest sample of both channels, full scale 1, not weighted.
    pub peak: Vec<f32>,
}

impl Steps {
    /// The powers of all steps, added.
    pub fn total(&self) -> f64 {
        self.power.iter().map(|power| f64::from(*power)).sum()
    }

    /// Mean powers of windows of so many tenths of a second (4 for the integrated loudness, 30 for its range), one beginning at
    /// each tenth, of the `power` of steps. A rest that does not fill a tenth is left out; what is shorter than a window has none.
    ///
    /// # Panics
    /// If `tenths` is 0.
    pub fn windows(power: &[f32], tenths: usize) -> Vec<f32> {
        let (steps, _) = power.as_chunks::<TENTH>();
        let each: Vec<f64> = steps.iter().map(|steps| steps.iter().map(|v| f64::from(*v)).sum()).collect();
        each.windows(tenths).map(|window| (window.iter().sum::<f64>() / (tenths * TENTH) as f64) as f32).collect()
    }
}

/// Brings sound into [`Steps`], in blocks of any length.
///
/// ```
/// use crowd_engine::SampleRate;
/// use crowd_mastering::loudness::{Stepper, Steps, integrated};
///
/// // EBU Tech 3341, signal 1: a tone of 1 kHz and -23 dBFS in both channels.
/// let gain = 10f64.powf(-23.0 / 20.0);
/// let tone = |n: u32| (gain * (std::f64::consts::TAU * f64::from(n) / 48.0).sin()) as f32;
/// let sound: Vec<[f32; 2]> = (0..96_000).map(|n| [tone(n); 2]).collect();
/// let mut stepper = Stepper::new(SampleRate::DAT);
/// sound.chunks(4_096).for_each(|block| stepper.push(block));
/// let steps = stepper.finish();
/// assert_eq!(steps.power.len(), 1_000);
/// let lufs = integrated(&Steps::windows(&steps.power, 4));
/// assert!(lufs.is_some_and(|lufs| (lufs + 23.0).abs() < 0.1));
/// ```
#[derive(Clone, Debug)]
pub struct Stepper {
    rate: u64,
    filter: Cascade<2, 2>,
    /// Frames taken, and the frame the step ends before.
    at: u64,
    end: u64,
    begin: u64,
    sum: f64,
    peak: f32,
    steps: Steps,
}

impl Stepper {
    /// A stepper at rest, for any rate the engine knows.
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
            steps: Steps { power: Vec::new(), peak: Vec::new() },
        }
    }

    /// Brings the filter to the state it has behind these frames, and makes no steps of them.
    pub fn warm(&mut self, block: &[[f32; 2]]) {
        for frame in block {
            self.filter.tick(frame.map(f64::from));
        }
    }

    /// Takes the next frames: left and right, full scale 1, finite.
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
                self.step();
            }
            rest = later;
        }
    }

    fn step(&mut self) {
        self.steps.power.push((std::mem::take(&mut self.sum) / (self.end - self.begin) as f64) as f32);
        self.steps.peak.push(std::mem::take(&mut self.peak));
        self.begin = self.end;
        self.end = (self.steps.power.len() as u64 + 1) * self.rate / STEPS_PER_SECOND;
    }

    /// All steps that are complete.
    pub fn finish(self) -> Steps {
        self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_500_steps_at_every_rate_however_it_is_cut() {
        for rate in [SampleRate::CD, SampleRate::DAT, SampleRate::new(11_025).unwrap()] {
            let sound: Vec<[f32; 2]> =
                (0..rate.get()).map(|n| [(n % 97) as f32 / 97.0, (n % 31) as f32 / -31.0]).collect();
            let steps = |length: usize| {
                let mut stepper = Stepper::new(rate);
                sound.chunks(length).for_each(|block| stepper.push(block));
                stepper.finish()
            };
            let (whole, cut) = (steps(sound.len()), steps(67));
            assert_eq!(whole.power.len(), 500, "{rate:?}");
            assert_eq!((whole.power, whole.peak), (cut.power, cut.peak), "{rate:?}");
        }
    }

    #[test]
    fn windows_begin_at_each_tenth_and_have_the_mean_of_their_steps() {
        let power: Vec<f32> = (0..6).flat_map(|tenth| [tenth as f32; TENTH]).chain([9.0; TENTH - 1]).collect();
        assert_eq!(Steps::windows(&power, 4), [1.5, 2.5, 3.5]);
        assert_eq!(Steps::windows(&power[..3 * TENTH], 4), [0.0; 0]);
    }

    #[test]
    fn a_warm_filter_has_no_beginning() {
        // A constant is gone behind a high-pass, but for where it begins.
        let constant = [[0.5; 2]; 48_000];
        let first = |warm: bool| {
            let mut stepper = Stepper::new(SampleRate::DAT);
            if warm {
                stepper.warm(&constant);
            }
            stepper.push(&constant);
            stepper.finish().power[0]
        };
        assert!(first(false) > 0.1 && first(true) < 1e-6, "{} {}", first(false), first(true));
    }
}
