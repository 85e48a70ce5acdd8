//! The sound sources and effects of the generated music.

use std::f64::consts::{PI, TAU};

/// Frames per second of everything generated here.
pub const RATE: u32 = 44_100;

/// Length of a frame in seconds.
const FRAME: f64 = 1.0 / RATE as f64;

/// The frequency of a MIDI note in hertz, equal temperament, A4 = note 69 = 440 Hz.
#[must_use]
pub fn hertz(note: f64) -> f64 {
    440.0 * ((note - 69.0) / 12.0).exp2()
}

/// White noise, the same in every run (xorshift32, G. Marsaglia, 2003).
#[derive(Debug)]
pub struct Noise(u32);

impl Noise {
    /// Noise that depends on the seed alone.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9) | 1)
    }

    /// The next sample, -1 to 1.
    pub fn sample(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        f64::from(self.0) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}

/// A sawtooth whose edge is rounded by a polynomial (PolyBLEP: Välimäki, Pekonen and Nam, 2012), so that it aliases
/// little.
#[derive(Debug)]
pub struct Saw(f64);

impl Saw {
    /// Starts at `phase`, in periods.
    #[must_use]
    pub fn new(phase: f64) -> Self {
        Self(phase.fract())
    }

    /// The next sample at this frequency, -1 to 1.
    pub fn sample(&mut self, hertz: f64) -> f64 {
        let step = hertz * FRAME;
        let phase = self.0;
        self.0 = (phase + step).fract();
        let edge = if phase < step {
            let x = phase / step - 1.0;
            -x * x
        } else if phase > 1.0 - step {
            let x = (phase - 1.0) / step + 1.0;
            x * x
        } else {
            0.0
        };
        2.0 * phase - 1.0 - edge
    }
}

/// The sample at `t` seconds of a sine that falls from `from + to` to `to` hertz as exp(-`speed` t), like a drum.
#[must_use]
pub fn thump(t: f64, from: f64, to: f64, speed: f64) -> f64 {
    (TAU * (to * t + from / speed * (1.0 - (-speed * t).exp()))).sin()
}

/// A resonant two-pole filter (state variable, trapezoidal: A. Simper, 2013).
#[derive(Debug, Default)]
pub struct Filter {
    band: f64,
    low: f64,
}

impl Filter {
    /// Filters a sample. Returns the output below `cutoff` hertz and the output above.
    pub fn split(&mut self, input: f64, cutoff: f64, resonance: f64) -> (f64, f64) {
        let g = (PI * cutoff.clamp(20.0, 18_000.0) * FRAME).tan();
        let k = 1.0 / resonance;
        let high = (input - (g + k) * self.band - self.low) / (1.0 + g * (g + k));
        let band = self.band + g * high;
        let low = self.low + g * band;
        self.band = band + g * high;
        self.low = low + g * band;
        (low, high)
    }
}

/// A stereo recording to which sounds are added.
#[derive(Debug)]
pub struct StereoMix {
    /// The frames, left and right.
    pub frames: Vec<[f64; 2]>,
}

impl StereoMix {
    /// A silent mix of this length.
    #[must_use]
    pub fn new(seconds: f64) -> Self {
        Self { frames: vec![[0.0; 2]; (seconds / FRAME).round() as usize] }
    }

    /// Adds a sound at a time in seconds. `sound` is called once for each frame with the time since its start.
    pub fn add(&mut self, at: f64, seconds: f64, mut sound: impl FnMut(f64) -> [f64; 2]) {
        let from = ((at / FRAME).round() as usize).min(self.frames.len());
        let span = ((seconds / FRAME) as usize).min(self.frames.len() - from);
        for (n, frame) in self.frames[from..from + span].iter_mut().enumerate() {
            let [left, right] = sound(n as f64 * FRAME);
            frame[0] += left;
            frame[1] += right;
        }
    }

    /// Adds echoes, `seconds` apart and in alternating channels. Each echo is `feedback` times as loud as the one before it,
    /// and has less treble.
    pub fn echo(&mut self, seconds: f64, feedback: f64, amount: f64) {
        let delay = (seconds / FRAME).round() as usize;
        let mut line = vec![[0.0; 2]; delay];
        let mut dull = [0.0; 2];
        for (n, frame) in self.frames.iter_mut().enumerate() {
            let [left, right] = line[n % delay];
            dull[0] += 0.4 * (left - dull[0]);
            dull[1] += 0.4 * (right - dull[1]);
            let mono = 0.5 * (frame[0] + frame[1]);
            line[n % delay] = [mono + feedback * dull[1], feedback * dull[0]];
            frame[0] += amount * left;
            frame[1] += amount * right;
        }
    }

    /// Adds reverberation: four delay lines that feed each other (a feedback delay network, J.-M. Jot, 1991).
    pub fn room(&mut self, amount: f64) {
        const LINES: [usize; 4] = [1_499, 1_889, 2_381, 2_927];
        let mut lines = LINES.map(|length| vec![0.0; length]);
        let mut dull = [0.0; 4];
        for (n, frame) in self.frames.iter_mut().enumerate() {
            for ((dull, line), length) in dull.iter_mut().zip(&lines).zip(LINES) {
                *dull += 0.45 * (line[n % length] - *dull);
            }
            let half = 0.42 * dull.iter().sum::<f64>();
            for (i, (line, length)) in lines.iter_mut().zip(LINES).enumerate() {
                // A Householder reflection: the energy spreads over the lines, and a little is lost each time.
                line[n % length] = frame[i % 2] + 0.84 * dull[i] - half;
            }
            frame[0] += amount * (dull[0] - dull[2]);
            frame[1] += amount * (dull[1] - dull[3]);
        }
    }

    /// Interleaved samples whose loudest one is `peak`.
    #[must_use]
    pub fn finish(self, peak: f64) -> Vec<f32> {
        let loudest = self.frames.iter().flatten().fold(1e-9, |most: f64, x| most.max(x.abs()));
        self.frames.iter().flatten().map(|x| (x / loudest * peak) as f32).collect()
    }
}
