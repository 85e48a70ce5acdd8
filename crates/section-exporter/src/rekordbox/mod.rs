//! Reads Rekordbox collections that were exported as XML, and writes cues into copies of them.
//!
//! Only the `Location` of a track must be present. Exports differ by age and program: data that cannot be understood is
//! left out with a note, and the rest is read.

mod collection;
mod collection_reader;
mod cue_writer;
mod error;
mod export_text;
mod location;
mod playlist;
mod playlist_lookup;

pub use collection::{Collection, CollectionNote, CollectionTrack, MarkKind, PositionMark, RoundedNumber, TempoMark};
pub use cue_writer::{CUE_NAME_PREFIX, CueSlots, NamedCue, TrackCues, add_cues, check_cues, with_cues};
pub use error::RekordboxError;
pub use export_text::{MAX_BYTES, MAX_TAG_BYTES};
pub use location::{DecodedLocation, Location};
pub use playlist::Playlist;
pub use playlist_lookup::{PlaylistError, PlaylistTracks};
