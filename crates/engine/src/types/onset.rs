//! The onset of a sound.

/// The beginning of a note or a drum hit in a track.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Onset {
    /// The frame in which it begins.
    pub frame: i64,
    /// By how many decibels its rise in level exceeds the threshold of detection.
    pub strength: f32,
}
