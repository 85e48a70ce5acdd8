//! A track of the library.

use std::path::Path;
use std::sync::Arc;

use crowd_cli::path::DisplayPath;
use crowd_media::FileVersion;
use serde::Serialize;

use crate::id::TrackId;

/// A file of music with its tags and its format.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Track {
    /// The id in URLs.
    pub id: TrackId,
    /// The path relative to the library's folder. It need not be valid text, so requests use the id.
    pub path: DisplayPath,
    /// The title from the tags, otherwise the name of the file.
    pub title: String,
    /// The artist from the tags.
    pub artist: Option<String>,
    /// The album from the tags.
    pub album: Option<String>,
    /// The International Standard Recording Code from the tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isrc: Option<String>,
    /// The length in seconds.
    pub seconds: Option<f64>,
    /// Frames per second.
    pub sample_rate: u32,
    /// The channels of the file.
    pub channels: u16,
    /// The bits per sample of lossless integer audio.
    pub bits: Option<u32>,
    /// The codec: "flac", "mp3".
    pub codec: String,
    /// The size of the file in bytes.
    pub bytes: u64,
    /// Whether there is a picture: one in the file, which [`crowd_media::cover`] reads, or
    /// [one in its folder](crate::Library::folder_picture).
    pub cover: bool,
    /// The faults of the file in words: that it ends early, for example. A file without faults has no warnings.
    pub warnings: Vec<String>,
    /// The path of the picture in its folder, relative to the library's folder.
    #[serde(skip)]
    pub(crate) picture: Option<Arc<Path>>,
    #[serde(skip)]
    pub(crate) version: Option<FileVersion>,
}

/// A file in the library that cannot be read as music, with the reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnreadableFile {
    /// The id that a track at this path would have.
    pub id: TrackId,
    /// The path relative to the library's folder.
    pub path: DisplayPath,
    /// The reason in words.
    pub problem: String,
    #[serde(skip)]
    pub(crate) version: Option<FileVersion>,
}

impl UnreadableFile {
    pub(crate) fn new(path: &Path, problem: String, version: Option<FileVersion>) -> Self {
        Self { id: TrackId::of(path), path: path.into(), problem, version }
    }
}
