//! The progress of jobs.

use serde::Serialize;

use super::job::{ChunkState, Job};

/// The progress of a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobStatus {
    /// Its name in URLs.
    pub id: String,
    /// The file.
    pub path: crowd_cli::path::DisplayPath,
    /// How it is mastered.
    #[serde(flatten)]
    pub treatment: crate::preset::Treatment,
    /// The format in which it is sent.
    pub format: crate::layout::Format,
    /// "waiting", "measuring", "making", "done", "failed" or "cancelled".
    pub state: &'static str,
    /// The reason why it failed.
    pub failure: Option<String>,
    /// The faults of the file as far as it was read, in words.
    pub warnings: Vec<String>,
    /// The number of chunks.
    pub pieces: usize,
    /// A digit for each chunk: 0 missing, 1 being made, 2 complete.
    pub map: String,
    /// The number of complete chunks.
    pub ready: usize,
    /// Frames per second of the rendition.
    pub sample_rate: u32,
    /// Frames of the rendition.
    pub frames: u64,
    /// The number of listeners.
    pub listeners: usize,
    /// Seconds of music made per second of work; none if no music was made yet.
    pub speed: Option<f64>,
    /// The resolved treatment; none before the track is measured.
    pub settled: Option<serde_json::Value>,
}

impl Job {
    /// Its progress.
    pub fn status(&self) -> JobStatus {
        let state = self.state();
        let digit = |chunk: &ChunkState| match chunk {
            ChunkState::Unknown | ChunkState::Missing => '0',
            ChunkState::Claimed | ChunkState::Growing(_) | ChunkState::Elsewhere(_) => '1',
            ChunkState::Done { .. } => '2',
        };
        let map: String = state.chunks.iter().map(digit).collect();
        let ready = map.bytes().filter(|digit| *digit == b'2').count();
        let stage = if state.cancelled {
            "cancelled"
        } else if state.failure.is_some() {
            "failed"
        } else if ready == state.chunks.len() {
            "done"
        } else if state.measuring {
            "measuring"
        } else if map.contains('1') {
            "making"
        } else {
            "waiting"
        };
        let rendition = &self.rendition;
        let seconds = rendition.seconds() / state.chunks.len().max(1) as f64 * state.made as f64;
        JobStatus {
            id: self.id(),
            path: rendition.music.path().into(),
            treatment: rendition.treatment,
            format: rendition.format,
            state: stage,
            failure: state.failure.as_deref().map(str::to_owned),
            warnings: state.warnings.clone(),
            pieces: state.chunks.len(),
            map,
            ready,
            sample_rate: rendition.rate.get(),
            frames: rendition.layout.frames(),
            listeners: state.listeners.len(),
            speed: (state.made > 0).then(|| seconds / state.busy.as_secs_f64().max(1e-9)),
            settled: rendition.resolved().and_then(|resolved| serde_json::to_value(resolved).ok()),
        }
    }
}
