//! The prepared music of a station.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crowd_engine::SampleRate;
use crowd_store::FileFolder;
use crowd_streaming::aac::{AacRate, AacSettings};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::item::{Item, ItemKind};
use crate::program::{Rotation, Timeline, Transition};

/// The name of the file in the folder of a prepared station.
const FILE: &str = "station-music.json";
/// The folder of encoded pieces in the folder of a prepared station.
const PIECES: &str = "pieces";

/// The prepared music of a station: what `crowd-radio setup` has measured and encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Frames per second of the station.
    pub sample_rate: u32,
    /// Bits per second of the AAC stream.
    pub bit_rate: u32,
    /// The length of a segment in seconds.
    pub segment_seconds: f64,
    /// The number of tracks between two jingles.
    pub cycle: NonZeroUsize,
    /// The time for which items overlap in a crossfade, in seconds.
    pub crossfade_seconds: f64,
    /// The time between items, in seconds.
    pub pause_seconds: f64,
    /// The tracks and jingles, each kind in the order in which it plays.
    pub items: Vec<Item>,
}

impl Manifest {
    /// Reads the manifest of a prepared station.
    ///
    /// # Errors
    /// [`Error::Io`] when it does not exist, [`Error::File`] when it is damaged.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let text = fs::read(&path).map_err(|error| Error::io(&path, "read", error))?;
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| Error::File {
            path: path.clone(),
            problem: error.to_string(),
            advice: "run crowd-radio setup again",
        })?;
        let times = [manifest.segment_seconds, manifest.crossfade_seconds, manifest.pause_seconds];
        if times.iter().any(|seconds| !(0.0..=3_600.0).contains(seconds)) {
            let problem = format!("the times {times:?} are not between 0 and 3600 s");
            return Err(Error::File { path, problem, advice: "run crowd-radio setup again" });
        }
        Ok(manifest)
    }

    /// Writes the manifest: completely, or not at all.
    ///
    /// # Errors
    /// When the disk is full or the folder cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| Error::Invalid(error.to_string()))?;
        text.push(b'\n');
        Ok(FileFolder::new(folder).write(FILE, &text)?)
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

    /// The settings of the AAC encoder.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a sample rate that AAC streams do not have.
    pub fn aac(&self) -> Result<AacSettings, Error> {
        let hertz = self.sample_rate;
        let rate = AacRate::new(hertz);
        let rate = rate.ok_or_else(|| Error::Invalid(format!("{hertz} Hz: choose 32000, 44100 or 48000 Hz")))?;
        Ok(AacSettings { rate, bit_rate: self.bit_rate })
    }

    /// The items in the order in which they play, with their places.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there are no tracks; [`Error::Engine`] for an impossible sample rate.
    pub fn timeline(&self) -> Result<Timeline, Error> {
        let of = |kind| self.items.iter().filter(|item| item.kind == kind).cloned().map(Arc::new).collect();
        let rotation = Rotation::new(of(ItemKind::Jingle), of(ItemKind::Track), self.cycle)?;
        Ok(Timeline::new(rotation, self.transition(), SampleRate::new(self.sample_rate)?))
    }

    /// How the items follow each other.
    pub fn transition(&self) -> Transition {
        if self.crossfade_seconds > 0.0 {
            Transition::Crossfade(Duration::from_secs_f64(self.crossfade_seconds))
        } else if self.pause_seconds > 0.0 {
            Transition::Pause(Duration::from_secs_f64(self.pause_seconds))
        } else {
            Transition::Gapless
        }
    }

    /// The length of a segment.
    pub fn segment(&self) -> Duration {
        Duration::from_secs_f64(self.segment_seconds)
    }
}
