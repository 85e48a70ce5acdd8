//! The formats of a stream.

use clap::ValueEnum;

/// A codec in a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Format {
    /// AAC in MPEG transport streams, for every player: /stream.m3u8
    Ts,
    /// AAC as packed audio with titles, for players of audio: /adts.m3u8
    Adts,
    /// FLAC of 16 bits in MP4: /flac.m3u8
    Flac,
    /// Opus in MP4 and in Ogg: /opus.m3u8 and /listen.opus
    Opus,
}

impl Format {
    /// The name of its playlist, without the extension.
    pub const fn playlist(self) -> &'static str {
        match self {
            Self::Ts => "stream",
            Self::Adts => "adts",
            Self::Flac => "flac",
            Self::Opus => "opus",
        }
    }

    /// The extension of the names of its segments.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Ts => "ts",
            Self::Adts => "aac",
            Self::Flac | Self::Opus => "m4s",
        }
    }

    /// The media type of its segments.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Ts => "video/mp2t",
            Self::Adts => "audio/aac",
            Self::Flac | Self::Opus => "audio/mp4",
        }
    }
}
