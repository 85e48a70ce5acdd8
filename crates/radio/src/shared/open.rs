//! Joins the station in a bucket, or begins it.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crowd_store::s3::{Objects, PutIf};
use crowd_store::{FileFolder, StoreError};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::agreement::{Agreement, fetch};
use super::identity::Identity;
use super::journal_thread::JournalThread;
use super::objects::{self, AgreedNames, INTERNAL, JournalObject};
use crate::error::Error;
use crate::manifest::Manifest;
use crate::publish::Progress;
use crate::station::{
    Adopted, Confirmed, Entry, Event, Journal, MadeSegments, Manifests, Proposal, Published, Publisher, Rendition,
    Share, wall_time,
};

/// The file in the state folder with the identity of the station.
const FILE: &str = "shared.json";
/// The time for which a start waits for the bucket.
const PATIENCE: Duration = Duration::from_secs(20);
/// The time between two attempts.
const RETRY: Duration = Duration::from_secs(1);
/// The difference between clocks in seconds, besides the second that is not known exactly, above which it is told.
const TOLERANCE: f64 = 0.5;
/// The most changes that wait to be put into the journal.
const WAITING: usize = 64;

/// What the state folder has of the station.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Local {
    url: String,
    identity: Identity,
}

/// A station that this process has joined. Its threads do not run yet.
pub struct SharedStation {
    objects: Arc<Objects>,
    identity: Identity,
    by: String,
    /// The number of entries of the journal that are on the disk.
    entries: usize,
    /// The latest frame from which an entry is known.
    from: u64,
    is_online: bool,
    proposals: Receiver<Proposal>,
    confirmed: Sender<Confirmed>,
    adopted: Sender<Adopted>,
    made: Arc<MadeSegments>,
    agreed: BTreeMap<u64, AgreedNames>,
    journal: Arc<Progress>,
    segments: Arc<Progress>,
}

/// A station that was joined, and the publisher's side of it.
pub struct Joined {
    /// The station.
    pub station: SharedStation,
    /// What its publisher needs.
    pub share: Share,
}

impl SharedStation {
    /// Joins the station in the bucket and prefix of `url`, or begins it with the identity `own` and the prepared music `manifest`. The
    /// journal in the folder `state` is then that of the bucket. A station that was joined before is also joined while the bucket does not
    /// answer.
    ///
    /// # Errors
    /// [`Error::Bucket`] when the bucket cannot be used; [`Error::Invalid`] when the settings are not those of the station, with both values,
    /// or the folder has another station; [`Error::Io`].
    pub fn join(url: &str, own: &Identity, manifest: &Manifest, state: &Path) -> Result<Joined, Error> {
        let objects = Arc::new(Objects::open(url)?);
        let folder = FileFolder::new(state);
        let local: Option<Local> = folder.read(FILE).and_then(|text| serde_json::from_slice(&text).ok());
        if local.is_none() && !Journal::entries_in(state)?.is_empty() {
            return Err(Error::Invalid(format!(
                "{}: the folder has a station that is not in a bucket: give another folder to begin one in {url}",
                state.display()
            )));
        }
        if let Some(local) = local.as_ref().filter(|local| local.url != url) {
            let place = state.display();
            return Err(Error::Invalid(format!(
                "{place}: the folder has the station in {}: give another one",
                local.url
            )));
        }
        let present = patiently(local.is_some(), || match objects::read::<Identity>(&objects, objects::IDENTITY)? {
            None if local.is_none() => {
                objects::put_first(&objects, objects::IDENTITY, own)?;
                objects::read(&objects, objects::IDENTITY)
            }
            present => Ok(present),
        });
        let (identity, is_online) = match (present, &local) {
            (Ok(Some(identity)), _) => (identity, true),
            (Ok(None), _) => {
                return Err(Error::Invalid(format!(
                    "{url} has no station any more, but {} has its state: give another folder to begin a new one",
                    state.display()
                )));
            }
            (Err(error), Some(local)) => {
                tracing::error!("{error}: the station goes on with what this machine has");
                (local.identity.clone(), false)
            }
            (Err(error), None) => return Err(error.into()),
        };
        let differences = identity.differences(own);
        if !differences.is_empty() {
            return Err(Error::Invalid(format!(
                "this is not the station in {url}: {}. Use the same settings, or give this station another prefix",
                differences.join("; ")
            )));
        }
        if local.as_ref().is_some_and(|local| local.identity != identity) {
            let place = state.display();
            return Err(Error::Invalid(format!(
                "{place}: the folder has another station than {url}: give another one"
            )));
        }
        fs::create_dir_all(state).map_err(|error| Error::io(state, "make the folder", error))?;
        let text = Local { url: url.to_owned(), identity: identity.clone() };
        folder.write(FILE, &serde_json::to_vec(&text).map_err(|error| Error::Invalid(error.to_string()))?)?;
        let mut journal = Journal::open(state)?;
        let mut join = || {
            check_clock(&objects, &identity)?;
            catch_up(&objects, manifest, &identity, state, &mut journal)
        };
        let is_online = match is_online.then(&mut join) {
            Some(Err(Error::Bucket(error))) if local.is_some() => {
                tracing::error!("{error}: the station goes on with what this machine has");
                false
            }
            Some(result) => result.map(|()| true)?,
            None => false,
        };
        let from = journal.entries().iter().map(|entry| entry.from).max().unwrap_or(0);
        Ok(Self::with_channels(objects, identity, journal.entries().len(), from, is_online))
    }

