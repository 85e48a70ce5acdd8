//! Band-limited interpolation of a source at any rate: a polyphase Kaiser-windowed sinc.
//!
//! J. O. Smith, "Digital Audio Resampling Home Page", CCRMA: between two samples the source is the sum of its
//! neighbours, weighted by a windowed sinc. When the source is played faster than recorded, the sinc is wider, so that
//! frequencies above the output's Nyquist frequency are removed and do not alias.
//!
//! # Trade-offs
//!
//! More taps give a steeper edge, and cost time in proportion. In the table the source has 44.1 kHz. "Noise" is everything
//! but the tone. "Kept" is the gain at 18 kHz. "Alias" is what remains of a tone above the output's Nyquist frequency. The
//! cost is for 1,024 frames of four stereo decks on a 3.7 GHz Zen 4 core.
//!
//! | rate | taps | noise at 1, 5, 10, 15 kHz | kept | alias | cost |
//! |---|---|---|---|---|---|
//! | up to 1 | 56 | -108, -106, -105, -106 dB | 0.0 dB | mirror of 21.5 kHz: -92 dB | 25 us |
//! | 1.02 | 56 | -104, -106, -105, -100 dB | -0.2 dB | | 25 us |
//! | 1.04 to 1.1 | 96 | -121, -110, -116, -106 dB | -0.3 dB | 21 kHz: -94 dB | 37 us |
//! | 1.2 | 96 | -117, -117, -111, -109 dB | becomes 21.6 kHz | 20 kHz: -101 dB | 37 us |
//! | 2 | 96 | -146, -146, -127 dB | beyond | 15 kHz: -101 dB | 38 us |
//!
//! No alias is above -80 dB. The price is the last 10 % of the band: at rates up to 1.1 the frequencies above 18 kHz of the
//! source, and at rates up to 1.5 those above 18 kHz of the output.
//!
//! The weights are interpolated linearly between 256 phases. Parabolas between 32 phases would need smaller tables, but one
//! more load per tap. Loads are the bottleneck, so linear interpolation costs less (28 us instead of 32 us).

use crate::types::cast::{byte, index, single};
use std::sync::OnceLock;

use super::position::{Position, Step};
use super::quantum::Lanes;
use super::simd::{Arith, Simd, Task};
use super::window;

/// The number of phases per source frame. Between two phases the weights are interpolated linearly. The error grows with
/// the square of the frequency. At a sample rate of 44.1 kHz it is -119 dB at 10 kHz, and -112 dB at 15 kHz.
const PHASES: usize = 256;
const PHASE_BITS: u32 = PHASES.trailing_zeros();

/// The beta of the Kaiser window. Its side lobes are at -90 dB.
const BETA: f64 = 9.0;

/// The number of vectors of eight taps, at rates up to `SHORT_UP_TO`. They are 56 taps. At higher rates there are 96 taps.
/// There the output's Nyquist frequency is in the audible range, and a steeper edge is needed to remove aliases without
/// removing audible frequencies below it.
const SHORT: usize = 7;
const LONG: usize = 12;
const SHORT_UP_TO: f64 = 1.02;

/// The rate by which the first table is found. No real rate uses it, only the bypass when it has to read between frames. The
/// cut-off frequency of the table is the source's own Nyquist frequency, so that at whole frames it is a bypass, too.
const BYPASS: f64 = 0.0;

/// The highest rate with a table of its own.
const TOP_RATE: f64 = 4.0;

/// The distance from the -6 dB point to the -80 dB point, in cycles per source frame. It shrinks as taps are added.
const fn to_stop(vectors: usize) -> f64 {
    2.79 / (vectors * 8) as f64
}

/// The -6 dB point for a rate, in cycles per source frame: the -80 dB point is at the lower of the two Nyquist
/// frequencies.
fn cutoff(rate: f64, vectors: usize) -> f64 {
    if rate == BYPASS { 0.5 } else { 0.5 / rate.max(1.0) - to_stop(vectors) }
}

/// The weights with which a source is read. Two kernels differ only near the edge of the band. A change from one to the
/// other is a cross-fade over a quantum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    /// No weights: whole frames at rate 1, copied bit for bit.
    Bypass,
    /// One cut-off of the bank.
    Cutoff(Cutoff),
}

/// One cut-off of the bank. Only the bank constructs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cutoff(u8);

