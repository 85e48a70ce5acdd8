//! What is to be made of the tracks that were chosen, and where it goes.

use std::path::PathBuf;

use crowd_engine::StretchMethod;
use crowd_media::{Container, SampleFormat};

use crate::target::Target;

/// How parts are made, and where.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The tempos to bring them to; at least one.
    pub targets: Vec<Target>,
    /// How.
    pub method: StretchMethod,
    /// The loudness to bring them to, in LUFS.
    pub loudness: Option<f64>,
    /// The kind of file.
    pub container: Container,
    /// Bits of a sample; the track's own when absent.
    pub depth: Option<SampleFormat>,
    /// The folder of the parts.
    pub parts: PathBuf,
    /// The folder for pictures, if there are to be any.
    pub pictures: Option<PathBuf>,
    /// Parts made at the same time, at least 1.
    pub jobs: usize,
    /// Make again what is there.
    pub force: bool,
    /// Replace files too that no run has made, or that were changed since.
    pub overwrite: bool,
}
