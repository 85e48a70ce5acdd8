//! Bands of the equaliser.

/// A band of the equaliser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Band {
    /// Below 200 Hz.
    Low,
    /// 200 Hz to 2 kHz.
    Mid,
    /// Above 2 kHz.
    High,
}
