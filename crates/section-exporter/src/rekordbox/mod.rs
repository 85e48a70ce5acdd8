//! Rekordbox collections, exported as XML: read, and written back with cues.
//!
//! Only a track's `Location` is essential. Exports differ by age and author, so what else is missing or cannot be
//! understood is left out and told, and the rest is read.

mod error;
mod location;
mod playlist;
mod playlists;
mod read;
mod source;
mod track;
mod write;

pub use error::RekordboxError;
pub use location::{Location, Place};
pub use playlist::Playlist;
pub use playlists::{PlaylistError, PlaylistTracks};
pub use source::{MAX_BYTES, MAX_TAG_BYTES};
pub use track::{MarkKind, Note, PositionMark, Rekordbox, Tempo, Track, Written};
pub use write::{Cue, CueSlots, OURS, TrackCues, add_cues, check_cues, with_cues};
