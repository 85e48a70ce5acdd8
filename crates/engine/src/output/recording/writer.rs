//! The writer of a recording. On the recorder's thread, it reads the ring and writes files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crowd_media::{AudioSpec, Container, CrashSafeWriter, Error, ErrorKind, numbered_path};

use super::disk::Disk;
use super::progress::Progress;
use crate::rt::{OutputRingReader, RingRead};

/// The number of frames that are read from the ring before they are written: a second and a half at 44.1 kHz.
const STAGE: usize = 1 << 16;
/// The time between two syncs of the file. A power failure may cost the sound of that time.
const SYNC: Duration = Duration::from_secs(2);
/// The time after a failure until the next file is tried.
const RETRY: Duration = Duration::from_secs(5);
/// The longest gap that is filled with silence, in seconds. A longer gap ends the file.
const LONGEST_GAP: u64 = 600;
/// The number of file names that are tried.
const NUMBERS: u32 = 100_000;

type Result<T> = std::result::Result<T, Error>;

/// Writes a recording to files.
pub(crate) struct Writer<D: Disk> {
    disk: D,
    /// The requested name.
    path: PathBuf,
    container: Container,
    spec: AudioSpec,
    /// The largest number of frames in a file.
    split: u64,
    ring: OutputRingReader,
    progress: Arc<Progress>,
    file: Option<OpenFile<D::File>>,
    /// The number of the next file.
    number: u32,
    /// The samples that were read from the ring and are in no file yet.
    staged: Vec<f32>,
    buffer: Box<[f32]>,
    /// The number of frames of silence before the next frames of the ring.
    silence: u64,
    /// Whether the file ends after the staged frames.
    ends_file: bool,
    /// The time of the next attempt after a failure.
    retry: Option<Instant>,
}

struct OpenFile<F: crowd_media::Truncate> {
    growing: CrashSafeWriter<F>,
    path: PathBuf,
    /// The time of the last sync. The name is synced with the first one.
    synced: Option<Instant>,
    opened: Instant,
    dirty: bool,
}

/// The reason why the staging stopped.
#[derive(PartialEq, Eq)]
enum StagingEnd {
    Full,
    /// The ring is empty.
    RingEmpty,
    /// The file ends here.
    FileEnds,
}

impl<D: Disk> Writer<D> {
    pub fn new(
        disk: D,
        path: &Path,
        container: Container,
        rate: u32,
        split: Option<u64>,
        ring: OutputRingReader,
        progress: Arc<Progress>,
    ) -> Self {
        Self {
            disk,
            path: path.to_owned(),
            container,
            spec: AudioSpec::new(rate, 2, container.best_sample_format()),
            split: split.unwrap_or(u64::MAX),
            ring,
            progress,
            file: None,
            number: 1,
            staged: Vec::with_capacity(2 * STAGE),
            buffer: vec![0.0; 1 << 13].into(),
            silence: 0,
            ends_file: false,
            retry: None,
        }
    }

    /// Creates the first file.
    ///
    /// # Errors
    /// The system's error, or the container's error when it does not support the spec. A full disk is not an error: the
    /// recording waits for room.
    pub fn open_first(&mut self) -> Result<()> {
        self.progress.disk_busy();
        let opened = self.open();
        self.progress.disk_idle();
        match opened {
            Err(error) if has_no_room(&error) => {
                self.fail(&error);
                Ok(())
            }
            other => other,
        }
    }

    /// Whether the audio thread's end of the ring was dropped.
    pub fn is_closed(&self) -> bool {
        self.ring.is_closed()
    }

    /// Writes everything in the ring. `last` is true when the writing end was dropped before.
    ///
    /// # Errors
    /// The error when the end of the recording could not be written. Earlier errors are only reported in the progress.
    pub fn write_available(&mut self, last: bool) -> Result<()> {
        if !last && self.retry.is_some_and(|at| Instant::now() < at) {
            return Ok(());
        }
        self.retry = None;
        self.progress.disk_busy();
        let done = self.write(last).and_then(|()| if last { self.close() } else { self.sync() });
        if let Err(error) = &done {
            self.fail(error);
        }
        self.progress.disk_idle();
        if !last || done.is_ok() {
            return Ok(());
        }
        let unwritten = self.staged.len() as u64 / 2 + self.silence + self.ring.frames_waiting();
        self.progress.lost.fetch_add(unwritten, Relaxed);
        done
    }

    fn write(&mut self, last: bool) -> Result<()> {
        loop {
            let staging = self.stage();
            let frames = self.staged.len() / 2;
            if frames == 0 {
                if staging == StagingEnd::FileEnds {
                    self.close()?;
                    self.ends_file = false;
                    continue;
                }
                return Ok(());
            }
            if self.file.is_none() {
                self.open()?;
            }
            let Some(open) = &mut self.file else { return Ok(()) };
            let room = open.growing.room().min(self.split - open.growing.frames());
            let fits = frames.min(usize::try_from(room).unwrap_or(usize::MAX));
            let all = staging == StagingEnd::FileEnds || last && staging == StagingEnd::RingEmpty;
            let count = if fits < frames || all { fits } else { fits - fits % open.growing.step() };
            let Some(sound) = self.staged.get(..2 * count).filter(|sound| !sound.is_empty()) else { return Ok(()) };
            match open.growing.append(sound) {
                // Another file can be created at once.
                Err(error) if is_too_large(&error) && open.growing.frames() > 0 => {
                    self.close()?;
                    continue;
                }
                appended => appended?,
            }
            open.dirty = true;
            self.staged.drain(..2 * count);
            self.progress.wrote(count as u64);
            if count as u64 == room {
                self.close()?;
            }
        }
    }

