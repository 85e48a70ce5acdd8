//! Looking through the folder.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use crowd_cli::path::shown;
use crowd_media::{EXTENSIONS, FileVersion, REFUSED_EXTENSIONS};

use crate::id::TrackId;
use crate::library::Library;
use crate::picture::Pictures;
use crate::track::{Track, Unreadable};
use crate::walk::{Unreached, walk};

/// Folders in folders, at most.
const DEPTH: usize = 32;

impl Library {
    /// Looks through the folder; what has not changed since the last time is not opened again.
    pub fn scan(&self) {
        let mut found = BTreeMap::new();
        let mut unreadable = BTreeMap::new();
        let mut pictures = Pictures::default();
        for file in walk(self.root(), DEPTH) {
            let file = match file {
                Ok(file) => file,
                Err(Unreached { path, problem }) => {
                    if let Some(path) = path.as_deref().and_then(|path| path.strip_prefix(self.root()).ok()) {
                        unreadable.insert(path.to_owned(), Unreadable::new(path, problem, None));
                    }
                    continue;
                }
            };
            let Ok(path) = file.strip_prefix(self.root()) else { continue };
            if !is_music(&file) {
                pictures.note(path, || self.resolve(&file).is_ok_and(|real| real.is_some()));
                continue;
            }
            match self.look(path) {
                Ok(track) => {
                    found.insert(track.id, track);
                }
                Err(problem) => {
                    unreadable.insert(path.to_owned(), problem);
                }
            }
        }
        found.values_mut().for_each(|track| pictures.give(track));
        self.replace(found, unreadable);
    }

    /// What a file is: as known, where it has not changed.
    fn look(&self, path: &Path) -> Result<Arc<Track>, Unreadable> {
        let id = TrackId::of(path);
        let whole = self.root().join(path);
        let bad = |problem: String, state| Unreadable::new(path, problem, state);
        let real = self.resolve(&whole).map_err(|e| bad(e.to_string(), None))?;
        let real = real.ok_or_else(|| bad("a link that leads out of the library".to_owned(), None))?;
        let metadata = real.metadata().map_err(|e| bad(e.to_string(), None))?;
        let state = FileVersion::from_metadata(&metadata).ok().and_then(FileVersion::if_settled);
        let same = |known: Option<FileVersion>| known.is_some() && known == state;
        let known = self.read(|shelf| {
            let track = shelf.tracks.get(&id).filter(|track| same(track.state) && *track.path == *path).cloned();
            let problem = shelf.unreadable.get(path).filter(|known| same(known.state)).cloned();
            track.map(Ok).or(problem.map(Err))
        });
        if let Some(known) = known {
            return known;
        }
        let info = crowd_media::probe(&whole).map_err(|e| bad(e.to_string(), state))?;
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
            picture: None,
            codec: info.codec,
            warnings: info.warnings,
            bytes: metadata.len(),
            state,
        }))
    }
}

/// Whether its name is that of a sound file: one that cannot be read is told, not left out silently.
fn is_music(path: &Path) -> bool {
    path.extension()
        .and_then(OsStr::to_str)
        .is_some_and(|end| EXTENSIONS.iter().chain(REFUSED_EXTENSIONS).any(|known| known.eq_ignore_ascii_case(end)))
}
