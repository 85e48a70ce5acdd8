//! The source in two bands: below some 2 kHz at an eighth of the sample rate, and what that leaves.
//!
//! Both are linear-phase and add up to the source, so attacks that both copy are the source's own.

use std::sync::OnceLock;

use super::tick::TICK;
use crate::dsp::Position;
use crate::dsp::simd::{Arith, Simd, Task};
use crate::dsp::window::kaiser;
use crate::stretch::source::Source;
use crate::types::cast::{index, single, whole};
use crate::types::onset::Onset;

/// The lower band keeps one of so many frames.
pub const THIN: usize = 8;
/// Thinned frames of a tick.
pub const LOW_TICK: usize = TICK / THIN;
/// Thinned frames by which the lower half is made ahead: what the interpolation reaches, in whole ticks.
pub const LEAD: usize = 2 * LOW_TICK;

/// Thinned frames on either side that the filter spans.
const SPAN: usize = 8;
const TAPS: usize = 2 * SPAN * THIN + THIN;
/// Frames that a group of thinned frames is made of.
const WIDTH: usize = (GROUP - 1) * THIN + TAPS;
/// Frames kept, rings. The beginning of the lower one is repeated behind its end, so that whatever the filter spans lies in
/// one piece.
const LOW_RING: usize = 4_096;
const HIGH_RING: usize = 8_192;
const MIRRORED: usize = 3 * GROUP;
/// Thinned frames made at a time.
const GROUP: usize = 8;
/// Thinned output that waits: what the interpolation of a tick spans.
const WAITING: usize = LOW_TICK + LEAD + SPAN;
/// Frames before a start that the halves may want to look at.
const BEHIND: i64 = 1_024;
/// Frames before the playhead that grains may still read.
const HIGH_BEHIND: i64 = 1_536;

/// Thinned frames that the interpolation of a tick spans.
const SPANNED: usize = LOW_TICK + 2 * SPAN;
/// Ticks of the upper band that are made at a time, at most; at a start there is time to catch up.
const HIGH_SHARE: usize = 3;
const LOW_SHARE: i64 = 5 * GROUP as i64;

/// One tap of the interpolation, for the eight frames between two thinned ones.
type Phases = [[f32; THIN]; 2 * SPAN + 1];

/// The filter that tells the bands apart, the same for all.
struct Filter {
    /// Around its middle, for thinning.
    taps: [f32; TAPS],
    phases: Phases,
}

impl Filter {
    fn shared() -> &'static Self {
        static FILTER: OnceLock<Filter> = OnceLock::new();
        FILTER.get_or_init(Self::new)
    }

    fn new() -> Self {
        // A Kaiser window: 75 dB; the edge in the middle between the pass band of the copy and what would be mirrored.
        let filter = |x: f64| {
            let edge = 0.9 / THIN as f64;
            let t = std::f64::consts::PI * x * edge;
            let sinc = if x == 0.0 { 1.0 } else { t.sin() / t };
            edge * sinc * kaiser(x / (SPAN * THIN) as f64, 7.3)
        };
        let middle = (SPAN * THIN) as f64;
        let sum: f64 = (0..2 * SPAN * THIN + 1).map(|i| filter(i as f64 - middle)).sum();
        let phases = std::array::from_fn(|k| {
            // Tap k is thinned frame k - SPAN from the group; frame r of the group lies r / THIN behind its start.
            std::array::from_fn(|r| {
                let x = r as f64 - (k as f64 - SPAN as f64) * THIN as f64;
                single(filter(x) / sum * THIN as f64)
            })
        });
        Self { taps: std::array::from_fn(|i| single(filter(i as f64 - middle) / sum)), phases }
    }
}

pub struct Split {
    simd: Simd,
    filter: &'static Filter,
    /// The frame of the source of thinned frame 0.
    origin: i64,
    low: Box<[[f32; LOW_RING + MIRRORED]; 2]>,
    low_end: i64,
    /// The source around the next group to be thinned, as far as it has been read.
    window: [[f32; WIDTH]; 2],
    read: bool,
    high: Box<[[f32; HIGH_RING]; 2]>,
    /// The first frame that was made and the one behind the last, from the origin.
    high_begin: i64,
    high_end: i64,
    /// Thinned output of the lower half, from [`SPAN`] before the next tick on.
    out: [[f32; WAITING]; 2],
    waiting: usize,
}

