//! A look-ahead peak limiter that leaves alone what needs no limiting.
//!
//! The gain each frame needs is held for as long as the frame is in the look-ahead and a little longer (a sliding
//! minimum: D. Lemire, "Streaming maximum-minimum filter using no more than three comparisons per element", Nordic
//! Journal of Computing 13, 2006), released smoothly, and rounded off by two box averages as long together as the
//! look-ahead, so that it is down by the time the peak leaves the delay. Gains are whole numbers, so the averages are
//! exact, the gain returns to exactly 1 and audio under the ceiling passes bit by bit.

use super::quantum::QUANTUM;
use super::simd::{Arith, Simd, Task};
use crate::types::cast::{count, single, whole};

/// Seconds for which a gain is held behind the frame that needs it. Longer than half a period of 20 Hz: the gain stands still
/// under any steady tone that can be heard.
pub const HOLD_SECONDS: f64 = 0.025;
/// Nine tenths of the way back take so long.
const RELEASE_SECONDS: f64 = 0.150;
/// Gain 1.
pub const ONE: i64 = 1 << 30;
/// What [`GainCurve::settle`] rounds to.
const GRID: i64 = 1 << 6;

/// What a block went through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limited {
    /// The smallest gain applied, linear; 1 when nothing was limited.
    pub gain: f32,
    /// Frames silenced on their way in because a sample was not a finite number.
    pub not_finite: u32,
}

/// A stereo-linked look-ahead limiter: the same gain on both channels, so the image does not move.
#[derive(Debug)]
pub struct Limiter {
    simd: Simd,
    ceiling: f32,
    delay: Ring<[f32; 2]>,
    curve: GainCurve,
}

impl Limiter {
    /// A limiter at rest. `ceiling` is the largest sample that may leave, 1.0 = 0 dBFS.
    ///
    /// # Panics
    /// If the ceiling is not a positive number or the sample rate, in Hz, is 0: both are settings, checked before.
    pub fn new(sample_rate: u32, ceiling: f32) -> Self {
        assert!(ceiling.is_normal() && ceiling > 0.0, "the limiter's ceiling must be a positive number, not {ceiling}");
        assert!(sample_rate > 0, "the limiter needs a sample rate above 0 Hz");
        // A power of two of quanta: the averages divide by a power of two, which is exact.
        let lookahead = QUANTUM * (sample_rate.div_ceil(48_000) as usize).next_power_of_two();
        Self {
            simd: Simd::detect(),
            ceiling,
            delay: Ring::new([0.0; 2], lookahead),
            curve: GainCurve::new(sample_rate, lookahead, RELEASE_SECONDS),
        }
    }

    /// Frames by which the output is late.
    pub fn lookahead(&self) -> usize {
        self.delay.items.len()
    }

    /// Limits a block in place; what comes out went in [`lookahead`](Self::lookahead) frames ago.
    pub fn process(&mut self, block: &mut [[f32; 2]]) -> Limited {
        let mut told = Limited { gain: 1.0, not_finite: 0 };
        for piece in block.chunks_mut(QUANTUM) {
            if self.curve.is_idle() && under(piece, self.ceiling) {
                self.delay.pass(piece);
            } else {
                self.limit(piece, &mut told);
            }
        }
        told
    }

    /// Back to rest, the delay silent.
    pub fn clear(&mut self) {
        self.delay.items.fill([0.0; 2]);
        self.curve.clear();
    }

    fn limit(&mut self, piece: &mut [[f32; 2]], told: &mut Limited) {
        // Three passes: the first and the last have nothing to wait for, from frame to frame.
        let mut gains = [0.0; QUANTUM];
        let gains = &mut gains[..piece.len()];
        self.simd.run(Needs { ceiling: self.ceiling, piece, needs: gains, not_finite: &mut told.not_finite });
        for need in &mut *gains {
            *need = self.curve.next(*need);
        }
        self.delay.pass(piece);
        let ceiling = self.ceiling;
        for (frame, gain) in piece.iter_mut().zip(gains) {
            let gain = single(*gain);
            told.gain = told.gain.min(gain);
            // The clamp takes what the rounding of the product may add: one unit in the last place.
            *frame = frame.map(|v| (v * gain).clamp(-ceiling, ceiling));
        }
    }
}

/// Silences what is not a number, and tells the gain each frame needs, in units of [`ONE`].
struct Needs<'a> {
    ceiling: f32,
    piece: &'a mut [[f32; 2]],
    needs: &'a mut [f64],
    not_finite: &'a mut u32,
}