    fn with_channels(objects: Arc<Objects>, identity: Identity, entries: usize, from: u64, is_online: bool) -> Joined {
        let (propose, proposals) = sync_channel(WAITING);
        let (confirmed, confirmations) = channel();
        let (adopted, adoptions) = channel();
        let made = Arc::<MadeSegments>::default();
        let share = Share { proposals: propose, confirmed: confirmations, adopted: adoptions, made: made.clone() };
        let url = objects.url().to_owned();
        let station = Self {
            objects,
            identity,
            by: process_name(),
            entries,
            from,
            is_online,
            proposals,
            confirmed,
            adopted,
            made,
            agreed: BTreeMap::new(),
            journal: Arc::new(Progress::new(format!("{url} (journal)"))),
            segments: Arc::new(Progress::new(url)),
        };
        Joined { station, share }
    }

    /// The wall time of the first frame of the program, after 1970-01-01T00:00:00 UTC.
    pub fn epoch(&self) -> Duration {
        self.identity.epoch()
    }

    /// The states of its threads.
    pub fn progress(&self) -> Vec<Arc<Progress>> {
        vec![self.segments.clone(), self.journal.clone()]
    }

    /// Fetches the segments on which the other machines agree already, so that they are listed here too. `ended` segments have ended.
    pub fn fetch_agreed(&mut self, renditions: &[Rendition], ended: u64) {
        if !self.is_online {
            return;
        }
        let window = u64::from(self.identity.window);
        for number in ended.saturating_sub(window + 1)..ended + Publisher::AGREED_AHEAD {
            let fetched = objects::read::<AgreedNames>(&self.objects, &objects::agreed(number)).and_then(|names| {
                let Some(names) = names else { return Ok(None) };
                Ok(Some((fetch(&self.objects, renditions, &names)?, names)))
            });
            match fetched {
                Ok(Some((segments, names))) => {
                    self.agreed.insert(number, names);
                    // The receiver exists as long as the publisher.
                    _ = self.adopted.send(Adopted { number, segments });
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::error!("{error}");
                    return;
                }
            }
        }
    }

