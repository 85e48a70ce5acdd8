//! A room: eight delay lines that feed each other (J.-M. Jot & A. Chaigne, "Digital delay networks for designing artificial
//! reverberators", AES 90, 1991).
//!
//! The settings are shared by all stems, and each stem has lines of its own, so that stems still add up to the mix when one is muted. The
//! shortest line is longer than a quantum, so a quantum is read, damped, mixed and written as a whole.

use crate::synth::QUANTUM;
use crate::synth::kernels::filter::{Cutoff, Svf, run_both};
use crate::synth::kernels::math::{sine, whole_frames};

const LINES: usize = 8;
/// Lengths of the lines in frames at 48 kHz: primes from 24 to 87 ms.
const LENGTHS: [f32; LINES] = [1_151.0, 1_459.0, 1_789.0, 2_161.0, 2_579.0, 3_061.0, 3_613.0, 4_177.0];
/// Rates at which the lengths move, in hertz, and how far, in frames at 48 kHz (a third of a millisecond, 2 cents): eight lines have fewer
/// than one resonance for each hertz, which would ring if they stood still. With this depth and [`ORDER`], the largest peak of a tail's
/// spectrum is 15 dB above its median; at a depth of 7 it is 20 dB, without movement 26 dB, in noise 11 dB.
const RATES: [f32; LINES] = [0.37, 0.44, 0.52, 0.64, 0.71, 0.8, 0.95, 1.07];
const DEPTH: f32 = 16.0;
/// Which mixed signal each line takes: a line does not feed itself and its neighbours in step.
const ORDER: [usize; LINES] = [3, 6, 1, 4, 7, 2, 5, 0];
/// Lengths of the allpasses at the input, in seconds, for both channels.
const ALLPASSES: [[f32; 4]; 2] = [[0.004_77, 0.003_59, 0.012_73, 0.009_3], [0.004_93, 0.003_71, 0.012_41, 0.009_77]];
const DIFFUSION: [f32; 4] = [0.7, 0.7, 0.6, 0.6];
/// Early reflections: seconds, gain left, gain right.
const EARLY: [(f32, f32, f32); 6] = [
    (0.007, 0.5, 0.2),
    (0.011_3, -0.2, 0.45),
    (0.017_9, 0.4, -0.3),
    (0.024_1, -0.3, -0.35),
    (0.033_7, 0.15, 0.3),
    (0.043, 0.25, -0.2),
];
/// The room is silent below this level, and costs nothing.
const SILENT: f32 = 3e-6;

/// What all stems share: decay, damping, movement.
#[derive(Clone, Debug)]
pub struct RoomShape {
    rate: f32,
    gains: [f32; LINES],
    damping: [f32; LINES],
    level: f32,
    pre_delay: usize,
    t60: f32,
    low_cut: Cutoff,
    phases: [f32; LINES],
    /// Lengths at the start and at the end of the quantum, in frames.
    from: [f32; LINES],
    to: [f32; LINES],
}

impl RoomShape {
    /// A room that decays in a second.
    pub fn new(rate: f32) -> Self {
        let mut shape = Self {
            rate,
            gains: [0.0; LINES],
            damping: [0.0; LINES],
            level: 0.0,
            pre_delay: 0,
            t60: 0.0,
            low_cut: Cutoff::new(180.0, 0.707, rate),
            phases: std::array::from_fn(|n| n as f32 / 8.0),
            from: [0.0; LINES],
            to: [0.0; LINES],
        };
        shape.set(1.0, 15.0);
        shape.advance();
        shape.advance();
        shape
    }

    fn length(&self, n: usize) -> f32 {
        LENGTHS[n] * self.rate / 48_000.0
    }

    /// Sets the time in which the room decays by 60 dB, in seconds, and the time before the first reflection, in milliseconds. Low
    /// frequencies decay in 1.1 of the time, those above 4 kHz in 0.45 of it.
    pub fn set(&mut self, t60: f32, pre_delay_ms: f32) {
        let t60 = t60.clamp(0.2, 15.0);
        self.pre_delay = whole_frames(pre_delay_ms.clamp(0.0, 100.0) * 1e-3, self.rate);
        if t60 == self.t60 {
            return;
        }
        self.t60 = t60;
        let cosine = f64::from(sine((4_000.0 / self.rate).min(0.45) + 0.25));
        for n in 0..LINES {
            let seconds = f64::from(self.length(n) / self.rate);
            let gain = libm::exp10(-3.0 * seconds / (1.1 * f64::from(t60)));
            let high = libm::exp10(-3.0 * seconds / (0.45 * f64::from(t60)));
            // The pole of a low-pass of first order with the gain high / gain at 4 kHz.
            let ratio = (high / gain) * (high / gain);
            let half = 1.0 - ratio * cosine;
            let pole = (half - (half * half - (1.0 - ratio) * (1.0 - ratio)).max(0.0).sqrt()) / (1.0 - ratio);
            self.gains[n] = gain as f32;
            self.damping[n] = pole as f32;
        }
        // The power of the tail in steady sound is proportional to its length: a send of 0 dB is as loud as the dry sound.
        self.level = (2.0 / t60).sqrt().min(1.0) * 0.55;
    }