impl Split {
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
            out: [[0.0; WAITING]; 2],
            waiting: 0,
        }
    }

    /// Begins anew at a frame of the source, which becomes a thinned frame.
    pub fn start(&mut self, source: &dyn Source, at: i64) {
        self.origin = at - BEHIND;
        self.low_end = 0;
        self.read = false;
        self.high_begin = BEHIND;
        self.high_end = self.high_begin;
        // The interpolation of the first output looks at what lies before it.
        self.thin(source, BEHIND / THIN as i64 + 2 * SPAN as i64);
        self.waiting = SPAN;
        let first = ring(BEHIND / THIN as i64 - SPAN as i64, LOW_RING);
        for (out, low) in self.out.iter_mut().zip(self.low.iter()) {
            out[..SPAN].copy_from_slice(&low[first..first + SPAN]);
        }
    }

    pub fn moved(&mut self, by: i64) {
        self.origin += by;
    }

    /// The thinned position nearest to a position of the source, when rounded down.
    pub fn thinned(&self, position: Position) -> Position {
        let half = THIN as i64 / 2;
        position.offset(half - self.origin).shrunk(THIN.trailing_zeros())
    }

    /// Whether the upper band is known up to frame `until` of the source.
    pub fn knows(&self, until: i64) -> bool {
        until - self.origin <= self.high_end
    }

    /// Makes both bands up to so many frames ahead of the playhead, or as far as a tick's share goes.
    pub fn follow(&mut self, source: &dyn Source, head: i64, speed: f64, low: i64, high: i64) {
        let head = head - self.origin;
        let high_until = (head + high).div_euclid(THIN as i64) + 1;
        // What the upper band of this tick needs at once, and no more than a share of what is needed later: the faster, the
        // sooner. Behind a start it is there when the lower half makes its first frame.
        let share = self.low_end.max(self.high_end / THIN as i64 + (HIGH_SHARE * LOW_TICK + SPAN) as i64 + 1)
            + whole(LOW_SHARE as f64 * speed.max(1.0));
        let low_until = ((head + low).div_euclid(THIN as i64) + 1).max(high_until + SPAN as i64 + 1).min(share);
        if head - BEHIND > self.low_end * THIN as i64 {
            // Skipped at a speed beyond all reach: nothing behind is of use.
            self.low_end = (head - BEHIND).div_euclid((GROUP * THIN) as i64) * GROUP as i64;
            self.read = false;
        }
        self.thin(source, low_until);
        if head - HIGH_BEHIND > self.high_end {
            self.high_end = (head - HIGH_BEHIND).div_euclid(TICK as i64) * TICK as i64;
            self.high_begin = self.high_end;
        }
        let mut left_to_do = HIGH_SHARE;
        while self.high_end < high_until * THIN as i64 && left_to_do > 0 {
            left_to_do -= 1;
            let low_at = ring(self.high_end / THIN as i64 - SPAN as i64, LOW_RING);
            let high_at = ring(self.high_end, HIGH_RING);
            let mut whole = [[0.0; TICK]; 2];
            let [left, right] = &mut whole;
            source.read(self.origin + self.high_end, [left, right]);
            for ((high, low), whole) in self.high.iter_mut().zip(self.low.iter()).zip(&whole) {
                let low = self.simd.run(Interpolate { taps: &self.filter.phases, low: &low[low_at..low_at + SPANNED] });
                let high = &mut high[high_at..high_at + TICK];
                high.iter_mut().zip(whole).zip(low).for_each(|((high, whole), low)| *high = whole - low);
            }
            self.high_end += TICK as i64;
        }
        self.high_begin = self.high_begin.max(self.high_end - HIGH_RING as i64);
    }

    /// Thins the source up to thinned frame `until`.
    fn thin(&mut self, source: &dyn Source, until: i64) {
        const NEW: usize = GROUP * THIN;
        while self.low_end < until {
            let first = self.origin + self.low_end * THIN as i64 - (SPAN * THIN) as i64;
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
                let thinned = self.simd.run(Thin { taps: &self.filter.taps, window });
                // Groups lie on multiples of their length: none crosses the end of the ring.
                let at = ring(self.low_end, LOW_RING);
                low[at..at + GROUP].copy_from_slice(&thinned);
                if at < MIRRORED {
                    low[LOW_RING + at..LOW_RING + at + GROUP].copy_from_slice(&thinned);
                }
            }
            self.low_end += GROUP as i64;
        }
    }

    /// The lower band of the source.
    pub fn low<'a>(&'a self, source: &'a dyn Source) -> impl Source + 'a {
        Low { split: self, source }
    }

    /// The upper band of the source from frame `first` on; what is not known is silence.
    pub fn read_high(&self, first: i64, out: [&mut [f32]; 2]) {
        let first = first - self.origin;
        for (out, high) in out.into_iter().zip(self.high.iter()) {
            read_ring(&high[..], self.high_begin, self.high_end, first, out);
        }
    }

    /// Takes a tick of the lower half.
    pub fn push_low(&mut self, tick: &[[f32; LOW_TICK]; 2]) {
        for (out, tick) in self.out.iter_mut().zip(tick) {
            out[self.waiting..self.waiting + LOW_TICK].copy_from_slice(tick);
        }
        self.waiting += LOW_TICK;
    }

    /// Writes the next tick of the lower half at the full rate.
    pub fn fill_low(&mut self, tick: &mut [[f32; TICK]; 2]) {
        for (out, tick) in self.out.iter_mut().zip(tick) {
            *tick = self.simd.run(Interpolate { taps: &self.filter.phases, low: &out[..SPANNED] });
            out.copy_within(LOW_TICK.., 0);
        }
        self.waiting -= LOW_TICK;
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

/// The lower band as a source of its own, in thinned frames from the origin.
struct Low<'a> {
    split: &'a Split,
    source: &'a dyn Source,
}

