//! The log of what is played.

use std::error::Error;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crowd_cli::path::display_text;
use crowd_media::numbered_path;

use crate::steering::change::Change;
use crate::steering::log::{Header, LogWriter};

/// The log of what is played. The thread that makes the music writes the changes; an error is kept until it is asked for.
#[derive(Clone)]
pub struct LogFile {
    path: PathBuf,
    state: Arc<Mutex<State>>,
}

struct State {
    /// None after an error.
    writer: Option<LogWriter<File>>,
    error: Option<io::Error>,
}

impl LogFile {
    /// Starts a log. No file is replaced: its name gets a number when it exists.
    ///
    /// # Errors
    /// When the file cannot be made or written.
    pub fn create(path: &Path, header: &Header) -> Result<Self, Box<dyn Error>> {
        let failed = |path: &Path, error: io::Error| format!("{}: {error}", display_text(path));
        for number in 1.. {
            let path = numbered_path(path, number);
            match File::create_new(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(&path, error).into()),
                Ok(file) => {
                    let writer = LogWriter::new(file, header).map_err(|error| failed(&path, error))?;
                    let state = State { writer: Some(writer), error: None };
                    return Ok(Self { path, state: Arc::new(Mutex::new(state)) });
                }
            }
        }
        Err(format!("{}: all names are taken", display_text(path)).into())
    }

    /// The path that it has got.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a change.
    pub fn change(&self, frame: u64, change: &Change) {
        self.write(|writer| writer.change(frame, change));
    }

    /// Writes the end.
    pub fn end(&self, frame: u64) {
        self.write(|writer| writer.end(frame));
    }

    /// The error after which nothing is written any more, once.
    pub fn take_error(&self) -> Option<String> {
        let error = self.lock().error.take()?;
        Some(format!("{}: {error}: the log ends here, and the music goes on", display_text(&self.path)))
    }

    fn write(&self, write: impl FnOnce(&mut LogWriter<File>) -> io::Result<()>) {
        let mut state = self.lock();
        if let Some(Err(error)) = state.writer.as_mut().map(write) {
            state.writer = None;
            state.error = Some(error);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