    /// Starts the threads, which run until `stopped`. Nothing waits for them.
    ///
    /// # Errors
    /// [`Error::Io`] when a thread cannot be started.
    pub fn start(
        self,
        renditions: Vec<Rendition>,
        published: watch::Receiver<Arc<Published>>,
        stopped: &Arc<AtomicBool>,
    ) -> Result<(), Error> {
        let journal = JournalThread {
            objects: self.objects.clone(),
            entries: self.entries,
            from: self.from,
            by: self.by,
            proposals: self.proposals,
            confirmed: self.confirmed,
            made: self.made.clone(),
            progress: self.journal,
            waiting: VecDeque::new(),
            proposed: 0,
        };
        let agreement = Agreement {
            objects: self.objects,
            made: self.made,
            published,
            adopted: self.adopted,
            progress: self.segments,
            renditions,
            agreed: self.agreed,
            window: self.identity.window.into(),
        };
        let failed = |error| Error::io("the thread of a bucket", "start", error);
        let until = stopped.clone();
        thread::Builder::new().name("journal".to_owned()).spawn(move || journal.run(&until)).map_err(failed)?;
        let until = stopped.clone();
        thread::Builder::new().name("agreement".to_owned()).spawn(move || agreement.run(&until)).map_err(failed)?;
        Ok(())
    }
}

/// Repeats requests that fail, for a while if the station cannot start without them.
fn patiently<T>(once: bool, request: impl Fn() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let begun = Instant::now();
    loop {
        match request() {
            Err(error) if !once && begun.elapsed() < PATIENCE => {
                tracing::warn!("{error}: trying again");
                thread::sleep(RETRY);
            }
            result => return result,
        }
    }
}

/// Compares the clock of this machine with that of the bucket's server. A machine whose clock is wrong would publish at the wrong time, and
/// the others could publish nothing before that time.
fn check_clock(objects: &Objects, identity: &Identity) -> Result<(), Error> {
    let name = format!("clocks/{}", process_name());
    let before = wall_time();
    objects.put(&name, &[], INTERNAL, PutIf::Always)?;
    let after = wall_time();
    let Some(object) = objects.get(&name)? else { return Ok(()) };
    objects.delete(&name)?;
    // The server tells whole seconds.
    let (earliest, latest) = (object.modified, object.modified + Duration::from_secs(1));
    let difference = before.saturating_sub(latest).max(earliest.saturating_sub(after)).as_secs_f64();
    let text = format!(
        "the clock of this machine and that of {} differ by {difference:.0} s: have it synchronised by a time server",
        objects.url()
    );
    if difference > f64::from(identity.window) * identity.segment_seconds {
        return Err(Error::Invalid(text));
    }
    if difference > TOLERANCE {
        tracing::warn!("{text}");
    }
    Ok(())
}

/// Appends the entries in the bucket to the journal on the disk. The journal begins with the prepared music of the machine that is first.
fn catch_up(
    objects: &Objects,
    manifest: &Manifest,
    identity: &Identity,
    state: &Path,
    journal: &mut Journal,
) -> Result<(), Error> {
    let rate = crowd_engine::SampleRate::new(identity.sample_rate)?;
    let manifests = Manifests::new(state, identity.epoch(), rate);
    let store = |hash: &str| manifests.store_text(hash, &objects::read_manifest(objects, hash)?);
    for entry in journal.entries() {
        match &entry.event {
            Event::Plan { manifest: hash } if !manifests.file(hash).exists() => store(hash)?,
            _ => {}
        }
    }
    if let Some(last) = journal.entries().last() {
        let present = objects::read_entry(objects, journal.entries().len() - 1)?;
        if present.is_none_or(|present| present.entry != *last) {
            return Err(Error::Invalid(format!(
                "{}: the journal is not that in {}: give another folder, which then gets the journal of the bucket",
                state.display(),
                objects.url()
            )));
        }
    }
    loop {
        let number = journal.entries().len();
        let Some(JournalObject { entry, .. }) = objects::read_entry(objects, number)? else {
            if number > 0 {
                return Ok(());
            }
            let hash = manifest.shared_hash()?;
            objects.put(&objects::manifest(&hash), &manifest.text()?, INTERNAL, PutIf::Absent)?;
            let entry = Entry { from: 0, event: Event::Plan { manifest: hash } };
            objects::put_first(objects, &objects::journal(0), &JournalObject { by: process_name(), entry })?;
            continue;
        };
        if let Event::Plan { manifest: hash } = &entry.event {
            store(hash)?;
        }
        journal.append(entry)?;
    }
}

/// A name that no other process has.
fn process_name() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_else(|_| "machine".to_owned());
    let since = wall_time().as_nanos();
    format!("{}-{}-{since:x}", host.trim(), std::process::id())
}
