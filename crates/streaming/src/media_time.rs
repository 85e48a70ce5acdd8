//! Times of MPEG-2 systems, computed from counts of frames.

use crate::aac::AacRate;

/// Ticks per second of a presentation time stamp (ISO/IEC 13818-1, clause 2.4.3.7).
const TICKS: u128 = 90_000;
/// Time stamps have 33 bits.
const MASK: u128 = (1 << 33) - 1;

/// The presentation time stamp of an audio frame, which is counted from time 0: floor(frame x 90,000 / rate) modulo 2^33. It is computed
/// from the count each time, so rounding errors do not add up.
pub fn presentation_time_stamp(frame: u64, rate: AacRate) -> u64 {
    ((u128::from(frame) * TICKS / u128::from(rate.hertz())) & MASK) as u64
}

/// Pictures per second of video.
pub const PICTURE_RATE: u64 = 30;

/// The presentation time stamp of a picture, which is counted from time 0.
pub(crate) fn picture_time_stamp(picture: u64) -> u64 {
    ((u128::from(picture) * TICKS / u128::from(PICTURE_RATE)) & MASK) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stamps_follow_the_count_and_wrap_after_26_and_a_half_hours() {
        assert_eq!(presentation_time_stamp(1_024, AacRate::Hz48000), 1_920);
        assert_eq!([1, 2, 43].map(|n| presentation_time_stamp(1_024 * n, AacRate::Hz44100)), [2_089, 4_179, 89_861]);
        let wrap = (1_u64 << 33) / 15 * 8;
        assert_eq!(presentation_time_stamp(wrap, AacRate::Hz48000), (1 << 33) - 2);
        assert_eq!(presentation_time_stamp(wrap + 8, AacRate::Hz48000), 13);
        assert!(presentation_time_stamp(u64::MAX, AacRate::Hz32000) < 1 << 33);
    }
}
