//! Tape: wow and flutter, saturation, head bump.

use crate::synth::QUANTUM;
use crate::synth::kernels::filter::{Cutoff, Svf};
use crate::synth::kernels::math::{sine, whole_frames};
use crate::types::dice::Dice;

/// The mean delay in seconds: more than the largest displacement.
pub const DELAY_SECONDS: f32 = 0.006;
/// A cent as a relative change of rate.
const CENT: f32 = 5.778e-4;
/// Wow: once per revolution of a record, and a slower drift. Flutter: above the 4 Hz at which the ear is most sensitive. Hertz.
const WOW: f32 = 0.556;
const DRIFT: f32 = 0.17;
const FLUTTER: f32 = 7.3;
/// Below this drive the saturation does nothing that could be heard.
const LEAST_DRIVE: f32 = 0.01;
/// The largest input of the saturation: its square is a number.
const LOUDEST: f32 = 1e9;

/// How fast the tape runs now: shared by all stems that are on it.
#[derive(Clone, Debug)]
pub struct Transport {
    rate: f32,
    phases: [f32; 3],
    dice: Dice,
    drift: f32,
    /// Displacement of the reading position in frames at the start and the end of the quantum, for depth 1.
    from: f32,
    to: f32,
}

impl Transport {
    /// A tape that runs steadily.
    pub fn new(rate: f32, seed: u64) -> Self {
        let mut dice = Dice::new(seed, "effects.tape", 0, 0);
        let phases = std::array::from_fn(|_| dice.unit());
        Self { rate, phases, dice, drift: 1.0, from: 0.0, to: 0.0 }
    }

    /// Moves on by a quantum. `wow` and `flutter` are the largest deviations of the pitch, in cents.
    ///
    /// The displacement is the integral of the rate: a rate that deviates by e cos(2 pi f t) displaces by e sin(2 pi f t) / (2 pi f)
    /// seconds. It does not grow with time.
    pub fn advance(&mut self, wow: f32, flutter: f32) {
        let seconds = QUANTUM as f32 / self.rate;
        for (phase, hertz) in self.phases.iter_mut().zip([WOW, DRIFT, FLUTTER]) {
            *phase += hertz * seconds;
            if *phase >= 1.0 {
                *phase -= 1.0;
            }
        }
        // The drift differs from turn to turn.
        let aim = 1.0 + 0.6 * self.dice.between(-1.0, 1.0);
        self.drift += (aim - self.drift) * seconds * 0.5;
        let displacement = |cents: f32, hertz: f32| cents * CENT / (core::f32::consts::TAU * hertz);
        let sum = 0.7 * displacement(wow, WOW) * sine(self.phases[0])
            + 0.3 * self.drift * displacement(wow, DRIFT) * sine(self.phases[1])
            + displacement(flutter, FLUTTER) * sine(self.phases[2]);
        let most = 0.8 * DELAY_SECONDS;
        self.from = self.to;
        self.to = sum.clamp(-most, most) * self.rate;
    }
}

/// One stem on the tape.
#[derive(Clone, Debug)]
pub struct Tape {
    ring: [Box<[f32]>; 2],
    mask: usize,
    at: usize,
    delay: f32,
    before: [f32; 2],
    bump: [Svf; 2],
    bump_cutoff: Cutoff,
}

impl Tape {
    /// Silence.
    pub fn new(rate: f32) -> Self {
        let len = (whole_frames(2.2 * DELAY_SECONDS, rate) + QUANTUM + 8).next_power_of_two();
        Self {
            ring: [vec![0.0; len].into(), vec![0.0; len].into()],
            mask: len - 1,
            at: 0,
            delay: libm::roundf(DELAY_SECONDS * rate),
            before: [0.0; 2],
            bump: Default::default(),
            bump_cutoff: Cutoff::new(90.0, 0.8, rate),
        }
    }

    /// Processes a quantum in place: delayed by [`DELAY_SECONDS`], more or less. `depth` scales wow and flutter; `drive` is the factor
    /// before the saturation, 0 for none.
    #[inline(always)]
    pub fn process(&mut self, transport: &Transport, depth: f32, drive: f32, block: &mut [[f32; QUANTUM]; 2]) {
        if drive > LEAST_DRIVE {
            self.saturate(drive, block);
        }
        let slope = depth * (transport.to - transport.from) * (1.0 / QUANTUM as f32);
        for (channel, samples) in block.iter_mut().enumerate() {
            let ring = &mut self.ring[channel];
            for (n, sample) in samples.iter().enumerate() {
                ring[(self.at + n) & self.mask] = *sample;
            }
            let mut delay = self.delay + depth * transport.from;
            for (n, sample) in samples.iter_mut().enumerate() {
                delay += slope;
                let whole = delay as i32;
                let t = delay - whole as f32;
                #[allow(clippy::cast_sign_loss, reason = "the delay is positive")]
                let index = (self.at + n).wrapping_sub(whole as usize);
                let tap = |back: usize| ring[index.wrapping_sub(back) & self.mask];
                // Hermite interpolation between the samples `whole` and `whole + 1` ago.
                let (a, b, c, d) = (ring[index.wrapping_add(1) & self.mask], tap(0), tap(1), tap(2));
                let first = 0.5 * (c - a);
                let second = a - 2.5 * b + 2.0 * c - 0.5 * d;
                let third = 0.5 * (d - a) + 1.5 * (b - c);
                *sample = b + t * (first + t * (second + t * third));
            }
        }
        self.at = self.at.wrapping_add(QUANTUM);
    }

