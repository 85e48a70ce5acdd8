//! A three-band DJ isolator for four stereo decks at once.
//!
//! The crossovers are Linkwitz-Riley filters (S. H. Linkwitz, "Active crossover networks for noncoincident drivers", JAES 24,
//! 1976). At 200 Hz the order is four. At 2 kHz it is eight, so that a kill of the mids lowers 1 kHz, one octave below, by
//! 40 dB. The outputs of a Linkwitz-Riley pair of order 2n add up to an all-pass, whose poles are those of the Butterworth
//! filter of order n:
//!
//! ```text
//! low  = LP4(x)        rest = AP2(x) - low        = HP4(x)
//! mid  = LP8(rest)     high = AP4(rest) - mid     = HP8(rest)
//! out  = gl AP4(low) + gm mid + gh high
//!      = AP4(gl low + gh rest) + (gm - gh) mid
//! ```
//!
//! With all gains at 1 the last line is `AP4(AP2(x))`, which is flat. LP4 is two equal sections, and AP2 has their poles. So
//! the first section of LP4 returns AP2, too, and there are eight sections in all.
//!
//! One deck takes two of the eight lanes, so a single vector operation processes four decks. A deck whose equaliser was never
//! moved is bypassed, bit for bit. After the first move its phase changes gradually (`eq/phase_in.rs`).

mod phase_in;
mod sections;

use super::quantum::{Lanes, QUANTUM};
use super::silence;
use super::simd::{Arith, Simd, Task};
use super::svf::{Svf, SvfState};
use crate::types::band::Band;
use crate::types::cast::single;
use phase_in::PhaseIn;
use sections::{DECKS, MINUS_ZERO, Sections, lanes, signal};

const LOW_HZ: f64 = 200.0;
const HIGH_HZ: f64 = 2_000.0;
const MOVE_SECONDS: f64 = 0.050;
const MAX_GAIN: f32 = 4.0;

/// The equalisers of four stereo decks.
#[derive(Debug)]
pub struct EqBank {
    simd: Simd,
    sections: Sections,
    state: State,
    gains: [LaneRamp; 3],
    phase_in: PhaseIn,
    bypass: Bypass,
    curves: Box<Curves>,
    /// The signals that one pass of the filters computes for the next pass: low, rest, mid.
    passes: Box<[[Lanes; QUANTUM]; 3]>,
    move_frames: f32,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    low: [SvfState; 2],
    mid: [SvfState; 4],
    all: [SvfState; 2],
    /// The number of filtered frames until the next flush. So a flush does not depend on how the input is split.
    to_flush: usize,
}

impl State {
    fn each(&mut self) -> impl Iterator<Item = &mut SvfState> {
        self.low.iter_mut().chain(&mut self.mid).chain(&mut self.all)
    }
}

/// Bit masks of the bypassed lanes. They are used because a choice between two values would become a branch.
#[derive(Debug)]
struct Bypass {
    /// All ones in the lanes that are filtered.
    on: [u32; 8],
    /// -0.0 in the lanes that are bypassed.
    off: [u32; 8],
}

/// The gains of each frame of the next quantum. With them the filters need no separate code for gains that move.
#[derive(Debug)]
struct Curves {
    low: [Lanes; QUANTUM],
    mid_over_high: [Lanes; QUANTUM],
    high: [Lanes; QUANTUM],
    /// Whether the gains of all frames are the targets of the ramps.
    settled: bool,
}

impl Default for Curves {
    fn default() -> Self {
        let none = [[0.0; 8]; QUANTUM];
        Self { low: none, mid_over_high: none, high: none, settled: false }
    }
}

