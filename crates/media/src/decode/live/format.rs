//! The formats of live streams.

/// What a codec can be replaced by.
pub(super) const ADVICE: &str = "send MP3, AAC-LC as ADTS, FLAC, or Ogg with Vorbis, Opus or FLAC";

/// The format of a live stream, by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LiveFormat {
    /// Frames of MPEG audio: MP3, or the older MP1 and MP2.
    Mpeg,
    /// Frames of AAC with ADTS headers.
    Adts,
    /// Ogg with Vorbis, Opus or FLAC.
    Ogg,
    /// FLAC without a container.
    Flac,
}

impl LiveFormat {
    /// The extension of a file with the bytes of the stream, without a dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Mpeg => "mp3",
            Self::Adts => "aac",
            Self::Ogg => "ogg",
            Self::Flac => "flac",
        }
    }
}