/// The weights for all rates up to 4. Higher rates use the weights of 4. The bank takes about 5 MB, and all decks share it.
pub struct SincBank {
    simd: Simd,
    short: Vec<Table<SHORT>>,
    long: Vec<Table<LONG>>,
}

crate::types::opaque::opaque_debug!(SincBank);

struct Table<const V: usize> {
    /// The highest rate of the table.
    up_to: f64,
    rows: Box<[Row<V>]>,
}

/// The weights of one phase, and their differences to those of the next phase. They are aligned to a cache line, because a
/// load from two cache lines costs twice as much, and loads are the bottleneck.
#[repr(C, align(64))]
struct Row<const V: usize> {
    weight: [Lanes; V],
    delta: [Lanes; V],
}

impl SincBank {
    /// The number of frames that are read before a position, and after it. A read at frame `f` may need the frames
    /// `f - REACH + 1 ..= f + REACH`.
    pub const REACH: usize = LONG * 4;

    /// The bank. The first call builds it (some tens of milliseconds), so it is not for the audio thread.
    pub fn shared() -> &'static Self {
        static BANK: OnceLock<SincBank> = OnceLock::new();
        BANK.get_or_init(|| Self::build(Simd::detect()))
    }

    fn build(simd: Simd) -> Self {
        // In the usual range of decks the rates of the tables are 2 % apart, so that a small change of the rate changes the
        // cut-off frequency little. At higher rates they are 7 % apart.
        let mut rates = vec![BYPASS, 1.0];
        rates.extend((51..=60).map(|fiftieth| f64::from(fiftieth) / 50.0));
        while let Some(&last) = rates.last().filter(|&&last| last < TOP_RATE) {
            rates.push((last * 1.07).min(TOP_RATE));
        }
        let split = rates.partition_point(|&r| r <= SHORT_UP_TO);
        Self { simd, short: tables(&rates[..split]), long: tables(&rates[split..]) }
    }

    /// The weights for a rate.
    pub fn kernel(&self, rate: f64) -> Kernel {
        let short = self.short.partition_point(|t| t.up_to < rate).max(1);
        let long = self.long.partition_point(|t| t.up_to < rate).min(self.long.len() - 1);
        let index = if short < self.short.len() { short } else { short + long };
        Kernel::Cutoff(Cutoff(byte(index as u64)))
    }

    /// The weights for a rate at a position: a bypass when no interpolation is needed.
    pub fn kernel_at(&self, rate: f64, position: Position) -> Kernel {
        if rate == 1.0 && position.is_whole() { Kernel::Bypass } else { self.kernel(rate) }
    }

    /// Reads frames from `start` on, `step` apart. Their number is the length of the shorter channel of `out`.
    ///
    /// `window` is the left and the right channel of the source. `start` is counted from its first frame. Frames outside the
    /// window count as silence, so a whole track can be passed as the window. Frames in only one of the channels count as
    /// silence, too. While a bypass fades out, it may have to read between frames. It then uses weights that are a bypass at
    /// whole frames.
    pub fn read(&self, kernel: Kernel, window: [&[f32]; 2], start: Position, step: Step, out: [&mut [f32]; 2]) {
        let [left, right] = out;
        let frames = left.len().min(right.len());
        let out = [&mut left[..frames], &mut right[..frames]];
        let both = window[0].len().min(window[1].len());
        let window = window.map(|channel| &channel[..both]);
        let index = match kernel {
            Kernel::Bypass if step.is_unity() && start.is_whole() => {
                let [left, right] = out;
                copy(window[0], start.frame(), left);
                return copy(window[1], start.frame(), right);
            }
            Kernel::Bypass => 0,
            Kernel::Cutoff(Cutoff(index)) => usize::from(index),
        };
        if let Some(table) = self.short.get(index) {
            self.read_with(table, window, start, step, out);
        } else if let Some(table) = self.long.get(index - self.short.len()) {
            self.read_with(table, window, start, step, out);
        }
    }

    fn read_with<const V: usize>(
        &self,
        table: &Table<V>,
        source: [&[f32]; 2],
        start: Position,
        step: Step,
        out: [&mut [f32]; 2],
    ) {
        let Some(rows) = table.rows.first_chunk() else { return };
        let frames = out[0].len();
        let start = start.offset(1 - (V * 4) as i64); // of the first tap
        let inside = |p: Position| taps::<V>(source[0], p.frame()).is_some();
        // Two versions of the loop, so that the frequent one keeps everything in registers.
        if inside(start) && inside(start.advance(step, frames.saturating_sub(1))) {
            self.simd.run(ReadInside { rows, source, start, step, out });
        } else {
            self.simd.run(ReadAtEdge { rows, source, start, step, out });
        }
    }
}

