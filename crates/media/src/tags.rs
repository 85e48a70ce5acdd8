//! Title, artist, album, tempo, key and recording code of a file.

/// Title, artist, album, tempo, key and recording code, as read from a file. All but the recording code can be written to one. The values
/// of a file may be wrong.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Tags {
    /// Title of the track.
    pub title: Option<String>,
    /// Artist of the track.
    pub artist: Option<String>,
    /// Album the track is from.
    pub album: Option<String>,
    /// Beats per minute, positive and finite.
    pub bpm: Option<f64>,
    /// Musical key as written ("Am", "8A").
    pub key: Option<String>,
    /// The International Standard Recording Code (ISO 3901) of the recording, as written.
    pub isrc: Option<String>,
    /// Whether the file holds a picture, which `cover` reads.
    pub has_cover: bool,
}
