//! The prepared music of a station.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crowd_engine::SampleRate;
use crowd_store::FileFolder;
use serde::{Deserialize, Serialize};

use crate::config::StreamSettings;
use crate::error::Error;
use crate::item::Item;
use crate::program::{Plan, PreparedPlaylist, Schedule};

/// The name of the file in the folder of a prepared station.
pub const FILE: &str = "station-music.json";
/// The folder of encoded pieces in the folder of a prepared station.
const PIECES: &str = "pieces";
const ADVICE: &str = "run crowd-radio setup again";

/// The prepared music of a station: what `crowd-radio setup` has measured and encoded, and the schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The name of the station.
    pub name: String,
    /// The properties of the stream.
    pub stream: StreamSettings,
    /// What plays when.
    pub schedule: Schedule,
    /// The playlists.
    pub playlists: Vec<PreparedPlaylist>,
    /// What plays when nothing else can.
    pub filler: Item,
}

impl Manifest {
    /// Reads the manifest of a prepared station.
    ///
    /// # Errors
    /// [`Error::File`] when it does not exist or is damaged; [`Error::Io`].
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        if path.try_exists().is_ok_and(|exists| !exists) {
            let problem = "there is no prepared station".to_owned();
            let advice = "run crowd-radio setup, or give the folder that it has made";
            return Err(Error::File { path, problem, advice });
        }
        Self::read_file(&path)
    }

    /// Reads a manifest from a file.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_file(path: &Path) -> Result<Self, Error> {
        Self::parse(&fs::read(path).map_err(|error| Error::io(path, "read", error))?, path)
    }

    /// The manifest with this text, which is in the file `path` or belongs there.
    ///
    /// # Errors
    /// [`Error::File`] when it is damaged.
    pub fn parse(text: &[u8], path: &Path) -> Result<Self, Error> {
        let damaged = |problem: String| Error::File { path: path.to_owned(), problem, advice: ADVICE };
        let manifest: Self = serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
        let (stream, schedule) = (&manifest.stream, &manifest.schedule);
        let times = [stream.segment_seconds, schedule.crossfade_seconds, schedule.pause_seconds];
        if times.iter().any(|seconds| !(0.0..=3_600.0).contains(seconds)) {
            return Err(damaged(format!("the times {times:?} are not between 0 and 3600 s")));
        }
        Ok(manifest)
    }

    /// The text of the manifest.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a path that is not UTF-8.
    pub fn text(&self) -> Result<Vec<u8>, Error> {
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| Error::Invalid(error.to_string()))?;
        text.push(b'\n');
        Ok(text)
    }

    /// A hash of everything but the paths of the files. Machines that have the same music in different folders have the same hash.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn shared_hash(&self) -> Result<String, Error> {
        let mut shared = self.clone();
        let items = shared.playlists.iter_mut().flat_map(|playlist| &mut playlist.items);
        items.chain([&mut shared.filler]).for_each(|item| item.file = PathBuf::new());
        Ok(hash(&shared.text()?))
    }

    /// The files of all items, by the hashes of the items.
    pub fn files(&self) -> BTreeMap<String, PathBuf> {
        self.items().chain([&self.filler]).map(|item| (item.hash.clone(), item.file.clone())).collect()
    }

    /// Writes the manifest, if it differs from the one there: completely, or not at all.
    ///
    /// # Errors
    /// When the disk is full or the folder cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let (folder, text) = (FileFolder::new(folder), self.text()?);
        if folder.read(FILE).is_some_and(|present| present == text) {
            return Ok(());
        }
        Ok(folder.write(FILE, &text)?)
    }

    /// The folder of encoded pieces, which is made if it does not exist.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn pieces(folder: &Path) -> Result<FileFolder, Error> {
        let path: PathBuf = folder.join(PIECES);
        fs::create_dir_all(&path).map_err(|error| Error::io(&path, "make the folder", error))?;
        let folder = FileFolder::new(path);
        folder.sweep();
        Ok(folder)
    }

    /// All items of the playlists.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.playlists.iter().flat_map(|playlist| &playlist.items)
    }

    /// The plan of the station, whose frame 0 is at `epoch` after 1970-01-01T00:00:00 UTC.
    ///
    /// # Errors
    /// Those of [`Plan::new`]; [`Error::Engine`] for an impossible sample rate.
    pub fn plan(&self, epoch: Duration) -> Result<Plan, Error> {
        let rate = SampleRate::new(self.stream.sample_rate)?;
        Plan::new(self.schedule.clone(), &self.playlists, self.filler.clone(), epoch, rate)
    }

    /// The length of a segment.
    pub fn segment(&self) -> Duration {
        Duration::from_secs_f64(self.stream.segment_seconds)
    }
}

/// The hash of a manifest's text, under which it is stored.
pub fn hash(text: &[u8]) -> String {
    blake3::hash(text).to_hex()[..32].to_owned()
}

mod difference;
