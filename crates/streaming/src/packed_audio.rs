//! AAC in segments of packed audio: ADTS with a time stamp (RFC 8216, section 3.4).

use crate::aac::{ADTS_HEADER, AacFrame, AacRate, AacSettings, write_adts};
use crate::error::Error;
use crate::media_time::presentation_time_stamp;

/// The owner of the frame with the time stamp.
const OWNER: &[u8] = b"com.apple.streaming.transportStreamTimestamp\0";
/// The encoding UTF-8 of text (ID3v2.4, section 4).
const UTF_8: u8 = 3;
/// The longest title, in bytes.
const MAX_TITLE: usize = 1_024;
/// The most bytes of a tag.
const MAX_TAG: u64 = 10 + 63 + 11 + MAX_TITLE as u64;

/// Consecutive AAC frames of a stream.
#[derive(Clone, Copy, Debug)]
pub struct AdtsSegment<'a> {
    /// The number of the first AAC frame in the stream.
    pub first_frame: u64,
    /// The sample rate.
    pub rate: AacRate,
    /// The title that plays at the beginning of the segment. It is cut off after about 1,000 bytes.
    pub title: Option<&'a str>,
    /// The frames.
    pub frames: &'a [AacFrame],
}

impl AdtsSegment<'_> {
    /// The segment: an ID3 tag with the presentation time stamp of the first frame and the title, then the frames with ADTS headers.
    ///
    /// # Errors
    /// [`Error::NoFrames`] for no frames.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        if self.frames.is_empty() {
            return Err(Error::NoFrames);
        }
        let time = presentation_time_stamp(self.first_frame.saturating_mul(AacFrame::LENGTH), self.rate);
        let mut out = id3_tag(time, self.title);
        self.frames.iter().for_each(|frame| write_adts(self.rate, frame, &mut out));
        Ok(out)
    }

    /// The most bytes of a segment with this number of frames.
    pub fn max_bytes(settings: AacSettings, frames: u64) -> u64 {
        MAX_TAG + settings.max_bytes(frames) + frames * ADTS_HEADER as u64
    }
}

/// An ID3v2.4 tag (https://id3.org/id3v2.4.0-structure).
fn id3_tag(time: u64, title: Option<&str>) -> Vec<u8> {
    let mut frames = Vec::new();
    let private = [OWNER, &time.to_be_bytes()].concat();
    id3_frame(b"PRIV", &private, &mut frames);
    if let Some(title) = title {
        let end = (0..=MAX_TITLE.min(title.len())).rev().find(|end| title.is_char_boundary(*end)).unwrap_or(0);
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
    use crate::aac::adts_frames;

    #[test]
    fn the_tag_has_the_bytes_that_players_look_for() {
        let mut expected =
            b"ID3\x04\0\0\0\0\0\x3FPRIV\0\0\0\x35\0\0com.apple.streaming.transportStreamTimestamp\0".to_vec();
        expected.extend([0, 0, 0, 1, 0xFE, 0xDC, 0xBA, 0x98]);
        assert_eq!(id3_tag(0x1_FEDC_BA98, None), expected);
        let with_title = id3_tag(0, Some("\u{E9}"));
        assert_eq!(with_title[73..], *b"TIT2\0\0\0\x03\0\0\x03\xC3\xA9");
        assert_eq!(with_title[9], 0x3F + 13);
    }

    #[test]
    fn a_title_of_any_length_fits() {
        for title in [String::new(), "x".repeat(200), "\u{E9}".repeat(9_000)] {
            let tag = id3_tag(0, Some(&title));
            let length = tag[6..10].iter().fold(0, |sum, byte| sum << 7 | usize::from(*byte));
            assert!(tag[6..10].iter().all(|byte| *byte < 0x80));
            assert_eq!(tag.len(), 10 + length);
            assert!(tag.len() as u64 <= MAX_TAG);
        }
    }

    #[test]
    fn after_the_tag_there_are_the_frames() {
        let frames: Vec<AacFrame> = (1..9).map(|n| AacFrame::new(vec![n; 300]).unwrap()).collect();
        let segment = AdtsSegment { first_frame: 7, rate: AacRate::Hz48000, title: Some("T"), frames: &frames };
        let bytes = segment.bytes().unwrap();
        assert_eq!(adts_frames(&bytes[10 + 63 + 12..]), Ok((AacRate::Hz48000, frames.clone())));
        // 7 frames of 1,920 ticks.
        assert_eq!(bytes[65..73], 13_440_u64.to_be_bytes());
        let empty = AdtsSegment { frames: &[], ..segment };
        assert_eq!(empty.bytes(), Err(Error::NoFrames));
    }
}