    /// Head bump and saturation: x / sqrt(1 + x^2), which bends at every level and is flat at none.
    #[inline(always)]
    fn saturate(&mut self, drive: f32, block: &mut [[f32; QUANTUM]; 2]) {
        let out = 1.0 / drive;
        // Head bump: 1.5 dB at 90 Hz.
        let bump = 0.19 * if drive < 1.0 { drive } else { 1.0 };
        for (channel, samples) in block.iter_mut().enumerate() {
            let (mut before, mut filter) = (self.before[channel], self.bump[channel]);
            for sample in samples.iter_mut() {
                let x = drive * (*sample + bump * filter.band(&self.bump_cutoff, *sample));
                let x = if x.abs() < LOUDEST { x } else { LOUDEST.copysign(x) };
                // The mean of the curve from one sample to the next is the difference of the antiderivatives sqrt(1 + x^2), divided by
                // the difference of the samples; that fraction can be reduced. It removes most of the aliasing (Parker, Zavalishin & Le
                // Bivic, "Reducing the aliasing of nonlinear waveshaping using continuous-time convolution", DAFx 2016).
                let antiderivative = [(1.0 + x * x).sqrt(), (1.0 + before * before).sqrt()];
                *sample = out * (x + before) / (antiderivative[0] + antiderivative[1]);
                before = x;
            }
            self.before[channel] = before;
            filter.flush();
            self.bump[channel] = filter;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_displacement_is_the_same_after_an_hour_as_in_the_first_minute() {
        let mut transport = Transport::new(48_000.0, 1);
        let mut most = [0.0_f32; 2];
        for minute in [true, false] {
            for _ in 0..if minute { 45_000 } else { 45_000 * 59 } {
                transport.advance(8.0, 2.0);
                let peak = &mut most[usize::from(!minute)];
                *peak = peak.max(transport.to.abs() / 48_000.0);
            }
        }
        assert!(most[0] > 0.001 && most[1] < 1.5 * most[0] && most[1] < 0.8 * DELAY_SECONDS, "{most:?}");
    }

    #[test]
    fn without_depth_and_drive_the_tape_delays_and_nothing_else() {
        let transport = Transport::new(48_000.0, 1);
        let mut tape = Tape::new(48_000.0);
        let mut out = Vec::new();
        for quantum in 0..8_u16 {
            let mut block = [[0.0; QUANTUM]; 2];
            for (n, sample) in block[0].iter_mut().enumerate() {
                *sample = f32::from(quantum) * 64.0 + n as f32;
            }
            tape.process(&transport, 0.0, 0.0, &mut block);
            out.extend_from_slice(&block[0]);
        }
        assert_eq!((out[288], out[289], out[500]), (0.0, 1.0, 212.0));
    }

    /// A sine of 110 Hz at this level through a driven tape, without the first tenth of a second.
    fn driven_sine(level: f32) -> Vec<f32> {
        let transport = Transport::new(48_000.0, 1);
        let mut tape = Tape::new(48_000.0);
        let mut out = Vec::new();
        for quantum in 0..225_u16 {
            let mut block = std::array::from_fn(|_| {
                std::array::from_fn(|n| {
                    level * sine(((f32::from(quantum) * 64.0 + n as f32) * 110.0 / 48_000.0).fract())
                })
            });
            tape.process(&transport, 0.0, 2.0, &mut block);
            out.extend_from_slice(&block[0]);
        }
        out.split_off(4_800)
    }

    #[test]
    fn levels_up_to_20_db_above_full_scale_have_no_flat_tops_and_quiet_ones_are_unchanged() {
        for level in [0.001, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0] {
            let out = driven_sine(level);
            let equal = out.windows(3).filter(|w| w[0] == w[1] && w[1] == w[2]).count();
            assert_eq!(equal, 0, "level {level}");
        }
        let peak = |level| driven_sine(level).iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        // The head bump adds 1.4 dB at 110 Hz.
        assert!((peak(0.001) / 0.001 - 1.17).abs() < 0.03, "{}", peak(0.001));
        assert!((1..40).all(|n| peak(0.1 * n as f32) > peak(0.1 * n as f32 - 0.1)));
    }
}