impl Curves {
    /// Advances the ramps by some frames, at most a quantum.
    fn draw(&mut self, frames: usize, [low, mid, high]: &mut [LaneRamp; 3]) {
        let moving = [&*low, &*mid, &*high].into_iter().any(LaneRamp::is_moving);
        if self.settled && !moving {
            return;
        }
        self.settled = !moving;
        let curves = self.low.iter_mut().zip(&mut self.mid_over_high).zip(&mut self.high);
        for ((l, m), h) in curves.take(if moving { frames } else { QUANTUM }) {
            (*l, *m, *h) = (low.next(), mid.next(), high.next());
            for (m, h) in m.iter_mut().zip(h) {
                *m -= *h;
            }
        }
    }
}

/// Eight linear ramps. They are computed back from their targets, so that each reaches its target exactly.
#[derive(Clone, Copy, Debug)]
struct LaneRamp {
    target: Lanes,
    slope: Lanes,
    left: Lanes,
}

impl LaneRamp {
    const fn new(value: f32) -> Self {
        Self { target: [value; 8], slope: [0.0; 8], left: [0.0; 8] }
    }

    fn set(&mut self, lane: usize, target: f32, frames: f32) {
        self.slope[lane] = if frames > 0.0 { (target - self.value(lane)) / frames } else { 0.0 };
        self.left[lane] = frames;
        self.target[lane] = target;
    }

    fn value(&self, lane: usize) -> f32 {
        self.target[lane] - self.slope[lane] * self.left[lane]
    }

    fn is_moving(&self) -> bool {
        self.left.iter().any(|&left| left > 0.0)
    }

    /// Advances by one frame.
    fn next(&mut self) -> Lanes {
        let mut gains = self.target;
        for ((gain, slope), left) in gains.iter_mut().zip(&self.slope).zip(&mut self.left) {
            *left = (*left - 1.0).max(0.0);
            *gain -= slope * *left;
        }
        gains
    }
}

impl EqBank {
    /// Four decks, bypassed.
    ///
    /// # Panics
    /// If the sample rate, in Hz, is not above 4 kHz, twice the upper crossover. The sample rate is a setting, which is
    /// checked earlier.
    pub fn new(sample_rate: u32) -> Self {
        Self::with(Simd::detect(), sample_rate)
    }

    fn with(simd: Simd, sample_rate: u32) -> Self {
        assert!(sample_rate > 4_000, "the equaliser needs a sample rate above 4000 Hz, not {sample_rate}");
        let rate = f64::from(sample_rate);
        let section = |hz, q| Svf::new(hz, q, rate);
        let [low] = super::biquad::butterworth_q::<1>();
        let sections = Sections {
            low: section(LOW_HZ, low),
            high: super::biquad::butterworth_q::<2>().map(|q| section(HIGH_HZ, q)),
        };
        Self {
            simd,
            sections,
            state: State { to_flush: QUANTUM, ..State::default() },
            gains: [LaneRamp::new(1.0); 3],
            phase_in: PhaseIn::new(sections, rate),
            curves: Box::new(Curves::default()),
            bypass: Bypass { on: [0; 8], off: [MINUS_ZERO; 8] },
            passes: Box::new([[[0.0; 8]; QUANTUM]; 3]),
            move_frames: single((MOVE_SECONDS * rate).round()),
        }
    }

    /// Moves a band of a deck (0 to 3) to a gain, linearly over 50 ms. The gain is limited to the range from 0 to 4. NaN and
    /// decks that do not exist are ignored, because they are refused where commands enter the engine.
    pub fn set(&mut self, deck: usize, band: Band, gain: f32) {
        if deck >= DECKS || gain.is_nan() {
            return;
        }
        let gain = silence::gain(gain.clamp(0.0, MAX_GAIN));
        if gain == self.gain(deck, band) {
            return;
        }
        if !self.is_engaged(deck) {
            self.clear(deck);
            self.phase_in.begin(deck);
            self.bypass(deck, false);
        }
        lanes(deck).for_each(|lane| self.gains[band as usize].set(lane, gain, self.move_frames));
    }