    /// Moves on by a quantum.
    pub fn advance(&mut self) {
        self.from = self.to;
        let depth = DEPTH * self.rate / 48_000.0;
        for n in 0..LINES {
            let phase = self.phases[n] + RATES[n] * QUANTUM as f32 / self.rate;
            self.phases[n] = if phase >= 1.0 { phase - 1.0 } else { phase };
            self.to[n] = self.length(n) + depth * sine(self.phases[n]);
        }
    }
}

/// A ring of samples whose length is a power of two.
#[derive(Clone, Debug)]
struct Ring {
    samples: Box<[f32]>,
    mask: usize,
}

impl Ring {
    fn new(longest: usize) -> Self {
        let len = (longest + QUANTUM + 4).next_power_of_two();
        Self { samples: vec![0.0; len].into(), mask: len - 1 }
    }

    #[inline(always)]
    fn at(&self, index: usize) -> f32 {
        self.samples[index & self.mask]
    }

    #[inline(always)]
    fn put(&mut self, index: usize, sample: f32) {
        self.samples[index & self.mask] = sample;
    }
}

/// The lines of one stem.
#[derive(Clone, Debug)]
pub struct Reverb {
    lines: [Ring; LINES],
    input: [Ring; 2],
    allpasses: [[Ring; 4]; 2],
    lengths: [[usize; 4]; 2],
    low_cut: [Svf; 2],
    state: [f32; LINES],
    at: usize,
    level: f32,
    active: bool,
}

impl Reverb {
    /// A silent room.
    pub fn new(rate: f32) -> Self {
        let ring = |seconds| Ring::new(whole_frames(seconds, rate));
        let lengths = ALLPASSES.map(|channel| channel.map(|seconds| whole_frames(seconds, rate).max(1)));
        Self {
            lines: LENGTHS.map(|length| ring((length + 2.0 * DEPTH) / 48_000.0)),
            input: [ring(0.15), ring(0.15)],
            allpasses: ALLPASSES.map(|channel| channel.map(ring)),
            lengths,
            low_cut: Default::default(),
            state: [0.0; LINES],
            at: 0,
            level: 0.0,
            active: false,
        }
    }

    /// Adds the room's answer to `input` to `out`. Both channels are a quantum.
    #[inline(always)]
    pub fn render(&mut self, shape: &RoomShape, input: &[[f32; QUANTUM]; 2], out: &mut [[f32; QUANTUM]; 2]) {
        let entered = input.as_flattened().iter().fold(0.0_f32, |peak, x| if x.abs() > peak { x.abs() } else { peak });
        if entered < SILENT && !self.active {
            return;
        }
        self.active = true;
        let at = self.at;
        let mut diffuse = *input;
        run_both(&mut self.low_cut, &mut diffuse, |filter, x| filter.high(&shape.low_cut, x));
        for (channel, samples) in diffuse.iter_mut().enumerate() {
            for (n, sample) in samples.iter_mut().enumerate() {
                self.input[channel].put(at + n, *sample);
                *sample = self.input[channel].at((at + n).wrapping_sub(shape.pre_delay));
            }
            for (stage, ring) in self.allpasses[channel].iter_mut().enumerate() {
                let (gain, length) = (DIFFUSION[stage], self.lengths[channel][stage]);
                for (n, sample) in samples.iter_mut().enumerate() {
                    let delayed = ring.at((at + n).wrapping_sub(length));
                    let fed = *sample - gain * delayed;
                    ring.put(at + n, fed);
                    *sample = delayed + gain * fed;
                }
            }
        }
        let mut frames = [[0.0_f32; LINES]; QUANTUM];
        for (line, ring) in self.lines.iter().enumerate() {
            let slope = (shape.to[line] - shape.from[line]) * (1.0 / QUANTUM as f32);
            let mut length = shape.from[line];
            for (n, frame) in frames.iter_mut().enumerate() {
                length += slope;
                let whole = length as i32;
                let share = length - whole as f32;
                #[allow(clippy::cast_sign_loss, reason = "lengths are positive")]
                let index = (at + n).wrapping_sub(whole as usize);
                let (new, old) = (ring.at(index), ring.at(index.wrapping_sub(1)));
                frame[line] = new + share * (old - new);
            }
        }
        let mut peak = 0.0_f32;
        for (n, frame) in frames.iter_mut().enumerate() {
            for line in 0..LINES {
                self.state[line] = frame[line] + shape.damping[line] * (self.state[line] - frame[line]);
                frame[line] = self.state[line] * shape.gains[line];
            }
            let y = *frame;
            out[0][n] += shape.level * ((y[0] + y[1] - y[2] - y[3]) + (y[4] + y[5] - y[6] - y[7]));
            out[1][n] += shape.level * ((y[0] - y[1] - y[2] + y[3]) + (y[4] - y[5] - y[6] + y[7]));
            peak = if y[0].abs() > peak { y[0].abs() } else { peak };
            peak = if y[7].abs() > peak { y[7].abs() } else { peak };
            let mixed = hadamard(y);
            for line in 0..LINES {
                frame[line] = mixed[ORDER[line]] + 0.5 * diffuse[line % 2][n];
            }
        }
        for (line, ring) in self.lines.iter_mut().enumerate() {
            for (n, frame) in frames.iter().enumerate() {
                ring.put(at + n, frame[line]);
            }
        }
        for (seconds, left, right) in EARLY {
            let back = shape.pre_delay + whole_frames(seconds, shape.rate);
            for n in 0..QUANTUM {
                let index = (at + n).wrapping_sub(back);
                out[0][n] += 0.5 * left * self.input[0].at(index);
                out[1][n] += 0.5 * right * self.input[1].at(index);
            }
        }
        self.at = self.at.wrapping_add(QUANTUM);
        // The level falls slowly, so that a pause between reflections does not end the room.
        self.level = peak.max(entered).max(self.level * 0.98);
        if self.level < SILENT {
            self.clear();
        }
    }

