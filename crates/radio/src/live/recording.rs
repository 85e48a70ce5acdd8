//! Recordings of sources: the bytes as they were received.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::recording_file::RecordingFile;

/// The time after which written bytes are on the disk at the latest.
const SYNC: Duration = Duration::from_millis(800);
/// The number of reads that wait for a slow disk: minutes of most streams.
const WAITING: usize = 4_096;

/// The latest recording of a mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingStatus {
    /// The mount.
    pub mount: String,
    /// The file, with `.part` after its name while it is written.
    pub file: PathBuf,
    /// Whether it is still written.
    pub is_open: bool,
    /// Why the recording has ended before the source has, for a person.
    pub problem: Option<String>,
}

/// The folder of the recordings, and the latest one of each mount.
#[derive(Clone, Debug)]
pub(super) struct Recordings {
    folder: PathBuf,
    latest: Arc<Mutex<BTreeMap<String, RecordingStatus>>>,
}

impl Recordings {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, latest: Arc::default() }
    }

    pub fn status(&self) -> Vec<RecordingStatus> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn note(&self, mount: &str, file: &Path, is_open: bool, problem: Option<String>) {
        if let Some(problem) = &problem {
            tracing::error!(mount, recording = %file.display(), problem, "a recording has ended, and the sound goes on");
        }
        let status = RecordingStatus { mount: mount.to_owned(), file: file.to_owned(), is_open, problem };
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).insert(mount.to_owned(), status);
    }
}

/// A recording. A thread of its own writes it, so a slow disk does not delay the sound.
#[derive(Debug)]
pub(super) struct Recording {
    sender: SyncSender<Vec<u8>>,
    /// Whether bytes are missing, because the disk was too slow.
    is_late: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Recording {
    /// Begins a recording. `None` if it cannot be made, which is logged and in the status.
    pub fn start(recordings: &Recordings, mount: &str, extension: &str) -> Option<Self> {
        let file = match RecordingFile::create(&recordings.folder, mount, extension) {
            Ok(file) => file,
            Err(error) => {
                recordings.note(mount, &recordings.folder, false, Some(problem("made", &error)));
                return None;
            }
        };
        recordings.note(mount, &part(file.path()), true, None);
        let (sender, receiver) = sync_channel(WAITING);
        let is_late = Arc::new(AtomicBool::new(false));
        let path = part(file.path());
        let writer = Writer {
            file,
            receiver,
            recordings: recordings.clone(),
            mount: mount.to_owned(),
            is_late: is_late.clone(),
        };
        let thread = thread::Builder::new()
            .name("recording".to_owned())
            .spawn(move || writer.run())
            .inspect_err(|error| recordings.note(mount, &path, false, Some(problem("written", error))));
        Some(Self { sender, is_late, thread: thread.ok()? })
    }

    /// Adds bytes. Returns false if the recording has ended.
    pub fn write(&self, bytes: &[u8]) -> bool {
        // If the disk is so slow that this is full, bytes are missing, and the rest would not belong to those before.
        match self.sender.try_send(bytes.to_vec()) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.is_late.store(true, Ordering::Relaxed);
                false
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    }

    /// Waits until the recording is complete.
    pub fn finish(self) {
        let Self { sender, thread, .. } = self;
        drop(sender);
        // It does not panic.
        let _ = thread.join();
    }
}

fn part(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.part", path.display()))
}

fn problem(verb: &str, error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, and let the source connect again"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "check the permissions of the folder",
        _ => "check the disk, and let the source connect again",
    };
    format!("the recording cannot be {verb}: {error}: {advice}")
}

/// Writes a recording until its sender is dropped or the disk fails.
struct Writer {
    file: RecordingFile,
    receiver: Receiver<Vec<u8>>,
    recordings: Recordings,
    mount: String,
    is_late: Arc<AtomicBool>,
}

impl Writer {
    fn run(self) {
        let Self { mut file, receiver, recordings, mount, is_late } = self;
        let mut failed = append(&mut file, &receiver).err().map(|error| problem("written", &error));
        // What is still sent is refused from now on.
        drop(receiver);
        if is_late.load(Ordering::Relaxed) {
            failed.get_or_insert_with(|| "the disk is too slow for the recording: choose another folder".to_owned());
        }
        let path = file.path().to_owned();
        match file.finish() {
            Ok(path) => recordings.note(&mount, &path, false, failed),
            Err(error) => {
                let failed = failed.unwrap_or_else(|| problem("finished", &error));
                recordings.note(&mount, &part(&path), false, Some(failed));
            }
        }
    }
}

fn append(file: &mut RecordingFile, receiver: &Receiver<Vec<u8>>) -> io::Result<()> {
    /// The longest wait when there is nothing to be synced.
    const IDLE: Duration = Duration::from_secs(3_600);
    // When the oldest bytes were written that are not on the disk.
    let mut unsynced: Option<Instant> = None;
    loop {
        let wait = unsynced.map_or(IDLE, |since| SYNC.saturating_sub(since.elapsed()));
        match receiver.recv_timeout(wait) {
            Ok(bytes) => {
                unsynced.get_or_insert_with(Instant::now);
                file.write(&bytes)?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        if unsynced.is_some_and(|since| since.elapsed() >= SYNC) {
            file.sync()?;
            unsynced = None;
        }
    }
}
