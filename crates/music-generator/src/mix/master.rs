//! The master: one gain for all stems, so that their sum has the level of the style and no peak above -1 dBTP.
//!
//! The gain is computed from the sum and applied to each stem: the stems still add up to the mix. `crowd_engine`'s limiter and the
//! mastering chain limit one stereo signal and keep their gain to themselves; the engine's gain curve (lookahead, hold, smoothed
//! release) is used here with peaks between samples.

use crowd_engine::dsp::limiter::{GainCurve, Ring, gain_under};
use crowd_engine::dsp::simd::{Arith, Simd, Task};

use super::StyleSound;
use super::loudness::Loudness;
use super::true_peak::{DELAY, TruePeak};
use crate::effects::smooth::Smooth;
use crate::synth::kernels::math::gain;
use crate::synth::{Block, QUANTUM, Stems};
use crate::types::stem::Stem;

/// The highest peak in dBTP, less a margin for meters that interpolate more finely.
const CEILING_DB: f32 = -1.3;
/// Frames in which the gain falls before a peak, at 48 kHz.
const LOOKAHEAD: usize = 128;
/// Frames before a peak at which the gain is fully reduced, so that it is constant while the peak is interpolated.
const GUARD: usize = DELAY;
/// Seconds in which nine tenths of the reduction return.
const RELEASE: f64 = 0.12;

/// The time constant of the gain that follows the score, in seconds.
const SCORE_SECONDS: f32 = 2.0;

/// Gives the stems their final level. All stems have the same gain at all times, so what is limited is their sum, and the stems
/// still add up to the mix.
#[derive(Clone, Debug)]
pub struct Master {
    simd: Simd,
    style: Smooth,
    score: Smooth,
    loudness: Loudness,
    correction_db: f32,
    before: f32,
    peak: TruePeak,
    curve: GainCurve,
    delays: [Ring<[f32; 2]>; Stem::COUNT],
    ceiling: f32,
    latency: usize,
    fresh: bool,
}

impl Master {
    /// A master of silence at this sample rate in hertz.
    pub fn new(sample_rate: u32) -> Self {
        let rate = sample_rate as f32;
        let lookahead = LOOKAHEAD * (sample_rate.div_ceil(48_000) as usize).next_power_of_two();
        let latency = lookahead + DELAY + GUARD;
        Self {
            simd: Simd::detect(),
            style: Smooth::new(0.0, 1.0, rate),
            score: Smooth::new(0.0, SCORE_SECONDS, rate),
            loudness: Loudness::new(rate),
            correction_db: 0.0,
            before: 1.0,
            peak: TruePeak::new(),
            curve: GainCurve::new(sample_rate, lookahead, RELEASE),
            delays: std::array::from_fn(|_| Ring::new([0.0; 2], latency)),
            ceiling: gain(CEILING_DB),
            latency,
            fresh: true,
        }
    }

    /// Sets the gain of a style. Smoothed over a second or two; at once before the first sound.
    pub fn set_sound(&mut self, sound: &StyleSound) {
        if self.fresh {
            self.style.jump(sound.master_db);
            self.before = gain(sound.master_db + self.score.target());
        }
        self.style.set(sound.master_db);
    }

    /// Sets the gain that makes up for the loudness of the score, in decibels. Smoothed over some seconds; at once before the first sound.
    pub fn set_score_gain(&mut self, decibels: f32) {
        if self.fresh {
            self.score.jump(decibels);
            self.before = gain(self.style.target() + decibels);
        }
        self.score.set(decibels);
    }

    /// The delay of the output, in frames.
    pub fn latency(&self) -> usize {
        self.latency
    }

    /// The slow correction of the loudness now, in decibels.
    pub fn correction_db(&self) -> f32 {
        self.correction_db
    }

    /// Processes a quantum of all stems in place. Samples that are not finite become silence.
    pub fn process(&mut self, stems: &mut Stems) {
        self.fresh = false;
        let simd = self.simd;
        simd.run(Process { master: self, stems });
    }

    #[inline(always)]
    fn run(&mut self, stems: &mut Stems) {
        let after = gain(self.style.advance().1 + self.score.advance().1 + self.correction_db);
        let slope = (after - self.before) * (1.0 / QUANTUM as f32);
        for stem in stems.iter_mut() {
            let mut gain = self.before;
            for frame in stem.iter_mut() {
                gain += slope;
                let y = [frame[0] * gain, frame[1] * gain];
                *frame = if (y[0] + y[1]).is_finite() { y } else { [0.0; 2] };
            }
        }
        self.before = after;
        let mix = Self::sum(stems);
        self.correction_db = self.loudness.advance(&mix);
        let mut peaks = [0.0; QUANTUM];
        // A peak between samples is at most twice as high as the samples around it in music.
        self.peak.measure(&mix, 0.5 * self.ceiling, &mut peaks);
        for (stem, delay) in stems.iter_mut().zip(&mut self.delays) {
            delay.pass(stem);
        }
        let over = peaks.iter().any(|peak| *peak > self.ceiling);
        if !over && self.curve.is_idle() {
            return;
        }
        self.curve.settle();
        for (n, peak) in peaks.iter().enumerate() {
            let reduction = self.curve.next(gain_under(self.ceiling, *peak)) as f32;
            for stem in stems.iter_mut() {
                stem[n][0] *= reduction;
                stem[n][1] *= reduction;
            }
        }
    }

