//! The onset of a sound.

/// The beginning of a note or a drum hit in a track.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Onset {
    /// The frame in which the sound begins.
    pub frame: i64,
    /// The number of decibels by which the rise of the level exceeds the threshold of detection.
    pub strength: f32,
}
