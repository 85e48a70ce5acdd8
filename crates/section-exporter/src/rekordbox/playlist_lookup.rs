//! Finds playlists by name, and reads them from the NODE elements of a collection.

use std::collections::HashMap;

use crowd_cli::file_lookup::{fold_case, to_nfc};

use super::collection::Collection;
use super::location::Location;
use super::playlist::{Playlist, full_name};

/// The largest number of names that an error lists. Further names are only counted.
const LISTED: usize = 12;

/// The tracks of a playlist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaylistTracks {
    /// Their indices in [`Collection::tracks`], in the order of the playlist, each once.
    pub tracks: Vec<usize>,
    /// Keys of tracks that are not in the collection, or have no Location there.
    pub unknown: Vec<String>,
}

/// The reason why a name does not select exactly one playlist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaylistError {
    /// No playlist has the name.
    #[error("no playlist is called {name:?}: {}", existing(playlists))]
    Unknown {
        /// The requested name.
        name: String,
        /// The playlists of the collection.
        playlists: Vec<String>,
    },
    /// Only a folder has the name.
    #[error("{name:?} is a folder: name a playlist; {}", existing(inside))]
    Folder {
        /// The requested name.
        name: String,
        /// The playlists in it.
        inside: Vec<String>,
    },
    /// Several playlists have the name.
    #[error("{} playlists are called {name:?}: name one with its folders, from the first slash on ({}); of two in one \
             folder rename one in Rekordbox and export again", playlists.len(), list(playlists))]
    Ambiguous {
        /// The requested name.
        name: String,
        /// The playlists that have it.
        playlists: Vec<String>,
    },
}

fn existing(names: &[String]) -> String {
    if names.is_empty() { "there is none".to_owned() } else { format!("there are {}", list(names)) }
}

