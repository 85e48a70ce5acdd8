//! A playlist.

/// A playlist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Playlist {
    /// The folders around it, outermost first, and its name.
    pub path: Vec<String>,
    /// Its tracks, in order: each by its TrackID, or by its Location.
    pub keys: Vec<String>,
    /// Whether they are named by Location (KeyType 1).
    pub by_location: bool,
}

impl Playlist {
    /// Its folders and its name, each behind a slash.
    pub fn full_name(&self) -> String {
        full_name(&self.path)
    }
}

pub(super) fn full_name(path: &[String]) -> String {
    path.iter().map(|part| format!("/{part}")).collect()
}
