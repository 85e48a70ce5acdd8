//! An envelope of exponential segments.

use super::math::decay;

/// Times and levels of an envelope.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shape {
    /// Seconds of the rise from 0 to 1.
    pub attack: f32,
    /// The time constant of the fall to the held level, in seconds.
    pub decay: f32,
    /// The held level, 0 to 1.
    pub sustain: f32,
    /// The time constant of the end, in seconds.
    pub release: f32,
}

/// The state of an envelope. Values are computed at the ends of spans of frames and are straight lines in between.
#[derive(Clone, Copy, Debug, Default)]
pub struct Envelope {
    shape: Shape,
    /// The place in the attack, 0 to 1.
    rise: f32,
    value: f32,
    released: bool,
}

impl Envelope {
    /// An envelope at its start.
    pub const fn new(shape: Shape) -> Self {
        Self { shape, rise: 0.0, value: 0.0, released: false }
    }

    /// Its level now.
    #[inline(always)]
    pub const fn value(&self) -> f32 {
        self.value
    }

    /// Begins the end.
    #[inline(always)]
    pub fn release(&mut self) {
        self.released = true;
    }

    /// Whether the end has begun.
    #[inline(always)]
    pub const fn is_released(&self) -> bool {
        self.released
    }

    /// Returns to the held level from where it is: for a note that follows without a new attack.
    #[inline(always)]
    pub fn hold(&mut self) {
        self.released = false;
    }

    /// Its level `frames` frames later.
    #[inline(always)]
    pub fn advance(&mut self, frames: f32, rate: f32) -> f32 {
        if self.released {
            self.value *= decay(self.shape.release, rate, frames);
        } else if self.rise < 1.0 {
            self.rise += frames / (self.shape.attack * rate + 1.0);
            let x = if self.rise < 1.0 { self.rise } else { 1.0 };
            // The rise of a raised cosine, as a polynomial.
            let target = x * x * (3.0 - 2.0 * x);
            self.value = if target > self.value { target } else { self.value };
        } else {
            let fall = decay(self.shape.decay, rate, frames);
            self.value = self.shape.sustain + (self.value - self.shape.sustain) * fall;
        }
        self.value
    }
}
