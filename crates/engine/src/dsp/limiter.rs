//! A lookahead peak limiter. Sound that needs no limiting passes unchanged.
//!
//! The gain curve is computed in three steps:
//!
//! 1. The gain that a frame needs is held while the frame is in the lookahead, and a little longer. This is a sliding
//!    minimum: D. Lemire, "Streaming maximum-minimum filter using no more than three comparisons per element", Nordic
//!    Journal of Computing 13, 2006.
//! 2. The gain is released smoothly.
//! 3. Two box averages smooth it. Their lengths add up to the lookahead, so that the full reduction is reached by the time
//!    the peak leaves the delay.
//!
//! Gains are integers, so the averages are exact. The gain returns to exactly 1, and audio under the ceiling passes bit for
//! bit.

use super::quantum::QUANTUM;
use super::simd::{Arith, Simd, Task};
use crate::types::cast::{count, single, whole};

/// The lookahead in frames, at sample rates up to `LOOKAHEAD_MAX_RATE`. At higher rates it is doubled until it lasts at
/// least as long as at that rate.
const LOOKAHEAD_FRAMES: usize = QUANTUM;
/// The highest sample rate, in Hz, at which the lookahead is `LOOKAHEAD_FRAMES`.
const LOOKAHEAD_MAX_RATE: u32 = 48_000;
/// The time in seconds for which a gain is held after the frame that needs it. It is longer than half a period of 20 Hz, so that
/// the gain is constant for any audible steady tone.
pub const HOLD_SECONDS: f64 = 0.025;
/// The time in seconds in which nine tenths of the reduction are released.
const RELEASE_SECONDS: f64 = 0.150;
/// Gain 1.
pub const ONE: i64 = 1 << 30;
/// The step to which [`GainCurve::settle`] rounds.
const GRID: i64 = 1 << 6;

/// The result of limiting a block.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Limited {
    /// The smallest linear gain that was applied. 1 when nothing was limited.
    pub gain: f32,
    /// The number of frames that were silenced because a sample was not a finite number.
    pub not_finite: u32,
}

/// A stereo-linked lookahead limiter: both channels have the same gain, so the stereo image does not move.
#[derive(Debug)]
pub struct Limiter {
    simd: Simd,
    ceiling: f32,
    delay: Ring<[f32; 2]>,
    curve: GainCurve,
}

impl Limiter {
    /// A limiter whose delay is silent. `ceiling` is the largest possible sample of the output. 1.0 is 0 dBFS.
    ///
    /// # Panics
    /// If the ceiling is not a positive number or the sample rate, in Hz, is 0. Both are settings, which are checked
    /// earlier.
    pub fn new(sample_rate: u32, ceiling: f32) -> Self {
        assert!(ceiling.is_normal() && ceiling > 0.0, "the limiter's ceiling must be a positive number, not {ceiling}");
        assert!(sample_rate > 0, "the limiter needs a sample rate above 0 Hz");
        // The lookahead is a power of two, because the averages divide by half of it, and that division is exact only then.
        let lookahead = LOOKAHEAD_FRAMES * (sample_rate.div_ceil(LOOKAHEAD_MAX_RATE) as usize).next_power_of_two();
        Self {
            simd: Simd::detect(),
            ceiling,
            delay: Ring::new([0.0; 2], lookahead),
            curve: GainCurve::new(sample_rate, lookahead, RELEASE_SECONDS),
        }
    }

    /// The delay of the output, in frames.
    pub fn lookahead(&self) -> usize {
        self.delay.items.len()
    }

    /// Limits a block in place. The output is later than the input by [`lookahead`](Self::lookahead) frames.
    pub fn process(&mut self, block: &mut [[f32; 2]]) -> Limited {
        let mut limited = Limited { gain: 1.0, not_finite: 0 };
        for span in block.chunks_mut(QUANTUM) {
            if self.curve.is_idle() && under(span, self.ceiling) {
                self.delay.pass(span);
            } else {
                self.limit(span, &mut limited);
            }
        }
        limited
    }

    /// Resets the limiter. Its delay is then silent.
    pub fn clear(&mut self) {
        self.delay.items.fill([0.0; 2]);
        self.curve.clear();
    }

    fn limit(&mut self, span: &mut [[f32; 2]], limited: &mut Limited) {
        // There are three passes. In the first and the last, no frame depends on the frame before, so they are vectorised.
        let mut gains = [0.0; QUANTUM];
        let gains = &mut gains[..span.len()];
        self.simd.run(RequiredGains {
            ceiling: self.ceiling,
            span,
            required: gains,
            not_finite: &mut limited.not_finite,
        });
        for need in &mut *gains {
            *need = self.curve.next(*need);
        }
        self.delay.pass(span);
        let ceiling = self.ceiling;
        for (frame, gain) in span.iter_mut().zip(gains) {
            let gain = single(*gain);
            limited.gain = limited.gain.min(gain);
            // The rounding of the product may exceed the ceiling by one unit in the last place, which the clamp
            // removes.
            *frame = frame.map(|v| (v * gain).clamp(-ceiling, ceiling));
        }
    }
}

