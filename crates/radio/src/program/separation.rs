//! Keeps artists and titles from playing again too soon.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::schedule::Separation;
use crate::item::Item;

/// What divides the names of several artists.
const DIVIDERS: [&str; 12] =
    [" featuring ", " feat. ", " feat ", " ft. ", " ft ", " vs. ", " with ", " and ", " & ", " x ", ",", ";"];

/// The artists and the title of an item, as numbers that are equal for equal names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemKeys {
    artists: Vec<u64>,
    title: u64,
}

impl ItemKeys {
    /// The keys of an item. Upper and lower case are the same, and so are titles that differ only in what is in brackets: "(Live)".
    pub fn of(item: &Item) -> Self {
        let mut artists = item.artist.as_deref().unwrap_or_default().to_lowercase();
        for divider in DIVIDERS {
            artists = artists.replace(divider, "\0");
        }
        let title = item.title.to_lowercase();
        let plain = title.split(['(', '[']).next().unwrap_or_default();
        let title = if plain.trim().is_empty() { title.as_str() } else { plain };
        let artists = artists.split('\0').map(str::trim).filter(|name| !name.is_empty()).map(key).collect();
        Self { artists, title: key(title.trim()) }
    }
}

fn key(name: &str) -> u64 {
    let hash = blake3::hash(name.as_bytes());
    hash.as_bytes().iter().take(8).fold(0, |key, byte| (key << 8) | u64::from(*byte))
}

/// The tracks that played last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recent {
    played: VecDeque<Played>,
    /// The frames for which an artist and a title may not play again.
    #[serde(skip)]
    frames: (u64, u64),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Played {
    end: u64,
    artists: Vec<u64>,
    title: u64,
}

impl Recent {
    /// Sets the separation, at a sample rate in Hz.
    pub fn set(&mut self, separation: Separation, rate: u32) {
        let frames = |minutes: u32| u64::from(minutes) * 60 * u64::from(rate);
        self.frames = (frames(separation.artist_minutes), frames(separation.title_minutes));
    }

    /// Adds a track that ends at `end`.
    pub fn push(&mut self, keys: &ItemKeys, end: u64) {
        let longest = self.frames.0.max(self.frames.1);
        if longest == 0 {
            self.played.clear();
            return;
        }
        while self.played.front().is_some_and(|played| played.end + longest <= end) {
            self.played.pop_front();
        }
        self.played.push_back(Played { end, artists: keys.artists.clone(), title: keys.title });
    }

    /// Whether none of the artists played too short a time before `frame`.
    pub fn allows_artists(&self, keys: &ItemKeys, frame: u64) -> bool {
        let artist = |played: &Played| keys.artists.iter().any(|artist| played.artists.contains(artist));
        !self.since(self.frames.0, frame).any(artist)
    }

    /// Whether the title did not play too short a time before `frame`.
    pub fn allows_title(&self, keys: &ItemKeys, frame: u64) -> bool {
        !self.since(self.frames.1, frame).any(|played| played.title == keys.title)
    }

    fn since(&self, frames: u64, frame: u64) -> impl Iterator<Item = &Played> {
        self.played.iter().rev().take_while(move |played| played.end + frames > frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::tests::item;

    #[test]
    fn each_artist_of_a_track_and_each_version_of_a_title_is_kept_apart() {
        let mut recent = Recent::default();
        recent.set(Separation { artist_minutes: 1, title_minutes: 2 }, 48_000);
        let keys = |artist: &str, title: &str| {
            ItemKeys::of(&Item { artist: Some(artist.to_owned()), title: title.to_owned(), ..item("a", 1) })
        };
        recent.push(&keys("Nina & The Boys feat. Jo", "Feeling (Live)"), 1_000_000);
        let minute = 60 * 48_000;
        for (artist, title, artist_free, title_free) in [
            ("nina", "Other", minute, 0),
            ("Jo, Ann", "FEELING", minute, 2 * minute),
            ("Ninas", "Feelings", 0, 0),
            ("The Boys", "(Live)", minute, 0),
        ] {
            let keys = keys(artist, title);
            for (free, allows) in [
                (artist_free, &(|at| recent.allows_artists(&keys, at)) as &dyn Fn(u64) -> bool),
                (title_free, &|at| recent.allows_title(&keys, at)),
            ] {
                assert_eq!(allows(1_000_000), free == 0, "{artist} {title}");
                assert!(free == 0 || !allows(1_000_000 + free - 1), "{artist} {title}");
                assert!(allows(1_000_000 + free), "{artist} {title}");
            }
        }
    }
}
