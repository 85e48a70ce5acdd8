//! Which load runs on which thread: one for each buffer, and never more than a few on a disk that gives no answer.
//!
//! A thread that hangs in the system cannot be ended, so another one is started in its place: a pool of a fixed number of threads,
//! as crates have them, would be used up by one dead share.

use super::files::{Decode, Files, Loaded, Ticket};
use super::memory::Memory;
use super::mount::Mounts;
use super::watch::Watch;
use crate::ids::BufferId;
use crate::refusal::{Kind, quote};
use crossbeam_channel::Sender;
use crowd_engine::Track;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Files that are read at the same time, those not counted whose disk gives no answer.
pub(super) const WORKERS: usize = 3;
/// Threads in all: a thread in a system call that never returns cannot be ended.
pub(super) const MOST_WORKERS: usize = 64;
/// Reads of one file system that may hang before no other is tried there.
const MOST_STALLED: usize = 3;
/// From when on a system call counts as one that hangs.
const STALL: Duration = Duration::from_millis(250);

/// A file that is to be read.
#[derive(Debug)]
struct Job {
    ticket: Ticket,
    id: BufferId,
    path: String,
    /// Where it lies, once it was found.
    file: Option<PathBuf>,
    /// The file system that was not entered because too many reads of it hang.
    mount: Option<PathBuf>,
    /// Since when it is held back for that or another such reason.
    held: Option<Instant>,
}

/// A file that is being read.
#[derive(Debug)]
struct Run {
    ticket: Ticket,
    id: BufferId,
    path: String,
    /// The file system that was entered last.
    mount: Option<PathBuf>,
    watch: Arc<Watch>,
}

impl Run {
    fn stalls(&self) -> bool {
        self.watch.stalled() >= STALL
    }
}

#[derive(Default)]
struct State {
    /// Reads files; until it is there they are only found.
    decode: Option<Decode>,
    /// At most one of each buffer.
    waiting: VecDeque<Job>,
    running: Vec<Run>,
    workers: usize,
    idle: usize,
    closed: bool,
}

/// What the workers and the control thread share. Its lock is never held during a system call on a file.
pub(super) struct Pool {
    state: Mutex<State>,
    work: Condvar,
    files: Files,
    mounts: fn() -> Mounts,
    done: Sender<Loaded>,
}

/// How a load ended.
enum End {
    Done(Result<Track, (Kind, String)>),
    /// It is this file, and nothing reads files yet.
    Found(PathBuf),
    /// It would have entered this file system.
    Held(PathBuf),
}

impl State {
    /// Why a job is not to be tried now, if it is not.
    fn held(&self, path: &str, mount: Option<&Path>) -> Option<String> {
        if self.running.iter().any(|run| run.path == path && run.stalls()) {
            return Some("a read of it that was begun earlier gives no answer".into());
        }
        let mount = mount?;
        let stalled = self.running.iter().filter(|run| run.mount.as_deref() == Some(mount) && run.stalls()).count();
        (stalled >= MOST_STALLED).then(|| format!("{stalled} reads of {} give no answer", mount.display()))
    }

    /// The first job that may be run. The same file is not read twice at a time: the second finds it in memory.
    fn next(&self) -> Option<usize> {
        self.waiting.iter().position(|job| {
            self.held(&job.path, job.mount.as_deref()).is_none()
                && (job.file.is_none() || self.decode.is_some())
                && !self.running.iter().any(|run| run.path == job.path && run.watch.is_wanted())
        })
    }

    /// Threads that are not stuck.
    fn able(&self) -> usize {
        self.workers - self.running.iter().filter(|run| run.stalls()).count()
    }
}

impl Pool {
    pub fn new(mut files: Files, mounts: fn() -> Mounts, done: Sender<Loaded>) -> Self {
        let state = State { decode: files.decode.take(), ..State::default() };
        Self { state: Mutex::new(state), work: Condvar::new(), files, mounts, done }
    }

    pub fn memory(&self) -> &Memory {
        &self.files.memory
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a file read, in place of whatever was to become the same buffer.
    pub fn request(&self, ticket: Ticket, id: BufferId, path: &str) {
        let mut state = self.lock();
        state.waiting.retain(|job| job.id != id);
        state.running.iter().filter(|run| run.id == id).for_each(|run| run.watch.give_up());
        state.waiting.push_back(Job { ticket, id, path: path.to_owned(), file: None, mount: None, held: None });
        self.work.notify_one();
    }

    /// Forgets all that was asked for.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.waiting.clear();
        state.running.iter().for_each(|run| run.watch.give_up());
    }

    /// Has files read from now on, those first that were found before.
    pub fn read_with(&self, decode: Decode) {
        self.lock().decode = Some(decode);
        self.work.notify_all();
    }

    /// Whether any file may still be found before its disk has given no answer for so long.
    pub fn is_finding(&self, patience: Duration) -> bool {
        let state = self.lock();
        let looks = |job: &Job| job.file.is_none() && state.held(&job.path, job.mount.as_deref()).is_none();
        state.waiting.iter().any(looks) || state.running.iter().any(|run| run.watch.stalled() < patience)
    }

    /// Whether a file was found, and waits to be read.
    pub fn is_found(&self, ticket: Ticket) -> bool {
        self.lock().waiting.iter().any(|job| job.ticket == ticket && job.file.is_some())
    }

    /// Whether anything that was asked for is not here yet.
    pub fn is_busy(&self) -> bool {
        let state = self.lock();
        !state.waiting.is_empty() || state.running.iter().any(|run| run.watch.is_wanted())
    }

