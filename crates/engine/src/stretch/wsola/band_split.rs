//! The band split. The lower band is the source below some 2 kHz, at an eighth of the sample rate. The upper band is the
//! rest, at the full rate.
//!
//! The filter has linear phase, and both bands add up to the source. So attacks that are copied in both bands are unchanged.

use std::sync::OnceLock;

use crate::dsp::simd::{Arith, Simd, Task};
use crate::dsp::window::kaiser;
use crate::dsp::{Position, QUANTUM};
use crate::stretch::source::Source;
use crate::types::cast::{index, single, whole};
use crate::types::onset::Onset;

/// The number of frames for each decimated frame.
pub const DECIMATION: usize = 8;
/// The number of decimated frames in a quantum.
pub const LOW_QUANTUM: usize = QUANTUM / DECIMATION;
/// The number of decimated frames by which the lower band is made early, in whole quanta. The interpolation reads them.
pub const LEAD: usize = 2 * LOW_QUANTUM;

/// The number of decimated frames that the filter spans before a frame, and after it.
const SPAN: usize = 8;
const TAPS: usize = 2 * SPAN * DECIMATION + DECIMATION;
/// The number of frames from which a group of decimated frames is computed.
const WIDTH: usize = (GROUP - 1) * DECIMATION + TAPS;
/// The length of the ring of the lower band, in decimated frames.
const LOW_RING: usize = 4_096;
/// The length of the ring of the upper band, in frames.
const HIGH_RING: usize = 8_192;
/// This many frames from the beginning of the lower ring are repeated after its end, so that the span of the filter is
/// always contiguous.
const MIRRORED: usize = 3 * GROUP;
/// The number of decimated frames that are made at a time.
const GROUP: usize = 8;
/// The number of decimated frames of output that are kept: those that the interpolation of a quantum spans.
const KEPT: usize = LOW_QUANTUM + LEAD + SPAN;
/// The number of frames before a start that the bands include.
const PRE_ROLL: i64 = 1_024;
/// The number of frames before the playhead that grains may still read.
const HIGH_HISTORY: i64 = 1_536;

/// The number of decimated frames that the interpolation of a quantum spans.
const SPANNED: usize = LOW_QUANTUM + 2 * SPAN;
/// The largest number of quanta of the upper band that are made at a time. At a start the others are made in the
/// following quanta.
const HIGH_QUANTA: usize = 3;
/// The number of decimated frames that are made in advance in one quantum at speed 1.
const LOW_FRAMES: i64 = 5 * GROUP as i64;

/// The taps of the interpolation. Each has eight values, for the eight frames between two decimated frames.
type Phases = [[f32; DECIMATION]; 2 * SPAN + 1];

/// The crossover filter. All stretchers share one.
struct Filter {
    /// The taps for decimation, symmetric about their middle.
    taps: [f32; TAPS],
    phases: Phases,
}

impl Filter {
    fn shared() -> &'static Self {
        static FILTER: OnceLock<Filter> = OnceLock::new();
        FILTER.get_or_init(Self::new)
    }

    fn new() -> Self {
        // A Kaiser window with side lobes at -75 dB. The filter's edge is in the middle between the pass band and its alias.
        let filter = |x: f64| {
            let edge = 0.9 / DECIMATION as f64;
            let t = std::f64::consts::PI * x * edge;
            let sinc = if x == 0.0 { 1.0 } else { t.sin() / t };
            edge * sinc * kaiser(x / (SPAN * DECIMATION) as f64, 7.3)
        };
        let middle = (SPAN * DECIMATION) as f64;
        let sum: f64 = (0..2 * SPAN * DECIMATION + 1).map(|i| filter(i as f64 - middle)).sum();
        let phases = std::array::from_fn(|k| {
            // Tap k is decimated frame k - SPAN from the group; frame r of the group is r / DECIMATION after its start.
            std::array::from_fn(|r| {
                let x = r as f64 - (k as f64 - SPAN as f64) * DECIMATION as f64;
                single(filter(x) / sum * DECIMATION as f64)
            })
        });
        Self { taps: std::array::from_fn(|i| single(filter(i as f64 - middle) / sum)), phases }
    }
}

