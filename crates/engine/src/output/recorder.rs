//! The recorder. Without the feature `decode` there is none.

#[cfg(not(feature = "decode"))]
use super::health::RecordingHealth;
#[cfg(feature = "decode")]
pub(crate) use super::recording::Recorder;
#[cfg(not(feature = "decode"))]
use crate::types::error::Result;

/// A recorder that cannot be made.
#[cfg(not(feature = "decode"))]
pub(crate) enum Recorder {}

#[cfg(not(feature = "decode"))]
impl Recorder {
    pub fn close(self) -> Result<()> {
        match self {}
    }

    pub fn health(&self) -> RecordingHealth {
        match *self {}
    }
}
