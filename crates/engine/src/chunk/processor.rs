//! The processor that renders chunks.

use crate::types::units::Frames;

/// Processes stereo sound in the order of time, on the time line of a track.
///
/// **A clone is a snapshot**: it continues from where the original was, sample for sample. Keep tables in an `Arc`, so
/// that a snapshot copies the state only. The output must not depend on how the input is split into blocks, and blocks
/// of the processor's own (hops, FFT blocks) must begin on absolute multiples of their length.
pub trait ChunkProcessor: Clone {
    /// Processes a block in place. `first` is the frame of the track of the block's first frame. Blocks follow each
    /// other without a gap from wherever the processor was started, which is a multiple of
    /// [`ChunkGrid::ALIGN`](super::ChunkGrid::ALIGN). The output is that of the input [`latency`](Self::latency) frames
    /// earlier. All input is finite, and so must the output be.
    fn process(&mut self, first: Frames, block: &mut [[f32; 2]]);

    /// The delay of the output, in frames.
    fn latency(&self) -> Frames;

    /// The number of frames after which the output of a newly started processor is within -90 dB of full scale of one
    /// that has run since frame 0, whatever came before.
    fn memory(&self) -> Frames;

    /// Whether the output after the memory *equals* that of the run since frame 0, bit for bit. Then chunks rendered
    /// from any state meet without an overlap.
    fn has_exact_memory(&self) -> bool {
        false
    }

    /// The last step, after any overlap of two runs: dither, rounding to a word length. It depends only on a frame and
    /// its position. `first` is the frame of the track of the block's first frame, with the latency removed.
    fn finish(&self, first: Frames, block: &mut [[f32; 2]]) {
        let _ = (first, block);
    }
}
