//! A media playlist, cut to its last segments.

/// A media playlist with at most a number of segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedPlaylist {
    /// The text.
    pub text: String,
    /// The number of the first segment.
    pub sequence: u64,
    /// The URIs of the segments.
    pub segments: Vec<String>,
    /// The URIs of the initialization segments.
    pub initializations: Vec<String>,
}

const SEQUENCE: &str = "#EXT-X-MEDIA-SEQUENCE:";
const DISCONTINUITIES: &str = "#EXT-X-DISCONTINUITY-SEQUENCE:";
const DISCONTINUITY: &str = "#EXT-X-DISCONTINUITY";
const MAP: &str = "#EXT-X-MAP:";
/// The tags with which the entry of a segment begins.
const OF_SEGMENTS: [&str; 4] = ["#EXTINF:", MAP, "#EXT-X-PROGRAM-DATE-TIME:", DISCONTINUITY];

fn is_of_segment(line: &str) -> bool {
    OF_SEGMENTS.iter().any(|tag| line.starts_with(tag)) && !line.starts_with(DISCONTINUITIES)
}

impl ListedPlaylist {
    /// The playlist `text` of the station with its last `most` segments. `None` if it lists no segments, as a multivariant playlist.
    pub fn cut(text: &str, most: usize) -> Option<Self> {
        let lines: Vec<&str> = text.lines().collect();
        let start = lines.iter().position(|line| is_of_segment(line))?;
        let (head, entries) = lines.split_at_checked(start)?;
        let entries: Vec<&[&str]> = entries.split_inclusive(|line| !line.starts_with('#')).collect();
        let (removed, kept) = entries.split_at_checked(entries.len().saturating_sub(most))?;
        let (mut sequence, mut discontinuities) = (0, 0);
        for line in head {
            let number = |tag: &str| line.strip_prefix(tag).and_then(|value| value.trim().parse::<u64>().ok());
            sequence = number(SEQUENCE).unwrap_or(sequence);
            discontinuities = number(DISCONTINUITIES).unwrap_or(discontinuities);
        }
        sequence += removed.len() as u64;
        discontinuities +=
            removed.iter().flat_map(|entry| *entry).filter(|line| **line == DISCONTINUITY).count() as u64;
        let mut cut = Vec::new();
        for line in head.iter().filter(|line| !line.starts_with(DISCONTINUITIES)) {
            if line.starts_with(SEQUENCE) {
                cut.push(format!("{SEQUENCE}{sequence}"));
                if discontinuities > 0 {
                    cut.push(format!("{DISCONTINUITIES}{discontinuities}"));
                }
            } else {
                cut.push((*line).to_owned());
            }
        }
        let is_map = |line: &&&str| line.starts_with(MAP);
        let map = removed.iter().flat_map(|entry| *entry).rfind(is_map);
        let has_map = kept.first().is_some_and(|entry| entry.iter().any(|line| line.starts_with(MAP)));
        cut.extend(map.filter(|_| !has_map).map(|map| (*map).to_owned()));
        cut.extend(kept.iter().flat_map(|entry| *entry).map(|line| (*line).to_owned()));
        let segments = cut.iter().filter(|line| !line.starts_with('#')).cloned().collect();
        let initializations = cut.iter().filter_map(|line| map_uri(line)).collect();
        Some(Self { text: cut.join("\n") + "\n", sequence, segments, initializations })
    }

    /// The text with other URIs of the segments.
    pub fn text_with(&self, uri: impl Fn(&str) -> String) -> String {
        let lines = self.text.lines().map(|line| if line.starts_with('#') { line.to_owned() } else { uri(line) });
        lines.map(|line| line + "\n").collect()
    }
}

fn map_uri(line: &str) -> Option<String> {
    let uri = line.strip_prefix(MAP)?.split_once("URI=\"")?.1;
    Some(uri.split_once('"')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAYLIST: &str = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:7\n\
        #EXT-X-DISCONTINUITY-SEQUENCE:2\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-DATERANGE:ID=\"1\"\n\
        #EXT-X-MAP:URI=\"segments/i\"\n#EXT-X-PROGRAM-DATE-TIME:x\n#EXTINF:6,\nsegments/7\n\
        #EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"segments/j\"\n#EXT-X-PROGRAM-DATE-TIME:x\n#EXTINF:6,\nsegments/8\n\
        #EXT-X-PROGRAM-DATE-TIME:x\n#EXTINF:6,\nsegments/9\n";

    #[test]
    fn a_playlist_that_is_short_enough_stays_as_it_is() {
        let playlist = ListedPlaylist::cut(PLAYLIST, 3).unwrap();
        assert_eq!((playlist.text.as_str(), playlist.sequence), (PLAYLIST, 7));
        assert_eq!(playlist.segments, ["segments/7", "segments/8", "segments/9"]);
        assert_eq!(playlist.initializations, ["segments/i", "segments/j"]);
        assert_eq!(ListedPlaylist::cut("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n", 3), None);
        assert_eq!(ListedPlaylist::cut("", 3), None);
        let renamed = playlist.text_with(|uri| uri.replace("segments/", "v"));
        assert_eq!(renamed, PLAYLIST.replace("\nsegments/", "\nv"));
    }

    #[test]
    fn removed_segments_and_discontinuities_are_counted_and_the_map_stays() {
        let playlist = ListedPlaylist::cut(PLAYLIST, 2).unwrap();
        assert_eq!((playlist.sequence, playlist.segments.len()), (8, 2));
        assert!(
            playlist.text.contains("SEQUENCE:8\n#EXT-X-DISCONTINUITY-SEQUENCE:2\n") && !playlist.text.contains("/i")
        );
        let playlist = ListedPlaylist::cut(PLAYLIST, 1).unwrap();
        assert_eq!((playlist.sequence, &*playlist.initializations), (9, &["segments/j".to_owned()][..]));
        assert!(playlist.text.contains("SEQUENCE:9\n#EXT-X-DISCONTINUITY-SEQUENCE:3\n"), "{}", playlist.text);
        assert!(playlist.text.ends_with(
            "#EXT-X-DATERANGE:ID=\"1\"\n#EXT-X-MAP:URI=\"segments/j\"\n#EXT-X-PROGRAM-DATE-TIME:x\n#EXTINF:6,\nsegments/9\n"
        ));
    }
}
