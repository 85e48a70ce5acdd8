//! How far jobs are.

use serde::Serialize;

use super::job::{Job, Slot};

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobStatus {
    /// Its name in URLs.
    pub id: String,
    /// The file.
    pub path: crowd_cli::path::DisplayPath,
    /// What is made of it.
    #[serde(flatten)]
    pub treatment: crate::preset::Treatment,
    /// As what it is sent.
    pub format: crate::layout::Format,
    /// "waiting", "measuring", "making", "done", "failed" or "cancelled".
    pub state: &'static str,
    /// Why it failed.
    pub failure: Option<String>,
    /// What is wrong with the file as far as it was read, in words.
    pub warnings: Vec<String>,
    /// Pieces in all.
    pub pieces: usize,
    /// A digit for each piece: 0 missing, 1 in the making, 2 there.
    pub map: String,
    /// Pieces that are there.
    pub ready: usize,
    /// Frames per second of what comes out.
    pub sample_rate: u32,
    /// Frames of what comes out.
    pub frames: u64,
    /// Who listens.
    pub listeners: usize,
    /// Seconds of music made per second of work, where any was made.
    pub speed: Option<f64>,
    /// What the treatment came to, once measured.
    pub settled: Option<serde_json::Value>,
}

impl Job {
    /// How far it is.
    pub fn status(&self) -> JobStatus {
        let state = self.state();
        let digit = |slot: &Slot| match slot {
            Slot::Unknown | Slot::Missing => '0',
            Slot::Taken | Slot::Growing(_) | Slot::Elsewhere(_) => '1',
            Slot::Done { .. } => '2',
        };
        let map: String = state.slots.iter().map(digit).collect();
        let ready = map.bytes().filter(|digit| *digit == b'2').count();
        let stage = if state.cancelled {
            "cancelled"
        } else if state.failure.is_some() {
            "failed"
        } else if ready == state.slots.len() {
            "done"
        } else if state.measuring {
            "measuring"
        } else if map.contains('1') {
            "making"
        } else {
            "waiting"
        };
        let rendition = &self.rendition;
        let seconds = rendition.seconds() / state.slots.len().max(1) as f64 * state.made as f64;
        JobStatus {
            id: self.id(),
            path: rendition.music.path().into(),
            treatment: rendition.treatment,
            format: rendition.format,
            state: stage,
            failure: state.failure.as_deref().map(str::to_owned),
            warnings: state.warnings.clone(),
            pieces: state.slots.len(),
            map,
            ready,
            sample_rate: rendition.rate.get(),
            frames: rendition.layout.frames(),
            listeners: state.listeners.len(),
            speed: (state.made > 0).then(|| seconds / state.busy.as_secs_f64().max(1e-9)),
            settled: rendition.settled().and_then(|settled| serde_json::to_value(settled).ok()),
        }
    }
}
