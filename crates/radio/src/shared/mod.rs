//! One station that several machines publish together, through a bucket of an S3-compatible object store.
//!
//! Machines agree by objects that are put only if they do not exist yet (`If-None-Match: *`). The first machine decides, and the others
//! read and use what is there:
//!
//! | object | what is agreed on |
//! |---|---|
//! | `station.json` | the [identity](Identity): when the program began, and the settings that decide its bytes |
//! | `journal/N.json` | the entry N of the journal. All machines make the same program of the same entries |
//! | `manifests/HASH.json` | the prepared music that an entry names |
//! | `agreed/N.json` | the names of the segments N. A machine that has made others lists these |
//! | `segments/NAME` | a segment. Its name has a hash of its bytes |
//!
//! The playlists are put only over older ones, on the condition that they have not changed (`If-Match`), after all segments that they
//! list were agreed on.
//!
//! Two threads do this. The publisher's thread never waits for the bucket: it goes on with what it has.

mod agreement;
mod cleanup;
mod identity;
mod journal_thread;
mod objects;
mod open;
mod playlists;

pub use identity::Identity;
pub use open::{Joined, SharedStation};
