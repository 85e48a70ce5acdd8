//! Records what is played, on a thread that the sound never waits for.
//!
//! The audio thread puts what it plays on a [`RecordingRing`]; a thread of the recording's own writes it to a file that is complete after
//! every write. A disk that hangs costs nothing until the tape is full, then the frames that find no room; one that is full
//! ends the file, and another is begun when there is room.

mod disk;
mod progress;
mod writer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crowd_media::Container;

use self::disk::{Disk, FileSystem};
use self::progress::Progress;
use self::writer::Writer;
use super::health::RecordingHealth;
use crate::output::cause::Cause;
use crate::rt::RecordingRing;
use crate::types::error::{Error, Result};
use crate::types::output_error::{OutputError, OutputErrorKind};
use crate::types::units::{Frames, SampleRate};

/// Seconds of sound the tape holds while the disk is busy.
const TAPE_SECONDS: usize = 20;
/// Frames it holds at least: twice the largest block.
const TAPE_FRAMES: usize = 2 << 16;
/// How often the writer looks at the tape.
const LOOK: Duration = Duration::from_millis(100);
/// How long the disk may take to make the first file before the sound begins without it.
const OPENING: Duration = Duration::from_secs(5);
/// How long the end of a recording may take: the tape's content and a sync.
const PATIENCE: Duration = Duration::from_secs(10);

type MediaResult = Result<(), crowd_media::Error>;

/// What is to be recorded.
#[derive(Clone, Debug)]
pub(crate) struct Take {
    /// The name asked for.
    pub path: PathBuf,
    /// How long a file may be.
    pub split: Option<Duration>,
}

/// The control half of a recording.
pub(crate) struct Recorder {
    progress: Arc<Progress>,
    done: Receiver<MediaResult>,
    thread: JoinHandle<()>,
    output: String,
}

impl Recorder {
    /// Begins a recording of sound at `rate`.
    ///
    /// # Errors
    /// [`Error::Output`] when the place cannot be written.
    pub fn start(take: &Take, rate: SampleRate) -> Result<(Self, RecordingRing)> {
        Self::start_on(FileSystem, take, rate)
    }

    fn start_on(disk: impl Disk, take: &Take, rate: SampleRate) -> Result<(Self, RecordingRing)> {
        let path = &take.path;
        let output = format!("file:{}", path.display());
        let refused = |cause: Cause| Error::Output(cause.of(output.clone()));
        let container = container(path).map_err(refused)?;
        let progress = Arc::new(Progress::new(path.clone()));
        let frames = (TAPE_SECONDS * rate.get() as usize).max(TAPE_FRAMES);
        let (tape, reader) = RecordingRing::new(frames, progress.lost.clone());
        let split = take.split.map(|split| Frames::from_seconds(split.as_secs_f64(), rate).0.max(1));
        let mut writer = Writer::new(disk, path, container, rate.get(), split, reader, progress.clone());
        let (begun, begins) = mpsc::channel();
        let (sender, done) = mpsc::channel();
        let work = move || {
            let began = writer.begin();
            let refused = began.is_err();
            // When the disk takes too long, nothing waits for these any more.
            let _told = begun.send(began);
            if !refused {
                let _told = sender.send(record(writer));
            }
        };
        let thread = thread::Builder::new().name("crowd-recorder".into()).spawn(work);
        let thread = thread.map_err(|error| refused(Cause::no_thread(error)))?;
        match begins.recv_timeout(OPENING) {
            Ok(Err(error)) => return Err(refused(Cause::from_source(kind_of(&error), error))),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(refused(Cause::new(OutputErrorKind::Other, "the recorder failed")));
            }
            Ok(Ok(())) | Err(RecvTimeoutError::Timeout) => {}
        }
        Ok((Self { progress, done, thread, output }, tape))
    }

    pub fn health(&self) -> RecordingHealth {
        self.progress.health()
    }

    /// Waits for the end of the recording to be written; the [`RecordingRing`] has to be gone.
    ///
    /// # Errors
    /// [`Error::Media`] when it could not be written, [`Error::Output`] when the disk does not answer.
    pub fn close(self) -> Result<()> {
        self.thread.thread().unpark();
        match self.done.recv_timeout(PATIENCE) {
            Ok(outcome) => {
                let _panicked = self.thread.join();
                Ok(outcome?)
            }
            Err(_) => {
                let message = format!("the disk took longer than {} s to finish the file", PATIENCE.as_secs());
                Err(OutputError::new(self.output, OutputErrorKind::TimedOut, message).into())
            }
        }
    }
}

fn record<D: Disk>(mut writer: Writer<D>) -> MediaResult {
    loop {
        // Asked before looking: what came before the end is then surely seen.
        let over = writer.is_over();
        writer.turn(over)?;
        if over {
            return Ok(());
        }
        thread::park_timeout(LOOK);
    }
}

/// What can be done about a file that cannot be written.
fn kind_of(error: &crowd_media::Error) -> OutputErrorKind {
    match error {
        crowd_media::Error::Io { source, .. } => OutputErrorKind::of_io(source),
        _ => OutputErrorKind::Other,
    }
}

/// What a file of that name holds.
fn container(path: &Path) -> Result<Container, Cause> {
    let unsupported = |message| Err(Cause::new(OutputErrorKind::Unsupported, message));
    if path.exists() && !path.is_file() {
        return unsupported(format!(
            "{} is no ordinary file: name a WAV or FLAC file that is to be made",
            path.display()
        ));
    }
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        None | Some("wav" | "wave") => Ok(Container::Wav),
        Some("flac") => Ok(Container::Flac),
        Some(other) => {
            unsupported(format!("recordings are WAV or FLAC, not .{other}: end the name with .wav or .flac"))
        }
    }
}