impl Task for Needs<'_> {
    type Out = ();

    #[inline(always)]
    fn run<A: Arith>(self) {
        for (frame, need) in self.piece.iter_mut().zip(self.needs) {
            let finite = frame[0].is_finite() & frame[1].is_finite();
            let [left, right] = frame.map(|v| if finite { v } else { 0.0 });
            *frame = [left, right];
            *self.not_finite = self.not_finite.saturating_add(u32::from(!finite));
            *need = gain_under(self.ceiling, left.abs().max(right.abs()));
        }
    }
}

/// The gain that takes a peak under the ceiling, in units of [`ONE`].
#[inline(always)]
pub fn gain_under(ceiling: f32, peak: f32) -> f64 {
    let share = f64::from(ceiling) / f64::from(if peak > ceiling { peak } else { ceiling });
    share * ONE as f64
}

/// From the gains frames need to the gains they get: held, released and rounded off.
#[derive(Clone, Debug)]
pub struct GainCurve {
    hold: SlidingMin,
    /// The gain after hold and release.
    gain: i64,
    /// Share of the remaining way released per frame, in units of 2^-30.
    release: i64,
    boxes: [Average; 2],
    /// The sum of the second average when every gain is 1.
    full: i64,
    /// Its reciprocal, exact because it is a power of two.
    share: f64,
}

impl GainCurve {
    /// A curve at 1. `lookahead` must be a power of two; nine tenths of the way back take `release` seconds.
    pub fn new(sample_rate: u32, lookahead: usize, release: f64) -> Self {
        let rate = f64::from(sample_rate);
        let share = 1.0 - (0.1f64.ln() / (release * rate)).exp();
        let half = lookahead / 2;
        Self {
            hold: SlidingMin::new(lookahead + 1 + count((HOLD_SECONDS * rate).ceil())),
            gain: ONE,
            release: whole(share * ONE as f64),
            boxes: [Average::new(ONE, half), Average::new(ONE * half as i64, half)],
            full: ONE * (half * half) as i64,
            share: 1.0 / (ONE * (half * half) as i64) as f64,
        }
    }

    /// Takes the gain a frame needs, in units of [`ONE`], and returns a gain, 0 to 1. From `lookahead - 2` frames behind that
    /// frame until its hold is over, the gain is not above what the frame needs.
    #[inline]
    pub fn next(&mut self, need: f64) -> f64 {
        // Rounded down: never less reduction than needed.
        let held = self.hold.push(whole(need), ONE);
        self.gain = if held <= self.gain {
            held
        } else {
            let way = held - self.gain;
            // At least one unit, so that the way has an end.
            self.gain + (((way * self.release) >> 30) + 1).min(way)
        };
        let once = self.boxes[0].push(self.gain);
        self.boxes[1].push(once) as f64 * self.share
    }

    /// Rounds the gain on its way back down to a multiple of 2^-24, so that two curves as near as that to each other become
    /// one. To be called on fixed frames.
    pub fn settle(&mut self) {
        self.gain -= self.gain % GRID;
    }

    /// True when every gain still remembered is 1: then the next is 1 too, if no frame needs less. A frame that needs less lowers
    /// the averages at once and for as long as it is held.
    pub fn is_idle(&self) -> bool {
        self.boxes[1].sum == self.full
    }

    fn clear(&mut self) {
        self.hold.clear();
        self.gain = ONE;
        let half = self.boxes[0].ring.items.len() as i64;
        self.boxes[0].settle(ONE);
        self.boxes[1].settle(ONE * half);
    }
}

/// True when no sample is above the ceiling or not a number.
fn under(piece: &[[f32; 2]], ceiling: f32) -> bool {
    piece.as_flattened().iter().fold(true, |under, v| under & (v.abs() <= ceiling))
}

/// The last items, oldest first out.
#[derive(Clone, Debug)]
pub struct Ring<T> {
    items: Box<[T]>,
    at: usize,
}

impl<T: Copy> Ring<T> {
    /// `len` items, all of them `item`.
    pub fn new(item: T, len: usize) -> Self {
        Self { items: vec![item; len].into(), at: 0 }
    }

    /// Puts one in and takes the oldest out.
    #[inline]
    fn swap(&mut self, item: T) -> T {
        let oldest = match self.items.get_mut(self.at) {
            Some(slot) => std::mem::replace(slot, item),
            None => item,
        };
        self.at = if self.at + 1 >= self.items.len() { 0 } else { self.at + 1 };
        oldest
    }

    /// Puts a block in, and takes as many of the oldest out in its place.
    pub fn pass(&mut self, block: &mut [T]) {
        let mut rest = block;
        while !rest.is_empty() {
            let (_, room) = self.items.split_at_mut(self.at);
            let n = room.len().min(rest.len());
            let (now, later) = rest.split_at_mut(n);
            now.swap_with_slice(&mut room[..n]);
            self.at = if self.at + n >= self.items.len() { 0 } else { self.at + n };
            rest = later;
        }
    }
}

