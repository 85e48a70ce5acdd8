//! The thread that agrees with other machines on segments, and puts them and the playlists into the bucket.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use crowd_cli::backoff::Backoff;
use crowd_store::StoreError;
use crowd_store::s3::{Objects, PutIf};
use tokio::sync::watch;

use super::cleanup::Cleanup;
use super::objects::{self, AgreedNames, segment_headers};
use super::playlists::BucketPlaylists;
use crate::publish::Progress;
use crate::station::{
    Adopted, Made, MadeSegments, MadeSet, NumberedSegments, Published, Publisher, Rendition, Segment,
};

/// The interval at which new segments are looked for.
const POLL: Duration = Duration::from_millis(50);
/// The interval at which segments are looked for in the bucket that cannot be made here.
const LOOK: Duration = Duration::from_secs(1);
/// The longest time without requests after one that failed.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Agrees on segments, and puts them and the playlists.
pub(super) struct Agreement {
    pub objects: Arc<Objects>,
    pub made: Arc<MadeSegments>,
    pub published: watch::Receiver<Arc<Published>>,
    pub adopted: Sender<Adopted>,
    pub progress: Arc<Progress>,
    pub renditions: Vec<Rendition>,
    /// The names of the segments on which machines agree.
    pub agreed: BTreeMap<u64, AgreedNames>,
    pub window: u64,
}

/// What has been done.
#[derive(Default)]
struct Done {
    playlists: BucketPlaylists,
    cleanup: Cleanup,
    initializations: BTreeSet<String>,
    /// When segments were looked for that cannot be made here.
    looked: Option<Instant>,
}

impl Agreement {
    /// Agrees and puts until `stopped`.
    pub fn run(mut self, stopped: &AtomicBool) {
        let (mut backoff, mut done) = (Backoff::new(), Done::default());
        let mut next = Instant::now();
        while !stopped.load(Ordering::Relaxed) {
            std::thread::sleep(POLL);
            if Instant::now() < next {
                continue;
            }
            match self.round(&mut done) {
                Ok(()) => {
                    backoff.reset();
                    self.progress.publishing();
                }
                Err(error) => {
                    self.progress.failed(error.to_string());
                    next = Instant::now() + backoff.next_time().min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn round(&mut self, done: &mut Done) -> Result<(), StoreError> {
        for segment in self.renditions.iter().filter_map(|rendition| rendition.initialization.as_ref()) {
            if !done.initializations.contains(&segment.name) {
                self.put(segment)?;
                done.initializations.insert(segment.name.clone());
            }
        }
        let made = self.made.get();
        let listed = made.ended.saturating_sub(self.window);
        self.agreed.retain(|number, _| *number + self.window >= listed);
        // The playlists list the earliest segments first.
        for (number, set) in &made.sets {
            let is_due = !set.is_replaced || *number < made.ended;
            match self.agreed.get(number) {
                // A change that came too late has changed it here.
                Some(names) if *names != names_of(set) && *number >= made.ended => self.adopt(*number, names)?,
                None if is_due => self.agree(*number, set)?,
                _ => {}
            }
        }
        self.look(&made, done)?;
        let now = self.published.borrow().clone();
        self.playlists_and_cleanup(&now, done)
    }

    fn playlists_and_cleanup(&self, now: &Published, done: &mut Done) -> Result<(), StoreError> {
        if done.playlists.put(&self.objects, now, &self.agreed)? {
            done.cleanup.run(&self.objects, done.playlists.first(self.window), self.window)?;
        }
        Ok(())
    }

    /// Puts segments, or uses those that another machine has put first.
    fn agree(&mut self, number: u64, set: &MadeSet) -> Result<(), StoreError> {
        let name = objects::agreed(number);
        let own = names_of(set);
        let mut present: Option<AgreedNames> = objects::read(&self.objects, &name)?;
        if present.is_none() {
            set.segments.values().try_for_each(|segment| self.put(segment))?;
            if !objects::put_first(&self.objects, &name, &own)? {
                present = objects::read(&self.objects, &name)?;
            }
        }
        let names = present.unwrap_or(own.clone());
        if names != own {
            self.adopt(number, &names)?;
        }
        self.agreed.insert(number, names);
        Ok(())
    }

    /// Looks for segments in the bucket that cannot be made here, or in which something is replaced.
    fn look(&mut self, made: &Made, done: &mut Done) -> Result<(), StoreError> {
        let is_missing = |number: &u64| made.sets.get(number).is_none_or(|set| set.is_replaced);
        let wanted = made.ended.saturating_sub(1)..made.ended + Publisher::AGREED_AHEAD;
        let missing: Vec<u64> = wanted.filter(is_missing).filter(|number| !self.agreed.contains_key(number)).collect();
        if missing.is_empty() || done.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return Ok(());
        }
        done.looked = Some(Instant::now());
        for number in missing {
            if let Some(names) = objects::read::<AgreedNames>(&self.objects, &objects::agreed(number))? {
                self.adopt(number, &names)?;
                self.agreed.insert(number, names);
            }
        }
        Ok(())
    }

    fn adopt(&self, number: u64, names: &AgreedNames) -> Result<(), StoreError> {
        let segments = fetch(&self.objects, &self.renditions, names)?;
        // The publisher's thread has ended if it does not receive it.
        _ = self.adopted.send(Adopted { number, segments });
        Ok(())
    }

    fn put(&self, segment: &Segment) -> Result<(), StoreError> {
        let headers = segment_headers(segment.media_type);
        self.objects.put(&objects::segment(&segment.name), &segment.bytes, headers, PutIf::Always).map(|_| ())
    }
}

/// The names of segments that were made.
fn names_of(set: &MadeSet) -> AgreedNames {
    set.segments.iter().map(|(playlist, segment)| (playlist.clone(), segment.name.clone())).collect()
}

/// Fetches the segments with these names.
///
/// # Errors
/// Those of the bucket; when a segment is missing or damaged.
pub(super) fn fetch(
    objects: &Objects,
    renditions: &[Rendition],
    names: &AgreedNames,
) -> Result<NumberedSegments, StoreError> {
    let mut segments = NumberedSegments::new();
    for rendition in renditions {
        let name = names.get(&rendition.playlist).map_or("", String::as_str);
        let damaged = |cause: &str| StoreError {
            what: "cannot use the segment",
            name: format!("{}/{}", objects.url(), objects::segment(name)),
            cause: cause.to_owned(),
        };
        let object = objects.get(&objects::segment(name))?.ok_or_else(|| damaged("it was deleted"))?;
        let segment = Segment::with_name(name.to_owned(), rendition.format, object.bytes);
        let segment = segment.ok_or_else(|| damaged("its name is not that of its bytes"))?;
        segments.insert(rendition.playlist.clone(), Arc::new(segment));
    }
    Ok(segments)
}
