//! From the ring into files: what the recorder's thread does.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crowd_media::{AudioSpec, Container, CrashSafeWriter, Error, numbered_path};

use super::disk::Disk;
use super::progress::Progress;
use crate::rt::{RecordingRingReader, RingRead};

/// Frames taken from the ring at a time: a second and a half at 44.1 kHz.
const STAGE: usize = 1 << 16;
/// How often what was written is synced: what a power cut may take.
const SYNC: Duration = Duration::from_secs(2);
/// How long after a failure the next file is tried.
const RETRY: Duration = Duration::from_secs(5);
/// The longest gap that silence stands for, in seconds; a longer one ends the file.
const LONGEST_GAP: u64 = 600;
/// Numbers that are tried for a name.
const NUMBERS: u32 = 100_000;

type Result<T> = std::result::Result<T, Error>;

/// A recording's way to the disk.
pub(crate) struct Writer<D: Disk> {
    disk: D,
    /// The name asked for.
    path: PathBuf,
    container: Container,
    spec: AudioSpec,
    /// Frames of a file.
    split: u64,
    ring: RecordingRingReader,
    progress: Arc<Progress>,
    file: Option<Open<D::File>>,
    /// The number of the next file.
    number: u32,
    /// Taken from the ring and not in a file yet.
    stage: Vec<f32>,
    buffer: Box<[f32]>,
    /// Frames of silence that come before what the ring has next.
    silence: u64,
    /// Whether the file ends behind the stage.
    cut: bool,
    /// When to try again.
    retry: Option<Instant>,
}

struct Open<F: crowd_media::Truncate> {
    growing: CrashSafeWriter<F>,
    path: PathBuf,
    /// When it was synced last; its name is synced the first time.
    synced: Option<Instant>,
    opened: Instant,
    dirty: bool,
}

/// What can be said of the stage after it was filled.
#[derive(PartialEq, Eq)]
enum Stage {
    Full,
    /// The ring has nothing more.
    All,
    /// What comes next belongs into another file.
    Cut,
}

