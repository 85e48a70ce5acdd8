//! The text of a multivariant playlist (RFC 8216, section 4.3.4), which is also known as master playlist.

use std::fmt::Write;

use crate::error::Error;
use crate::playlist::checked;

/// The codec of a variant, as the attribute CODECS names it (RFC 6381).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// AAC-LC.
    AacLc,
    /// Opus.
    Opus,
    /// FLAC.
    Flac,
}

impl Codec {
    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AacLc => "mp4a.40.2",
            Self::Opus => "Opus",
            Self::Flac => "fLaC",
        }
    }
}

/// One of the streams between which a player chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The URI of its media playlist.
    pub uri: String,
    /// The largest bit rate of a segment in bit/s, with its container.
    pub bandwidth: u64,
    /// Its codec.
    pub codec: Codec,
}

/// The playlist of the variants of a stream. Players begin with the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultivariantPlaylist {
    /// The variants.
    pub variants: Vec<Variant>,
}

impl MultivariantPlaylist {
    /// The text of the playlist.
    ///
    /// # Errors
    /// [`Error::NoSegments`] when there are no variants; [`Error::Uri`] for a URI that a playlist cannot contain.
    pub fn text(&self) -> Result<String, Error> {
        if self.variants.is_empty() {
            return Err(Error::NoSegments);
        }
        let mut text = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n".to_owned();
        for Variant { uri, bandwidth, codec } in &self.variants {
            let (codec, uri) = (codec.name(), checked(uri)?);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},CODECS=\"{codec}\"\n{uri}");
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variant_has_its_bandwidth_and_its_codec() {
        let variant = |uri: &str, bandwidth, codec| Variant { uri: uri.to_owned(), bandwidth, codec };
        let variants = vec![
            variant("a.m3u8", 141_800, Codec::AacLc),
            variant("b.m3u8", 96_000, Codec::Opus),
            variant("c", 1, Codec::Flac),
        ];
        assert_eq!(
            MultivariantPlaylist { variants }.text().unwrap(),
            "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-STREAM-INF:BANDWIDTH=141800,CODECS=\"mp4a.40.2\"\na.m3u8\n\
             #EXT-X-STREAM-INF:BANDWIDTH=96000,CODECS=\"Opus\"\nb.m3u8\n\
             #EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"fLaC\"\nc\n"
        );
        assert_eq!(MultivariantPlaylist { variants: Vec::new() }.text(), Err(Error::NoSegments));
        let wrong = MultivariantPlaylist { variants: vec![variant("#", 1, Codec::Flac)] };
        assert_eq!(wrong.text(), Err(Error::Uri("#".to_owned())));
    }
}
