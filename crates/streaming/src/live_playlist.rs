//! The text of a live playlist (RFC 8216), whose window moves.

use std::fmt::Write;
use std::time::Duration;

use jiff::Timestamp;

use crate::error::Error;
use crate::playlist::{PlaylistSegment, checked, rounded, write_segment};

/// A segment in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSegment {
    /// The URI and the duration.
    pub segment: PlaylistSegment,
    /// The time of its first frame, after 1970-01-01T00:00:00 UTC.
    pub time: Duration,
    /// Whether an encoder with other settings began here.
    pub discontinuity: bool,
}

/// An item that plays in the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayedItem {
    /// An ID that no other item of the stream has.
    pub id: String,
    /// The time of its first frame, after 1970-01-01T00:00:00 UTC.
    pub time: Duration,
    /// How long it will play, as was planned when it began, if that was known. It must not change as long as the item is in the playlist.
    pub duration: Option<Duration>,
    /// The title, in any characters.
    pub title: String,
}

/// The media playlist of a live stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivePlaylist {
    /// The longest duration of a segment, rounded to seconds. It must never change.
    pub target_duration: u64,
    /// The number of the first segment.
    pub media_sequence: u64,
    /// The number of discontinuities before the window.
    pub discontinuity_sequence: u64,
    /// The URI of the initialization segment, for fragmented MP4.
    pub map_uri: Option<String>,
    /// The items that play in the window. An item has to stay as long as any part of it is in the window (section 4.3.2.7).
    pub items: Vec<PlayedItem>,
    /// The segments, the oldest first.
    pub segments: Vec<LiveSegment>,
}

impl LivePlaylist {
    /// The text of the playlist.
    ///
    /// # Errors
    /// [`Error::NoSegments`]; [`Error::Uri`] for a URI that a playlist cannot contain; [`Error::TargetDuration`] for a segment that is
    /// longer than the target duration.
    pub fn text(&self) -> Result<String, Error> {
        if self.segments.is_empty() {
            return Err(Error::NoSegments);
        }
        let mut text = format!(
            "#EXTM3U\n#EXT-X-VERSION:{}\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:{}\n",
            if self.map_uri.is_some() { 7 } else { 6 },
            self.target_duration,
            self.media_sequence
        );
        // Writing to a string cannot fail.
        if self.discontinuity_sequence > 0 {
            let _ = writeln!(text, "#EXT-X-DISCONTINUITY-SEQUENCE:{}", self.discontinuity_sequence);
        }
        text.push_str("#EXT-X-INDEPENDENT-SEGMENTS\n");
        self.items.iter().for_each(|item| item.write(&mut text));
        for (index, live) in self.segments.iter().enumerate() {
            if rounded(live.segment.duration) > self.target_duration {
                let target = self.target_duration;
                return Err(Error::TargetDuration { duration: live.segment.duration, target });
            }
            if live.discontinuity {
                text.push_str("#EXT-X-DISCONTINUITY\n");
            }
            if let Some(uri) = self.map_uri.as_ref().filter(|_| index == 0 || live.discontinuity) {
                let _ = writeln!(text, "#EXT-X-MAP:URI=\"{}\"", checked(uri)?);
            }
            let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{}", date(live.time));
            write_segment(&live.segment, &mut text)?;
        }
        Ok(text)
    }
}

impl PlayedItem {
    /// Writes the tag EXT-X-DATERANGE (section 4.3.2.7). Quotation marks and line breaks, which an attribute cannot contain, are replaced.
    fn write(&self, text: &mut String) {
        let plain = |value: &str| -> String {
            value.chars().map(|one| if one == '"' { '\u{201D}' } else { one }).filter(|one| !one.is_control()).collect()
        };
        let (id, start, title) = (plain(&self.id), date(self.time), plain(&self.title));
        let seconds = self.duration.map(|duration| duration.as_secs_f64());
        let duration = seconds.map(|seconds| format!("PLANNED-DURATION={seconds:.3},")).unwrap_or_default();
        let _ = writeln!(text, "#EXT-X-DATERANGE:ID=\"{id}\",START-DATE=\"{start}\",{duration}X-TITLE=\"{title}\"");
    }
}

/// A time as ISO 8601 in UTC with milliseconds.
fn date(time: Duration) -> String {
    let time = i128::try_from(time.as_nanos()).ok().and_then(|nanos| Timestamp::from_nanosecond(nanos).ok());
    time.unwrap_or(Timestamp::MAX).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(number: u64, millis: u64) -> LiveSegment {
        let segment = PlaylistSegment { uri: format!("{number}.ts"), duration: Duration::from_millis(millis) };
        let time = Duration::from_millis(1_774_752_600_000 + 6_000 * number);
        LiveSegment { segment, time, discontinuity: number == 8 }
    }

    fn playlist() -> LivePlaylist {
        LivePlaylist {
            target_duration: 6,
            media_sequence: 7,
            discontinuity_sequence: 0,
            map_uri: None,
            items: Vec::new(),
            segments: vec![live(7, 5_994), live(8, 6_016)],
        }
    }

    #[test]
    fn a_window_has_no_end_and_a_date_for_each_segment() {
        let mut playlist = playlist();
        playlist.items.push(PlayedItem {
            id: "42".to_owned(),
            time: Duration::from_millis(1_774_752_643_500),
            duration: Some(Duration::from_millis(183_250)),
            title: "Say \"Hi\"\n".to_owned(),
        });
        assert_eq!(
            playlist.text().unwrap(),
            "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-DATERANGE:ID=\"42\",START-DATE=\"2026-03-29T02:50:43.500Z\",PLANNED-DURATION=183.250,X-TITLE=\"Say \u{201D}Hi\u{201D}\"\n\
             #EXT-X-PROGRAM-DATE-TIME:2026-03-29T02:50:42.000Z\n#EXTINF:5.994000000,\n7.ts\n#EXT-X-DISCONTINUITY\n\
             #EXT-X-PROGRAM-DATE-TIME:2026-03-29T02:50:48.000Z\n#EXTINF:6.016000000,\n8.ts\n"
        );
    }

    #[test]
    fn an_initialization_segment_is_named_first_and_after_each_discontinuity() {
        let playlist = LivePlaylist { map_uri: Some("init.mp4".to_owned()), discontinuity_sequence: 3, ..playlist() };
        let text = playlist.text().unwrap();
        assert!(text.contains("VERSION:7\n") && text.contains("#EXT-X-DISCONTINUITY-SEQUENCE:3\n"), "{text}");
        assert_eq!(text.matches("#EXT-X-MAP:URI=\"init.mp4\"\n").count(), 2);
    }

    #[test]
    fn invalid_playlists_are_refused() {
        let empty = LivePlaylist { segments: Vec::new(), ..playlist() };
        assert_eq!(empty.text(), Err(Error::NoSegments));
        let mut long = playlist();
        long.segments[1].segment.duration = Duration::from_millis(6_500);
        assert_eq!(long.text(), Err(Error::TargetDuration { duration: Duration::from_millis(6_500), target: 6 }));
        let mut wrong = playlist();
        "a\nb".clone_into(&mut wrong.segments[0].segment.uri);
        assert_eq!(wrong.text(), Err(Error::Uri("a\nb".to_owned())));
    }
}
