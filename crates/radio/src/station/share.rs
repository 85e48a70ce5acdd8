//! What the publisher of a shared station and the threads that agree with other machines pass to each other.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::journal::{Entry, Event};
use super::segment::Segment;
use crate::error::Error;

/// Receives the result of a proposal.
pub type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// A change of the program that is to be put into the journal that all machines have in common.
pub struct Proposal {
    /// The change.
    pub event: Event,
    /// The frame from which on it is known; `None` for the earliest one from which on all machines know it in time.
    pub from: Option<u64>,
    /// The number of entries that it follows from. After more entries it is not put.
    pub entries: Option<usize>,
    /// The text of the manifest that it names.
    pub manifest: Option<Vec<u8>>,
    /// Receives the result. Without it, the change is proposed until it succeeds.
    pub answer: Option<Answer>,
}

/// An entry of the common journal. They come in their order.
#[derive(Debug)]
pub struct Confirmed {
    /// The entry.
    pub entry: Entry,
    /// The text of the manifest that it names.
    pub manifest: Option<Vec<u8>>,
}

/// The segments with a number, by the names of their playlists.
pub type NumberedSegments = BTreeMap<String, Arc<Segment>>;

/// Segments that another machine has put first, and that are listed instead of those made here.
#[derive(Debug)]
pub struct Adopted {
    /// Their number.
    pub number: u64,
    /// The segments.
    pub segments: NumberedSegments,
}

/// The publisher's side of a shared station.
pub struct Share {
    /// Takes changes of the program.
    pub proposals: SyncSender<Proposal>,
    /// Returns the changes of all machines.
    pub confirmed: Receiver<Confirmed>,
    /// Returns segments of other machines.
    pub adopted: Receiver<Adopted>,
    /// What is made.
    pub made: Arc<MadeSegments>,
}

/// The segments that a publisher has made, for the threads that put them into a bucket.
#[derive(Debug, Default)]
pub struct MadeSegments(Mutex<Made>);

/// The segments that a publisher has made.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// The number of segments that have ended.
    pub ended: u64,
    /// The first frame from which on changes of the program act.
    pub changes_from: u64,
    /// The segments from the first one in the playlists on, at most [two](super::Publisher::AGREED_AHEAD) that have not ended.
    pub sets: BTreeMap<u64, MadeSet>,
}

/// The segments with one number.
#[derive(Clone, Debug)]
pub struct MadeSet {
    /// The segments.
    pub segments: NumberedSegments,
    /// Whether something else plays in them instead of an item that cannot be read here. Other machines may have it.
    pub is_replaced: bool,
}

impl MadeSegments {
    fn lock(&self) -> MutexGuard<'_, Made> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces what is made.
    pub fn set(&self, made: Made) {
        *self.lock() = made;
    }

    /// What is made now.
    pub fn get(&self) -> Made {
        self.lock().clone()
    }

    /// The first frame from which on changes of the program act now.
    pub fn changes_from(&self) -> u64 {
        self.lock().changes_from
    }
}
