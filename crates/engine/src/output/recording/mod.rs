//! Recordings of the played sound. A thread writes them, and the audio thread never waits for it.
//!
//! The audio thread writes the sound that it plays to a [`OutputRing`]. The recorder's thread writes it to a file that is
//! complete after every write. While a disk hangs, no frame is lost until the ring is full. Then the frames that do not fit
//! are lost. When the disk is full, the file ends. Another file begins when there is room again.

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
use crate::rt::OutputRing;
use crate::types::error::{Error, Result};
use crate::types::output_error::{OutputError, OutputErrorKind};
use crate::types::units::{Frames, SampleRate};

/// The number of seconds of sound for which the ring has room while the disk is busy.
const RING_SECONDS: usize = 20;
/// The smallest size of the ring in frames: twice the largest block.
const RING_FRAMES: usize = 2 << 16;
/// The interval at which the ring is polled.
const POLL: Duration = Duration::from_millis(100);
/// The time that the disk may take to create the first file. After it the sound starts without the file.
const OPENING: Duration = Duration::from_secs(5);
/// The time that the end of a recording may take: writing the content of the ring, and a sync.
const FINISHING: Duration = Duration::from_secs(10);

type MediaResult = Result<(), crowd_media::Error>;

/// The file and the split length of a recording.
#[derive(Clone, Debug)]
pub(crate) struct RecordingConfig {
    /// The requested name.
    pub path: PathBuf,
    /// The length at which the recording continues in another file.
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
    /// Starts a recording of sound at `rate`.
    ///
    /// # Errors
    /// [`Error::Output`] when no file can be written at this path.
    pub fn start(take: &RecordingConfig, rate: SampleRate) -> Result<(Self, OutputRing)> {
        Self::start_on(FileSystem, take, rate)
    }

    fn start_on(disk: impl Disk, take: &RecordingConfig, rate: SampleRate) -> Result<(Self, OutputRing)> {
        let path = &take.path;
        let output = format!("file:{}", path.display());
        let refused = |cause: Cause| Error::Output(cause.of(output.clone()));
        let container = container(path).map_err(refused)?;
        let progress = Arc::new(Progress::new(path.clone()));
        let frames = (RING_SECONDS * rate.get() as usize).max(RING_FRAMES);
        let (ring, reader) = OutputRing::new(frames, progress.lost.clone());
        let split = take.split.map(|split| Frames::from_seconds(split.as_secs_f64(), rate).0.max(1));
        let mut writer = Writer::new(disk, path, container, rate.get(), split, reader, progress.clone());
        let (begun, begins) = mpsc::channel();
        let (sender, done) = mpsc::channel();
        let work = move || {
            let began = writer.open_first();
            let refused = began.is_err();
            // If the disk took too long, there is no receiver any more.
            let _received = begun.send(began);
            if !refused {
                let _received = sender.send(record(writer));
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
        Ok((Self { progress, done, thread, output }, ring))
    }

    pub fn health(&self) -> RecordingHealth {
        self.progress.health()
    }

    /// Waits until the recording is finished. The [`OutputRing`] must have been dropped before.
    ///
    /// # Errors
    /// [`Error::Media`] when the end could not be written. [`Error::Output`] when the disk does not answer.
    pub fn close(self) -> Result<()> {
        self.thread.thread().unpark();
        match self.done.recv_timeout(FINISHING) {
            Ok(outcome) => {
                let _panicked = self.thread.join();
                Ok(outcome?)
            }
            Err(_) => {
                let message = format!("the disk took longer than {} s to finish the file", FINISHING.as_secs());
                Err(OutputError::new(self.output, OutputErrorKind::TimedOut, message).into())
            }
        }
    }
}

fn record<D: Disk>(mut writer: Writer<D>) -> MediaResult {
    loop {
        // This is read before the ring is written to the file, so that everything before the end is written.
        let last = writer.is_closed();
        writer.write_available(last)?;
        if last {
            return Ok(());
        }
        thread::park_timeout(POLL);
    }
}

/// The kind of the output's error for a file that cannot be written.
fn kind_of(error: &crowd_media::Error) -> OutputErrorKind {
    error.io_error().map_or(OutputErrorKind::Other, OutputErrorKind::of_io)
}

/// The container of a file, by the extension of its name.
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
