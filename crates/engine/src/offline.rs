//! Faster than time, and always the same: an engine without a device.
#![warn(clippy::cast_possible_truncation)]

use crate::cast::index;
use crate::config::EngineConfig;
use crate::engine::Engine;
use crate::error::Result;
use crate::render::Renderer;
use crate::units::Frames;

/// Both halves of an engine in one thread: exports, analyses, tests.
///
/// It calls the same [`Renderer::render`] as a device does; the samples are the same, bit for bit. What a
/// [streamed](crate::feed) track has not ready yet is waited for.
pub struct Offline {
    engine: Engine,
    renderer: Renderer,
}

impl Offline {
    /// An engine at frame 0.
    ///
    /// # Errors
    /// [`Error::BadConfig`](crate::Error::BadConfig) when a setting is not possible.
    pub fn new(config: EngineConfig) -> Result<Self> {
        let (engine, mut renderer) = Engine::split(config)?;
        renderer.be_patient();
        Ok(Self { engine, renderer })
    }

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
        let quantum = crate::dsp::QUANTUM as u64;
        let made_from = Frames(frame.0 / quantum * quantum) - Frames(self.renderer.lookahead() as u64);
        index((made_from - self.renderer.played()).0)
    }
}
