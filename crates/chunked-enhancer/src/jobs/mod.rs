//! Jobs: renditions that are made for listeners. Each chunk is made once, the most urgent one first, and only while it is needed.

mod chunk_priority;
mod context;
mod job;
mod listener;
mod playback_position;
mod players;
mod shared_requests;
mod status;
mod worker;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crowd_library::MusicFile;
use crowd_store::Store;
use crowd_web::{Client, LimitReached};

pub use context::{JobCounters, Settings};
pub use job::Job;
pub use listener::Listener;
pub use players::SegmentListener;
pub use status::JobStatus;

use crate::analysis::{Analysis, AnalysisKind};
use crate::error::Error;
use crate::measure::Measurements;
use crate::permits::Permits;
use crate::rendition::Rendition;
use crate::waveform::Waveform;
use context::{JobContext, blocking};
use playback_position::PlaybackPosition;
use players::Players;
use shared_requests::SharedRequests;

/// How often jobs are checked. A check finds idle listeners, unused jobs, and chunks of other nodes that are to be looked up again now.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// All jobs, and the threads that work on them.
pub struct Jobs {
    context: Arc<JobContext>,
    analyses: SharedRequests<Analysis>,
    waveforms: SharedRequests<Waveform>,
    players: Arc<Players>,
    check_thread: Option<JoinHandle<()>>,
}

