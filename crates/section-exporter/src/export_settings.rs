//! The settings of an export: the form of the excerpts, and the folders of their files.

use std::path::PathBuf;

use crowd_engine::StretchMethod;
use crowd_media::{Container, SampleFormat};

use crate::target_tempo::TargetTempo;

/// The form of the excerpts, and the folders of their files.
#[derive(Debug, Clone)]
pub struct ExportSettings {
    /// The tempos of the stretched files; at least one.
    pub targets: Vec<TargetTempo>,
    /// The stretch method.
    pub method: StretchMethod,
    /// The loudness of the stretched files, in LUFS.
    pub loudness: Option<f64>,
    /// The container of the files.
    pub container: Container,
    /// The sample format; `None` is the track's own.
    pub sample_format: Option<SampleFormat>,
    /// The folder of the excerpts.
    pub excerpts_folder: PathBuf,
    /// The folder for pictures, if pictures are drawn.
    pub pictures_folder: Option<PathBuf>,
    /// The number of tasks that run at the same time, at least 1.
    pub jobs: usize,
    /// Whether excerpts of an earlier run are cut again.
    pub force: bool,
    /// Whether files may be replaced that no run has written, or that were changed since.
    pub overwrite: bool,
}
