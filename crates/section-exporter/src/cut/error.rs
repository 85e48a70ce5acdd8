//! The errors of a cut.

/// The maximum length of an excerpt, in seconds.
pub const MAX_SECONDS: f64 = 3_600.0;

/// The reason why an excerpt was not cut. No incomplete file is left, but the original may be complete.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CutError {
    /// The track cannot be read, or a file cannot be written.
    #[error(transparent)]
    Media(#[from] crowd_media::Error),
    /// The beats make no grid, or the tempo is outside the range of the engine.
    #[error(transparent)]
    Engine(#[from] crowd_engine::Error),
    /// The cues are not in order, or too far apart.
    #[error(
        "{from} to {until} s is no excerpt: give a start of 0 or more and an end after it, at most {} s long",
        MAX_SECONDS
    )]
    InvalidCues {
        /// The start, in seconds.
        from: f64,
        /// The end, in seconds.
        until: f64,
    },
    /// The track ends before the excerpt does.
    #[error("the track ends at {end:.2} s and the excerpt at {until:.2} s: is it the file that was analysed?")]
    TooShort {
        /// The end of the track, in seconds.
        end: f64,
        /// The end of the excerpt, in seconds.
        until: f64,
    },
}
