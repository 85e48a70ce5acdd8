//! Sound in steps of 2 ms: how much of it the ear takes, and its peak. Enough to work out a loudness, and what a limiter would
//! take away, without touching the sound again.

use crowd_engine::SampleRate;
use crowd_engine::dsp::biquad::{Cascade, Coefficients};

/// Steps a second, whatever the rate: a step is not a whole number of frames.
pub(crate) const PER_SECOND: u64 = 500;
/// Steps in a tenth of a second.
const TENTH: usize = PER_SECOND as usize / 10;

/// Sound, in steps.
#[derive(Clone, Debug)]
pub(crate) struct Steps {
    /// Mean square of both channels behind the K filter, added.
    pub power: Vec<f32>,
    /// The largest sample.
    pub peak: Vec<f32>,
}

impl Steps {
    /// Power of all of it.
    pub fn total(&self) -> f64 {
        self.power.iter().map(|power| f64::from(*power)).sum()
    }

    /// Mean powers of windows of so many tenths of a second, one beginning each tenth.
    pub fn windows(power: &[f32], tenths: usize) -> Vec<f32> {
        let (steps, _) = power.as_chunks::<TENTH>();
        let each: Vec<f64> = steps.iter().map(|steps| steps.iter().map(|v| f64::from(*v)).sum()).collect();
        each.windows(tenths).map(|window| (window.iter().sum::<f64>() / (tenths * TENTH) as f64) as f32).collect()
    }
}

/// Takes sound in and gives it out in steps.
pub(crate) struct Stepper {
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
    pub fn new(rate: SampleRate) -> Self {
        let rate = u64::from(rate.get());
        Self {
            rate,
            filter: k_weighting(rate as f64),
            at: 0,
            end: rate / PER_SECOND,
            begin: 0,
            sum: 0.0,
            peak: 0.0,
            steps: Steps { power: Vec::new(), peak: Vec::new() },
        }
    }

    /// Lets the filter hear what comes before.
    pub fn warm(&mut self, block: &[[f32; 2]]) {
        for frame in block {
            self.filter.tick(frame.map(f64::from));
        }
    }

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
        self.end = (self.steps.power.len() as u64 + 1) * self.rate / PER_SECOND;
    }

    /// All steps that are complete.
    pub fn finish(self) -> Steps {
        self.steps
    }
}

/// The filter of BS.1770 at any rate: its two sections as analogue prototypes, brought to the rate by the bilinear transform
/// (B. De Man, "Evaluation of implementations of the EBU R128 loudness measurement", AES 145, 2018).
fn k_weighting(rate: f64) -> Cascade<2, 2> {
    let section = |hz: f64, q: f64, b: &dyn Fn(f64) -> [f64; 3]| {
        let k = (std::f64::consts::PI * hz / rate).tan();
        let a0 = 1.0 + k / q + k * k;
        Coefficients { b: b(k).map(|b| b / a0), a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0] }
    };
    let (hz, q) = (1_681.974_450_955_533, 0.707_175_236_955_419_6);
    let high = 10f64.powf(3.999_843_853_973_347 / 20.0);
    let middle = high.powf(0.499_666_774_154_541_6);
    let head = section(hz, q, &|k| {
        let bend = middle * k / q;
        [high + bend + k * k, 2.0 * (k * k - high), high - bend + k * k]
    });
    let (hz, q) = (38.135_470_876_024_44, 0.500_327_037_323_877_3);
    // The standard leaves this section's numerator as it is.
    let k = (std::f64::consts::PI * hz / rate).tan();
    let a0 = 1.0 + k / q + k * k;
    let low = section(hz, q, &|_| [a0, -2.0 * a0, a0]);
    Cascade::new([head, low])
}
