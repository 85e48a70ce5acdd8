//! The music there is: a folder, looked through again and again.

mod content;
mod scan;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use crowd_cli::names;
use crowd_cli::path::Shown;
use serde::Serialize;

use crate::error::Error;
pub use content::{ContentHash, Contents, Identity, Music};

/// Names a track for as long as its file has its name: a hash of its path inside the library.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId([u8; 8]);

impl TrackId {
    fn of(path: &Path) -> Self {
        let hash = blake3::hash(path.as_os_str().as_encoded_bytes());
        Self(std::array::from_fn(|n| hash.as_bytes()[n]))
    }
}

impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for TrackId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for TrackId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let id = || Error::NoTrack { id: text.escape_debug().to_string() };
        if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(id());
        }
        let number = u64::from_str_radix(text, 16).map_err(|_| id())?;
        Ok(Self(number.to_be_bytes()))
    }
}

/// What a listener sees of a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Track {
    /// Its name in URLs.
    pub id: TrackId,
    /// Where it lies inside the library; its name need not be text, so it is asked for by its id.
    pub path: Shown,
    /// Title from its tags, else the file's name.
    pub title: String,
    /// Artist from its tags.
    pub artist: Option<String>,
    /// Album from its tags.
    pub album: Option<String>,
    /// Length.
    pub seconds: Option<f64>,
    /// Frames per second.
    pub sample_rate: u32,
    /// Channels of the file.
    pub channels: u16,
    /// Bits per sample of lossless integer audio.
    pub bits: Option<u32>,
    /// Codec, "flac", "mp3".
    pub codec: String,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Whether it brings a picture: GET /api/tracks/{id}/cover.
    pub cover: bool,
    /// What is wrong with the file, in words: it ends early, say. Nothing, for a sound file.
    pub warnings: Vec<String>,
    #[serde(skip)]
    identity: Identity,
}

/// A file in the library that is no music, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unreadable {
    /// The id that a track of its name has.
    pub id: TrackId,
    /// Where it lies inside the library.
    pub path: Shown,
    /// What is wrong with it.
    pub problem: String,
    #[serde(skip)]
    identity: Identity,
}

#[derive(Default)]
struct Shelf {
    tracks: BTreeMap<TrackId, Arc<Track>>,
    unreadable: BTreeMap<PathBuf, Unreadable>,
    scans: u64,
}

/// A folder of music.
pub struct Library {
    root: PathBuf,
    shelf: RwLock<Shelf>,
}

impl Library {
    /// The folder `root`; it is empty until it was [looked through](Self::scan).
    ///
    /// # Errors
    /// When it is no folder, or several are called so.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let found = names::find(root).map_err(std::io::Error::from);
        let canonical =
            found.and_then(|found| found.canonicalize()).map_err(|e| Error::io(root, "open the library", e))?;
        if !canonical.is_dir() {
            return Err(Error::Invalid(format!("--library {}: give a folder", root.display())));
        }
        Ok(Self { root: canonical, shelf: RwLock::default() })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// All tracks, by path.
    pub fn tracks(&self) -> Vec<Arc<Track>> {
        let mut tracks: Vec<_> = self.read(|shelf| shelf.tracks.values().cloned().collect());
        tracks.sort_by(|a, b| a.path.cmp(&b.path));
        tracks
    }

    /// A track.
    ///
    /// # Errors
    /// [`Error::NoTrack`].
    pub fn track(&self, id: &str) -> Result<Arc<Track>, Error> {
        let name: TrackId = id.parse()?;
        self.read(|shelf| shelf.tracks.get(&name).cloned()).ok_or_else(|| Error::NoTrack { id: name.to_string() })
    }

    /// Files that could not be read.
    pub fn unreadable(&self) -> Vec<Unreadable> {
        self.read(|shelf| shelf.unreadable.values().cloned().collect())
    }

    /// How often all of the folder was looked through.
    pub fn scans(&self) -> u64 {
        self.read(|shelf| shelf.scans)
    }

    /// The file of a track, opened: whatever becomes of its name, this is what is read.
    ///
    /// # Errors
    /// [`Error::Outside`] when a link has come to lead out of the library, [`Error::Io`].
    pub fn open_file(&self, track: &Track) -> Result<(PathBuf, File), Error> {
        let path = self.root.join(&*track.path);
        let real = path.canonicalize().map_err(|e| Error::io(&path, "open", e))?;
        if !real.starts_with(&self.root) {
            return Err(Error::Outside { path });
        }
        let file = content::open(&real)?;
        Ok((real, file))
    }

    fn read<T>(&self, look: impl FnOnce(&Shelf) -> T) -> T {
        look(&self.shelf.read().unwrap_or_else(PoisonError::into_inner))
    }
}
