//! Scanning the folder of a library.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use crowd_cli::path::display_text;
use crowd_media::{EXTENSIONS, FileVersion, REFUSED_EXTENSIONS};

use crate::folder_picture::FolderPictures;
use crate::id::TrackId;
use crate::library::Library;
use crate::track::{Track, UnreadableFile};
use crate::walk::{WalkError, walk};

/// The most levels of folders.
const DEPTH: usize = 32;

impl Library {
    /// Scans the folder. Files that have not changed since the last scan are not opened again.
    pub fn scan(&self) {
        let mut tracks = BTreeMap::new();
        let mut unreadable = BTreeMap::new();
        let mut pictures = FolderPictures::default();
        for file in walk(self.root(), DEPTH) {
            let file = match file {
                Ok(file) => file,
                Err(WalkError { path, problem }) => {
                    if let Some(path) = path.as_deref().and_then(|path| path.strip_prefix(self.root()).ok()) {
                        unreadable.insert(path.to_owned(), UnreadableFile::new(path, problem, None));
                    }
                    continue;
                }
            };
            let Ok(path) = file.strip_prefix(self.root()) else { continue };
            if !is_music(&file) {
                pictures.add(path, || self.resolve(&file).is_ok_and(|resolved| resolved.is_some()));
                continue;
            }
            match self.scan_file(path) {
                Ok(track) => {
                    tracks.insert(track.id, track);
                }
                Err(problem) => {
                    unreadable.insert(path.to_owned(), problem);
                }
            }
        }
        tracks.values_mut().for_each(|track| pictures.apply_to(track));
        self.replace(tracks, unreadable);
    }

    /// The track of a file, from the previous scan if the file has not changed.
    fn scan_file(&self, path: &Path) -> Result<Arc<Track>, UnreadableFile> {
        let id = TrackId::of(path);
        let full = self.root().join(path);
        let unreadable = |problem: String, version| UnreadableFile::new(path, problem, version);
        let resolved = self.resolve(&full).map_err(|e| unreadable(e.to_string(), None))?;
        let resolved = resolved.ok_or_else(|| unreadable("a link that leads out of the library".to_owned(), None))?;
        let metadata = resolved.metadata().map_err(|e| unreadable(e.to_string(), None))?;
        let version = FileVersion::from_metadata(&metadata).ok().and_then(FileVersion::if_settled);
        let same = |known: Option<FileVersion>| known.is_some() && known == version;
        let known = self.read(|latest| {
            let track = latest.tracks.get(&id).filter(|track| same(track.version) && *track.path == *path).cloned();
            let problem = latest.unreadable.get(path).filter(|known| same(known.version)).cloned();
            track.map(Ok).or(problem.map(Err))
        });
        if let Some(known) = known {
            return known;
        }
        let info = crowd_media::probe(&full).map_err(|e| unreadable(e.to_string(), version))?;
        let name = || display_text(path.file_stem().unwrap_or_default().as_ref());
        for warning in &info.warnings {
            tracing::warn!(file = %full.display(), "{warning}");
        }
        Ok(Arc::new(Track {
            id,
            path: path.into(),
            title: info.tags.title.clone().unwrap_or_else(name),
            artist: info.tags.artist.clone(),
            album: info.tags.album.clone(),
            isrc: info.tags.isrc.clone(),
            seconds: info.seconds(),
            sample_rate: info.sample_rate,
            channels: info.channels,
            bits: info.bits,
            cover: info.tags.has_cover,
            picture: None,
            codec: info.codec,
            warnings: info.warnings,
            bytes: metadata.len(),
            version,
        }))
    }
}

/// Whether a file has the extension of a sound file. Formats that cannot be read are included, so that such files are listed as
/// unreadable.
fn is_music(path: &Path) -> bool {
    path.extension().and_then(OsStr::to_str).is_some_and(|extension| {
        EXTENSIONS.iter().chain(REFUSED_EXTENSIONS).any(|known| known.eq_ignore_ascii_case(extension))
    })
}