/// The two bands of a source around the playhead.
pub struct BandSplit {
    simd: Simd,
    filter: &'static Filter,
    /// The frame of the source at decimated frame 0.
    origin: i64,
    low: Box<[[f32; LOW_RING + MIRRORED]; 2]>,
    /// The decimated frame after the last one that was made.
    low_end: i64,
    /// The source around the next group to be decimated.
    window: [[f32; WIDTH]; 2],
    /// Whether `window` has the frames of the group before, most of which are needed for the next one.
    read: bool,
    high: Box<[[f32; HIGH_RING]; 2]>,
    /// The first frame of the upper band that the ring holds, counted from the origin.
    high_begin: i64,
    /// The frame after the last one that the ring holds, counted from the origin.
    high_end: i64,
    /// Decimated output of the lower band. It begins [`SPAN`] decimated frames before the next quantum.
    out: [[f32; KEPT]; 2],
    /// The number of frames in `out`.
    filled: usize,
}

impl BandSplit {
    pub fn new() -> Self {
        Self {
            simd: Simd::detect(),
            filter: Filter::shared(),
            origin: 0,
            low: Box::new([[0.0; LOW_RING + MIRRORED]; 2]),
            low_end: 0,
            window: [[0.0; WIDTH]; 2],
            read: false,
            high: Box::new([[0.0; HIGH_RING]; 2]),
            high_begin: 0,
            high_end: 0,
            out: [[0.0; KEPT]; 2],
            filled: 0,
        }
    }

    /// Starts anew at frame `at` of the source. A decimated frame falls exactly on this frame.
    pub fn start(&mut self, source: &dyn Source, at: i64) {
        self.origin = at - PRE_ROLL;
        self.low_end = 0;
        self.read = false;
        self.high_begin = PRE_ROLL;
        self.high_end = self.high_begin;
        // The interpolation of the first output reads frames before it.
        self.make_low(source, PRE_ROLL / DECIMATION as i64 + 2 * SPAN as i64);
        self.filled = SPAN;
        let first = ring(PRE_ROLL / DECIMATION as i64 - SPAN as i64, LOW_RING);
        for (out, low) in self.out.iter_mut().zip(self.low.iter()) {
            out[..SPAN].copy_from_slice(&low[first..first + SPAN]);
        }
    }

    pub fn moved(&mut self, by: i64) {
        self.origin += by;
    }

    /// The decimated position for a position of the source. Rounded down, it is the nearest decimated frame.
    pub fn decimated(&self, position: Position) -> Position {
        let half = DECIMATION as i64 / 2;
        position.offset(half - self.origin).shrunk(DECIMATION.trailing_zeros())
    }

    /// Whether the upper band is complete up to frame `until` of the source.
    pub fn has_high_until(&self, until: i64) -> bool {
        until - self.origin <= self.high_end
    }

