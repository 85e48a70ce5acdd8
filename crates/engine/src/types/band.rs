//! The bands of the equaliser.

/// A band of the equaliser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Band {
    /// Below 200 Hz.
    Low,
    /// 200 Hz to 2 kHz.
    Mid,
    /// Above 2 kHz.
    High,
}