    /// Reads from the ring, and inserts silence for gaps, until [`STAGE`] frames are staged.
    fn stage(&mut self) -> StagingEnd {
        loop {
            if self.ends_file {
                return StagingEnd::FileEnds;
            }
            let free = STAGE - self.staged.len() / 2;
            let silence = self.silence.min(free as u64);
            self.staged.resize(self.staged.len() + 2 * silence as usize, 0.0);
            self.silence -= silence;
            let free = free - silence as usize;
            if free == 0 {
                return StagingEnd::Full;
            }
            let most = self.buffer.len().min(2 * free);
            match self.ring.read(self.buffer.get_mut(..most).unwrap_or_default()) {
                RingRead::Sound(frames) => self.staged.extend(self.buffer.iter().take(2 * frames)),
                RingRead::Gap(frames) if frames > LONGEST_GAP * u64::from(self.spec.sample_rate) => {
                    self.ends_file = true
                }
                RingRead::Gap(frames) => self.silence = frames,
                RingRead::Empty => return StagingEnd::RingEmpty,
            }
        }
    }

    /// Creates the next file, under the first name that is free.
    fn open(&mut self) -> Result<()> {
        loop {
            let path = numbered_path(&self.path, self.number);
            match self.disk.create(&path) {
                Ok(file) => {
                    self.progress.opened(&path, self.number);
                    let growing = match CrashSafeWriter::new(file, &path, self.container, self.spec) {
                        Ok(growing) => growing,
                        Err(error) => {
                            let _left_behind = self.disk.remove(&path);
                            return Err(error);
                        }
                    };
                    let opened = Instant::now();
                    self.file = Some(OpenFile { growing, path, synced: None, opened, dirty: false });
                    return Ok(());
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && self.number < NUMBERS => {
                    self.number += 1;
                }
                Err(source) => return Err(Error::io(path, "create", source)),
            }
        }
    }

    /// Syncs the file when that is due. If the file was removed by someone, it is closed.
    fn sync(&mut self) -> Result<()> {
        let Some(open) = &mut self.file else { return Ok(()) };
        if !open.dirty || open.synced.unwrap_or(open.opened).elapsed() < SYNC {
            return Ok(());
        }
        if !self.disk.is_named(open.growing.storage()) {
            let source = std::io::Error::other("it was removed while it was written");
            let error = Error::io(open.path.clone(), "go on with", source);
            self.file = None;
            return Err(error);
        }
        let name = open.synced.is_none().then_some(open.path.as_path());
        let synced = self.disk.sync(open.growing.storage(), name);
        synced.map_err(|source| Error::io(open.path.clone(), "sync", source))?;
        (open.synced, open.dirty) = (Some(Instant::now()), false);
        Ok(())
    }

    /// Ends the file, if there is one. A file without a frame is removed.
    fn close(&mut self) -> Result<()> {
        let Some(mut open) = self.file.take() else { return Ok(()) };
        if open.growing.frames() == 0 {
            drop(open.growing);
            let _left_behind = self.disk.remove(&open.path);
            return Ok(());
        }
        self.number += 1;
        let name = open.synced.is_none().then_some(open.path.as_path());
        let synced = self.disk.sync(open.growing.storage(), name);
        synced.map_err(|source| Error::io(open.path, "sync", source))
    }

    /// Ends the file after a failure. It is complete up to its last append. The next file is tried after [`RETRY`].
    fn fail(&mut self, error: &Error) {
        let _already_failed = self.close();
        self.retry = Some(Instant::now() + RETRY);
        self.progress.waiting(error.to_string());
    }
}

#[cfg(test)]
impl<D: Disk> Writer<D> {
    /// Simulates that the time of the next attempt has come.
    pub fn retry_now(&mut self) {
        self.retry = None;
    }

    /// Simulates that the time of the next sync has come.
    pub fn sync_now(&mut self) {
        if let Some(open) = &mut self.file {
            (open.opened, open.dirty) = (open.opened - SYNC, true);
        }
    }

    /// Ends the file.
    pub fn next_file(&mut self) -> Result<()> {
        self.close()
    }
}

fn has_no_room(error: &Error) -> bool {
    *error.kind() == ErrorKind::DiskFull || is_too_large(error)
}

/// Whether the file cannot grow because of its own size, and not because the disk is full.
fn is_too_large(error: &Error) -> bool {
    *error.kind() == ErrorKind::FileTooLarge
}