    /// Makes the lower band up to `low` frames after the playhead `head`, and the upper band up to `high` frames after it. At
    /// most the work of one quantum is done, so both may end earlier.
    pub fn extend(&mut self, source: &dyn Source, head: i64, speed: f64, low: i64, high: i64) {
        let head = head - self.origin;
        let high_until = (head + high).div_euclid(DECIMATION as i64) + 1;
        // The frames that this quantum needs are made at once. Of those that are needed later a limited number is made,
        // more at higher speeds. After a start, all frames are there when the lower band makes its first STFT frame.
        let limit = self.low_end.max(self.high_end / DECIMATION as i64 + (HIGH_QUANTA * LOW_QUANTUM + SPAN) as i64 + 1)
            + whole(LOW_FRAMES as f64 * speed.max(1.0));
        let low_until = ((head + low).div_euclid(DECIMATION as i64) + 1).max(high_until + SPAN as i64 + 1).min(limit);
        if head - PRE_ROLL > self.low_end * DECIMATION as i64 {
            // The playhead is later than every frame in the ring, so none of them is needed any more.
            self.low_end = (head - PRE_ROLL).div_euclid((GROUP * DECIMATION) as i64) * GROUP as i64;
            self.read = false;
        }
        self.make_low(source, low_until);
        if head - HIGH_HISTORY > self.high_end {
            self.high_end = (head - HIGH_HISTORY).div_euclid(QUANTUM as i64) * QUANTUM as i64;
            self.high_begin = self.high_end;
        }
        let mut quanta_left = HIGH_QUANTA;
        while self.high_end < high_until * DECIMATION as i64 && quanta_left > 0 {
            quanta_left -= 1;
            let low_at = ring(self.high_end / DECIMATION as i64 - SPAN as i64, LOW_RING);
            let high_at = ring(self.high_end, HIGH_RING);
            let mut whole = [[0.0; QUANTUM]; 2];
            let [left, right] = &mut whole;
            source.read(self.origin + self.high_end, [left, right]);
            for ((high, low), whole) in self.high.iter_mut().zip(self.low.iter()).zip(&whole) {
                let low = self.simd.run(Interpolate { taps: &self.filter.phases, low: &low[low_at..low_at + SPANNED] });
                let high = &mut high[high_at..high_at + QUANTUM];
                high.iter_mut().zip(whole).zip(low).for_each(|((high, whole), low)| *high = whole - low);
            }
            self.high_end += QUANTUM as i64;
        }
        self.high_begin = self.high_begin.max(self.high_end - HIGH_RING as i64);
    }

    /// Decimates the source up to decimated frame `until`.
    fn make_low(&mut self, source: &dyn Source, until: i64) {
        const NEW: usize = GROUP * DECIMATION;
        while self.low_end < until {
            let first = self.origin + self.low_end * DECIMATION as i64 - (SPAN * DECIMATION) as i64;
            let [left, right] = &mut self.window;
            if self.read {
                left.copy_within(NEW.., 0);
                right.copy_within(NEW.., 0);
                let old = WIDTH - NEW;
                source.read(first + old as i64, [&mut left[old..], &mut right[old..]]);
            } else {
                source.read(first, [left, right]);
                self.read = true;
            }
            for (low, window) in self.low.iter_mut().zip(&self.window) {
                let decimated = self.simd.run(Decimate { taps: &self.filter.taps, window });
                // Groups start at multiples of their length, so none crosses the end of the ring.
                let at = ring(self.low_end, LOW_RING);
                low[at..at + GROUP].copy_from_slice(&decimated);
                if at < MIRRORED {
                    low[LOW_RING + at..LOW_RING + at + GROUP].copy_from_slice(&decimated);
                }
            }
            self.low_end += GROUP as i64;
        }
    }

    /// The lower band, as a source for the vocoder.
    pub fn low<'a>(&'a self, source: &'a dyn Source) -> impl Source + 'a {
        LowBand { bands: self, source }
    }

    /// Reads the upper band from frame `first` of the source on. Frames that were not made are silence.
    pub fn read_high(&self, first: i64, out: [&mut [f32]; 2]) {
        let first = first - self.origin;
        for (out, high) in out.into_iter().zip(self.high.iter()) {
            read_ring(&high[..], self.high_begin, self.high_end, first, out);
        }
    }

    /// Adds a quantum of the stretched lower band.
    pub fn push_low(&mut self, quantum: &[[f32; LOW_QUANTUM]; 2]) {
        for (out, quantum) in self.out.iter_mut().zip(quantum) {
            out[self.filled..self.filled + LOW_QUANTUM].copy_from_slice(quantum);
        }
        self.filled += LOW_QUANTUM;
    }