    /// Silence. It is reached from below the level of hearing, in bounded time: some hundred kilobytes.
    fn clear(&mut self) {
        self.active = false;
        self.state = [0.0; LINES];
        self.low_cut = Default::default();
        let rings = self.lines.iter_mut().chain(&mut self.input).chain(self.allpasses.iter_mut().flatten());
        for ring in rings {
            ring.samples.fill(0.0);
        }
    }
}

/// Eight signals mixed by an orthogonal matrix of equal magnitudes.
#[inline(always)]
fn hadamard(x: [f32; LINES]) -> [f32; LINES] {
    let a = [x[0] + x[4], x[1] + x[5], x[2] + x[6], x[3] + x[7], x[0] - x[4], x[1] - x[5], x[2] - x[6], x[3] - x[7]];
    let b = [a[0] + a[2], a[1] + a[3], a[0] - a[2], a[1] - a[3], a[4] + a[6], a[5] + a[7], a[4] - a[6], a[5] - a[7]];
    let c = [b[0] + b[1], b[0] - b[1], b[2] + b[3], b[2] - b[3], b[4] + b[5], b[4] - b[5], b[6] + b[7], b[6] - b[7]];
    c.map(|x| x * core::f32::consts::FRAC_1_SQRT_2 * 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The energy of the answer to a click in decibels, in spans of a tenth of a second.
    fn decay_of_a_click(t60: f32) -> Vec<f32> {
        let (mut shape, mut reverb) = (RoomShape::new(48_000.0), Reverb::new(48_000.0));
        shape.set(t60, 10.0);
        let mut energies = Vec::new();
        for quantum in 0..750 * 3 {
            shape.advance();
            let mut input = [[0.0; QUANTUM]; 2];
            if quantum == 0 {
                input[0][0] = 1.0;
                input[1][5] = -1.0;
            }
            let mut out = [[0.0; QUANTUM]; 2];
            reverb.render(&shape, &input, &mut out);
            if quantum % 75 == 0 {
                energies.push(0.0);
            }
            if let Some(energy) = energies.last_mut() {
                *energy += out.as_flattened().iter().map(|x| x * x).sum::<f32>();
            }
        }
        energies.iter().map(|energy| 10.0 * libm::log10f(energy + 1e-20)).collect()
    }

    #[test]
    fn the_room_decays_by_60_db_in_its_time() {
        for t60 in [0.8, 1.4, 2.5] {
            let energies = decay_of_a_click(t60);
            // From 0.3 s on; high frequencies decay faster, so the sum decays a little faster than the middle.
            let span = (t60 * 6.0) as usize;
            let fall = (energies[3] - energies[3 + span]) / (span as f32 * 0.1) * t60;
            assert!((55.0..80.0).contains(&fall), "{t60} s: {fall} dB");
        }
    }

    #[test]
    fn a_room_without_sound_becomes_silent() {
        let (mut shape, mut reverb) = (RoomShape::new(48_000.0), Reverb::new(48_000.0));
        shape.set(0.5, 10.0);
        let mut last = 1.0;
        for quantum in 0..2_000 {
            shape.advance();
            let level = if quantum < 10 { 0.5 } else { 0.0 };
            let mut out = [[0.0; QUANTUM]; 2];
            reverb.render(&shape, &[[level; QUANTUM]; 2], &mut out);
            last = out[0][0].abs();
        }
        assert!(!reverb.active && last == 0.0);
    }
}
