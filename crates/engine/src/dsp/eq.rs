//! A three-band DJ isolator for four stereo decks at once.
//!
//! Linkwitz-Riley crossovers (S. H. Linkwitz, "Active crossover networks for noncoincident drivers", JAES 24, 1976) at
//! 200 Hz (fourth order) and 2 kHz (eighth order, so that killing the mids takes 40 dB from 1 kHz, one octave below). A
//! Linkwitz-Riley pair of order 2n sums to the all-pass whose poles are those of the Butterworth filter of order n:
//!
//! ```text
//! low  = LP4(x)        rest = AP2(x) - low        = HP4(x)
//! mid  = LP8(rest)     high = AP4(rest) - mid     = HP8(rest)
//! out  = gl AP4(low) + gm mid + gh high
//!      = AP4(gl low + gh rest) + (gm - gh) mid
//! ```
//!
//! With all gains at 1 the last line is `AP4(AP2(x))`: flat. LP4 is two equal sections, and AP2 has their poles, so the
//! first section yields both: eight sections in all.
//!
//! One deck is two of the eight lanes, so a single vector operation serves four decks. A deck whose equaliser has never
//! been moved is a wire, bit by bit; the first move fades the filters in over the dry signal.

use super::simd::{Arith, Simd, Task};
use super::svf::{Svf, SvfState};
use super::{Lanes, QUANTUM};

const DECKS: usize = 4;
const LOW_HZ: f64 = 200.0;
const HIGH_HZ: f64 = 2_000.0;
const MOVE_SECONDS: f64 = 0.050;
const ENGAGE_SECONDS: f64 = 0.020;
const MAX_GAIN: f32 = 4.0;

/// What the filters take for a signal: neither a denormal nor the overflow of a broken file gets into their memory.
const SMALLEST: f32 = 1e-15;
const LARGEST: f32 = 1e6;

/// A band of the equaliser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Band {
    /// Below 200 Hz.
    Low,
    /// 200 Hz to 2 kHz.
    Mid,
    /// Above 2 kHz.
    High,
}

/// The equalisers of four stereo decks.
#[derive(Debug)]
pub struct EqBank {
    simd: Simd,
    sections: Sections,
    state: State,
    gains: [LaneRamp; 3],
    /// How much of the filtered signal is heard, 0 to 1; 0 is a wire.
    wet: LaneRamp,
    move_frames: f32,
    engage_frames: f32,
}

#[derive(Clone, Copy, Debug)]
struct Sections {
    low: Svf,
    high: [Svf; 2],
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    low: [SvfState; 2],
    mid: [SvfState; 4],
    all: [SvfState; 2],
    /// Frames until the next flush. Counted in frames filtered, so no split moves it.
    to_flush: usize,
}

impl State {
    fn each(&mut self) -> impl Iterator<Item = &mut SvfState> {
        self.low.iter_mut().chain(&mut self.mid).chain(&mut self.all)
    }
}

/// Eight linear ramps, counted back from their targets so that each arrives exactly.
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

    /// Moves on one frame.
    #[inline(always)]
    fn next<A: Arith>(&mut self) -> Lanes {
        let mut back = [0.0; 8];
        for (back, left) in back.iter_mut().zip(&mut self.left) {
            *left = if *left > 1.0 { *left - 1.0 } else { 0.0 };
            *back = -*left;
        }
        A::fma8(self.slope, back, self.target)
    }
}

