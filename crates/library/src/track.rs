//! What is known of a file.

use std::path::Path;
use std::sync::Arc;

use crowd_cli::path::Shown;
use crowd_media::FileVersion;
use serde::Serialize;

use crate::id::TrackId;

/// What is told of a track.
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
    /// Whether there is a picture: one that it brings, which [`crowd_media::cover`] reads, else
    /// [one in its folder](crate::Library::folder_picture).
    pub cover: bool,
    /// What is wrong with the file, in words: it ends early, say. Nothing, for a sound file.
    pub warnings: Vec<String>,
    /// Where the picture in its folder lies, as seen from the library's folder.
    #[serde(skip)]
    pub(crate) picture: Option<Arc<Path>>,
    #[serde(skip)]
    pub(crate) state: Option<FileVersion>,
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
    pub(crate) state: Option<FileVersion>,
}

impl Unreadable {
    pub(crate) fn new(path: &Path, problem: String, state: Option<FileVersion>) -> Self {
        Self { id: TrackId::of(path), path: path.into(), problem, state }
    }
}