    /// The sum of the stems: the mix.
    #[inline(always)]
    pub fn sum(stems: &Stems) -> Block {
        let mut mix = [[0.0; 2]; QUANTUM];
        for stem in stems {
            for (out, frame) in mix.iter_mut().zip(stem) {
                out[0] += frame[0];
                out[1] += frame[1];
            }
        }
        mix
    }
}

struct Process<'a> {
    master: &'a mut Master,
    stems: &'a mut Stems,
}

impl Task for Process<'_> {
    type Out = ();

    #[inline(always)]
    fn run<A: Arith>(self) {
        self.master.run(self.stems);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::SILENCE;
    use crate::synth::kernels::math::sine;
    use crate::types::dice::Dice;

    /// Renders noise bursts and a sine at `level`; returns the mix and the sum of the stems' inputs, delayed.
    fn run(level: f32, quanta: usize) -> Vec<[f32; 2]> {
        let mut master = Master::new(48_000);
        let mut dice = Dice::new(1, "test", 0, 0);
        let mut out = Vec::new();
        for quantum in 0..quanta {
            let mut stems = SILENCE;
            let [bursts, _, _, tones, _] = &mut stems;
            for (n, (burst, tone)) in bursts.iter_mut().zip(tones).enumerate() {
                let time = (quantum * QUANTUM + n) as f32;
                let sample = level * sine((time * 0.2497).fract());
                let noise = if quantum % 97 < 3 { 2.0 * level * dice.between(-1.0, 1.0) } else { 0.0 };
                *burst = [noise, -noise];
                *tone = [sample, sample];
            }
            master.process(&mut stems);
            out.extend_from_slice(&Master::sum(&stems));
        }
        out
    }

    #[test]
    fn the_sum_of_the_stems_has_no_peak_above_the_ceiling() {
        let out = run(2.0, 1_500);
        let peak = out.as_flattened().iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        assert!(peak <= gain(-1.0) && peak > gain(-4.0), "{peak}");
        // The same between the samples.
        let mut meter = TruePeak::new();
        let mut most = 0.0_f32;
        for block in out.as_chunks::<QUANTUM>().0 {
            let mut peaks = [0.0; QUANTUM];
            meter.measure(block, 0.0, &mut peaks);
            most = peaks.iter().fold(most, |a, b| a.max(*b));
        }
        assert!(most <= gain(-1.0), "{} dBTP", 20.0 * most.log10());
    }

    #[test]
    fn quiet_stems_are_delayed_and_otherwise_unchanged() {
        let mut master = Master::new(48_000);
        let latency = master.latency();
        let mut out = Vec::new();
        for quantum in 0..20_usize {
            let mut stems = SILENCE;
            for (n, frame) in stems[1].iter_mut().enumerate() {
                *frame = [1e-4 * (quantum * QUANTUM + n) as f32, 0.0];
            }
            master.process(&mut stems);
            out.extend(stems[1].map(|[left, _]| left));
        }
        assert_eq!(out[latency + 500], 1e-4 * 500.0);
    }

    #[test]
    fn a_loud_session_is_corrected_by_at_most_half_a_decibel_a_minute() {
        let mut master = Master::new(48_000);
        for _ in 0..750 * 72 {
            let mut stems = SILENCE;
            for (n, frame) in stems[2].iter_mut().enumerate() {
                *frame = [if n % 16 < 8 { 0.3 } else { -0.3 }; 2];
            }
            master.process(&mut stems);
        }
        // 72 s, of which the first 12 are only listened to.
        assert!((master.correction_db() + 0.5).abs() < 0.02, "{}", master.correction_db());
    }

    #[test]
    fn what_is_not_a_number_becomes_silence() {
        let mut master = Master::new(48_000);
        let mut stems = SILENCE;
        stems[0][3] = [f32::NAN, f32::INFINITY];
        for _ in 0..10 {
            master.process(&mut stems);
            assert!(stems.as_flattened().as_flattened().iter().all(|x| x.is_finite()));
            stems = SILENCE;
        }
    }
}