impl Source for Low<'_> {
    fn read(&self, first: i64, out: [&mut [f32]; 2]) {
        for (out, low) in out.into_iter().zip(self.split.low.iter()) {
            read_ring(&low[..LOW_RING], 0, self.split.low_end, first, out);
        }
    }

    fn onset(&self, from: i64, until: i64) -> Option<Onset> {
        let thin = THIN as i64;
        let half = thin / 2;
        // Thinned frame n stands for frames n * 8 - 4 to n * 8 + 3.
        let frame = |thinned: i64| self.split.origin + thinned * thin - half;
        let onset = self.source.onset(frame(from), frame(until))?;
        Some(Onset { frame: (onset.frame - self.split.origin + half).div_euclid(thin), ..onset })
    }
}

/// Eight thinned frames of a window.
struct Thin<'a, const W: usize> {
    taps: &'a [f32; TAPS],
    window: &'a [f32; W],
}

impl<const W: usize> Task for Thin<'_, W> {
    type Out = [f32; 8];

    #[inline(always)]
    fn run<A: Arith>(self) -> [f32; 8] {
        let mut out = [0.0; 8];
        for (group, out) in out.iter_mut().enumerate() {
            let window = &self.window[group * THIN..group * THIN + TAPS];
            let mut sums = [0.0; 8];
            for (taps, window) in self.taps.as_chunks::<8>().0.iter().zip(window.as_chunks::<8>().0) {
                sums = A::fma8(*taps, *window, sums);
            }
            *out = sums.iter().sum();
        }
        out
    }
}

/// A tick between thinned frames.
struct Interpolate<'a> {
    taps: &'a Phases,
    low: &'a [f32],
}

impl Task for Interpolate<'_> {
    type Out = [f32; TICK];

    #[inline(always)]
    fn run<A: Arith>(self) -> Self::Out {
        let mut out = [0.0; TICK];
        for (group, out) in out.as_chunks_mut::<THIN>().0.iter_mut().enumerate() {
            let low = &self.low[group..group + 2 * SPAN + 1];
            let mut sums = [0.0; THIN];
            for (taps, low) in self.taps.iter().zip(low) {
                sums = A::fma8(*taps, [*low; THIN], sums);
            }
            *out = sums;
        }
        out
    }
}
