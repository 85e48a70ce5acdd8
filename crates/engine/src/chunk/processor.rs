//! What chunks are made with.

use crate::types::units::Frames;

/// Turns stereo sound into stereo sound, from left to right, on the time line of a track.
///
/// **A clone is a snapshot**: it goes on from where the original was, sample for sample. Tables belong into an `Arc`, so that a
/// snapshot costs what the state costs. A processor must not depend on how its input is split into blocks, and what it does
/// in blocks of its own (hops, frames of an FFT) it does on absolute multiples of their length.
pub trait ChunkProcessor: Clone {
    /// Processes a block in place. `first` is the frame of the track the block's first frame is; blocks follow each other
    /// without a gap from wherever the processor was started, which is a multiple of [`Grid::ALIGN`](super::Grid::ALIGN). What comes out went in
    /// [`latency`](Self::latency) frames earlier. All input is finite, and so must be what comes out.
    fn process(&mut self, first: Frames, block: &mut [[f32; 2]]);

    /// Frames by which the output is late.
    fn latency(&self) -> Frames;

    /// Frames after which the output of a processor started at rest lies within -90 dB of full scale of one that
    /// has been running since frame 0, whatever came before.
    fn memory(&self) -> Frames;

    /// Whether the output behind the memory *is* that of the run since frame 0, bit for bit. Then chunks made from whatever state
    /// meet as they are.
    fn forgets_exactly(&self) -> bool {
        false
    }

    /// What is done last, behind any join of two runs, and depends on a frame and its place alone: dither, rounding to a word
    /// length. `first` is the frame of the track the first frame of the block is; the latency is already gone.
    fn finish(&self, first: Frames, block: &mut [[f32; 2]]) {
        let _ = (first, block);
    }
}
