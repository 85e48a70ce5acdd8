//! The source that a stretch method reads.

use crate::types::onset::Onset;

/// A source that can be read at any position, earlier or later than the playhead.
pub trait Source {
    /// Copies frames from `first` on into planar stereo. Every position is allowed; there is silence before and after
    /// the music. Loops are already unrolled. A sample is either 0 or not [close to it](crate::dsp::silence).
    fn read(&self, first: i64, out: [&mut [f32]; 2]);

    /// The first onset in frames `from..until`, as far as the source knows its onsets.
    fn onset(&self, from: i64, until: i64) -> Option<Onset>;
}
