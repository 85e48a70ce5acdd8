//! The text of the media playlist of a track (RFC 8216), and what all playlists have in common.

use std::fmt::Write;
use std::time::Duration;

use crate::error::Error;

/// One media segment of a playlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaylistSegment {
    /// The URI of the segment. It is absolute, or relative to the URI of the playlist.
    pub uri: String,
    /// The playing time of the segment.
    pub duration: Duration,
}

/// The media playlist of a track whose length is known: all segments in order. It never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VodPlaylist {
    /// The URI of the initialization segment.
    pub map_uri: String,
    /// The media segments.
    pub segments: Vec<PlaylistSegment>,
}

impl VodPlaylist {
    /// The text of the playlist. Durations have nine decimals.
    ///
    /// # Errors
    /// [`Error::NoSegments`]; [`Error::Uri`] for a URI that a playlist cannot contain.
    pub fn text(&self) -> Result<String, Error> {
        // Section 4.3.3.1: no rounded duration may exceed the target duration.
        let target = self.segments.iter().map(|segment| rounded(segment.duration)).max().ok_or(Error::NoSegments)?;
        let mut text = format!(
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n\
             #EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"{}\"\n",
            checked(&self.map_uri)?
        );
        for segment in &self.segments {
            write_segment(segment, &mut text)?;
        }
        text.push_str("#EXT-X-ENDLIST\n");
        Ok(text)
    }
}

/// Writes the duration, with nine decimals, and the URI.
pub fn write_segment(segment: &PlaylistSegment, text: &mut String) -> Result<(), Error> {
    let (duration, uri) = (segment.duration, checked(&segment.uri)?);
    // Writing to a string cannot fail.
    let _ = write!(text, "#EXTINF:{}.{:09},\n{uri}\n", duration.as_secs(), duration.subsec_nanos());
    Ok(())
}

/// The duration in whole seconds, at least 1.
pub fn rounded(duration: Duration) -> u64 {
    (duration + Duration::from_millis(500)).as_secs().max(1)
}

/// Returns the URI if it may be on a line of its own and in quotation marks (section 4.2), and an error otherwise.
pub fn checked(uri: &str) -> Result<&str, Error> {
    let bad = uri.is_empty() || uri.starts_with('#') || uri.contains(|one: char| one == '"' || one.is_control());
    if bad { Err(Error::Uri(uri.to_owned())) } else { Ok(uri) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn playlist(durations: &[u64]) -> VodPlaylist {
        let segment = |(n, millis): (usize, &u64)| PlaylistSegment {
            uri: format!("{n}.m4s?a=1&b=2"),
            duration: Duration::from_millis(*millis),
        };
        VodPlaylist { map_uri: "init.mp4".to_owned(), segments: durations.iter().enumerate().map(segment).collect() }
    }

    #[test]
    fn a_playlist_lists_every_segment_with_its_duration_and_ends() {
        let text = playlist(&[1_021, 6_037, 400]).text().unwrap();
        assert_eq!(
            text,
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n\
             #EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:1.021000000,\n0.m4s?a=1&b=2\n\
             #EXTINF:6.037000000,\n1.m4s?a=1&b=2\n#EXTINF:0.400000000,\n2.m4s?a=1&b=2\n#EXT-X-ENDLIST\n"
        );
    }

    #[test]
    fn the_target_duration_is_the_longest_rounded_and_never_0() {
        for (millis, target) in [(6_499, 6), (6_500, 7), (3, 1)] {
            let text = playlist(&[millis]).text().unwrap();
            assert!(text.contains(&format!("TARGETDURATION:{target}\n")), "{text}");
        }
    }

    #[test]
    fn invalid_playlists_are_refused() {
        assert_eq!(playlist(&[]).text(), Err(Error::NoSegments));
        for uri in ["", "#a", "a\nb", "a\"b"] {
            let wrong = VodPlaylist { map_uri: uri.to_owned(), ..playlist(&[1]) };
            assert_eq!(wrong.text(), Err(Error::Uri(uri.to_owned())));
        }
    }
}
