//! The progress of a recording, shared with control threads. The audio thread does not use it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::output::health::{RecordingHealth, RecordingState};

/// A disk that has not finished a request for this long is reported as stalled.
const STALLED: Duration = Duration::from_secs(2);

/// The progress of a recording.
pub(crate) struct Progress {
    /// The number of lost frames: those that did not fit into the ring, and those that could not be written at the end.
    pub lost: Arc<AtomicU64>,
    state: Mutex<ProgressState>,
}

struct ProgressState {
    path: PathBuf,
    number: u32,
    frames: u64,
    /// Whether nothing can be written at the moment.
    waiting: bool,
    problem: Option<String>,
    /// The start of the request that the disk has not finished.
    busy_since: Option<Instant>,
}

impl Progress {
    pub fn new(path: PathBuf) -> Self {
        let state = ProgressState { path, number: 1, frames: 0, waiting: false, problem: None, busy_since: None };
        Self { lost: Arc::default(), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, ProgressState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that a request to the disk has started.
    pub fn disk_busy(&self) {
        self.state().busy_since = Some(Instant::now());
    }

    /// Records that all requests to the disk have finished.
    pub fn disk_idle(&self) {
        self.state().busy_since = None;
    }

    /// Records that the file `number` was created.
    pub fn opened(&self, path: &Path, number: u32) {
        let mut state = self.state();
        path.clone_into(&mut state.path);
        state.number = number;
    }

    /// Records that `frames` more frames are in the file.
    pub fn wrote(&self, frames: u64) {
        let mut state = self.state();
        state.frames += frames;
        (state.waiting, state.problem, state.busy_since) = (false, None, Some(Instant::now()));
    }

    /// Records that nothing can be written now.
    pub fn waiting(&self, problem: String) {
        let mut state = self.state();
        (state.waiting, state.problem) = (true, Some(problem));
    }

    pub fn health(&self) -> RecordingHealth {
        let state = self.state();
        let stalled = state.busy_since.is_some_and(|since| since.elapsed() >= STALLED);
        let recording_state = match (stalled, state.waiting) {
            (true, _) => RecordingState::Stalled,
            (false, true) => RecordingState::Waiting,
            (false, false) => RecordingState::Writing,
        };
        RecordingHealth {
            path: state.path.clone(),
            number: state.number,
            state: recording_state,
            problem: state.problem.clone(),
            frames: state.frames,
            lost_frames: self.lost.load(Relaxed),
        }
    }
}
