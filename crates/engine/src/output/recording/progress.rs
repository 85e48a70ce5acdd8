//! What the recorder's thread tells control threads. The audio thread never touches it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::output::health::{RecordingHealth, RecordingState};

/// A disk that has not taken anything for this long is told to hang.
const STALLED: Duration = Duration::from_secs(2);

/// How a recording is doing.
pub(crate) struct Progress {
    /// Frames the tape had no room for, and those that could not be written at the end.
    pub lost: Arc<AtomicU64>,
    state: Mutex<Told>,
}

struct Told {
    path: PathBuf,
    number: u32,
    frames: u64,
    /// Why nothing is written at the moment.
    waiting: bool,
    problem: Option<String>,
    /// Since when the disk has been asked for something.
    asked: Option<Instant>,
}

impl Progress {
    pub fn new(path: PathBuf) -> Self {
        let state = Told { path, number: 1, frames: 0, waiting: false, problem: None, asked: None };
        Self { lost: Arc::default(), state: Mutex::new(state) }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the disk is waited for.
    pub fn asks(&self) {
        self.told().asked = Some(Instant::now());
    }

    /// The disk has done all that was asked.
    pub fn rests(&self) {
        self.told().asked = None;
    }

    /// A file of that number was begun.
    pub fn opened(&self, path: &Path, number: u32) {
        let mut told = self.told();
        path.clone_into(&mut told.path);
        told.number = number;
    }

    /// So many frames more are in the file.
    pub fn wrote(&self, frames: u64) {
        let mut told = self.told();
        told.frames += frames;
        (told.waiting, told.problem, told.asked) = (false, None, Some(Instant::now()));
    }

    /// Nothing can be written now.
    pub fn waits(&self, problem: String) {
        let mut told = self.told();
        (told.waiting, told.problem) = (true, Some(problem));
    }

    pub fn health(&self) -> RecordingHealth {
        let told = self.told();
        let stalled = told.asked.is_some_and(|since| since.elapsed() >= STALLED);
        let state = match (stalled, told.waiting) {
            (true, _) => RecordingState::Stalled,
            (false, true) => RecordingState::Waiting,
            (false, false) => RecordingState::Writing,
        };
        RecordingHealth {
            path: told.path.clone(),
            number: told.number,
            state,
            problem: told.problem.clone(),
            frames: told.frames,
            lost_frames: self.lost.load(Relaxed),
        }
    }
}
