//! Faster than time, and always the same: an engine without a device.

use crate::audio::Renderer;
use crate::builder::Builder;
use crate::control::Engine;
use crate::types::error::Result;
use crate::types::units::Frames;

/// Both halves of an engine in one thread: exports, analyses, tests.
///
/// It calls the same [`Renderer::render`] as a device does; the samples are the same, bit for bit. What a
/// [streamed](crate::feed) track has not ready yet is waited for.
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
    /// The control half.
    pub fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// The next `frames` frames, interleaved stereo.
    pub fn render_frames(&mut self, frames: usize) -> Vec<f32> {
        let mut out = vec![0.0; 2 * frames];
        self.render_into(&mut out);
        out
    }

    /// Fills `out` with the next frames, interleaved stereo.
    pub fn render_into(&mut self, out: &mut [f32]) {
        self.renderer.render(out);
        self.engine.collect_garbage();
    }

    /// How many frames can be rendered before a command for `frame` would come too late. Rendering runs ahead
    /// of the output, so this is less than the distance.
    pub fn frames_before(&self, frame: Frames) -> usize {
        self.renderer.frames_before(frame)
    }
}
