//! The pool of worker threads. It runs at most one load for each buffer, and only a few loads on a disk that does not
//! answer.
//!
//! A thread whose system call does not return cannot be ended, so another thread is started in its place. The pools of
//! crates are not used, because they have a fixed number of threads, all of which one disconnected share would block.

use super::super::generators::Generators;
use super::file_access::{DecodeFn, FileAccess, FinishedLoad, LoadId};
use super::load_monitor::LoadMonitor;
use super::memory_budget::MemoryBudget;
use super::mount_points::MountPoints;
use crate::ids::BufferId;
use crate::refusal::{RefusalKind, quote};
use crossbeam_channel::Sender;
use crowd_engine::Track;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The number of files that are loaded at the same time. Stalled loads are not counted.
pub(super) const WORKERS: usize = 3;
/// The largest number of threads. Stalled threads are counted, because they cannot be ended.
pub(super) const MAX_WORKERS: usize = 64;
/// The number of stalled reads of one file system at which no further read of that file system is started.
const MAX_STALLED_READS: usize = 3;
/// The time after which a system call that has not returned counts as stalled.
const STALL_TIME: Duration = Duration::from_millis(250);

/// A file that waits to be loaded.
#[derive(Debug)]
struct Job {
    load: LoadId,
    id: BufferId,
    path: String,
    /// The resolved path, once it is known.
    resolved: Option<PathBuf>,
    /// The mount point of the file system that was not entered, because too many reads of it are stalled.
    mount: Option<PathBuf>,
    /// The time since which the job may not be started, for that or another reason.
    blocked_since: Option<Instant>,
}

/// A file that is being loaded.
#[derive(Debug)]
struct RunningJob {
    load: LoadId,
    id: BufferId,
    path: String,
    /// The mount point of the file system that was entered last.
    mount: Option<PathBuf>,
    monitor: Arc<LoadMonitor>,
}

impl RunningJob {
    fn is_stalled(&self) -> bool {
        self.monitor.stalled_for() >= STALL_TIME
    }
}

#[derive(Default)]
struct PoolState {
    /// The decoder. Without it, files are only resolved.
    decode: Option<DecodeFn>,
    /// The jobs that wait, at most one for each buffer.
    waiting: VecDeque<Job>,
    running: Vec<RunningJob>,
    workers: usize,
    idle: usize,
    closed: bool,
}

/// The state that the workers and the control thread share. Its lock is never held during a system call on a file.
pub(super) struct WorkerPool {
    state: Mutex<PoolState>,
    job_added: Condvar,
    files: FileAccess,
    mounts: fn() -> MountPoints,
    finished: Sender<FinishedLoad>,
}

/// How a job ended.
enum JobResult {
    Finished(Result<Track, (RefusalKind, String)>),
    /// The path was resolved to this file, and there is no decoder yet.
    Resolved(PathBuf),
    /// The job was stopped before it entered the file system with this mount point, because too many reads are stalled
    /// there.
    Blocked(PathBuf),
}

impl PoolState {
    /// The reason why a job must not be started now; `None` when it may be started.
    fn blocked_by(&self, path: &str, mount: Option<&Path>) -> Option<String> {
        if self.running.iter().any(|run| run.path == path && run.is_stalled()) {
            return Some("an earlier read of it does not return".into());
        }
        let mount = mount?;
        let stalled = self.running.iter().filter(|run| run.mount.as_deref() == Some(mount) && run.is_stalled()).count();
        (stalled >= MAX_STALLED_READS).then(|| format!("{stalled} reads of {} do not return", mount.display()))
    }

    /// The index of the first job that may be started. A file is not decoded twice at the same time: the second load starts
    /// later, and finds the file in memory.
    fn next(&self) -> Option<usize> {
        self.waiting.iter().position(|job| {
            self.blocked_by(&job.path, job.mount.as_deref()).is_none()
                && (job.resolved.is_none() || self.decode.is_some())
                && !self.running.iter().any(|run| run.path == job.path && !run.monitor.is_cancelled())
        })
    }

    /// The number of workers that are not stalled.
    fn unstalled_workers(&self) -> usize {
        self.workers - self.running.iter().filter(|run| run.is_stalled()).count()
    }
}

