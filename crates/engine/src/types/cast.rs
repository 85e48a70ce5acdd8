//! Casts to smaller types. The doc of each says what becomes of a value that does not fit.
//!
//! The code that makes sound uses no other such casts (`clippy::cast_possible_truncation`). With a plain `as`, a distance of 2^32
//! frames, which is 27 hours, would become 0 on a 32-bit machine.
#![allow(clippy::cast_possible_truncation, reason = "these functions define what happens")]

/// The nearest `f32`.
#[inline(always)]
pub(crate) const fn single(value: f64) -> f32 {
    value as f32
}

/// The whole part. A value outside the range becomes the nearest `i64`, and NaN becomes 0.
#[inline(always)]
pub(crate) const fn whole(value: f64) -> i64 {
    value as i64
}

/// The whole part. A value outside the range becomes the nearest `usize`, which is 0 for a negative value. NaN becomes 0.
#[inline(always)]
pub(crate) const fn count(value: f64) -> usize {
    value as usize
}

/// The number. A larger number becomes the largest `usize`.
#[inline(always)]
pub(crate) const fn index(value: u64) -> usize {
    if value > usize::MAX as u64 { usize::MAX } else { value as usize }
}

/// The low half of a word. The value must fit into 32 bits, because the high half is lost.
#[inline(always)]
pub(crate) const fn low_half(word: u64) -> u32 {
    word as u32
}

/// The `f32` whose bits are the low half of a word.
#[inline(always)]
pub(crate) const fn float_of(word: u64) -> f32 {
    f32::from_bits(low_half(word))
}

/// A number as a byte. The engine's limits of decks and stems fit into a byte. A larger number becomes 255.
#[inline(always)]
pub(crate) const fn byte(value: u64) -> u8 {
    if value > 255 { 255 } else { value as u8 }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_value_out_of_range_becomes_the_nearest_one_in_range() {
        assert_eq!((whole(-1e300), whole(f64::NAN), whole(-2.9)), (i64::MIN, 0, -2));
        assert_eq!((count(1e300), count(-5.0), count(2.9)), (usize::MAX, 0, 2));
        assert_eq!((index(7), index(u64::MAX), byte(7), byte(256)), (7, usize::MAX, 7, 255));
        assert_eq!((low_half(7 << 32 | 5), float_of(u64::from(1.5f32.to_bits()))), (5, 1.5));
    }
}
