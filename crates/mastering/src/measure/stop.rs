//! When a measurement ends early.

use std::sync::atomic::{AtomicBool, Ordering};

/// Decides whether a measurement goes on. It is asked before each block of some thousand frames, and may take its time: others can
/// work meanwhile.
pub trait Stop {
    /// Whether the measurement is to end with [`Error::Stopped`](super::Error::Stopped).
    fn stopped(&self) -> bool;
}

/// Once it is true.
impl Stop for AtomicBool {
    fn stopped(&self) -> bool {
        self.load(Ordering::Relaxed)
    }
}