    /// Writes the next quantum of the stretched lower band at the full rate.
    pub fn fill_low(&mut self, quantum: &mut [[f32; QUANTUM]; 2]) {
        for (out, quantum) in self.out.iter_mut().zip(quantum) {
            *quantum = self.simd.run(Interpolate { taps: &self.filter.phases, low: &out[..SPANNED] });
            out.copy_within(LOW_QUANTUM.., 0);
        }
        self.filled -= LOW_QUANTUM;
    }
}

fn ring(at: i64, size: usize) -> usize {
    index(at.rem_euclid(size as i64).unsigned_abs())
}

fn read_ring(from: &[f32], begin: i64, end: i64, first: i64, out: &mut [f32]) {
    let begin = begin.max(end - from.len() as i64);
    if first < begin || first + out.len() as i64 > end {
        for (i, out) in (first..).zip(out) {
            let known = i >= begin && i < end;
            *out = if known { from[ring(i, from.len())] } else { 0.0 };
        }
        return;
    }
    let at = ring(first, from.len());
    let count = out.len().min(from.len() - at);
    let (now, later) = out.split_at_mut(count);
    now.copy_from_slice(&from[at..at + count]);
    let rest = later.len();
    later.copy_from_slice(&from[..rest]);
}

/// The lower band as a source, in decimated frames from the origin.
struct LowBand<'a> {
    bands: &'a BandSplit,
    source: &'a dyn Source,
}

impl Source for LowBand<'_> {
    fn read(&self, first: i64, out: [&mut [f32]; 2]) {
        for (out, low) in out.into_iter().zip(self.bands.low.iter()) {
            read_ring(&low[..LOW_RING], 0, self.bands.low_end, first, out);
        }
    }

    fn onset(&self, from: i64, until: i64) -> Option<Onset> {
        let decimate = DECIMATION as i64;
        let half = decimate / 2;
        // Decimated frame n represents frames n * 8 - 4 to n * 8 + 3.
        let frame = |decimated: i64| self.bands.origin + decimated * decimate - half;
        let onset = self.source.onset(frame(from), frame(until))?;
        Some(Onset { frame: (onset.frame - self.bands.origin + half).div_euclid(decimate), ..onset })
    }
}

/// Computes eight decimated frames from a window of the source.
struct Decimate<'a, const W: usize> {
    taps: &'a [f32; TAPS],
    window: &'a [f32; W],
}

impl<const W: usize> Task for Decimate<'_, W> {
    type Out = [f32; 8];

    #[inline(always)]
    fn run<A: Arith>(self) -> [f32; 8] {
        let mut out = [0.0; 8];
        for (group, out) in out.iter_mut().enumerate() {
            let window = &self.window[group * DECIMATION..group * DECIMATION + TAPS];
            let mut sums = [0.0; 8];
            for (taps, window) in self.taps.as_chunks::<8>().0.iter().zip(window.as_chunks::<8>().0) {
                sums = A::fma8(*taps, *window, sums);
            }
            *out = sums.iter().sum();
        }
        out
    }
}

/// Interpolates a quantum from decimated frames.
struct Interpolate<'a> {
    taps: &'a Phases,
    low: &'a [f32],
}

impl Task for Interpolate<'_> {
    type Out = [f32; QUANTUM];

    #[inline(always)]
    fn run<A: Arith>(self) -> Self::Out {
        let mut out = [0.0; QUANTUM];
        for (group, out) in out.as_chunks_mut::<DECIMATION>().0.iter_mut().enumerate() {
            let low = &self.low[group..group + 2 * SPAN + 1];
            let mut sums = [0.0; DECIMATION];
            for (taps, low) in self.taps.iter().zip(low) {
                sums = A::fma8(*taps, [*low; DECIMATION], sums);
            }
            *out = sums;
        }
        out
    }
}
