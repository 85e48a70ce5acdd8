//! Why a part is not cut.

/// Seconds of a part.
pub const LONGEST: f64 = 3_600.0;

/// Why a part was not cut. No half of a file is left behind; the original may have been finished before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CutError {
    /// The track cannot be read, or a part not be written.
    #[error(transparent)]
    Media(#[from] crowd_media::Error),
    /// The beats make no grid, or the tempo is out of reach.
    #[error(transparent)]
    Engine(#[from] crowd_engine::Error),
    /// The cues make no part.
    #[error(
        "{from} to {until} s is no part: give a start of 0 or more and an end behind it, at most {} s long",
        LONGEST
    )]
    NoPart {
        /// The start, in seconds.
        from: f64,
        /// The end, in seconds.
        until: f64,
    },
    /// The track is over before the part is.
    #[error("the track ends at {end:.2} s and the part at {until:.2} s: is it the file that was analysed?")]
    TooShort {
        /// The end of the track, in seconds.
        end: f64,
        /// The end of the part, in seconds.
        until: f64,
    },
}