/// Copies from `frame` on; frames outside the source are silence.
#[inline(never)]
fn copy(source: &[f32], frame: i64, out: &mut [f32]) {
    let before = index(frame.min(0).unsigned_abs()).min(out.len());
    let (silent, out) = out.split_at_mut(before);
    silent.fill(0.0);
    let source = source.get(index(frame.max(0).unsigned_abs())..).unwrap_or_default();
    let n = source.len().min(out.len());
    let (sounding, silent) = out.split_at_mut(n);
    sounding.copy_from_slice(&source[..n]);
    silent.fill(0.0);
}

fn tables<const V: usize>(rates: &[f64]) -> Vec<Table<V>> {
    let reach = (V * 4) as f64;
    // The position of tap `j` of phase `p`, relative to the read position. There is one row more than there are phases,
    // for the deltas of the last one.
    let tap_at = |p: usize, j: usize| j as f64 - (reach - 1.0) - p as f64 / PHASES as f64;
    let windows: Vec<Vec<f64>> =
        (0..=PHASES).map(|p| (0..V * 8).map(|j| window::kaiser(tap_at(p, j) / reach, BETA)).collect()).collect();
    let table = |&rate: &f64| {
        let width = 2.0 * cutoff(rate, V);
        let phases: Vec<Vec<f64>> = windows
            .iter()
            .enumerate()
            .map(|(p, window)| {
                let mut taps: Vec<f64> =
                    window.iter().enumerate().map(|(j, w)| w * sinc(width * tap_at(p, j))).collect();
                let sum: f64 = taps.iter().sum(); // DC passes every phase alike
                taps.iter_mut().for_each(|t| *t /= sum);
                taps
            })
            .collect();
        let rows = phases.windows(2).map(|pair| {
            let mut row = Row { weight: [[0.0; 8]; V], delta: [[0.0; 8]; V] };
            let cells = row.weight.as_flattened_mut().iter_mut().zip(row.delta.as_flattened_mut());
            for ((weight, delta), (now, next)) in cells.zip(pair[0].iter().zip(&pair[1])) {
                *weight = single(*now);
                *delta = single(next - now);
            }
            row
        });
        Table { up_to: rate, rows: rows.collect() }
    };
    rates.iter().map(table).collect()
}

/// sin(pi x) / (pi x), exactly zero at whole numbers other than zero.
fn sinc(x: f64) -> f64 {
    use std::f64::consts::PI;
    if x == 0.0 {
        return 1.0;
    }
    let whole = x.round();
    let sine = (PI * (x - whole)).sin();
    if whole.rem_euclid(2.0) == 0.0 { sine / (PI * x) } else { -sine / (PI * x) }
}

/// A read whose taps are all inside the source. `start` is the position of the first tap. All slices of a pair have the
/// same length.
struct ReadInside<'a, const V: usize> {
    rows: &'a [Row<V>; PHASES],
    source: [&'a [f32]; 2],
    start: Position,
    step: Step,
    out: [&'a mut [f32]; 2],
}

impl<const V: usize> Task for ReadInside<'_, V> {
    type Out = ();

    #[inline(always)]
    fn run<A: Arith>(self) {
        let Self { rows, source: [left, right], start: mut position, step, out: [out_left, out_right] } = self;
        for (out_left, out_right) in out_left.iter_mut().zip(out_right) {
            let first = position.frame();
            let (Some(left), Some(right)) = (taps(left, first), taps(right, first)) else { return };
            (*out_left, *out_right) = dot::<V, A>(rows, position, left, right);
            position += step;
        }
    }
}

/// A read that extends beyond an end of the source, where there is silence.
struct ReadAtEdge<'a, const V: usize> {
    rows: &'a [Row<V>; PHASES],
    source: [&'a [f32]; 2],
    start: Position,
    step: Step,
    out: [&'a mut [f32]; 2],
}

impl<const V: usize> Task for ReadAtEdge<'_, V> {
    type Out = ();

    #[inline(always)]
    fn run<A: Arith>(self) {
        let Self { rows, source, start: mut position, step, out: [out_left, out_right] } = self;
        let mut padded = [[[0.0; 8]; V]; 2];
        for (out_left, out_right) in out_left.iter_mut().zip(out_right) {
            for (source, padded) in source.iter().zip(&mut padded) {
                copy(source, position.frame(), padded.as_flattened_mut());
            }
            (*out_left, *out_right) = dot::<V, A>(rows, position, &padded[0], &padded[1]);
            position += step;
        }
    }
}

