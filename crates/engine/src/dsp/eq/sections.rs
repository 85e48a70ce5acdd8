//! The filter sections and constants that the running filters and the phase-in share.

use crate::dsp::svf::Svf;

pub const DECKS: usize = 4;

/// The smallest sample that the filters accept, so that their state never becomes subnormal.
const SMALLEST: f32 = 1e-15;
/// The largest sample that the filters accept, so that the samples of a damaged file cannot make their state overflow.
const LARGEST: f32 = 1e6;

/// The filters of both crossovers.
#[derive(Clone, Copy, Debug)]
pub struct Sections {
    pub low: Svf,
    pub high: [Svf; 2],
}

pub const MINUS_ZERO: u32 = (-0.0f32).to_bits();

/// The sample as the filters accept it.
#[inline(always)]
pub fn signal(x: f32) -> f32 {
    if x.abs() >= SMALLEST && x.abs() <= LARGEST { x } else { 0.0 }
}

/// The lanes of a deck. The range is empty for a deck that does not exist.
pub fn lanes(deck: usize) -> std::ops::Range<usize> {
    if deck < DECKS { deck * 2..deck * 2 + 2 } else { 0..0 }
}
