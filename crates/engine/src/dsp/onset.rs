//! The onset finder: where notes and hits begin.
//!
//! The energy of three bands, in hops of 0.7 ms, is compared with the energy just before. An onset is where it rises by more
//! than a threshold. The rise of energy in sub-bands is Klapuri's criterion ("Sound onset detection by applying
//! psychoacoustic knowledge", ICASSP 1999). Here the position of an onset is the start of the rise and not its middle,
//! because a stretcher must leave the sound unchanged from the start on.

use super::biquad::Coefficients;
use super::silence::INAUDIBLE;
use super::simd::{Arith, Simd, Task};
use crate::types::cast::single;
use crate::types::onset::Onset;

/// The number of frames in a hop.
const HOP: usize = 32;
/// The number of hops whose energies are kept for comparison.
const MEMORY: usize = 128;
/// Energies below this are silence.
const FLOOR: f32 = 1e-8;
/// Two onsets closer together than this number of hops are the same. The stronger one counts.
const SAME: usize = 24;
/// A band counts as silent when its power is below this share of the loudest power so far.
const MASKED: f32 = 1e-5;
/// The decay of the loudest level per hop.
const LOUDEST_DECAY: f32 = 0.9998;

/// The criterion of a band.
struct BandCriterion {
    /// The number of hops that are averaged after and before the tested one.
    after: usize,
    before: usize,
    /// The rise above which there is an onset, in decibels.
    rise: f32,
}

const CRITERIA: [BandCriterion; 3] = [
    BandCriterion { after: 18, before: 36, rise: 8.0 },
    BandCriterion { after: 6, before: 28, rise: 6.5 },
    BandCriterion { after: 4, before: 24, rise: 6.0 },
];

/// The number of hops after the tested hop that the test needs.
const HOPS_AFTER: usize = 18;

/// Finds onsets in a stream of stereo sound.
pub struct OnsetFinder {
    simd: Simd,
    filters: Filters,
    hop: [[f32; 2]; HOP],
    filled: usize,
    /// A ring of the energies of the latest hops.
    energy: [[f32; 3]; MEMORY],
    hops: usize,
    loudest: f32,
    /// The rise over the threshold of the latest tested hops in each band.
    rises: [[f32; 3]; MEMORY],
    pending: Option<Candidate>,
}

crate::types::opaque::opaque_debug!(OnsetFinder);

#[derive(Clone, Copy)]
struct Candidate {
    hop: usize,
    band: usize,
    strength: f32,
}

impl OnsetFinder {
    /// For sound of `sample_rate` frames per second.
    pub fn new(sample_rate: u32) -> Self {
        Self {
            simd: Simd::detect(),
            filters: Filters::new(f64::from(sample_rate)),
            hop: [[0.0; 2]; HOP],
            filled: 0,
            energy: [[0.0; 3]; MEMORY],
            hops: 0,
            loudest: FLOOR,
            rises: [[0.0; 3]; MEMORY],
            pending: None,
        }
    }

    /// Reads the next frames, and reports onsets in order. An onset is reported some 30 ms of sound later than it is read.
    pub fn push(&mut self, frames: impl Iterator<Item = [f32; 2]>, mut found: impl FnMut(Onset)) {
        for frame in frames {
            self.hop[self.filled] = frame.map(|sample| if sample.abs() < INAUDIBLE { 0.0 } else { sample });
            self.filled += 1;
            if self.filled == HOP {
                let energy = self.simd.run(Energies { filters: &mut self.filters, frames: &self.hop });
                self.filled = 0;
                self.filters.flush();
                self.add_hop(energy, &mut found);
            }
        }
    }

    /// Reports the remaining onsets at the end of the sound.
    pub fn finish(mut self, mut found: impl FnMut(Onset)) {
        for _ in 0..HOPS_AFTER + 2 * SAME {
            self.add_hop([0.0; 3], &mut found);
        }
    }

    /// Adds the energies of the next hop.
    fn add_hop(&mut self, energy: [f32; 3], found: &mut impl FnMut(Onset)) {
        self.energy[self.hops % MEMORY] = energy;
        self.loudest = (self.loudest * LOUDEST_DECAY).max(energy[0] + energy[1] + energy[2]).max(FLOOR);
        self.hops += 1;
        if self.hops <= HOPS_AFTER {
            return;
        }
        let tested = self.hops - HOPS_AFTER - 1;
        let rises = std::array::from_fn(|band| self.rise(band, tested));
        self.rises[tested % MEMORY] = rises;
        self.pick(tested, found);
    }

    /// The rise of the energy of `band` at hop `at` over the criterion, in decibels.
    fn rise(&self, band: usize, at: usize) -> f32 {
        let criterion = &CRITERIA[band];
        let mean = |from: usize, count: usize| {
            let sum: f32 = (from..from + count).map(|hop| self.energy[hop % MEMORY][band]).sum();
            sum / count as f32
        };
        let before = mean(at.saturating_sub(criterion.before), criterion.before.min(at).max(1));
        let before = if at == 0 { 0.0 } else { before };
        let after = mean(at, criterion.after);
        let floor = FLOOR + MASKED * self.loudest;
        10.0 * ((after + floor) / (before + floor)).log10() - criterion.rise
    }

