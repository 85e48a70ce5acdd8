//! Where the files of an older program are: in a folder, or one folder below.

use std::path::{Path, PathBuf};

use crate::buffer::{OldMetadata, names_in};
use crate::config::older_files::{PLAYLIST, SETUP};
use crate::error::Error;

/// The names that are looked for.
pub const STREAMING: &str = "streaming.config.json";
pub const MANIFEST: &str = "manifest.json";
pub const M3U: &str = "playlist.m3u";
pub const SEQUENCE: &str = "sequence_state.json";
pub const KEYS: &str = "ipns_keys.json";
pub const STREAM_INFO: &str = "stream_info.json";
/// Without one of these, a folder has no older station. Other programs have files with the other names too.
const OF_STATION: [&str; 4] = [SETUP, PLAYLIST, STREAMING, SEQUENCE];

/// The places of the files of older programs.
#[derive(Debug)]
pub struct Places {
    root: PathBuf,
    /// The folder, and the folders in it.
    folders: Vec<PathBuf>,
}

impl Places {
    /// The places in a folder.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder cannot be read.
    pub fn new(root: &Path) -> Result<Self, Error> {
        let root = std::path::absolute(root).map_err(|error| Error::io(root, "find", error))?;
        let entries = std::fs::read_dir(&root).map_err(|error| Error::io(&root, "read the folder", error))?;
        let below = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir());
        let mut folders: Vec<PathBuf> = below.collect();
        folders.sort();
        folders.insert(0, root.clone());
        Ok(Self { root, folders })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The first file with this name.
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        self.folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file())
    }

    /// The first folder with chunk files or their metadata.
    pub fn buffer(&self) -> Option<&Path> {
        let has = |folder: &&PathBuf| {
            folder.join(OldMetadata::FILE).is_file() || names_in(folder).is_ok_and(|names| !names.is_empty())
        };
        self.folders.iter().find(has).map(PathBuf::as_path)
    }

    /// Whether there are files of an older station with segments.
    pub fn has_station(&self) -> bool {
        let processed = || {
            self.file(MANIFEST).is_some_and(|path| path.parent().is_some_and(|folder| folder.ends_with("processed")))
        };
        OF_STATION.iter().any(|name| self.file(name).is_some()) || processed()
    }

    /// The folder or file with this path, as a configuration in `config` names it: relative to the folder of the older program, to that of
    /// the configuration, or to the one above. If there is none, the first of these.
    pub fn resolve(&self, path: &Path, config: Option<&Path>) -> PathBuf {
        let config = config.and_then(Path::parent);
        let bases = [Some(self.root.as_path()), config, config.and_then(Path::parent)];
        let mut candidates = bases.into_iter().flatten().map(|base| base.join(path));
        candidates.find(|path| path.exists()).unwrap_or_else(|| self.root.join(path))
    }

    /// What was looked for, in words.
    pub fn looked_for() -> String {
        format!(
            "files like chunk_000_prompt_0_60s.wav or {}, and {}, processed/{MANIFEST}, in the folder or one folder below",
            OldMetadata::FILE,
            OF_STATION.join(", ")
        )
    }
}
