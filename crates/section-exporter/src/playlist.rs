//! The tracks of one playlist, chosen out of a library.

use std::collections::HashMap;

use crate::library::{Entry, Listed};
use crate::rekordbox::{PlaylistError, Rekordbox};

/// A playlist that excerpts are made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chosen {
    /// Its name with its folders.
    pub name: String,
    /// Its tracks: places in [`Rekordbox::tracks`], in the playlist's order.
    pub tracks: Vec<usize>,
    /// Tracks that it names and the collection has not.
    pub unknown: Vec<String>,
    /// The place of each of `tracks` in it.
    ranks: HashMap<usize, usize>,
}

impl Chosen {
    /// The playlist of this name.
    ///
    /// # Errors
    /// [`PlaylistError`] unless there is exactly one.
    pub fn find(rekordbox: &Rekordbox, name: &str) -> Result<Self, PlaylistError> {
        let playlist = rekordbox.playlist(name)?;
        let found = rekordbox.tracks_of(playlist);
        let ranks = found.tracks.iter().enumerate().map(|(rank, track)| (*track, rank)).collect();
        Ok(Self { name: playlist.full_name(), tracks: found.tracks, unknown: found.unknown, ranks })
    }

    /// The place of a track in it, from 0; absent when it is not in it.
    pub fn rank(&self, entry: &Entry) -> Option<usize> {
        let Listed::Yes { track, .. } = entry.listed else { return None };
        self.ranks.get(&track).copied()
    }

    /// Those of its tracks that none of these belongs to: places in [`Rekordbox::tracks`].
    pub fn without<'a>(&self, entries: impl IntoIterator<Item = &'a Entry>) -> Vec<usize> {
        let mut left = vec![true; self.tracks.len()];
        for rank in entries.into_iter().filter_map(|entry| self.rank(entry)) {
            if let Some(left) = left.get_mut(rank) {
                *left = false;
            }
        }
        self.tracks.iter().zip(left).filter(|(_, left)| *left).map(|(track, _)| *track).collect()
    }
}