    /// The hop `tested - 8` is an onset when no hop within 8 rises more in the same band.
    fn pick(&mut self, tested: usize, found: &mut impl FnMut(Onset)) {
        const WIDTH: usize = 8;
        let Some(centre) = tested.checked_sub(WIDTH) else { return };
        for band in (0..3).rev() {
            let here = self.rises[centre % MEMORY][band];
            let is_peak = here > 0.0
                && (centre.saturating_sub(WIDTH)..=centre + WIDTH).all(|hop| {
                    let there = self.rises[hop % MEMORY][band];
                    hop == centre || there < here || (there == here && hop > centre)
                });
            if !is_peak {
                continue;
            }
            let new = Candidate { hop: centre, band, strength: here };
            match &mut self.pending {
                // This is the same onset in another band. Its position is taken from the highest band.
                Some(old) if centre - old.hop < SAME => {
                    old.strength = old.strength.max(new.strength);
                    if band > old.band && new.strength > 2.0 {
                        (old.hop, old.band) = (centre, band);
                    }
                }
                _ => {
                    if let Some(old) = self.pending.replace(new) {
                        found(onset(old));
                    }
                }
            }
        }
        if let Some(old) = self.pending
            && centre - old.hop >= SAME
        {
            found(onset(old));
            self.pending = None;
        }
    }
}

fn onset(found: Candidate) -> Onset {
    Onset { frame: (found.hop * HOP) as i64, strength: found.strength }
}

/// The filters of the three bands, for both channels: a low-pass at 150 Hz, a band-pass from 250 Hz to 2 kHz, and a high-pass at
/// 2.5 kHz.
struct Filters {
    b: [[f32; 8]; 3],
    a: [[f32; 8]; 2],
    s: [[f32; 8]; 2],
    band: [f32; 2],
}

impl Filters {
    fn new(rate: f64) -> Self {
        let q = std::f64::consts::FRAC_1_SQRT_2;
        let edge = |hertz: f64| hertz.min(0.45 * rate);
        let sections = [
            Coefficients::low_pass(150.0, q, rate),
            Coefficients::high_pass(edge(250.0), q, rate),
            Coefficients::low_pass(edge(2_000.0), q, rate),
            Coefficients::high_pass(edge(2_500.0), q, rate),
        ];
        let lanes = |pick: &dyn Fn(&Coefficients) -> f64| std::array::from_fn(|lane| single(pick(&sections[lane / 2])));
        Self {
            b: std::array::from_fn(|i| lanes(&|c| c.b[i])),
            a: std::array::from_fn(|i| lanes(&|c| c.a[i])),
            s: [[0.0; 8]; 2],
            band: [0.0; 2],
        }
    }
}

impl Filters {
    /// Sets decayed state to zero. Called after each hop, which is often enough: within a hop the state falls by less than a
    /// factor of a hundred thousand.
    fn flush(&mut self) {
        for state in self.s.as_flattened_mut().iter_mut().chain(&mut self.band) {
            *state = if state.abs() < INAUDIBLE { 0.0 } else { *state };
        }
    }
}

/// The mean energies of a hop in the three bands.
struct Energies<'a> {
    filters: &'a mut Filters,
    frames: &'a [[f32; 2]; HOP],
}

impl Task for Energies<'_> {
    type Out = [f32; 3];

    #[inline(always)]
    fn run<A: Arith>(self) -> [f32; 3] {
        let Filters { b, a, s, band } = self.filters;
        let (mut s, mut middle, mut sums) = (*s, *band, [0.0; 8]);
        for &[left, right] in self.frames {
            let x = [left, right, left, right, middle[0], middle[1], left, right];
            let y = A::fma8(b[0], x, s[0]);
            let minus = y.map(|y| -y);
            s[0] = A::fma8(b[1], x, A::fma8(a[0], minus, s[1]));
            s[1] = A::fma8(b[2], x, A::fma8(a[1], minus, [0.0; 8]));
            middle = [y[2], y[3]];
            sums = A::fma8(y, y, sums);
        }
        (self.filters.s, self.filters.band) = (s, middle);
        [sums[0] + sums[1], sums[4] + sums[5], sums[6] + sums[7]].map(|sum| sum * (1.0 / HOP as f32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_sound_no_state_is_subnormal() {
        for rate in [8_000, 44_100, 192_000] {
            let mut finder = OnsetFinder::new(rate);
            let tail = |n: usize| single(0.5 * 10f64.powf(-(n as f64) / 100.0)) * if n % 7 < 3 { 1.0 } else { -1.0 };
            for n in 0..rate as usize {
                finder.push([[tail(n), -tail(n)]].into_iter(), |_| {});
                let Filters { s, band, .. } = &finder.filters;
                let numbers = s.as_flattened().iter().chain(band).chain(finder.energy.as_flattened());
                assert!(finder.filled > 0 || numbers.copied().all(|number| !number.is_subnormal()), "{n} at {rate} Hz");
            }
            assert!(finder.filters.s.as_flattened().iter().all(|number| *number == 0.0), "at {rate} Hz");
        }
    }
}
