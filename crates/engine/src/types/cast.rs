//! Narrowing casts, each named after the result for a value that does not fit. Where sound is made there are no others
//! (`clippy::cast_possible_truncation`): on a 32-bit machine a distance of 2^32 frames, 27 hours, cast with `as` is 0.
#![allow(clippy::cast_possible_truncation, reason = "this is where it is decided")]

/// The nearest `f32`.
#[inline(always)]
pub(crate) const fn single(value: f64) -> f32 {
    value as f32
}

/// The whole part; the nearest `i64` of what is beyond, 0 of what is no number.
#[inline(always)]
pub(crate) const fn whole(value: f64) -> i64 {
    value as i64
}

/// The whole part; the nearest `usize` of what is beyond (0 of what is negative), 0 of what is no number.
#[inline(always)]
pub(crate) const fn count(value: f64) -> usize {
    value as usize
}

/// The number; the largest `usize` where it is more.
#[inline(always)]
pub(crate) const fn index(value: u64) -> usize {
    if value > usize::MAX as u64 { usize::MAX } else { value as usize }
}

/// The low half of a word that holds 32 bits, or of a number that has no more.
#[inline(always)]
pub(crate) const fn low_half(word: u64) -> u32 {
    word as u32
}

/// An `f32` from the low half of such a word.
#[inline(always)]
pub(crate) const fn float_of(word: u64) -> f32 {
    f32::from_bits(low_half(word))
}

/// A number that fits into a byte by the engine's limits (decks, stems); 255 of what does not.
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
