//! White noise.

use crate::types::dice::Dice;

/// White noise of uniform distribution between -1 and 1, 16 bits: four samples of each 64 random bits.
#[derive(Clone, Debug)]
pub struct White {
    dice: Dice,
    bits: u64,
    left: u8,
}

impl White {
    /// Noise from these random numbers.
    pub const fn new(dice: Dice) -> Self {
        Self { dice, bits: 0, left: 0 }
    }

    /// The next sample. Its mean square is 1/3.
    #[inline(always)]
    pub fn sample(&mut self) -> f32 {
        if self.left == 0 {
            self.bits = self.dice.bits();
            self.left = 4;
        }
        self.left -= 1;
        // Sixteen bits as a signed number.
        #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "the low sixteen bits")]
        let sample = self.bits as u16 as i16;
        self.bits >>= 16;
        (f32::from(sample) + 0.5) * (1.0 / 32_768.0)
    }
}
