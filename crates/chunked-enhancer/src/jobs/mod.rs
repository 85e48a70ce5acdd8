//! Who makes what, and when: each piece once, the most urgent first, nothing that nobody wants.

mod job;
mod listener;
mod shared;
mod urgency;
mod worker;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use crowd_store::Store;
use crowd_web::Busy;

pub use job::{Job, JobStatus};
pub use listener::Listener;
pub use shared::{Settings, Tally};
pub use urgency::Urgency;

use crate::error::Error;
use crate::measure::Measurements;
use crate::rendition::Rendition;
use shared::Shared;
use urgency::Place;

/// All jobs and the threads that do them.
pub struct Jobs {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

impl Jobs {
    /// Starts the workers.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(store: Arc<dyn Store>, measurements: Measurements, settings: Settings) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            desk: Mutex::default(),
            work: Condvar::new(),
            store,
            settings,
            tally: Tally::default(),
            measurements,
            listeners: AtomicU64::new(0),
        });
        let worker = |n: usize| {
            let shared = shared.clone();
            std::thread::Builder::new().name(format!("maker {n}")).spawn(move || worker::run(&shared))
        };
        let workers = (0..settings.workers.max(1)).map(worker).collect::<Result<_, _>>()?;
        Ok(Self { shared, workers })
    }

    /// Listens to a rendition from a piece on, up to `last`; the job is begun if there is none.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub fn listen(&self, rendition: Rendition, first: usize, last: usize) -> Result<Listener, Error> {
        self.attend(rendition, Place { index: first, playing: false, waits: true, last })
    }

    /// Has a rendition made from its beginning, when nothing else is wanted.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub fn prepare(&self, rendition: Rendition) -> Result<Listener, Error> {
        self.attend(rendition, Place { index: 0, playing: false, waits: false, last: usize::MAX })
    }

    fn attend(&self, rendition: Rendition, place: Place) -> Result<Listener, Error> {
        let mut desk = self.shared.desk();
        let job = match desk.jobs.get(&rendition.key) {
            Some(job) if !job.state().cancelled => job.clone(),
            _ => {
                let limit = self.shared.settings.jobs;
                let busy = desk.jobs.values().filter(|job| !job.state().listeners.is_empty()).count();
                if busy >= limit {
                    return Err(Busy { what: "renditions that are being listened to", limit }.into());
                }
                let job = Arc::new(Job::new(rendition));
                desk.jobs.insert(job.rendition.key, job.clone());
                job
            }
        };
        let number = self.shared.listeners.fetch_add(1, Ordering::Relaxed);
        job.retry();
        job.enter(number, place);
        drop(desk);
        self.shared.work.notify_all();
        Ok(Listener::new(self.shared.clone(), job, number, place))
    }

    /// Lengths of the pieces of a rendition whose lengths are only known when they are made: once all are.
    pub async fn known_lengths(&self, rendition: &Rendition) -> Option<Vec<u64>> {
        let job = self.shared.desk().jobs.get(&rendition.key).cloned();
        if let Some(lengths) = job.and_then(|job| job.lengths()) {
            return Some(lengths);
        }
        let (store, ids) =
            (self.store().clone(), (0..rendition.layout.count()).map(|n| rendition.chunk(n)).collect::<Vec<_>>());
        let look = move || ids.iter().map(|id| Some(store.get(id).ok()??.len())).collect();
        tokio::task::spawn_blocking(look).await.ok().flatten()
    }

    /// A job by the name it has in URLs.
    ///
    /// # Errors
    /// [`Error::NoJob`].
    pub fn job(&self, id: &str) -> Result<Arc<Job>, Error> {
        let desk = self.shared.desk();
        let found = desk.jobs.values().find(|job| job.id() == id).cloned();
        found.ok_or_else(|| Error::NoJob { id: id.escape_debug().to_string() })
    }

    /// All jobs, those that are remembered too.
    pub fn all(&self) -> Vec<Arc<Job>> {
        let mut all: Vec<_> = self.shared.desk().jobs.values().cloned().collect();
        all.sort_by_key(|job| job.rendition.key);
        all
    }

    /// Stops a job: all who listen to it hear no more of it.
    ///
    /// # Errors
    /// [`Error::NoJob`].
    pub fn cancel(&self, id: &str) -> Result<(), Error> {
        let job = self.job(id)?;
        self.shared.desk().jobs.remove(&job.rendition.key);
        job.change(|state| state.cancelled = true);
        job.idle.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Where chunks are kept.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// What was done.
    pub fn tally(&self) -> &Tally {
        &self.shared.tally
    }

    /// What is known of tracks.
    pub fn measurements(&self) -> &Measurements {
        &self.shared.measurements
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.shared.desk().closed = true;
        for job in self.all() {
            job.idle.store(true, Ordering::Relaxed);
        }
        self.shared.work.notify_all();
        for worker in self.workers.drain(..) {
            // A worker that panicked has told so already.
            let _ = worker.join();
        }
    }
}
