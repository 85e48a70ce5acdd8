//! What a streamed track is read from.

use crate::types::units::{Frames, SampleRate};

/// Why an [`Input`] could not be read.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Where the frames of a streamed track come from. It is read on a thread of its own and may take its time.
///
/// A frame is always the same, whether it was read up to or sought.
pub trait Input: Send {
    /// Goes to a frame: the next that is read.
    ///
    /// # Errors
    /// When it cannot be read. It is tried again a little later.
    fn seek(&mut self, frame: u64) -> std::result::Result<(), Fault>;

    /// Appends the next frames, left and right, full scale 1, finite; false when there are no more.
    ///
    /// # Errors
    /// When it cannot be read. It is tried again a little later, from a [`seek`](Self::seek) on.
    fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> std::result::Result<bool, Fault>;

    /// What is wrong with what was read so far, in words: frames that are damaged and silent, say.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Frames on whose multiples a seek costs least, 1 where it costs the same anywhere.
    fn seek_step(&self) -> u64 {
        1
    }

    /// Another one of the same, so that two places can be read in turns without seeking. `None`: one must do.
    fn another(&self) -> Option<Box<dyn Input>> {
        None
    }
}

/// What an [`Input`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Frames in all. What is missing at the end is silent.
    pub frames: Frames,
    /// Frames per second.
    pub sample_rate: SampleRate,
    /// Channels of the original, 1 or 2; what is read is always two.
    pub channels: usize,
}
