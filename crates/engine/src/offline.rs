//! An engine without a device, which renders as quickly as the processor can.

use crate::audio::Renderer;
use crate::builder::Builder;
use crate::control::Engine;
use crate::event::Status;
use crate::types::error::Result;
use crate::types::units::Frames;

/// Both halves of an engine on one thread, for exports, analyses and tests. [`Builder::offline`] makes one.
///
/// It calls the same [`Renderer::render`] as a device does, and the samples are the same, bit for bit. When frames of a
/// [streamed](crate::feed) track are not loaded, it waits for them.
#[derive(Debug)]
pub struct Offline {
    engine: Engine,
    renderer: Renderer,
}

impl Builder {
    /// An engine without a device, at frame 0, that renders as quickly as it can.
    ///
    /// # Errors
    /// As [`Builder::split`].
    pub fn offline(self) -> Result<Offline> {
        let (engine, mut renderer) = self.split()?;
        renderer.wait_for_frames();
        Ok(Offline { engine, renderer })
    }
}

impl Offline {
    /// The control half, for commands and events.
    pub fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// The status after the latest block, as [`Engine::status`] returns it.
    pub fn status(&self) -> Status {
        self.engine.status()
    }

    /// Renders the next `frames` frames and returns them as interleaved stereo, which is 2 x `frames` samples. Any number of frames is
    /// allowed.
    pub fn render_frames(&mut self, frames: usize) -> Vec<f32> {
        let mut out = vec![0.0; 2 * frames];
        self.render_into(&mut out);
        out
    }

    /// Fills `out` with the next `out.len()` / 2 frames, as interleaved stereo.
    pub fn render_into(&mut self, out: &mut [f32]) {
        self.renderer.render(out);
        self.engine.free_returned_tracks();
    }

    /// The number of frames that can be rendered before a command for `frame` would be late. It is smaller than the distance to
    /// `frame`, because sound is made earlier than it is output.
    pub fn frames_before(&self, frame: Frames) -> usize {
        self.renderer.frames_before(frame)
    }
}
