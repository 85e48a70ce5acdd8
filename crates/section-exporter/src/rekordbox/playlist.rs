//! A playlist of a collection.

/// A playlist of a collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Playlist {
    /// The folders around it, outermost first, then its name.
    pub path: Vec<String>,
    /// The keys of its tracks, in order: TrackIDs or Locations.
    pub keys: Vec<String>,
    /// Whether the keys are Locations (KeyType 1).
    pub by_location: bool,
}

impl Playlist {
    /// Its folders and its name, each after a slash.
    pub fn full_name(&self) -> String {
        full_name(&self.path)
    }
}

pub(super) fn full_name(path: &[String]) -> String {
    path.iter().map(|name| format!("/{name}")).collect()
}
