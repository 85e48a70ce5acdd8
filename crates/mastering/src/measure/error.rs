//! Why a track was not measured.

/// Why a track was not measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The [`Stop`](super::Stop) that was given said so. What was measured so far is gone.
    #[error("the measurement was stopped")]
    Stopped,
    /// The track cannot be read, or a setting of the chain is out of its range.
    #[error(transparent)]
    Engine(#[from] crowd_engine::Error),
    /// The meter cannot take such audio.
    #[error(transparent)]
    Media(#[from] crowd_media::Error),
}