impl Jobs {
    /// Starts without jobs, with the thread that checks them.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(store: Arc<dyn Store>, measurements: Measurements, settings: Settings) -> std::io::Result<Self> {
        let permits = Arc::new(Permits::new(settings.workers));
        let context = Arc::new(JobContext {
            table: Mutex::default(),
            closing: Condvar::new(),
            permits: permits.clone(),
            store,
            settings,
            counters: JobCounters::default(),
            measurements: Arc::new(measurements),
            next_listener: AtomicU64::new(0),
        });
        let players = Arc::new(Players::default());
        let (thread_context, thread_players) = (context.clone(), players.clone());
        let check_thread = std::thread::Builder::new()
            .name("jobs".to_owned())
            .spawn(move || check_repeatedly(&thread_context, &thread_players))?;
        let limit = settings.jobs;
        let analyses = SharedRequests::new("tracks that are being measured", limit, permits.clone());
        let waveforms = SharedRequests::new("waveforms that are being drawn", limit, permits);
        Ok(Self { context, analyses, waveforms, players, check_thread: Some(check_thread) })
    }

    /// A listener that reads the chunks `first` to `last` of a rendition. A job is started if the rendition has none.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many renditions have listeners.
    pub fn listen(&self, rendition: Rendition, first: usize, last: usize) -> Result<Listener, Error> {
        self.add_listener(rendition, first, |position, _| PlaybackPosition { last_chunk: last, ..position })
    }

    /// A listener for which a whole rendition is made in the background.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many renditions have listeners.
    pub fn prepare(&self, rendition: Rendition) -> Result<Listener, Error> {
        self.add_listener(rendition, 0, |position, _| PlaybackPosition { background: true, ..position })
    }

    /// A listener of one segment, for a player that requests the next segments too. If the player has requested the previous segment, this
    /// one is due when the player has played all that it has read.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many renditions have listeners.
    pub fn listen_to_segment(
        &self,
        rendition: Rendition,
        index: usize,
        client: Client,
    ) -> Result<SegmentListener, Error> {
        let listener = self.add_listener(rendition, index, |position, job| {
            position.of_player(client, job.position_before(client, index))
        })?;
        Ok(self.players.segment_listener(listener, index, client))
    }

    /// A listener that reads a rendition from the chunk `first` on. `adjust` completes its position.
    fn add_listener(
        &self,
        rendition: Rendition,
        first: usize,
        adjust: impl FnOnce(PlaybackPosition, &Job) -> PlaybackPosition,
    ) -> Result<Listener, Error> {
        let now = Instant::now();
        let second = rendition.layout.span(first).start as f64 / f64::from(rendition.rate.get());
        let lookahead = self.context.lookahead(&rendition);
        let mut table = self.context.table();
        let job = match table.jobs.get(&rendition.key) {
            Some(job) if !job.state().cancelled => job.clone(),
            _ => {
                let limit = self.context.settings.jobs;
                let active = table.jobs.values().filter(|job| job.is_active(now)).count();
                if active >= limit {
                    return Err(LimitReached { what: "renditions that are being listened to", limit }.into());
                }
                let job = Arc::new(Job::new(rendition, lookahead));
                table.jobs.insert(job.rendition.key, job.clone());
                job
            }
        };
        let number = self.context.next_listener.fetch_add(1, Ordering::Relaxed);
        job.clear_failure();
        let position = adjust(PlaybackPosition::new(first, second, now), &job);
        job.add_listener(number, position);
        drop(table);
        worker::start(&self.context, &job);
        Ok(Listener::new(self.context.clone(), job, number))
    }

    /// The analysis of a track. One measurement serves all requests that wait for it, and stops when no request waits any more.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many tracks are being measured, or the fault of the file.
    pub async fn analysis(&self, music: MusicFile, kind: AnalysisKind) -> Result<Analysis, Error> {
        let measurements = self.context.measurements.clone();
        let records = measurements.clone();
        let (track, name) = (music.clone(), format!("{kind} {}", music.local_id()));
        if let Some(analysis) = blocking(move || records.recorded_analysis(&track, kind)).await? {
            return Ok(analysis);
        }
        self.analyses.get(name, move |permit| measurements.analysis(&music, kind, permit)).await
    }

    /// The waveform of a track. Requests share its computation, as in [`analysis`](Self::analysis).
    ///
    /// # Errors
    /// [`Error::Busy`] when too many waveforms are being made, or the fault of the file.
    pub async fn waveform(&self, music: MusicFile) -> Result<Waveform, Error> {
        let measurements = self.context.measurements.clone();
        let records = measurements.clone();
        let (track, name) = (music.clone(), format!("track {}", music.local_id()));
        if let Some(waveform) = blocking(move || records.recorded_waveform(&track)).await? {
            return Ok(waveform);
        }
        self.waveforms.get(name, move |permit| measurements.waveform(&music, permit)).await
    }

    /// The waveform of those chunks of a rendition that exist. Requests share its computation, as in [`analysis`](Self::analysis).
    ///
    /// # Errors
    /// [`Error::Busy`] when too many waveforms are being made; [`Error::Io`] when a chunk cannot be read.
    pub async fn waveform_of(&self, rendition: Rendition) -> Result<Waveform, Error> {
        let store = self.store().clone();
        let name = format!("rendition {}", rendition.key);
        self.waveforms.get(name, move |permit| Waveform::of_chunks(&*store, &rendition, permit)).await
    }

    /// The length of a chunk in bytes, if the chunk exists.
    pub async fn known_length(&self, rendition: &Rendition, index: usize) -> Option<u64> {
        let job = self.context.table().jobs.get(&rendition.key).cloned();
        if let Some(length) = job.and_then(|job| job.length(index)) {
            return Some(length);
        }
        let (store, id) = (self.store().clone(), rendition.chunk_id(index)?);
        blocking(move || store.get(&id).ok().flatten().map(|stored| stored.len())).await.ok().flatten()
    }

    /// The length of each chunk in bytes, if all chunks exist.
    pub async fn known_lengths(&self, rendition: &Rendition) -> Option<Vec<u64>> {
        let job = self.context.table().jobs.get(&rendition.key).cloned();
        if let Some(lengths) = job.and_then(|job| job.lengths()) {
            return Some(lengths);
        }
        let ids: Option<Vec<_>> = (0..rendition.layout.chunk_count()).map(|n| rendition.chunk_id(n)).collect();
        let (store, ids) = (self.store().clone(), ids?);
        let lengths = move || ids.iter().map(|id| Some(store.get(id).ok()??.len())).collect();
        blocking(lengths).await.ok().flatten()
    }

    /// A job by its name in URLs.
    ///
    /// # Errors
    /// [`Error::NoJob`] when there is no job of this name.
    pub fn job(&self, id: &str) -> Result<Arc<Job>, Error> {
        let table = self.context.table();
        let found = table.jobs.values().find(|job| job.id() == id).cloned();
        found.ok_or_else(|| Error::NoJob { id: id.escape_debug().to_string() })
    }

    /// All jobs, including those without a listener.
    pub fn all(&self) -> Vec<Arc<Job>> {
        let mut all: Vec<_> = self.context.table().jobs.values().cloned().collect();
        all.sort_by_key(|job| job.rendition.key);
        all
    }

    /// Stops a job. Its listeners get [`Error::Cancelled`].
    ///
    /// # Errors
    /// [`Error::NoJob`] when there is no job of this name.
    pub fn cancel(&self, id: &str) -> Result<(), Error> {
        let job = self.job(id)?;
        self.context.table().jobs.remove(&job.rendition.key);
        job.update(|state| state.cancelled = true);
        self.context.permits.end_unneeded();
        Ok(())
    }

    /// The store of the chunks.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.context.store
    }

    /// Counters of the work that was done.
    pub fn counters(&self) -> &JobCounters {
        &self.context.counters
    }

    /// How many items of work run, and how many wait for a permit.
    pub fn work_counts(&self) -> (usize, usize) {
        self.context.permits.counts()
    }
}

/// Checks all jobs every [`CHECK_INTERVAL`], until the table is closed.
fn check_repeatedly(context: &Arc<JobContext>, players: &Players) {
    let mut table = context.table();
    while !table.closed {
        table.remove_unused();
        let jobs: Vec<_> = table.jobs.values().cloned().collect();
        drop(table);
        let now = Instant::now();
        players.remove_late(now);
        for job in jobs {
            job.close_idle(now);
            worker::start(context, &job);
        }
        context.permits.end_unneeded();
        table = context.table();
        if !table.closed {
            table = context.closing.wait_timeout(table, CHECK_INTERVAL).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.context.table().closed = true;
        self.context.closing.notify_all();
        if let Some(thread) = self.check_thread.take() {
            // A panic of the thread was logged when it occurred.
            let _ = thread.join();
        }
        self.players.close();
        self.context.permits.close();
    }
}
