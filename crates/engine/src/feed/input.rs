//! The source that a streamed track is read from.

use crate::types::units::{Frames, SampleRate};

/// The error of an [`Input`] that could not be read.
pub type InputError = Box<dyn std::error::Error + Send + Sync>;

/// The source of the frames of a streamed track. It is read on a thread of its own and may take its time.
///
/// A frame always has the same samples, whether the input was read up to it or sought to it.
pub trait Input: Send {
    /// Seeks to a frame, the next one that is read.
    ///
    /// # Errors
    /// When it cannot be read. It is tried again a little later.
    fn seek(&mut self, frame: u64) -> std::result::Result<(), InputError>;

    /// Appends the next frames, left and right, full scale 1, finite; false at the end.
    ///
    /// # Errors
    /// When it cannot be read. It is tried again a little later, from a [`seek`](Self::seek) on.
    fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> std::result::Result<bool, InputError>;

    /// Descriptions of what is wrong with what was read so far: frames that are damaged and silent, for example.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// The interval, in frames, at whose multiples a seek costs least; 1 when it costs the same everywhere.
    fn seek_step(&self) -> u64 {
        1
    }

    /// Opens the same source again, so that two positions can be read in turns without seeking. `None` when it can be
    /// opened only once.
    fn another(&self) -> Option<Box<dyn Input>> {
        None
    }
}

/// The length, sample rate and channels of an [`Input`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputInfo {
    /// The number of frames. When the input ends earlier, the rest is silent.
    pub frames: Frames,
    /// Frames per second.
    pub sample_rate: SampleRate,
    /// Channels of the original, 1 or 2; [`Input::read`] always returns two.
    pub channels: usize,
}