    /// Threads whose system call gives no answer.
    pub fn stalled(&self) -> usize {
        self.lock().running.iter().filter(|run| run.stalls()).count()
    }

    /// Gives up what has hung for too long, and says whether a thread is missing: it counts as started then.
    pub fn tend(&self) -> bool {
        let mut state = self.lock();
        let (now, timeout) = (Instant::now(), self.files.timeout);
        let refuse = |ticket, path: &str, why: String| {
            let text = format!(
                "{}: {why}; given up after {} s: is its disk or share there?",
                quote(path),
                timeout.as_secs_f32()
            );
            // A closed channel: the app is gone.
            let _gone = self.done.send(Loaded { ticket, result: Err((Kind::Load, text)) });
        };
        for run in state.running.iter().filter(|run| run.watch.is_wanted() && run.watch.stalled() > timeout) {
            run.watch.give_up();
            refuse(run.ticket, &run.path, "reading it gives no answer".into());
        }
        let full = state.workers >= MOST_WORKERS && state.able() == 0;
        let mut waiting = std::mem::take(&mut state.waiting);
        waiting.retain_mut(|job| {
            let stuck = || full.then(|| format!("all {MOST_WORKERS} threads that read files get no answer"));
            let Some(why) = state.held(&job.path, job.mount.as_deref()).or_else(stuck) else {
                job.held = None;
                return true;
            };
            let late = now.duration_since(*job.held.get_or_insert(now)) > timeout;
            if late {
                refuse(job.ticket, &job.path, why);
            }
            !late
        });
        state.waiting = waiting;
        let missing = state.idle == 0
            && state.able() < WORKERS
            && state.workers < MOST_WORKERS
            && (state.workers == 0 || state.next().is_some());
        state.workers += usize::from(missing);
        if state.idle > 0 && state.next().is_some() {
            self.work.notify_one();
        }
        missing
    }

    /// A thread that was counted could not be started.
    pub fn lost(&self) {
        self.lock().workers -= 1;
    }

    /// Ends the threads, once they have nothing under way.
    pub fn close(&self) {
        self.clear();
        self.lock().closed = true;
        self.work.notify_all();
    }

    /// Runs loads, on a thread of its own, until the pool is closed or has threads enough without this one.
    pub fn work(&self) {
        let mut state = self.lock();
        while !state.closed && state.able() <= WORKERS {
            let Some(job) = state.next().and_then(|next| state.waiting.remove(next)) else {
                state.idle += 1;
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
                continue;
            };
            let watch = Arc::<Watch>::default();
            let Job { ticket, id, path, file, .. } = job;
            let decode = state.decode.clone();
            state.running.push(Run { ticket, id, path: path.clone(), mount: None, watch: watch.clone() });
            drop(state);
            let end = self.load(&path, file, decode.as_ref(), &watch);
            state = self.lock();
            state.running.retain(|run| !Arc::ptr_eq(&run.watch, &watch));
            match end {
                _ if !watch.is_wanted() => {}
                End::Done(result) => {
                    if self.done.send(Loaded { ticket, result }).is_err() {
                        break;
                    }
                }
                End::Found(file) => {
                    state.waiting.push_back(Job { ticket, id, path, file: Some(file), mount: None, held: None });
                }
                End::Held(mount) => {
                    state.waiting.push_front(Job { ticket, id, path, file: None, mount: Some(mount), held: None });
                }
            }
            // What waited for this file, or for an answer of its disk.
            self.work.notify_all();
        }
        state.workers -= 1;
    }

    /// Finds a file, unless it was `found` before, and reads it. A decoder that panics on a hostile file does not take the thread
    /// with it.
    fn load(&self, path: &str, found: Option<PathBuf>, decode: Option<&Decode>, watch: &Arc<Watch>) -> End {
        let file = match found.map_or_else(|| self.find(path, watch), Ok) {
            Ok(file) => file,
            Err(end) => return end,
        };
        let Some(decode) = decode else { return End::Found(file) };
        End::Done(match catch_unwind(AssertUnwindSafe(|| decode(&file, watch))) {
            Ok(Ok(track)) => {
                for warning in track.warnings() {
                    tracing::warn!("{}: {warning}", file.display());
                }
                if let Some(gain_db) = track.downmix_gain_db() {
                    tracing::info!("{}: {}", file.display(), crowd_media::downmix_note(gain_db));
                }
                Ok(track)
            }
            Ok(Err(text)) => Err((Kind::Load, text)),
            Err(_) => Err((Kind::Load, format!("{}: the decoder failed on this file", file.display()))),
        })
    }

    /// Finds the file that a path means, one file system after the other.
    fn find(&self, path: &str, watch: &Arc<Watch>) -> Result<PathBuf, End> {
        let Files { base, resolve, .. } = &self.files;
        let whole = base.join(path);
        let mounts = watch.call(self.mounts);
        let link = |at: &Path| watch.call(|| std::fs::read_link(at)).ok();
        mounts.follow(&whole, link, |mount| self.enter(mount, watch)).map_err(End::Held)?;
        watch.call(|| resolve(path)).map_err(|text| End::Done(Err((Kind::Path, text))))
    }

    /// Notes that a load is about to touch a file system, unless too many hang there.
    fn enter(&self, mount: &Path, watch: &Arc<Watch>) -> Result<(), PathBuf> {
        let mut state = self.lock();
        if state.held("", Some(mount)).is_some() {
            return Err(mount.to_owned());
        }
        if let Some(run) = state.running.iter_mut().find(|run| Arc::ptr_eq(&run.watch, watch)) {
            run.mount = Some(mount.to_owned());
        }
        Ok(())
    }
}
