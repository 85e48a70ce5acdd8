//! Reads the part of a playlist that a listener needs.

use std::time::Duration;

use jiff::Timestamp;

/// A segment of a live playlist.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundSegment {
    /// The number of the segment.
    pub number: u64,
    /// The URI, relative to the playlist.
    pub uri: String,
    /// The duration.
    pub duration: Duration,
    /// The time of its first frame.
    pub date: Option<Timestamp>,
}

/// What is in a playlist.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// The URI of the first media playlist of a multivariant playlist.
    Variant(String),
    /// The target duration and the newest segment of a media playlist.
    Newest(Duration, FoundSegment),
}

/// Parses a playlist (RFC 8216).
///
/// # Errors
/// A text that says what is wrong.
pub fn parse(text: &str) -> Result<Found, String> {
    if !text.starts_with("#EXTM3U") {
        return Err("the playlist does not begin with #EXTM3U".to_owned());
    }
    let mut lines = text.lines();
    let (mut number, mut target, mut duration, mut date, mut newest) = (0, None, None, None, None);
    while let Some(line) = lines.next() {
        let value = |tag: &str| line.strip_prefix(tag).map(str::trim);
        let wrong = || format!("the line \"{}\" of the playlist is wrong", line.escape_debug());
        if line.starts_with("#EXT-X-STREAM-INF:") {
            return lines.next().map(|uri| Found::Variant(uri.to_owned())).ok_or_else(wrong);
        } else if let Some(value) = value("#EXT-X-TARGETDURATION:") {
            target = Some(Duration::from_secs(value.parse().map_err(|_| wrong())?));
        } else if let Some(value) = value("#EXT-X-MEDIA-SEQUENCE:") {
            number = value.parse().map_err(|_| wrong())?;
        } else if let Some(value) = value("#EXTINF:") {
            let seconds: f64 = value.split(',').next().and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
            duration = Some(Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?);
        } else if let Some(value) = value("#EXT-X-PROGRAM-DATE-TIME:") {
            date = Some(value.parse().map_err(|_| wrong())?);
        } else if !line.starts_with('#') && !line.trim().is_empty() {
            let duration = duration.take().ok_or_else(wrong)?;
            newest = Some(FoundSegment { number, uri: line.to_owned(), duration, date: date.take() });
            number += 1;
        }
    }
    match (target, newest) {
        (Some(target), Some(newest)) => Ok(Found::Newest(target, newest)),
        (None, _) => Err("the playlist has no target duration".to_owned()),
        (_, None) => Err("the playlist has no segment".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_segment_is_found() {
        let text = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:41\n\
                    #EXT-X-PROGRAM-DATE-TIME:2026-03-29T02:50:42.000Z\n#EXTINF:5.994,\na.ts\n\
                    #EXT-X-PROGRAM-DATE-TIME:2026-03-29T02:50:47.994Z\n#EXTINF:6.016,\nb.ts\n";
        let Found::Newest(target, segment) = parse(text).unwrap() else { panic!() };
        assert_eq!((target.as_secs(), segment.number, segment.uri.as_str()), (6, 42, "b.ts"));
        assert_eq!(segment.duration, Duration::from_millis(6_016));
        assert_eq!(segment.date, Some("2026-03-29T02:50:47.994Z".parse().unwrap()));
        let variants = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n";
        assert_eq!(parse(variants), Ok(Found::Variant("low.m3u8".to_owned())));
        for wrong in ["", "#EXTM3U\n", "#EXTM3U\n#EXT-X-TARGETDURATION:6\n", "#EXTM3U\n#EXT-X-TARGETDURATION:x\n"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
