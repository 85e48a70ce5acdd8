//! The source that a stretch method reads.

use crate::types::onset::Onset;

/// A source that can be read at any position, earlier or later than the playhead.
pub trait Source {
    /// Copies frames from `first` on, one slice per channel. Every position is allowed: before and after the music there
    /// is silence. Loops are already unrolled. No sample is [close to zero](crate::dsp::silence) without being zero.
    fn read(&self, first: i64, out: [&mut [f32]; 2]);

    /// The first of the detected onsets in frames `from..until`.
    fn onset(&self, from: i64, until: i64) -> Option<Onset>;
}