    /// The gain to which a band moves. For a band at rest this is its present gain.
    pub fn gain(&self, deck: usize, band: Band) -> f32 {
        self.gains[band as usize].target.get(deck * 2).copied().unwrap_or(1.0)
    }

    /// Filters a block in place. Returns at once when all decks are bypassed.
    pub fn process(&mut self, block: &mut [Lanes]) {
        if !self.engaged() {
            return;
        }
        let mut rest = block;
        while !rest.is_empty() {
            let (now, later) = rest.split_at_mut(rest.len().min(self.state.to_flush));
            self.curves.draw(now.len(), &mut self.gains);
            let phases_in = self.phase_in.is_active();
            if phases_in {
                self.phase_in.store_dry(now);
            }
            self.simd.run(RunFilters { bank: self, block: now });
            if phases_in {
                self.phase_in.process(self.simd, now);
            }
            self.state.to_flush -= now.len();
            if self.state.to_flush == 0 {
                self.state.each().for_each(SvfState::flush);
                self.phase_in.flush();
                self.state.to_flush = QUANTUM;
            }
            rest = later;
        }
    }

    /// True when at least one deck is not bypassed.
    pub fn engaged(&self) -> bool {
        self.bypass.on != [0; 8]
    }

    fn is_engaged(&self, deck: usize) -> bool {
        self.bypass.on.get(deck * 2).is_some_and(|&on| on != 0)
    }

    /// Bypasses a deck again if all its bands are at gain 1. Call this while the deck is silent, because the change makes a
    /// step in the signal. A deck with another gain is not changed.
    pub fn release(&mut self, deck: usize) {
        let flat = |ramp: &LaneRamp| lanes(deck).all(|lane| ramp.target[lane] == 1.0 && ramp.left[lane] == 0.0);
        if self.gains.iter().all(flat) {
            self.bypass(deck, true);
            self.clear(deck);
        }
    }

    fn bypass(&mut self, deck: usize, bypassed: bool) {
        let masks = if bypassed { (0, MINUS_ZERO) } else { (u32::MAX, 0) };
        lanes(deck).for_each(|lane| (self.bypass.on[lane], self.bypass.off[lane]) = masks);
    }

    /// Clears the filter states of a deck. Its gains stay.
    pub fn clear(&mut self, deck: usize) {
        self.state.each().for_each(|s| s.clear(lanes(deck)));
        self.phase_in.clear(deck);
    }
}

/// Runs the filters on at most a quantum.
struct RunFilters<'a> {
    bank: &'a mut EqBank,
    block: &'a mut [Lanes],
}

impl Task for RunFilters<'_> {
    type Out = ();

    /// The filters run in two passes, so that the states of each pass fit into the registers. The signals between the passes
    /// stay in the cache. Each pass has few enough operations for the compiler to vectorise it.
    #[inline(always)]
    fn run<A: Arith>(self) {
        let EqBank { sections, state, bypass, curves, passes, .. } = self.bank;
        let Bypass { on, off } = bypass;
        let Sections { low: section, high } = *sections;
        let [lows, rests, halves] = &mut **passes;

        let ([mut l0, mut l1], [mut m0, mut m1, mut m2, mut m3]) = (state.low, state.mid);
        let out = lows.iter_mut().zip(&mut *rests).zip(&mut *halves);
        for (dry, ((low, rest), half)) in self.block.iter().zip(out) {
            let x = dry.map(signal);
            let (first, all) = section.low_and_all_pass::<A>(&mut l0, x);
            *low = section.low_pass::<A>(&mut l1, first);
            for i in 0..8 {
                rest[i] = all[i] - low[i];
            }
            *half = high[1].low_pass::<A>(&mut m1, high[0].low_pass::<A>(&mut m0, *rest));
        }
        state.low = [l0, l1];

        let [mut a0, mut a1] = state.all;
        let bands = lows.iter().zip(&*rests).zip(&*halves);
        let gains = curves.low.iter().zip(&curves.high).zip(&curves.mid_over_high);
        for ((frame, ((low, rest), half)), ((gl, gh), gm)) in self.block.iter_mut().zip(bands).zip(gains) {
            let mid = high[1].low_pass::<A>(&mut m3, high[0].low_pass::<A>(&mut m2, *half));
            let mut sum = [0.0; 8];
            for i in 0..8 {
                sum[i] = A::fma(gl[i], low[i], gh[i] * rest[i]);
            }
            sum = high[1].all_pass::<A>(&mut a1, high[0].all_pass::<A>(&mut a0, sum));
            let filtered = A::fma8(*gm, mid, sum);
            let (dry, mut out) = (*frame, [0.0; 8]);
            for i in 0..8 {
                // On a bypassed lane the change is -0. Adding -0 to a number changes no bit.
                let change = f32::from_bits((filtered[i] - dry[i]).to_bits() & on[i] | off[i]);
                out[i] = dry[i] + change;
            }
            *frame = out;
        }
        (state.mid, state.all) = ([m0, m1, m2, m3], [a0, a1]);
    }
}

