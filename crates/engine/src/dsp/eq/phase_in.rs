//! The phase-in of a deck's filters while its music plays.
//!
//! Crossovers shift the phase by 180 degrees at 200 Hz and by 360 degrees at 2 kHz. In a crossfade from the dry signal to
//! the filtered one, frequencies would therefore cancel. Instead, the phase is shifted gradually. For the first 55 ms the
//! deck plays through all-passes like those of the crossovers. Their corner frequencies fall from infinity, where an all-pass
//! changes nothing. The change that the gains make is added with a weight `w` that grows from 0 to 1:
//!
//! ```text
//! out = AP4'(AP2'(x)) + w (filtered - AP4(AP2(x)))
//! ```
//!
//! A phase shift of 360 degrees within the time t shifts a frequency by 1 / t. The periods of the corner frequencies grow
//! nearly evenly, so that every octave is shifted by some 3 %, and a tone stays in its third-octave band. The upper corners
//! reach their final frequencies first, and `w` grows with the cube of the time. So, when the bands become audible, they are
//! nearly in phase with the signal that they change.

use super::sections::{MINUS_ZERO, Sections, lanes, signal};
use crate::dsp::quantum::{Lanes, QUANTUM};
use crate::dsp::simd::{Arith, Simd, Task};
use crate::dsp::svf::SvfState;
use crate::types::cast::single;

const SWEEP_SECONDS: f64 = 0.055;
/// The share of the sweep after which the upper corners have reached their final frequencies.
const UPPER: f32 = 0.45;
/// After the sweep, swept and fixed all-passes become equal (to -116 dB) within this number of seconds.
const SETTLE_SECONDS: f64 = 0.015;

/// The swept all-passes of eight lanes, and the fixed ones that they become.
#[derive(Clone, Debug)]
pub(super) struct PhaseIn {
    sections: Sections,
    swept: [SvfState; 3],
    fixed: [SvfState; 3],
    /// A mask of all ones in the lanes that are being phased in.
    on: [u32; 8],
    /// For each lane, the number of frames since it started.
    age: Lanes,
    sweep: f32,
    end: f32,
    dry: Box<[Lanes; QUANTUM]>,
}

impl PhaseIn {
    pub fn new(sections: Sections, rate: f64) -> Self {
        Self {
            sections,
            swept: [SvfState::default(); 3],
            fixed: [SvfState::default(); 3],
            on: [0; 8],
            age: [0.0; 8],
            sweep: single(SWEEP_SECONDS * rate),
            end: single((SWEEP_SECONDS + SETTLE_SECONDS) * rate),
            dry: Box::new([[0.0; 8]; QUANTUM]),
        }
    }

    /// Starts to phase in a deck. Its filters must have been cleared.
    pub fn begin(&mut self, deck: usize) {
        self.clear(deck);
        for lane in lanes(deck) {
            (self.on[lane], self.age[lane]) = (u32::MAX, 0.0);
        }
    }

    /// Stops phasing in a deck.
    pub fn clear(&mut self, deck: usize) {
        self.states().for_each(|state| state.clear(lanes(deck)));
        lanes(deck).for_each(|lane| self.on[lane] = 0);
    }

    /// Whether any deck is being phased in.
    pub fn is_active(&self) -> bool {
        self.on != [0; 8]
    }

    /// Stores the dry signal, at most a quantum.
    pub fn store_dry(&mut self, block: &[Lanes]) {
        for (kept, frame) in self.dry.iter_mut().zip(block) {
            for lane in 0..8 {
                kept[lane] = signal(f32::from_bits(frame[lane].to_bits() & self.on[lane]));
            }
        }
    }

    /// Corrects the phases of the filtered block.
    pub fn process(&mut self, simd: Simd, block: &mut [Lanes]) {
        for lane in (0..8).filter(|lane| self.age[*lane] == 0.0) {
            let x = self.dry[0][lane];
            self.swept.iter_mut().for_each(|state| state.begin(lane, x));
        }
        simd.run(RunPhaseIn { phase_in: self, block });
        for lane in 0..8 {
            if self.age[lane] >= self.end {
                self.on[lane] = 0;
            }
        }
    }

    /// Sets decayed states to zero before they become subnormal.
    pub fn flush(&mut self) {
        self.states().for_each(SvfState::flush);
    }

    /// The states of the all-passes.
    pub fn states(&mut self) -> impl Iterator<Item = &mut SvfState> {
        self.swept.iter_mut().chain(&mut self.fixed)
    }
}

struct RunPhaseIn<'a> {
    phase_in: &'a mut PhaseIn,
    block: &'a mut [Lanes],
}

impl Task for RunPhaseIn<'_> {
    type Out = ();

    #[inline(always)]
    fn run<A: Arith>(self) {
        let PhaseIn { sections, swept, fixed, on, age, sweep, end, dry, .. } = self.phase_in;
        let Sections { low, high } = *sections;
        let ([mut s0, mut s1, mut s2], [mut f0, mut f1, mut f2]) = (*swept, *fixed);
        for (out, x) in self.block.iter_mut().zip(dry.iter()) {
            let (mut lower, mut upper, mut share) = ([0.0; 8], [0.0; 8], [0.0; 8]);
            for lane in 0..8 {
                age[lane] += 1.0;
                let t = (age[lane] / *sweep).min(1.0);
                let early = (t * (1.0 / UPPER)).min(1.0);
                // The sweep is slower at first, where the corners pass the highest octaves.
                lower[lane] = t * A::fma(0.8, t, 0.2);
                upper[lane] = early * A::fma(0.8, early, 0.2);
                share[lane] = t * t * t;
            }
            let swept_out = low.swept_all_pass::<A>(&mut s0, &lower, *x);
            let swept_out = high[0].swept_all_pass::<A>(&mut s1, &upper, swept_out);
            let swept_out = high[1].swept_all_pass::<A>(&mut s2, &upper, swept_out);
            let fixed_out = high[0].all_pass::<A>(&mut f1, low.all_pass::<A>(&mut f0, *x));
            let fixed_out = high[1].all_pass::<A>(&mut f2, fixed_out);
            for lane in 0..8 {
                let corrected = A::fma(share[lane], out[lane] - fixed_out[lane], swept_out[lane]);
                let live = u32::from(age[lane] <= *end).wrapping_neg() & on[lane];
                let change = (corrected - out[lane]).to_bits() & live | MINUS_ZERO & !live;
                out[lane] += f32::from_bits(change);
            }
        }
        (*swept, *fixed) = ([s0, s1, s2], [f0, f1, f2]);
    }
}
