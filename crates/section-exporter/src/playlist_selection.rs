//! The tracks of a playlist to which a run is limited.

use std::collections::HashMap;

use crate::library::{CollectionMatch, LibraryEntry};
use crate::rekordbox::{Collection, PlaylistError};

/// A playlist to which a run is limited.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlaylistSelection {
    /// Its name with its folders.
    pub name: String,
    /// Its tracks in the order of the playlist: indices in [`Collection::tracks`].
    pub tracks: Vec<usize>,
    /// The keys (`Key` in the XML) of entries whose tracks are not in the collection.
    pub unknown: Vec<String>,
    /// The index in the playlist of each track, by its index in [`Collection::tracks`].
    ranks: HashMap<usize, usize>,
}

impl PlaylistSelection {
    /// Finds the playlist of this name.
    ///
    /// # Errors
    /// [`PlaylistError`] unless there is exactly one.
    pub fn find(rekordbox: &Collection, name: &str) -> Result<Self, PlaylistError> {
        let playlist = rekordbox.playlist(name)?;
        let found = rekordbox.tracks_of(playlist);
        let ranks = found.tracks.iter().enumerate().map(|(rank, track)| (*track, rank)).collect();
        Ok(Self { name: playlist.full_name(), tracks: found.tracks, unknown: found.unknown, ranks })
    }

    /// The index of a track in the playlist; `None` when the playlist does not have the track.
    pub fn rank(&self, entry: &LibraryEntry) -> Option<usize> {
        let CollectionMatch::Found { track, .. } = entry.collection_match else { return None };
        self.ranks.get(&track).copied()
    }

    /// The tracks of the playlist to which none of these entries belongs: indices in [`Collection::tracks`].
    pub fn tracks_without<'a>(&self, entries: impl IntoIterator<Item = &'a LibraryEntry>) -> Vec<usize> {
        let mut missing = vec![true; self.tracks.len()];
        for rank in entries.into_iter().filter_map(|entry| self.rank(entry)) {
            if let Some(missing) = missing.get_mut(rank) {
                *missing = false;
            }
        }
        self.tracks.iter().zip(missing).filter(|(_, missing)| *missing).map(|(track, _)| *track).collect()
    }
}