#[cfg(test)]
mod isolator_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_instruction_sets_filter_the_same_to_the_last_bits() {
        let filter = |simd| {
            let mut eq = EqBank::with(simd, 44_100);
            eq.set(0, Band::Low, 0.2);
            eq.set(3, Band::High, 3.0);
            let mut block: Vec<Lanes> = (0..5_000).map(|n| [(n as f32 * 0.05).sin(); 8]).collect();
            eq.process(&mut block);
            block
        };
        for (a, b) in filter(Simd::baseline()).as_flattened().iter().zip(filter(Simd::detect()).as_flattened()) {
            assert!((a - b).abs() < 1e-4, "{a} and {b}");
        }
    }

    #[test]
    fn filter_states_decay_to_zero_and_are_never_subnormal() {
        for rate in [22_050, 44_100, 192_000] {
            let mut eq = EqBank::new(rate);
            eq.set(0, Band::Low, 0.2);
            eq.set(3, Band::High, 3.0);
            eq.process(&mut [[0.5, -0.5, 0.3, 1e-14, 1e-38, 1e-20, -1.0, 1.0]; 2_000]);
            for _ in 0..rate as usize / QUANTUM {
                let mut silence = [[0.0; 8]; QUANTUM];
                eq.process(&mut silence);
                let states = eq.state.each().chain(eq.phase_in.states());
                let mut all = silence.into_iter().flatten().chain(states.flat_map(|state| state.numbers()));
                assert!(all.all(|number| !number.is_subnormal()), "at {rate} Hz");
            }
            // The all-passes stop once the filters are phased in, so their states keep their last values.
            assert!(eq.state.each().flat_map(|state| state.numbers()).all(|number| number == 0.0), "at {rate} Hz");
        }
    }
    #[test]
    fn a_ramp_with_a_new_target_starts_from_its_present_value_and_ends_on_the_target() {
        let mut ramp = LaneRamp::new(1.0);
        assert!(!ramp.is_moving());
        ramp.set(0, 0.0, 100.0);
        let half: Vec<f32> = (0..50).map(|_| ramp.next()[0]).collect();
        assert!((half[0] - 0.99).abs() < 1e-6 && (half[49] - 0.5).abs() < 1e-6, "{half:?}");
        assert!((ramp.value(0) - 0.5).abs() < 1e-6 && ramp.is_moving());
        ramp.set(0, 1.0, 100.0);
        assert!((ramp.next()[0] - 0.505).abs() < 1e-6);
        let last = (0..99).map(|_| ramp.next()[0]).last();
        assert_eq!((last, ramp.is_moving(), ramp.next()), (Some(1.0), false, [1.0; 8]));
        ramp.set(0, 0.25, 0.0);
        assert_eq!((ramp.value(0), ramp.next()[0], ramp.is_moving()), (0.25, 0.25, false));
    }
}
