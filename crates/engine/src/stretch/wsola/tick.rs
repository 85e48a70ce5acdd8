//! In what portions both halves are made.

use crate::dsp::QUANTUM;

/// Frames made at a time.
pub const TICK: usize = QUANTUM;
