//! The condition that ends a measurement early.

use std::sync::atomic::{AtomicBool, Ordering};

/// A condition that ends a measurement early. It is checked before each block of some thousand frames. The check may block, for example
/// to let other work run.
pub trait Stop {
    /// Whether the measurement ends with [`Error::Stopped`](super::Error::Stopped).
    fn stopped(&self) -> bool;
}

/// Ends the measurement once the flag is true.
impl Stop for AtomicBool {
    fn stopped(&self) -> bool {
        self.load(Ordering::Relaxed)
    }
}
