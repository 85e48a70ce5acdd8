//! What a station has to know after a restart.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use crowd_store::FileFolder;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::lock_file;

const FILE: &str = "station.json";
const LOCK: &str = "station.lock";

/// What a station has to know after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedState {
    /// The wall time of the first frame of the program, in nanoseconds after 1970-01-01T00:00:00 UTC.
    epoch_nanoseconds: u64,
    /// The number of segments that were published.
    pub published_segments: u64,
    /// The settings of the encoders.
    #[serde(default)]
    encoders: String,
    /// The first segment that was made with these settings. Segments before it cannot be made again.
    #[serde(default)]
    pub first_segment: u64,
}

impl SavedState {
    /// The state of a station whose program begins at `epoch`, and that has published nothing.
    pub fn new(epoch: Duration) -> Self {
        let epoch_nanoseconds = u64::try_from(epoch.as_nanos()).unwrap_or(u64::MAX);
        Self { epoch_nanoseconds, published_segments: 0, encoders: String::new(), first_segment: 0 }
    }

    /// The state of a station that other machines have begun with these encoders, and in which `segments` have ended.
    pub fn joined(epoch: Duration, encoders: &str, segments: u64) -> Self {
        Self { published_segments: segments, encoders: encoders.to_owned(), ..Self::new(epoch) }
    }

    /// Sets the settings of the encoders. If they differ from those before, the playlists begin anew after what was published, because a
    /// name must not stand for other bytes.
    pub fn set_encoders(&mut self, encoders: &str) {
        if self.encoders != encoders {
            encoders.clone_into(&mut self.encoders);
            self.begin_anew();
        }
    }

    /// Has the playlists begin anew after what was published, because that cannot be made again.
    pub fn begin_anew(&mut self) {
        self.first_segment = self.published_segments;
    }

    /// The wall time of the first frame of the program, after 1970-01-01T00:00:00 UTC.
    pub fn epoch(&self) -> Duration {
        Duration::from_nanos(self.epoch_nanoseconds)
    }
}

/// The folder in which a station saves its state. Only one process uses it at a time.
#[derive(Debug)]
pub struct StateFolder {
    folder: FileFolder,
    /// Locked as long as this value exists. The system unlocks it when the process is killed.
    _lock: File,
}

impl StateFolder {
    /// Opens the folder, which is made if it does not exist.
    ///
    /// # Errors
    /// [`Error::Invalid`] when another process uses it; the errors of the system.
    pub fn open(path: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(path).map_err(|error| Error::io(path, "make the folder", error))?;
        let Some(lock) = lock_file::try_lock(&path.join(LOCK))? else {
            let place = path.display();
            let advice = "stop the other one, or give this one another --state folder";
            return Err(Error::Invalid(format!("{place}: another process runs a station with this state: {advice}")));
        };
        let folder = FileFolder::new(path);
        folder.sweep();
        Ok(Self { folder, _lock: lock })
    }

    /// The saved state; `None` when there is none yet.
    ///
    /// # Errors
    /// [`Error::File`] when the file is damaged; [`Error::Io`].
    pub fn read(&self) -> Result<Option<SavedState>, Error> {
        Self::read_in(self.folder.path())
    }

    /// The state that a station has saved in a folder, which may be in use.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_in(folder: &Path) -> Result<Option<SavedState>, Error> {
        let path = folder.join(FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(path, "read", error)),
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| Error::File {
            path,
            problem: format!("the state of the station is damaged: {error}"),
            advice: "remove the file to begin the program anew",
        })
    }

    /// Saves the state: completely, or not at all.
    ///
    /// # Errors
    /// [`Error::Media`] when the disk is full or the folder cannot be written.
    pub fn write(&self, state: &SavedState) -> Result<(), Error> {
        let mut text = serde_json::to_vec_pretty(state).map_err(|error| Error::Invalid(error.to_string()))?;
        text.push(b'\n');
        Ok(self.folder.write(FILE, &text)?)
    }
}
