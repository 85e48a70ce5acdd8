//! Looking through the folder.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use crowd_cli::path::shown;
use crowd_media::{EXTENSIONS, REFUSED_EXTENSIONS};
use walkdir::WalkDir;

use super::{Identity, Library, Shelf, Track, TrackId, Unreadable};

/// Folders in folders, at most.
const DEPTH: usize = 32;

impl Library {
    /// Looks through the folder; what has not changed since the last time is not opened again.
    pub fn scan(&self) {
        let mut found = BTreeMap::new();
        let mut unreadable = BTreeMap::new();
        let entries = WalkDir::new(self.root()).follow_links(true).max_depth(DEPTH).into_iter();
        let hidden = |name: &OsStr| name.as_encoded_bytes().starts_with(b".");
        for entry in entries.filter_entry(|entry| entry.depth() == 0 || !hidden(entry.file_name())) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    if let Some(path) = error.path().and_then(|path| path.strip_prefix(self.root()).ok()) {
                        let problem = error.to_string();
                        unreadable.insert(path.to_owned(), Unreadable::new(path, problem, Identity::default()));
                    }
                    continue;
                }
            };
            if !entry.file_type().is_file() || !is_music(entry.path()) {
                continue;
            }
            let Ok(path) = entry.path().strip_prefix(self.root()) else { continue };
            match self.look(path) {
                Ok(track) => {
                    found.insert(track.id, track);
                }
                Err(problem) => {
                    unreadable.insert(path.to_owned(), problem);
                }
            }
        }
        let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        *shelf = Shelf { tracks: found, unreadable, scans: shelf.scans + 1 };
    }

    /// What a file is: as known, where it has not changed.
    fn look(&self, path: &Path) -> Result<Arc<Track>, Unreadable> {
        let id = TrackId::of(path);
        let whole = self.root().join(path);
        let bad = |problem: String, identity| Unreadable::new(path, problem, identity);
        let nothing = Identity::default();
        let real = whole.canonicalize().map_err(|e| bad(e.to_string(), nothing))?;
        if !real.starts_with(self.root()) {
            return Err(bad("a link that leads out of the library".to_owned(), nothing));
        }
        let metadata = real.metadata().map_err(|e| bad(e.to_string(), nothing))?;
        let identity = Identity::of(&metadata);
        let known = self.read(|shelf| {
            let track =
                shelf.tracks.get(&id).filter(|track| track.identity == identity && *track.path == *path).cloned();
            let problem = shelf.unreadable.get(path).filter(|known| known.identity == identity).cloned();
            track.map(Ok).or(problem.map(Err))
        });
        if let Some(known) = known {
            return known;
        }
        let info = crowd_media::probe(&whole).map_err(|e| bad(e.to_string(), identity))?;
        let name = || shown(path.file_stem().unwrap_or_default().as_ref());
        for warning in &info.warnings {
            tracing::warn!(file = %whole.display(), "{warning}");
        }
        Ok(Arc::new(Track {
            id,
            path: path.into(),
            title: info.tags.title.clone().unwrap_or_else(name),
            artist: info.tags.artist.clone(),
            album: info.tags.album.clone(),
            seconds: info.seconds(),
            sample_rate: info.sample_rate,
            channels: info.channels,
            bits: info.bits,
            cover: info.tags.has_cover,
            codec: info.codec,
            warnings: info.warnings,
            bytes: metadata.len(),
            identity,
        }))
    }
}

impl Unreadable {
    fn new(path: &Path, problem: String, identity: Identity) -> Self {
        Self { id: TrackId::of(path), path: path.into(), problem, identity }
    }
}

/// Whether its name is that of a sound file: one that is not read is told of, not passed over.
fn is_music(path: &Path) -> bool {
    path.extension()
        .and_then(OsStr::to_str)
        .is_some_and(|end| EXTENSIONS.iter().chain(REFUSED_EXTENSIONS).any(|known| known.eq_ignore_ascii_case(end)))
}
