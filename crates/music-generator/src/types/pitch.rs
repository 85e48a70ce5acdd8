//! Pitch.

/// A pitch as a MIDI note number with a fraction: 60 is middle C, 69 is the A of 440 Hz, 0.01 is a cent.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Pitch(pub f32);

impl Pitch {
    /// The frequency in hertz, in equal temperament at A = 440 Hz. The same bits on every platform.
    pub fn hertz(self) -> f32 {
        440.0 * libm::exp2f((self.0 - 69.0) / 12.0)
    }

    /// The pitch class of the nearest semitone, 0 (C) to 11 (B).
    pub fn class(self) -> u8 {
        // The remainder is in 0..12.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 11")]
        let class = (libm::roundf(self.0) as i32).rem_euclid(12) as u8;
        class
    }
}
