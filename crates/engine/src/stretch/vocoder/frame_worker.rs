//! The interface to a thread that synthesises STFT frames.

use super::stft_frame::{FrameSpec, FrameSynthesiser};

/// A worker that synthesises STFT frames while the caller does other work. If a frame is not finished in time, the caller
/// synthesises it itself. The samples are the same.
pub(crate) trait FrameWorker {
    /// Submits the spec of the frame that follows the latest one of `synthesiser`. Returns false when the worker is busy.
    fn submit(&mut self, spec: &FrameSpec, synthesiser: &FrameSynthesiser) -> bool;

    /// Moves the frame that was submitted last into `synthesiser`. Returns false when it is not finished.
    fn take_finished(&mut self, synthesiser: &mut FrameSynthesiser) -> bool;
}

/// No worker: the caller synthesises every frame.
impl FrameWorker for () {
    fn submit(&mut self, _: &FrameSpec, _: &FrameSynthesiser) -> bool {
        false
    }

    fn take_finished(&mut self, _: &mut FrameSynthesiser) -> bool {
        false
    }
}
