//! The video that is sent with the sound.

use std::path::PathBuf;

use crowd_streaming::PICTURE_RATE;

/// The settings of the video that is sent with the sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoSettings {
    /// The picture or the clip; `None` for a picture with the name of the station.
    pub file: Option<PathBuf>,
    /// The width in pixels, an even number.
    pub width: u32,
    /// The height in pixels, an even number.
    pub height: u32,
    /// Bits per second.
    pub bit_rate: u32,
}

impl Default for VideoSettings {
    fn default() -> Self {
        Self { file: None, width: 1_280, height: 720, bit_rate: 3_000_000 }
    }
}

impl VideoSettings {
    /// The pictures in a group for RTMP servers, which ask for a key picture every 2 s.
    pub(super) const RTMP_GROUP: u64 = 2 * PICTURE_RATE;

    /// The pictures in a segment of this length, and in a group of them.
    ///
    /// # Errors
    /// A text with advice, for segments that are not 1 to 4 s of whole pictures long.
    pub(super) fn pictures(segment: std::time::Duration) -> Result<(u64, u64), String> {
        let milliseconds = segment.as_millis() as u64 * PICTURE_RATE;
        if !(1_000..=4_000).contains(&segment.as_millis()) || !milliseconds.is_multiple_of(1_000) {
            return Err(format!(
                "the segments of the station last {} s, and with video they have to last 1 to 4 s, of whole pictures of 1/{PICTURE_RATE} \
                 s: prepare the station with --segment-seconds 2",
                segment.as_secs_f64()
            ));
        }
        let pictures = milliseconds / 1_000;
        let is_divided = pictures > Self::RTMP_GROUP && pictures.is_multiple_of(2);
        Ok((pictures, if is_divided { pictures / 2 } else { pictures }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_segment_has_whole_groups_of_pictures() {
        let pictures = |ms| VideoSettings::pictures(Duration::from_millis(ms));
        for (milliseconds, expected) in [(1_000, (30, 30)), (2_000, (60, 60)), (4_000, (120, 60)), (1_500, (45, 45))] {
            assert_eq!(pictures(milliseconds), Ok(expected));
        }
        for milliseconds in [500, 1_010, 4_100, 6_000] {
            assert!(pictures(milliseconds).unwrap_err().contains("--segment-seconds 2"));
        }
    }
}
