//! The processor that renders chunks.

use crate::types::units::Frames;

/// Processes stereo sound in the order of time, on the time line of a track.
///
/// **A clone is a copy of the state.** It continues exactly like the original. Keep tables in an `Arc`, so that a clone
/// copies only the state.
///
/// The output must not depend on how the input is split into blocks. If the processor has blocks of its own, like hops or
/// FFT blocks, they must begin on multiples of their length, counted from frame 0 of the track.
pub trait ChunkProcessor: Clone {
    /// Processes a block in place. `first` is the frame of the track with which the block begins. The first block begins at a
    /// multiple of [`ChunkGrid::ALIGN`](super::ChunkGrid::ALIGN). Each further block follows the block before without a gap.
    /// The output is later than the input by [`latency`](Self::latency) frames. All input is finite. All output must be, too.
    fn process(&mut self, first: Frames, block: &mut [[f32; 2]]);

    /// The delay of the output, in frames.
    fn latency(&self) -> Frames;

    /// A number of frames. After so many frames, the output of a processor that was started anew differs from that of a
    /// processor that was started at frame 0 by at most -90 dB of full scale, for any input.
    fn memory(&self) -> Frames;

    /// Whether the output after the memory *equals* that of a processor that was started at frame 0, bit for bit. Then no
    /// overlaps are needed.
    fn has_exact_memory(&self) -> bool {
        false
    }

    /// The last step, after any overlap of two runs. Examples are dither and rounding to 16 bits. The result may depend only
    /// on a frame and its position. `first` is the frame of the track with which the block begins, with the latency removed.
    fn finish(&self, first: Frames, block: &mut [[f32; 2]]) {
        let _ = (first, block);
    }
}
