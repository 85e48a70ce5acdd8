//! Who makes what, and when: each piece once, the most urgent first, nothing that nobody wants.

mod job;
mod listener;
mod place;
mod players;
mod requests;
mod shared;
mod status;
mod wants;
mod worker;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crowd_library::MusicFile;
use crowd_store::Store;
use crowd_web::{Client, LimitReached};

pub use job::Job;
pub use listener::Listener;
pub use players::SegmentListener;
pub use shared::{Settings, Tally};
pub use status::JobStatus;

use crate::analysis::{Analysis, Kind};
use crate::error::Error;
use crate::measure::Measurements;
use crate::overview::Overview;
use crate::rendition::Rendition;
use crate::turns::Turns;
use place::Place;
use players::Players;
use requests::Requests;
use shared::{Shared, blocking};

/// How often jobs are looked at without anything having happened: for listeners who come to rest, for pieces that other nodes
/// make, and to remove what is old.
const LOOK: Duration = Duration::from_millis(100);

/// All jobs and the threads that do them.
pub struct Jobs {
    shared: Arc<Shared>,
    analyses: Requests<Analysis>,
    waveforms: Requests<Overview>,
    players: Arc<Players>,
    looks: Option<JoinHandle<()>>,
}

impl Jobs {
    /// Starts to look after jobs, of which there are none.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(store: Arc<dyn Store>, measurements: Measurements, settings: Settings) -> std::io::Result<Self> {
        let turns = Arc::new(Turns::new(settings.workers));
        let shared = Arc::new(Shared {
            desk: Mutex::default(),
            closing: Condvar::new(),
            turns: turns.clone(),
            store,
            settings,
            tally: Tally::default(),
            measurements: Arc::new(measurements),
            listeners: AtomicU64::new(0),
        });
        let players = Arc::new(Players::default());
        let (ours, idle) = (shared.clone(), players.clone());
        let looks = std::thread::Builder::new().name("jobs".to_owned()).spawn(move || look(&ours, &idle))?;
        let limit = settings.jobs;
        let analyses = Requests::new("tracks that are being measured", limit, turns.clone());
        let waveforms = Requests::new("waveforms that are being drawn", limit, turns);
        Ok(Self { shared, analyses, waveforms, players, looks: Some(looks) })
    }

    /// Listens to a rendition from a piece on, up to `last`; the job is begun if there is none.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub fn listen(&self, rendition: Rendition, first: usize, last: usize) -> Result<Listener, Error> {
        self.attend(rendition, first, |place, _| Place { last, ..place })
    }

    /// Has a rendition made from its beginning, when nothing else is wanted.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub fn prepare(&self, rendition: Rendition) -> Result<Listener, Error> {
        self.attend(rendition, 0, |place, _| Place { prepares: true, ..place })
    }

    /// Listens to one segment for a player that requests the next ones too. If the player has requested the segment before, this one
    /// is due when what it has read has been played.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub fn listen_to_segment(
        &self,
        rendition: Rendition,
        index: usize,
        client: Client,
    ) -> Result<SegmentListener, Error> {
        let place = |place: Place, job: &Job| place.of_player(client, job.place_before(client, index));
        let listener = self.attend(rendition, index, place)?;
        Ok(self.players.segment_listener(listener, index, client))
    }

    /// Bytes of a piece, if it has been made.
    pub async fn known_length(&self, rendition: &Rendition, index: usize) -> Option<u64> {
        let job = self.shared.desk().jobs.get(&rendition.key).cloned();
        if let Some(length) = job.and_then(|job| job.length(index)) {
            return Some(length);
        }
        let (store, id) = (self.store().clone(), rendition.chunk(index)?);
        blocking(move || store.get(&id).ok().flatten().map(|stored| stored.len())).await.ok().flatten()
    }

    /// A listener of a rendition at the piece `first`, at the place that `placed` makes of one there.
    fn attend(
        &self,
        rendition: Rendition,
        first: usize,
        placed: impl FnOnce(Place, &Job) -> Place,
    ) -> Result<Listener, Error> {
        let now = Instant::now();
        let seconds = rendition.layout.span(first).start as f64 / f64::from(rendition.rate.get());
        let ahead = self.shared.ahead(&rendition);
        let mut desk = self.shared.desk();
        let job = match desk.jobs.get(&rendition.key) {
            Some(job) if !job.state().cancelled => job.clone(),
            _ => {
                let limit = self.shared.settings.jobs;
                let busy = desk.jobs.values().filter(|job| job.is_active(now)).count();
                if busy >= limit {
                    return Err(LimitReached { what: "renditions that are being listened to", limit }.into());
                }
                let job = Arc::new(Job::new(rendition, ahead));
                desk.jobs.insert(job.rendition.key, job.clone());
                job
            }
        };
        let number = self.shared.listeners.fetch_add(1, Ordering::Relaxed);
        job.retry();
        let place = placed(Place::new(first, usize::MAX, false, seconds, now), &job);
        job.enter(number, place);
        drop(desk);
        worker::start(&self.shared, &job);
        Ok(Listener::new(self.shared.clone(), job, number))
    }

    /// What a track measures like. It is measured once for all requests that wait for it, and no further when none does any more.
    ///
    /// # Errors
    /// [`Error::Busy`]; else what the file is about.
    pub async fn analysis(&self, music: MusicFile, kind: Kind) -> Result<Analysis, Error> {
        let measurements = self.shared.measurements.clone();
        let known = measurements.clone();
        let (track, name) = (music.clone(), format!("{kind} {}", music.local_id()));
        if let Some(analysis) = blocking(move || known.known_analysis(&track, kind)).await? {
            return Ok(analysis);
        }
        self.analyses.ask(name, move |turn| measurements.analysis(&music, kind, turn)).await
    }

    /// The waveform of a track, as [`analysis`](Self::analysis).
    ///
    /// # Errors
    /// [`Error::Busy`]; else what the file is about.
    pub async fn waveform(&self, music: MusicFile) -> Result<Overview, Error> {
        let measurements = self.shared.measurements.clone();
        let known = measurements.clone();
        let (track, name) = (music.clone(), format!("track {}", music.local_id()));
        if let Some(overview) = blocking(move || known.known_overview(&track)).await? {
            return Ok(overview);
        }
        self.waveforms.ask(name, move |turn| measurements.overview(&music, turn)).await
    }

    /// The waveform of what there is of a rendition, as [`analysis`](Self::analysis).
    ///
    /// # Errors
    /// [`Error::Busy`]; [`Error::Io`] when a chunk cannot be read.
    pub async fn waveform_of(&self, rendition: Rendition) -> Result<Overview, Error> {
        let store = self.store().clone();
        let name = format!("rendition {}", rendition.key);
        self.waveforms.ask(name, move |turn| Overview::of_pieces(&*store, &rendition, turn)).await
    }

    /// Lengths of the pieces of a rendition whose lengths are only known when they are made: once all are.
    pub async fn known_lengths(&self, rendition: &Rendition) -> Option<Vec<u64>> {
        let job = self.shared.desk().jobs.get(&rendition.key).cloned();
        if let Some(lengths) = job.and_then(|job| job.lengths()) {
            return Some(lengths);
        }
        let ids: Option<Vec<_>> = (0..rendition.layout.count()).map(|n| rendition.chunk(n)).collect();
        let (store, ids) = (self.store().clone(), ids?);
        let look = move || ids.iter().map(|id| Some(store.get(id).ok()??.len())).collect();
        blocking(look).await.ok().flatten()
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
        self.shared.turns.look();
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

    /// How much work runs, and how much waits for its turn.
    pub fn work(&self) -> (usize, usize) {
        self.shared.turns.counts()
    }
}

/// Looks at all jobs from time to time, until the desk is closed.
fn look(shared: &Arc<Shared>, players: &Players) {
    let mut desk = shared.desk();
    while !desk.closed {
        desk.tidy();
        let jobs: Vec<_> = desk.jobs.values().cloned().collect();
        drop(desk);
        let now = Instant::now();
        players.tidy(now);
        for job in jobs {
            job.rest(now);
            worker::start(shared, &job);
        }
        shared.turns.look();
        desk = shared.desk();
        if !desk.closed {
            desk = shared.closing.wait_timeout(desk, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.shared.desk().closed = true;
        self.shared.closing.notify_all();
        if let Some(looks) = self.looks.take() {
            // If it panicked, it has told so already.
            let _ = looks.join();
        }
        self.players.close();
        self.shared.turns.close();
    }
}
