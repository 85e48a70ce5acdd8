//! A delay that repeats, from side to side.

use crate::synth::QUANTUM;
use crate::synth::kernels::filter::{Cutoff, Svf};
use crate::synth::kernels::math::whole_frames;

/// The longest time in seconds.
const LONGEST: f32 = 2.0;
/// Seconds in which a new time replaces the old one.
const FADE: f32 = 0.1;

/// A delay. Repetitions go to the other side and lose what is below 300 Hz and above 3 kHz.
#[derive(Clone, Debug)]
pub struct Echo {
    rate: f32,
    ring: [Box<[f32]>; 2],
    mask: usize,
    at: usize,
    /// The present and the former time, in frames.
    time: usize,
    former: usize,
    wanted: usize,
    /// How much of the present time is heard, 0 to 1.
    share: f32,
    feedback: f32,
    filters: [[Svf; 2]; 2],
    cutoffs: [Cutoff; 2],
    /// Quanta until it is silent.
    left: usize,
}

impl Echo {
    /// A silent delay.
    pub fn new(rate: f32) -> Self {
        let len = (whole_frames(LONGEST, rate) + QUANTUM + 1).next_power_of_two();
        let time = whole_frames(0.4, rate);
        Self {
            rate,
            ring: [vec![0.0; len].into(), vec![0.0; len].into()],
            mask: len - 1,
            at: 0,
            time,
            former: time,
            wanted: time,
            share: 1.0,
            feedback: 0.25,
            filters: Default::default(),
            cutoffs: [Cutoff::new(300.0, 0.707, rate), Cutoff::new(3_000.0, 0.707, rate)],
            left: 0,
        }
    }

    /// Sets the time in seconds, up to 2, and the feedback, 0 to 0.9. A new time fades in.
    pub fn set(&mut self, seconds: f32, feedback: f32) {
        self.wanted = whole_frames(seconds.clamp(0.02, LONGEST), self.rate).max(QUANTUM);
        self.feedback = feedback.clamp(0.0, 0.9);
    }

    /// Adds the repetitions of `input` to `out`.
    #[inline(always)]
    pub fn render(&mut self, input: &[[f32; QUANTUM]; 2], out: &mut [[f32; QUANTUM]; 2]) {
        let loud = input.as_flattened().iter().any(|x| x.abs() > 1e-6);
        if loud {
            // Until 80 dB have been lost: 60 repetitions at a feedback of 0.86.
            let repetitions = 2.0 + 9.2 / -libm::logf(self.feedback.clamp(0.01, 0.9));
            self.left = whole_frames(repetitions * self.time as f32, 1.0) / QUANTUM + 1;
        }
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        if self.share >= 1.0 && self.wanted.abs_diff(self.time) > 1 {
            self.former = self.time;
            self.time = self.wanted;
            self.share = 0.0;
        }
        let step = 1.0 / (FADE * self.rate);
        let Self { ring, cutoffs, .. } = self;
        // Copies stay in registers.
        let mut filters = self.filters;
        for n in 0..QUANTUM {
            self.share = if self.share < 1.0 { self.share + step } else { 1.0 };
            let mut heard = [0.0; 2];
            for channel in 0..2 {
                let new = ring[channel][(self.at + n).wrapping_sub(self.time) & self.mask];
                let old = ring[channel][(self.at + n).wrapping_sub(self.former) & self.mask];
                let y = old + self.share * (new - old);
                let y = filters[channel][0].high(&cutoffs[0], y);
                heard[channel] = filters[channel][1].low(&cutoffs[1], y);
                out[channel][n] += heard[channel];
            }
            let middle = 0.5 * (input[0][n] + input[1][n]);
            ring[0][(self.at + n) & self.mask] = middle + self.feedback * heard[1];
            ring[1][(self.at + n) & self.mask] = self.feedback * heard[0];
        }
        for filter in filters.as_flattened_mut() {
            filter.flush();
        }
        self.filters = filters;
        self.at = self.at.wrapping_add(QUANTUM);
        if self.left == 0 {
            for ring in &mut self.ring {
                ring.fill(0.0);
            }
        }
    }
}
