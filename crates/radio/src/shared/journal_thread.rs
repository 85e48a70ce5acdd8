//! The thread that reads the journal of all machines, and appends to it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crowd_cli::backoff::Backoff;
use crowd_store::StoreError;
use crowd_store::s3::{Objects, PutIf};

use super::objects::{self, INTERNAL, JournalObject};
use crate::error::Error;
use crate::publish::Progress;
use crate::station::{Confirmed, Entry, Event, MadeSegments, Proposal};

/// The interval at which the journal is read. Changes act two segments and a playlist after they were made.
const INTERVAL: Duration = Duration::from_secs(1);
/// The interval at which a stop is noticed.
const POLL: Duration = Duration::from_millis(100);
/// The time after which a change is given up whose result is waited for.
const GIVE_UP: Duration = Duration::from_secs(5);

/// Reads the journal of all machines, and appends to it.
pub(super) struct JournalThread {
    pub objects: Arc<Objects>,
    /// The number of entries that are known.
    pub entries: usize,
    /// The latest frame from which an entry is known. Later entries have the same or a later one.
    pub from: u64,
    /// The name of this process in objects.
    pub by: String,
    pub proposals: Receiver<Proposal>,
    pub confirmed: Sender<Confirmed>,
    pub made: Arc<MadeSegments>,
    pub progress: Arc<Progress>,
    /// Changes that are not in the journal yet.
    pub waiting: VecDeque<Waiting>,
    /// The number of changes that were proposed here.
    pub proposed: u64,
}

/// A change that is not in the journal yet.
pub(super) struct Waiting {
    proposal: Proposal,
    since: Instant,
    /// What tells it apart from all others.
    by: String,
}

impl JournalThread {
    /// Reads and appends until `stopped`.
    pub fn run(mut self, stopped: &AtomicBool) {
        let (mut backoff, mut next) = (Backoff::new(), Instant::now());
        while !stopped.load(Ordering::Relaxed) {
            match self.proposals.recv_timeout(POLL) {
                Ok(proposal) => {
                    self.add(proposal);
                    // It is tried at once, unless the bucket has just failed.
                    next = next.min(Instant::now() + POLL);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if Instant::now() < next {
                continue;
            }
            match self.follow().and_then(|()| self.append()) {
                Ok(()) => {
                    backoff.reset();
                    self.progress.publishing();
                    next = Instant::now() + INTERVAL;
                }
                Err(error) => {
                    self.progress.failed(error.to_string());
                    self.give_up(&error);
                    next = Instant::now() + backoff.next_time().min(GIVE_UP);
                }
            }
        }
    }

    fn add(&mut self, proposal: Proposal) {
        if proposal.entries.is_some_and(|entries| entries != self.entries) {
            return;
        }
        if matches!(proposal.event, Event::Plan { .. }) {
            // The latest music is the present one.
            self.waiting.retain(|waiting| !matches!(waiting.proposal.event, Event::Plan { .. }));
        }
        self.proposed += 1;
        let by = format!("{}-{}", self.by, self.proposed);
        self.waiting.push_back(Waiting { proposal, since: Instant::now(), by });
    }

    /// Passes the entries on that other machines have appended.
    fn follow(&mut self) -> Result<(), StoreError> {
        while let Some(object) = objects::read_entry(&self.objects, self.entries)? {
            self.confirm(object)?;
        }
        Ok(())
    }

    fn confirm(&mut self, JournalObject { by, entry }: JournalObject) -> Result<(), StoreError> {
        let manifest = match &entry.event {
            Event::Plan { manifest } => Some(objects::read_manifest(&self.objects, manifest)?),
            _ => None,
        };
        self.entries += 1;
        self.from = self.from.max(entry.from);
        // It is one of this machine if the response to its request was lost.
        let own = self.waiting.iter().position(|waiting| waiting.by == by);
        let own = own.and_then(|index| self.waiting.remove(index));
        if let Some(answer) = own.and_then(|waiting| waiting.proposal.answer) {
            answer(Ok(()));
        }
        let is_new = |proposal: &Proposal| match (&proposal.event, &entry.event) {
            (Event::Plan { manifest: ours }, Event::Plan { manifest: theirs }) => ours != theirs,
            _ => proposal.entries.is_none_or(|entries| entries == self.entries),
        };
        self.waiting.retain(|waiting| is_new(&waiting.proposal));
        // The publisher's thread has ended if it does not receive it.
        _ = self.confirmed.send(Confirmed { entry, manifest });
        Ok(())
    }

    /// Appends the changes that wait. When another machine has appended first, its entry is used first.
    fn append(&mut self) -> Result<(), StoreError> {
        while let Some(Waiting { proposal, by, .. }) = self.waiting.front() {
            let changes_from = self.made.changes_from();
            if changes_from == 0 {
                // Nothing is published yet.
                return Ok(());
            }
            if let (Event::Plan { manifest }, Some(text)) = (&proposal.event, &proposal.manifest) {
                self.objects.put(&objects::manifest(manifest), text, INTERNAL, PutIf::Absent)?;
            }
            // It acts so late that all machines know it by then.
            let from = proposal.from.unwrap_or(changes_from).max(self.from);
            let object = JournalObject { by: by.clone(), entry: Entry { from, event: proposal.event.clone() } };
            if objects::put_first(&self.objects, &objects::journal(self.entries), &object)? {
                self.confirm(object)?;
            } else {
                self.follow()?;
            }
        }
        Ok(())
    }

    /// Answers who waits for a change for too long.
    fn give_up(&mut self, error: &StoreError) {
        let (kept, given_up): (VecDeque<Waiting>, VecDeque<Waiting>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|waiting| waiting.proposal.answer.is_none() || waiting.since.elapsed() < GIVE_UP);
        self.waiting = kept;
        for answer in given_up.into_iter().filter_map(|waiting| waiting.proposal.answer) {
            let text = format!("the bucket has not confirmed the change, which may still take effect: {error}");
            answer(Err(Error::Invalid(text)));
        }
    }
}
