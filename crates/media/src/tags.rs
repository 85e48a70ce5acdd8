//! What a file says about the music in it.

/// What the file says about the music in it. Trusted no further than to be shown.
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
    /// Whether the file holds a picture, which `cover` reads.
    pub has_cover: bool,
}