impl<D: Disk> Writer<D> {
    pub fn new(
        disk: D,
        path: &Path,
        container: Container,
        rate: u32,
        split: Option<u64>,
        ring: RecordingRingReader,
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
            stage: Vec::with_capacity(2 * STAGE),
            buffer: vec![0.0; 1 << 13].into(),
            silence: 0,
            cut: false,
            retry: None,
        }
    }

    /// Makes the first file.
    ///
    /// # Errors
    /// [`Error::Io`] or what the container says of the spec. A disk without room is none: the recording waits for some.
    pub fn begin(&mut self) -> Result<()> {
        self.progress.asks();
        let opened = self.open();
        self.progress.rests();
        match opened {
            Err(error) if has_no_room(&error) => {
                self.fail(&error);
                Ok(())
            }
            other => other,
        }
    }

    /// Whether the player's end of the ring is gone.
    pub fn is_over(&self) -> bool {
        self.ring.is_closed()
    }

    /// Writes what there is. `over`: whether the ring's other end was gone before.
    ///
    /// # Errors
    /// Why the end of the recording could not be written, and only then.
    pub fn turn(&mut self, over: bool) -> Result<()> {
        if !over && self.retry.is_some_and(|at| Instant::now() < at) {
            return Ok(());
        }
        self.retry = None;
        self.progress.asks();
        let done = self.write(over).and_then(|()| if over { self.close() } else { self.sync() });
        if let Err(error) = &done {
            self.fail(error);
        }
        self.progress.rests();
        if !over || done.is_ok() {
            return Ok(());
        }
        let unwritten = self.stage.len() as u64 / 2 + self.silence + self.ring.frames_waiting();
        self.progress.lost.fetch_add(unwritten, Relaxed);
        done
    }

    fn write(&mut self, over: bool) -> Result<()> {
        loop {
            let stage = self.fill();
            let frames = self.stage.len() / 2;
            if frames == 0 {
                if stage == Stage::Cut {
                    self.close()?;
                    self.cut = false;
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
            let last = stage == Stage::Cut || over && stage == Stage::All;
            let count = if fits < frames || last { fits } else { fits - fits % open.growing.step() };
            let Some(sound) = self.stage.get(..2 * count).filter(|sound| !sound.is_empty()) else { return Ok(()) };
            match open.growing.append(sound) {
                // Another file may be had at once.
                Err(error) if is_too_large(&error) && open.growing.frames() > 0 => {
                    self.close()?;
                    continue;
                }
                appended => appended?,
            }
            open.dirty = true;
            self.stage.drain(..2 * count);
            self.progress.wrote(count as u64);
            if count as u64 == room {
                self.close()?;
            }
        }
    }

    /// Takes from the ring, and what silence stands for, until the stage is full.
    fn fill(&mut self) -> Stage {
        loop {
            if self.cut {
                return Stage::Cut;
            }
            let free = STAGE - self.stage.len() / 2;
            let silence = self.silence.min(free as u64);
            self.stage.resize(self.stage.len() + 2 * silence as usize, 0.0);
            self.silence -= silence;
            let free = free - silence as usize;
            if free == 0 {
                return Stage::Full;
            }
            let most = self.buffer.len().min(2 * free);
            match self.ring.read(self.buffer.get_mut(..most).unwrap_or_default()) {
                RingRead::Sound(frames) => self.stage.extend(self.buffer.iter().take(2 * frames)),
                RingRead::Gap(frames) if frames > LONGEST_GAP * u64::from(self.spec.sample_rate) => self.cut = true,
                RingRead::Gap(frames) => self.silence = frames,
                RingRead::Empty => return Stage::All,
            }
        }
    }

    /// Begins the next file, under the first name of its own.
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
                    self.file = Some(Open { growing, path, synced: None, opened, dirty: false });
                    return Ok(());
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && self.number < NUMBERS => {
                    self.number += 1;
                }
                Err(source) => return Err(Error::Io { path, doing: "create", source }),
            }
        }
    }

    /// Syncs the file when it is time, and leaves one that was removed.
    fn sync(&mut self) -> Result<()> {
        let Some(open) = &mut self.file else { return Ok(()) };
        if !open.dirty || open.synced.unwrap_or(open.opened).elapsed() < SYNC {
            return Ok(());
        }
        if !self.disk.is_named(open.growing.storage()) {
            let source = std::io::Error::other("it was removed while it was written");
            let error = Error::Io { path: open.path.clone(), doing: "go on with", source };
            self.file = None;
            return Err(error);
        }
        let name = open.synced.is_none().then_some(open.path.as_path());
        let synced = self.disk.sync(open.growing.storage(), name);
        synced.map_err(|source| Error::Io { path: open.path.clone(), doing: "sync", source })?;
        (open.synced, open.dirty) = (Some(Instant::now()), false);
        Ok(())
    }

    /// Ends the file, if there is one. Without a frame in it, it is removed.
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
        synced.map_err(|source| Error::Io { path: open.path, doing: "sync", source })
    }

    /// Leaves the file as it is, complete up to its last append, and waits before the next one.
    fn fail(&mut self, error: &Error) {
        let _already_failed = self.close();
        self.retry = Some(Instant::now() + RETRY);
        self.progress.waits(error.to_string());
    }
}

#[cfg(test)]
impl<D: Disk> Writer<D> {
    /// As if the time of the next attempt had come.
    pub fn retry_now(&mut self) {
        self.retry = None;
    }

    /// As if the time of the next sync had come.
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
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error, Error::Io { source, .. } if matches!(source.kind(), StorageFull | QuotaExceeded))
        || is_too_large(error)
}

/// Whether the file, and not the disk, is full.
fn is_too_large(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::FileTooLarge)
}