fn list(names: &[String]) -> String {
    let shown = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(LISTED);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

impl Collection {
    /// Finds a playlist by name: "Friday". If several are called Friday, the name needs its folders: "Sets/Friday", or
    /// "/Friday" for the playlist outside all folders. Case counts only between names that differ in nothing else.
    ///
    /// # Errors
    /// [`PlaylistError`] unless there is exactly one.
    pub fn playlist(&self, name: &str) -> Result<&Playlist, PlaylistError> {
        let requested = name.trim();
        for compared in [to_nfc, fold_case] {
            let end = compared(requested);
            let end = if end.starts_with('/') { end } else { format!("/{end}") };
            let whole = requested.starts_with('/');
            let is = |path: &[String]| {
                let full = compared(&full_name(path));
                if whole { full == end } else { full.ends_with(&end) }
            };
            let found: Vec<&Playlist> = self.playlists.iter().filter(|playlist| is(&playlist.path)).collect();
            match found.as_slice() {
                [one] => return Ok(one),
                [] => {}
                several => {
                    return Err(PlaylistError::Ambiguous { name: requested.to_owned(), playlists: names(several) });
                }
            }
            let within = |playlist: &Playlist| (1..playlist.path.len()).any(|end| is(&playlist.path[..end]));
            let inside: Vec<&Playlist> = self.playlists.iter().filter(|playlist| within(playlist)).collect();
            if !inside.is_empty() {
                return Err(PlaylistError::Folder { name: requested.to_owned(), inside: names(&inside) });
            }
        }
        // Names that contain the requested one are listed first.
        let (near, far): (Vec<&Playlist>, Vec<&Playlist>) = self
            .playlists
            .iter()
            .partition(|playlist| fold_case(&playlist.full_name()).contains(&fold_case(requested)));
        Err(PlaylistError::Unknown { name: requested.to_owned(), playlists: names(&[near, far].concat()) })
    }

    /// The tracks of a playlist of this collection.
    pub fn tracks_of(&self, playlist: &Playlist) -> PlaylistTracks {
        let mut by_key: HashMap<String, usize> = HashMap::new();
        for (nth, track) in self.tracks.iter().enumerate() {
            let key = if playlist.by_location { track.location.text() } else { track.id.clone() };
            if let Some(key) = key {
                by_key.entry(key.trim().to_owned()).or_insert(nth);
            }
        }
        let mut found = PlaylistTracks::default();
        let mut added = vec![false; self.tracks.len()];
        for key in &playlist.keys {
            let text = if playlist.by_location { Location::new(key.as_str()).text() } else { Some(key.clone()) };
            match text.and_then(|text| by_key.get(text.trim())) {
                None => found.unknown.push(key.clone()),
                Some(&nth) => {
                    if let Some(added) = added.get_mut(nth).filter(|added| !**added) {
                        *added = true;
                        found.tracks.push(nth);
                    }
                }
            }
        }
        found
    }
}

fn names(playlists: &[&Playlist]) -> Vec<String> {
    playlists.iter().map(|playlist| playlist.full_name()).collect()
}

/// The open NODE elements while a collection is read, and the playlists that were read.
#[derive(Debug, Default)]
pub(super) struct PlaylistNodes {
    open: Vec<PlaylistNode>,
    found: Vec<Playlist>,
}

/// A NODE element: a folder (Type 0) or a playlist (Type 1).
#[derive(Debug, Default)]
pub(super) struct PlaylistNode {
    pub name: String,
    pub kind: Option<String>,
    pub by_location: bool,
    keys: Vec<String>,
}

impl PlaylistNodes {
    pub fn begin(&mut self, node: PlaylistNode) {
        self.open.push(node);
    }

    /// Adds the key of a TRACK element to the open playlist.
    pub fn track(&mut self, key: String) {
        if let Some(node) = self.open.last_mut() {
            node.keys.push(key);
        }
    }

    pub fn end(&mut self) {
        let Some(node) = self.open.pop() else { return };
        let is_playlist = match node.kind.as_deref().map(str::trim) {
            Some("1") => true,
            Some("0") => false,
            _ => !node.keys.is_empty(),
        };
        if is_playlist {
            // The outermost folder is called ROOT, and is no part of the path.
            let root = |(nth, node): &(usize, &PlaylistNode)| *nth > 0 || !node.name.eq_ignore_ascii_case("ROOT");
            let folders = self.open.iter().enumerate().filter(root).map(|(_, node)| node.name.clone());
            let path = folders.chain([node.name]).collect();
            self.found.push(Playlist { path, keys: node.keys, by_location: node.by_location });
        }
    }

    pub fn finish(self) -> Vec<Playlist> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collection() -> Collection {
        let xml = r#"<DJ_PLAYLISTS Version="1.0.0"><COLLECTION Entries="4">
            <TRACK TrackID="7" Location="file://localhost/m/a.wav"/>
            <TRACK TrackID="8" Location="file://localhost/m/b%20c.wav"/>
            <TRACK TrackID="9" Name="no place"/>
            <TRACK TrackID="10" Location="file://localhost/m/d.wav"/>
            </COLLECTION><PLAYLISTS><NODE Type="0" Name="ROOT" Count="3">
            <NODE Name="Friday" Type="1" KeyType="0" Entries="4">
              <TRACK Key="10"/><TRACK Key="7"/><TRACK Key="10"/><TRACK Key="9"/><TRACK Key="77"/></NODE>
            <NODE Type="0" Name="Sets" Count="2">
              <NODE Name="Friday" Type="1" KeyType="1" Entries="1"><TRACK Key="file://localhost/m/b%20c.wav"/></NODE>
              <NODE Type="0" Name="Old &amp; Gr&#252;n" Count="1">
                <NODE Name="Warm/Up" Type="1" KeyType="0" Entries="0"/>
                <NODE Name="ROOT" Type="1" KeyType="0"><TRACK Key="8"/></NODE></NODE></NODE>
            <NODE Name="DEEP" Type="1" KeyType="0"><TRACK Key="7"/></NODE>
            <NODE Name="Deep" Type="1" KeyType="0"><TRACK Key="8"/></NODE>
            </NODE></PLAYLISTS></DJ_PLAYLISTS>"#;
        Collection::parse(xml.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn playlists_are_read_with_their_folders() {
        let names: Vec<String> = collection().playlists.iter().map(Playlist::full_name).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(
            names,
            ["/Friday", "/Sets/Friday", "/Sets/Old & Grün/Warm/Up", "/Sets/Old & Grün/ROOT", "/DEEP", "/Deep"]
        );
        assert_eq!(collection().notes.len(), 1, "only the track without a place");
    }

    #[test]
    fn tracks_of_a_playlist_come_in_its_order_each_once_and_missing_ones_are_listed() {
        let all = collection();
        let tracks = |name: &str| all.tracks_of(all.playlist(name).unwrap());
        let friday = tracks("/Friday");
        assert_eq!((friday.tracks, friday.unknown), (vec![2, 0], vec!["9".to_owned(), "77".to_owned()]));
        assert_eq!(tracks("Sets/Friday").tracks, [1]);
        assert_eq!(tracks("Warm/Up").tracks, [0usize; 0]);
    }

    #[test]
    fn a_name_is_found_in_any_case_and_spelling_if_that_is_unambiguous() {
        let all = collection();
        for (name, full) in [
            ("sets/friday", "/Sets/Friday"),
            ("/friday", "/Friday"),
            ("old & gru\u{308}n/root", "/Sets/Old & Grün/ROOT"),
            (" Root ", "/Sets/Old & Grün/ROOT"),
            ("Deep", "/Deep"),
            ("DEEP", "/DEEP"),
        ] {
            assert_eq!(all.playlist(name).unwrap().full_name(), full, "{name}");
        }
    }

    #[test]
    fn an_unknown_or_ambiguous_name_is_refused_with_the_possible_names() {
        let all = collection();
        for (name, expected) in [
            (
                "Friday",
                "2 playlists are called \"Friday\": name one with its folders, from the first slash on (/Friday, /Sets/Friday)",
            ),
            ("deep", "2 playlists are called \"deep\""),
            ("Sets", "\"Sets\" is a folder: name a playlist; there are /Sets/Friday, "),
            ("warm", "no playlist is called \"warm\": there are /Sets/Old & Grün/Warm/Up, /Friday"),
            ("riday", "no playlist is called \"riday\""),
            ("", "no playlist is called \"\""),
        ] {
            let error = all.playlist(name).unwrap_err().to_string();
            assert!(error.contains(expected), "{name}: {error}");
        }
        let none = Collection::default().playlist("x").unwrap_err().to_string();
        assert!(none.ends_with("there is none"), "{none}");
    }
}