impl WorkerPool {
    pub fn new(mut files: FileAccess, mounts: fn() -> MountPoints, finished: Sender<FinishedLoad>) -> Self {
        let state = PoolState { decode: files.decode.take(), ..PoolState::default() };
        Self { state: Mutex::new(state), job_added: Condvar::new(), files, mounts, finished }
    }

    /// The generators that are loaded in place of files.
    pub fn generators(&self) -> &Generators {
        &self.files.generators
    }

    pub fn memory(&self) -> &MemoryBudget {
        &self.files.memory
    }

    fn lock(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a load. It replaces any other load for the same buffer.
    pub fn request(&self, load: LoadId, id: BufferId, path: &str) {
        let mut state = self.lock();
        state.waiting.retain(|job| job.id != id);
        state.running.iter().filter(|run| run.id == id).for_each(|run| run.monitor.cancel());
        state.waiting.push_back(Job {
            load,
            id,
            path: path.to_owned(),
            resolved: None,
            mount: None,
            blocked_since: None,
        });
        self.job_added.notify_one();
    }

    /// Cancels all loads.
    pub fn cancel_all(&self) {
        let mut state = self.lock();
        state.waiting.clear();
        state.running.iter().for_each(|run| run.monitor.cancel());
    }

    /// Sets the decoder. The files whose paths are resolved already are decoded first.
    pub fn set_decoder(&self, decode: DecodeFn) {
        self.lock().decode = Some(decode);
        self.job_added.notify_all();
    }

    /// Whether a path waits to be resolved, or a load runs whose current system call began less than `timeout` ago.
    pub fn is_resolving(&self, timeout: Duration) -> bool {
        let state = self.lock();
        let may_resolve =
            |job: &Job| job.resolved.is_none() && state.blocked_by(&job.path, job.mount.as_deref()).is_none();
        state.waiting.iter().any(may_resolve) || state.running.iter().any(|run| run.monitor.stalled_for() < timeout)
    }

    /// Whether a path was resolved and the file waits to be decoded.
    pub fn is_resolved(&self, load: LoadId) -> bool {
        self.lock().waiting.iter().any(|job| job.load == load && job.resolved.is_some())
    }

    /// Whether any load has not ended.
    pub fn is_busy(&self) -> bool {
        let state = self.lock();
        !state.waiting.is_empty() || state.running.iter().any(|run| !run.monitor.is_cancelled())
    }

    /// The number of workers whose system call does not return.
    pub fn stalled(&self) -> usize {
        self.lock().running.iter().filter(|run| run.is_stalled()).count()
    }

    /// Gives up loads that have been stalled for too long. Returns whether the caller must start another worker, which is
    /// counted already.
    pub fn maintain(&self) -> bool {
        let mut state = self.lock();
        let (now, timeout) = (Instant::now(), self.files.timeout);
        let refuse = |load, path: &str, reason: String| {
            let text = format!(
                "{}: {reason}; given up after {} s: is its disk or share connected?",
                quote(path),
                timeout.as_secs_f32()
            );
            // The send fails when the app is gone.
            let _gone = self.finished.send(FinishedLoad { load, result: Err((RefusalKind::Load, text)) });
        };
        for run in state.running.iter().filter(|run| !run.monitor.is_cancelled() && run.monitor.stalled_for() > timeout)
        {
            run.monitor.cancel();
            refuse(run.load, &run.path, "a read of it does not return".into());
        }
        let full = state.workers >= MAX_WORKERS && state.unstalled_workers() == 0;
        let mut waiting = std::mem::take(&mut state.waiting);
        waiting.retain_mut(|job| {
            let all_stalled =
                || full.then(|| format!("the reads of all {MAX_WORKERS} threads that load files do not return"));
            let Some(reason) = state.blocked_by(&job.path, job.mount.as_deref()).or_else(all_stalled) else {
                job.blocked_since = None;
                return true;
            };
            let expired = now.duration_since(*job.blocked_since.get_or_insert(now)) > timeout;
            if expired {
                refuse(job.load, &job.path, reason);
            }
            !expired
        });
        state.waiting = waiting;
        let needed = state.idle == 0
            && state.unstalled_workers() < WORKERS
            && state.workers < MAX_WORKERS
            && (state.workers == 0 || state.next().is_some());
        state.workers += usize::from(needed);
        if state.idle > 0 && state.next().is_some() {
            self.job_added.notify_one();
        }
        needed
    }

    /// Corrects the count of workers after the caller could not start one.
    pub fn worker_not_started(&self) {
        self.lock().workers -= 1;
    }

    /// Ends each worker when its current job has ended.
    pub fn close(&self) {
        self.cancel_all();
        self.lock().closed = true;
        self.job_added.notify_all();
    }

    /// The loop of a worker. It ends when the pool is closed, or has enough workers without this one.
    pub fn run_worker(&self) {
        let mut state = self.lock();
        while !state.closed && state.unstalled_workers() <= WORKERS {
            let Some(job) = state.next().and_then(|next| state.waiting.remove(next)) else {
                state.idle += 1;
                state = self.job_added.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
                continue;
            };
            let monitor = Arc::<LoadMonitor>::default();
            let Job { load, id, path, resolved, .. } = job;
            let decode = state.decode.clone();
            state.running.push(RunningJob { load, id, path: path.clone(), mount: None, monitor: monitor.clone() });
            drop(state);
            let result = self.load(&path, resolved, decode.as_ref(), &monitor);
            state = self.lock();
            state.running.retain(|run| !Arc::ptr_eq(&run.monitor, &monitor));
            match result {
                _ if monitor.is_cancelled() => {}
                JobResult::Finished(track) => {
                    if self.finished.send(FinishedLoad { load, result: track }).is_err() {
                        break;
                    }
                }
                JobResult::Resolved(resolved) => {
                    state.waiting.push_back(Job {
                        load,
                        id,
                        path,
                        resolved: Some(resolved),
                        mount: None,
                        blocked_since: None,
                    });
                }
                JobResult::Blocked(mount) => {
                    state.waiting.push_front(Job {
                        load,
                        id,
                        path,
                        resolved: None,
                        mount: Some(mount),
                        blocked_since: None,
                    });
                }
            }
            // Wakes the workers, because the end of this job may allow other jobs to start.
            self.job_added.notify_all();
        }
        state.workers -= 1;
    }

    /// Resolves a path, unless it was resolved before, and decodes the file. A panic of the decoder does not end the
    /// worker.
    fn load(
        &self,
        path: &str,
        resolved: Option<PathBuf>,
        decode: Option<&DecodeFn>,
        monitor: &Arc<LoadMonitor>,
    ) -> JobResult {
        let resolved = match resolved.map_or_else(|| self.resolve(path, monitor), Ok) {
            Ok(resolved) => resolved,
            Err(result) => return result,
        };
        let Some(decode) = decode else { return JobResult::Resolved(resolved) };
        JobResult::Finished(match catch_unwind(AssertUnwindSafe(|| decode(&resolved, monitor))) {
            Ok(Ok(track)) => {
                for warning in track.warnings() {
                    tracing::warn!("{}: {warning}", resolved.display());
                }
                if let Some(gain_db) = track.downmix_gain_db() {
                    tracing::info!("{}: {}", resolved.display(), crowd_media::downmix_note(gain_db));
                }
                Ok(track)
            }
            Ok(Err(text)) => Err((RefusalKind::Load, text)),
            Err(_) => Err((RefusalKind::Load, format!("{}: the decoder failed on this file", resolved.display()))),
        })
    }

    /// Resolves a path. It enters one file system after the other.
    fn resolve(&self, path: &str, monitor: &Arc<LoadMonitor>) -> Result<PathBuf, JobResult> {
        let FileAccess { base_folder, resolve, .. } = &self.files;
        let full_path = base_folder.join(path);
        let mounts = monitor.call(self.mounts);
        let link = |at: &Path| monitor.call(|| std::fs::read_link(at)).ok();
        mounts.follow(&full_path, link, |mount| self.enter(mount, monitor)).map_err(JobResult::Blocked)?;
        monitor.call(|| resolve(path)).map_err(|text| JobResult::Finished(Err((RefusalKind::Path, text))))
    }

    /// Notes that a load enters a file system, unless too many reads are stalled there.
    fn enter(&self, mount: &Path, monitor: &Arc<LoadMonitor>) -> Result<(), PathBuf> {
        let mut state = self.lock();
        if state.blocked_by("", Some(mount)).is_some() {
            return Err(mount.to_owned());
        }
        if let Some(run) = state.running.iter_mut().find(|run| Arc::ptr_eq(&run.monitor, monitor)) {
            run.mount = Some(mount.to_owned());
        }
        Ok(())
    }
}
