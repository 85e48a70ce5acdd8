//! The error of a measurement.

/// The error of a measurement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The given [`Stop`](super::Stop) ended the measurement. The values measured so far are dropped.
    #[error("the measurement was stopped")]
    Stopped,
    /// The track cannot be read, or a setting of the chain is out of its range.
    #[error(transparent)]
    Engine(#[from] crowd_engine::Error),
    /// The meter does not support such audio.
    #[error(transparent)]
    Media(#[from] crowd_media::Error),
}