/// Silences frames that are not finite, and computes the gain that each frame needs, in units of [`ONE`].
struct RequiredGains<'a> {
    ceiling: f32,
    span: &'a mut [[f32; 2]],
    required: &'a mut [f64],
    not_finite: &'a mut u32,
}

impl Task for RequiredGains<'_> {
    type Out = ();

    #[inline(always)]
    fn run<A: Arith>(self) {
        for (frame, need) in self.span.iter_mut().zip(self.required) {
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

/// The gain curve: it holds, releases and smooths the gains that frames need, and returns the gains to apply.
#[derive(Clone, Debug)]
pub struct GainCurve {
    hold: SlidingMin,
    /// The gain after hold and release.
    gain: i64,
    /// The share of the remaining reduction that is released per frame, in units of 2^-30.
    release: i64,
    boxes: [Average; 2],
    /// The sum of the second average when every gain is 1.
    full: i64,
    /// Its reciprocal, exact because it is a power of two.
    share: f64,
}

impl GainCurve {
    /// A curve at gain 1. `lookahead` must be a power of two. `release` is the time in seconds in which nine tenths of the
    /// reduction are released.
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

    /// Adds the gain that a frame needs, in units of [`ONE`]. Returns the gain to apply, from 0 to 1. From `lookahead - 2`
    /// frames after that frame until its hold ends, the returned gain is not greater than the gain that the frame needs.
    #[inline]
    pub fn next(&mut self, need: f64) -> f64 {
        // Rounded down, so that the reduction is never less than needed.
        let held = self.hold.push(whole(need), ONE);
        self.gain = if held <= self.gain {
            held
        } else {
            let remaining = held - self.gain;
            // At least one unit, so that the release ends.
            self.gain + (((remaining * self.release) >> 30) + 1).min(remaining)
        };
        let once = self.boxes[0].push(self.gain);
        self.boxes[1].push(once) as f64 * self.share
    }

    /// Rounds a gain that is being released down to a multiple of 2^-24, so that two curves that differ by less become
    /// equal. Called on fixed frames.
    pub fn settle(&mut self) {
        self.gain -= self.gain % GRID;
    }

    /// Whether every gain in the averages is 1. Then the next gain is 1 too, unless the next frame needs a smaller gain. That
    /// gain lowers the averages at once, and for as long as it is held.
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

/// True when no sample is above the ceiling or NaN.
fn under(span: &[[f32; 2]], ceiling: f32) -> bool {
    span.as_flattened().iter().fold(true, |under, v| under & (v.abs() <= ceiling))
}

/// A ring of the latest items. The oldest is the first.
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

    /// Adds an item and returns the oldest.
    #[inline]
    fn swap(&mut self, item: T) -> T {
        let oldest = match self.items.get_mut(self.at) {
            Some(slot) => std::mem::replace(slot, item),
            None => item,
        };
        self.at = if self.at + 1 >= self.items.len() { 0 } else { self.at + 1 };
        oldest
    }

    /// Adds a block and replaces it with as many of the oldest items.
    pub fn pass(&mut self, block: &mut [T]) {
        let mut rest = block;
        while !rest.is_empty() {
            let (_, room) = self.items.split_at_mut(self.at);
            let n = room.len().min(rest.len());
            if n == 0 {
                // A ring of no items delays by nothing.
                return;
            }
            let (now, later) = rest.split_at_mut(n);
            now.swap_with_slice(&mut room[..n]);
            self.at = if self.at + n >= self.items.len() { 0 } else { self.at + n };
            rest = later;
        }
    }
}

/// The sum of the latest values. It is exact, because they are integers.
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

/// The smallest of the latest `span` values. It has a queue of the values that are smaller than every later one. The front of
/// the queue is the result. Each value is removed at most once, so a frame costs little on average. At worst it costs `span`
/// steps.
#[derive(Clone, Debug)]
struct SlidingMin {
    /// Values, each with the time at which it was pushed.
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

    /// Adds a value, and returns the smallest. Values of `most` or more are not stored.
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
    fn the_curve_is_idle_when_all_gains_in_it_are_1_and_not_before() {
        let mut curve = GainCurve::new(44_100, 64, RELEASE_SECONDS);
        assert!(curve.is_idle());
        assert!(curve.next(0.5 * ONE as f64) < 1.0 && !curve.is_idle());
        let hold = 64 + 1 + count((HOLD_SECONDS * 44_100.0).ceil());
        for frame in 1..44_100 * 4 {
            let gain = curve.next(ONE as f64);
            if curve.is_idle() {
                assert!(gain == 1.0 && frame > hold, "idle in frame {frame} with gain {gain}");
                assert!((0..200).all(|_| curve.next(ONE as f64) == 1.0), "idle before the gain is 1");
                return;
            }
            assert!(
                frame < hold || curve.gain < ONE || gain < 1.0,
                "the gain is 1 in frame {frame} and the curve is not idle"
            );
        }
        panic!("never idle again");
    }

    #[test]
    fn curves_within_a_step_of_the_grid_become_equal_when_they_settle() {
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
    fn a_block_is_under_the_ceiling_when_each_sample_is_and_none_is_nan() {
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
                // Long ramps fill the queue.
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