/// A running sum of the last values, exact because they are whole numbers.
#[derive(Clone, Debug)]
struct Average {
    ring: Ring<i64>,
    sum: i64,
}

impl Average {
    fn new(value: i64, len: usize) -> Self {
        Self { ring: Ring::new(value, len), sum: value * len as i64 }
    }

    #[inline]
    fn push(&mut self, value: i64) -> i64 {
        self.sum += value - self.ring.swap(value);
        self.sum
    }

    fn settle(&mut self, value: i64) {
        self.ring.items.fill(value);
        self.sum = value * self.ring.items.len() as i64;
    }
}

/// The smallest of the last `span` values: a queue of those that no later, smaller one has made irrelevant. Its front is
/// the answer. Each value is removed at most once, so a frame costs little on average and `span` steps at worst.
#[derive(Clone, Debug)]
struct SlidingMin {
    /// Value and the time it was pushed.
    queue: Box<[(i64, u64)]>,
    front: usize,
    len: usize,
    now: u64,
}

impl SlidingMin {
    fn new(span: usize) -> Self {
        Self { queue: vec![(0, 0); span].into(), front: 0, len: 0, now: 0 }
    }

    fn clear(&mut self) {
        self.len = 0;
    }

    /// Takes a value in and returns the smallest. `most` is the value that needs no remembering.
    #[inline]
    fn push(&mut self, value: i64, most: i64) -> i64 {
        let span = self.queue.len();
        self.now += 1;
        if self.len > 0 && self.queue[self.front].1 + span as u64 <= self.now {
            self.front = if self.front + 1 == span { 0 } else { self.front + 1 };
            self.len -= 1;
        }
        if value < most {
            while self.len > 0 && self.queue[self.slot(self.len - 1)].0 >= value {
                self.len -= 1;
            }
            self.queue[self.slot(self.len)] = (value, self.now);
            self.len += 1;
        }
        if self.len > 0 { self.queue[self.front].0 } else { most }
    }

    #[inline]
    fn slot(&self, n: usize) -> usize {
        let slot = self.front + n;
        if slot >= self.queue.len() { slot - self.queue.len() } else { slot }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_is_idle_when_all_it_remembers_is_1_and_not_before() {
        let mut curve = GainCurve::new(44_100, 64, RELEASE_SECONDS);
        assert!(curve.is_idle());
        assert!(curve.next(0.5 * ONE as f64) < 1.0 && !curve.is_idle());
        let hold = 64 + 1 + count((HOLD_SECONDS * 44_100.0).ceil());
        for frame in 1..44_100 * 4 {
            let gain = curve.next(ONE as f64);
            if curve.is_idle() {
                assert!(gain == 1.0 && frame > hold, "idle in frame {frame} with gain {gain}");
                assert!((0..200).all(|_| curve.next(ONE as f64) == 1.0), "idle and still on its way");
                return;
            }
            assert!(frame < hold || curve.gain < ONE || gain < 1.0, "at rest in frame {frame} and not idle");
        }
        panic!("never idle again");
    }

    #[test]
    fn curves_that_settle_as_near_as_the_grid_become_one() {
        let mut curve = GainCurve::new(44_100, 64, RELEASE_SECONDS);
        curve.next(0.3 * ONE as f64);
        let mut other = curve.clone();
        curve.gain = GRID * 1_000 + 1;
        other.gain = GRID * 1_001 - 1;
        curve.settle();
        other.settle();
        assert_eq!((curve.gain, other.gain), (GRID * 1_000, GRID * 1_000));
    }

    #[test]
    fn a_block_is_under_the_ceiling_when_each_sample_is_and_is_a_number() {
        assert!(under(&[[0.5, -0.5], [0.0, 0.1]], 0.5));
        for bad in [0.51, -0.51, f32::NAN, f32::INFINITY] {
            assert!(!under(&[[0.5, 0.5], [0.0, bad]], 0.5) && !under(&[[bad, 0.0]; 2], 0.5), "{bad}");
        }
    }

    #[test]
    fn the_sliding_minimum_is_the_smallest_of_the_last_span_values() {
        let mut seed = 7_u64;
        let values: Vec<i64> = (0..5_000)
            .map(|n| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                // Long ways up and down too, which fill the queue.
                if n % 400 < 200 { (seed >> 60) as i64 } else { (n % 50) as i64 }
            })
            .collect();
        for span in [1, 2, 7, 100] {
            let mut min = SlidingMin::new(span);
            for (n, value) in values.iter().enumerate() {
                let wanted = values[(n + 1).saturating_sub(span)..=n].iter().copied().min().unwrap().min(12);
                assert_eq!(min.push(*value, 12), wanted, "of {span} values, at {n}");
            }
        }
    }
}