impl EqBank {
    /// Four wires. The sample rate, in Hz, must be above 4 kHz, twice the upper crossover.
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
            wet: LaneRamp::new(0.0),
            move_frames: (MOVE_SECONDS * rate).round() as f32,
            engage_frames: (ENGAGE_SECONDS * rate).round() as f32,
        }
    }

    /// Moves a band of a deck (0 to 3) to a linear gain, held within 0 to 4, in a straight line over 50 ms. A gain that
    /// is no number and a deck that does not exist are passed over: whoever takes them from outside has refused them.
    pub fn set(&mut self, deck: usize, band: Band, gain: f32) {
        if deck >= DECKS || gain.is_nan() {
            return;
        }
        let gain = gain.clamp(0.0, MAX_GAIN);
        if gain == self.gain(deck, band) {
            return;
        }
        if !self.is_engaged(deck) {
            self.clear(deck);
            lanes(deck).for_each(|lane| self.wet.set(lane, 1.0, self.engage_frames));
        }
        lanes(deck).for_each(|lane| self.gains[band as usize].set(lane, gain, self.move_frames));
    }

    /// The gain a band is moving to or has.
    pub fn gain(&self, deck: usize, band: Band) -> f32 {
        self.gains[band as usize].target.get(deck * 2).copied().unwrap_or(1.0)
    }

    /// Filters a block in place. With no deck engaged this returns at once.
    pub fn process(&mut self, block: &mut [Lanes]) {
        if !self.engaged() {
            return;
        }
        let mut rest = block;
        while !rest.is_empty() {
            let (now, later) = rest.split_at_mut(rest.len().min(self.state.to_flush));
            let moving = self.wet.is_moving() || self.gains.iter().any(LaneRamp::is_moving);
            if moving {
                self.simd.run(Run::<true> { bank: self, block: now });
            } else {
                self.simd.run(Run::<false> { bank: self, block: now });
            }
            self.state.to_flush -= now.len();
            if self.state.to_flush == 0 {
                self.state.each().for_each(SvfState::flush);
                self.state.to_flush = QUANTUM;
            }
            rest = later;
        }
    }

    /// True when at least one deck is more than a wire.
    pub fn engaged(&self) -> bool {
        self.wet.target.iter().any(|&wet| wet > 0.0)
    }

    fn is_engaged(&self, deck: usize) -> bool {
        self.wet.target.get(deck * 2).is_some_and(|&wet| wet > 0.0)
    }

    /// Makes a deck a wire again if all its bands stand at 1. To be called while the deck is silent, since this is a
    /// jump; a deck with a band elsewhere stays as it is.
    pub fn release(&mut self, deck: usize) {
        let flat = |ramp: &LaneRamp| lanes(deck).all(|lane| ramp.target[lane] == 1.0 && ramp.left[lane] == 0.0);
        if self.gains.iter().all(flat) {
            lanes(deck).for_each(|lane| self.wet.set(lane, 0.0, 0.0));
            self.clear(deck);
        }
    }

    /// Forgets what a deck's filters remember; its gains stay.
    pub fn clear(&mut self, deck: usize) {
        self.state.each().for_each(|s| s.clear(lanes(deck)));
    }
}

/// The lanes of a deck; none for a deck that does not exist.
fn lanes(deck: usize) -> std::ops::Range<usize> {
    if deck < DECKS { deck * 2..deck * 2 + 2 } else { 0..0 }
}

struct Run<'a, const MOVING: bool> {
    bank: &'a mut EqBank,
    block: &'a mut [Lanes],
}

impl<const MOVING: bool> Task for Run<'_, MOVING> {
    type Out = ();

    #[inline(always)]
    fn run<A: Arith>(self) {
        let EqBank { sections, state, gains, wet, .. } = self.bank;
        let (sections, mut s) = (*sections, *state);
        let [mut gl, mut gm, mut gh] = gains.map(|g| g.target);
        let mut w = wet.target;
        for frame in self.block.iter_mut() {
            if MOVING {
                [gl, gm, gh] = gains.each_mut().map(|g| g.next::<A>());
                w = wet.next::<A>();
            }
            let dry = *frame;
            let x = dry.map(|v| if v.abs() >= SMALLEST && v.abs() <= LARGEST { v } else { 0.0 });
            let (low, all) = sections.low.low_and_all_pass::<A>(&mut s.low[0], x);
            let low = sections.low.low_pass::<A>(&mut s.low[1], low);
            let mut rest = [0.0; 8];
            for i in 0..8 {
                rest[i] = all[i] - low[i];
            }
            let mut mid = rest;
            for i in 0..4 {
                mid = sections.high[i / 2].low_pass::<A>(&mut s.mid[i], mid);
            }
            let mut sum = [0.0; 8];
            for i in 0..8 {
                sum[i] = A::fma(gl[i], low[i], gh[i] * rest[i]);
            }
            for i in 0..2 {
                sum = sections.high[i].low_and_all_pass::<A>(&mut s.all[i], sum).1;
            }
            for i in 0..8 {
                let out = A::fma(gm[i] - gh[i], mid[i], sum[i]);
                frame[i] = if w[i] > 0.0 { A::fma(w[i], out - dry[i], dry[i]) } else { dry[i] };
            }
        }
        *state = s;
    }
}