/// The taps from frame `first` on, when all of them are inside the source.
#[inline(always)]
fn taps<const V: usize>(source: &[f32], first: i64) -> Option<&[Lanes; V]> {
    source.get(usize::try_from(first).ok()?..)?.as_chunks().0.first_chunk()
}

/// The weighted sums of both channels, in an order that is the same on every path.
#[inline(always)]
fn dot<const V: usize, A: Arith>(
    rows: &[Row<V>; PHASES],
    position: Position,
    left: &[Lanes; V],
    right: &[Lanes; V],
) -> (f32, f32) {
    let bits = position.fraction_bits();
    let row = &rows[(bits >> (64 - PHASE_BITS)) as usize];
    let between = [((bits << PHASE_BITS) >> 40) as u32 as f32 / (1 << 24) as f32; 8];
    // Each channel has two sums, so that one addition does not wait for the other.
    let (mut l, mut r) = ([[0.0; 8]; 2], [[0.0; 8]; 2]);
    for i in 0..V {
        let weight = A::fma8(row.delta[i], between, row.weight[i]);
        l[i % 2] = A::fma8(weight, left[i], l[i % 2]);
        r[i % 2] = A::fma8(weight, right[i], r[i % 2]);
    }
    let ([l0, l1, l2, l3], [r0, r1, r2, r3]) = (halve(add(l)), halve(add(r)));
    // Both channels side by side: the compiler keeps such sums in registers.
    let [a, b, c, d] = [l0 + l2, l1 + l3, r0 + r2, r1 + r3];
    (a + b, c + d)
}

#[inline(always)]
fn add([a, b]: [Lanes; 2]) -> Lanes {
    let mut sum = a;
    for i in 0..8 {
        sum[i] += b[i];
    }
    sum
}

#[inline(always)]
fn halve(a: Lanes) -> [f32; 4] {
    [a[0] + a[4], a[1] + a[5], a[2] + a[6], a[3] + a[7]]
}

#[cfg(test)]
mod reading_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_instruction_sets_read_the_same_to_the_last_bits() {
        let source: Vec<f32> = (0..600).map(|n| (n as f32 * 0.7).sin()).collect();
        let read = |bank: &SincBank, rate: f64| {
            let mut out = [[0.0; 200]; 2];
            let [left, right] = &mut out;
            let (start, step) = (Position::from_f64(-20.3), Step::from_rate(rate));
            bank.read(bank.kernel(rate), [&source, &source], start, step, [left, right]);
            out
        };
        let (plain, wide) = (SincBank::build(Simd::baseline()), SincBank::shared());
        for rate in [0.8, 1.04, 1.7, 3.9] {
            for (a, b) in read(&plain, rate).as_flattened().iter().zip(read(wide, rate).as_flattened()) {
                assert!((a - b).abs() < 1e-6, "{a} and {b} at rate {rate}");
            }
        }
    }

    #[test]
    fn every_phase_has_the_same_gain_for_a_constant() {
        let bank = SincBank::shared();
        let sums = |rows: &[Lanes]| rows.as_flattened().iter().map(|v| f64::from(*v)).sum::<f64>();
        for row in bank.short.iter().flat_map(|t| t.rows.iter()) {
            assert!((sums(&row.weight) - 1.0).abs() < 1e-6 && sums(&row.delta).abs() < 1e-6);
        }
        for row in bank.long.iter().flat_map(|t| t.rows.iter()) {
            assert!((sums(&row.weight) - 1.0).abs() < 1e-6 && sums(&row.delta).abs() < 1e-6);
        }
    }

    #[test]
    fn the_weights_of_rate_one_are_a_bypass_at_whole_frames() {
        let row = &SincBank::shared().short[0].rows[0];
        let weights = row.weight.as_flattened();
        assert!(weights.iter().enumerate().all(|(j, w)| *w == if j == SHORT * 4 - 1 { 1.0 } else { 0.0 }));
    }
}
