//! AAC in segments of packed audio: ADTS with a time stamp (RFC 8216, section 3.4).

use crate::aac::{ADTS_HEADER, AacFrame, AacRate, AacSettings, write_adts};
use crate::error::Error;
use crate::id3::id3_tag;
use crate::media_time::presentation_time_stamp;

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
        let mut out = id3_tag(Some(time), self.title, MAX_TITLE);
        self.frames.iter().for_each(|frame| write_adts(self.rate, frame, &mut out));
        Ok(out)
    }

    /// The most bytes of a segment with this number of frames.
    pub fn max_bytes(settings: AacSettings, frames: u64) -> u64 {
        MAX_TAG + settings.max_bytes(frames) + frames * ADTS_HEADER as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aac::adts_frames;

    #[test]
    fn a_title_of_any_length_fits() {
        for title in [String::new(), "x".repeat(200), "\u{E9}".repeat(9_000)] {
            let tag = id3_tag(Some(0), Some(&title), MAX_TITLE);
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
