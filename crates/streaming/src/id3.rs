//! ID3 tags in streams: the time and the title of the sound after them.

/// The owner of the frame with the time stamp (RFC 8216, section 3.4).
const OWNER: &[u8] = b"com.apple.streaming.transportStreamTimestamp\0";
/// The encoding UTF-8 of text (ID3v2.4, section 4).
const UTF_8: u8 = 3;

/// An ID3v2.4 tag (https://id3.org/id3v2.4.0-structure) with the presentation time stamp of the sound after it, and a title, which is cut off after `max_title` bytes.
pub(crate) fn id3_tag(time: Option<u64>, title: Option<&str>, max_title: usize) -> Vec<u8> {
    let mut frames = Vec::new();
    if let Some(time) = time {
        id3_frame(b"PRIV", &[OWNER, &time.to_be_bytes()].concat(), &mut frames);
    }
    if let Some(title) = title {
        let end = (0..=max_title.min(title.len())).rev().find(|end| title.is_char_boundary(*end)).unwrap_or(0);
        let text = title.get(..end).unwrap_or_default().replace('\0', "");
        id3_frame(b"TIT2", &[&[UTF_8], text.as_bytes()].concat(), &mut frames);
    }
    let mut tag = b"ID3\x04\0\0".to_vec();
    tag.extend(synchsafe(frames.len()));
    tag.extend(frames);
    tag
}

fn id3_frame(name: &[u8; 4], content: &[u8], out: &mut Vec<u8>) {
    out.extend(name);
    out.extend(synchsafe(content.len()));
    out.extend([0; 2]);
    out.extend(content);
}

/// A length under 2^28 in four bytes of seven bits each.
fn synchsafe(length: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (length >> shift & 0x7F) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_has_the_bytes_that_players_look_for() {
        let mut expected =
            b"ID3\x04\0\0\0\0\0\x3FPRIV\0\0\0\x35\0\0com.apple.streaming.transportStreamTimestamp\0".to_vec();
        expected.extend([0, 0, 0, 1, 0xFE, 0xDC, 0xBA, 0x98]);
        assert_eq!(id3_tag(Some(0x1_FEDC_BA98), None, 9), expected);
        let with_title = id3_tag(Some(0), Some("\u{E9}"), 2);
        assert_eq!(with_title[73..], *b"TIT2\0\0\0\x03\0\0\x03\xC3\xA9");
        assert_eq!(with_title[9], 0x3F + 13);
    }
}
