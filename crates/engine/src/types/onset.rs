//! Where something begins.

/// Where something begins in a track.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Onset {
    /// The frame in which it begins.
    pub frame: i64,
    /// By how much the level rises, in decibels over what was needed to count at all.
    pub strength: f32,
}
