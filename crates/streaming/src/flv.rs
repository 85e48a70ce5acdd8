//! The bodies of audio and video tags of FLV, which RTMP sends ("Adobe Flash Video File Format Specification", version 10.1, annex E.4).

use crate::aac::{AacFrame, AacRate};
use crate::h264::{H264Clip, H264Picture};

/// AAC, 44.1 kHz, 16 bits, stereo: what AAC tags have whatever the sound is.
const AAC: u8 = 10 << 4 | 3 << 2 | 1 << 1 | 1;
/// The frame type of key pictures and others, and the codec AVC.
const KEY_PICTURE: u8 = 1 << 4 | 7;
const OTHER_PICTURE: u8 = 2 << 4 | 7;
/// What follows in the tag: the configuration of the decoder, or a frame.
const CONFIGURATION: u8 = 0;
const FRAME: u8 = 1;

/// The tag that is before all sound.
pub fn aac_configuration(rate: AacRate) -> Vec<u8> {
    [&[AAC, CONFIGURATION][..], &rate.specific_config()].concat()
}

/// The tag of an AAC frame.
pub fn aac_frame(frame: &AacFrame) -> Vec<u8> {
    [&[AAC, FRAME], frame.bytes()].concat()
}

/// The tag that is before all pictures: an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, clause 5.2.4.1) with lengths of four bytes.
pub fn avc_configuration(clip: &H264Clip) -> Vec<u8> {
    let (sps, pps) = (clip.sequence_parameters(), clip.picture_parameters());
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
    let profile_and_level = sps.get(1..4).unwrap_or_default();
    let head = [KEY_PICTURE, CONFIGURATION, 0, 0, 0, 1];
    [&head[..], profile_and_level, &[0xFF, 0xE1], &length(sps), sps, &[1], &length(pps), pps].concat()
}

/// The tag of a picture, which is shown when it is decoded.
pub fn avc_picture(picture: H264Picture<'_>) -> Vec<u8> {
    let mut tag = vec![if picture.is_key { KEY_PICTURE } else { OTHER_PICTURE }, FRAME, 0, 0, 0];
    for unit in picture.nal_units() {
        tag.extend(u32::try_from(unit.len()).unwrap_or(u32::MAX).to_be_bytes());
        tag.extend(unit);
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_the_fields_of_the_specification() {
        assert_eq!(aac_configuration(AacRate::Hz48000), [0xAF, 0, 0x11, 0x90]);
        assert_eq!(aac_frame(&AacFrame::new(vec![1, 2]).unwrap()), [0xAF, 1, 1, 2]);
        let bytes = b"\0\0\0\x01\x09\xF0\0\0\0\x01\x67\x64\x00\x1F\0\0\x01\x68\x05\0\0\x01\x65\x07\0\0\x01\x0C\xFF";
        let clip = H264Clip::parse(bytes.to_vec(), 1).unwrap();
        let configuration =
            [0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1F, 0xFF, 0xE1, 0, 4, 0x67, 0x64, 0, 0x1F, 1, 0, 2, 0x68, 5];
        assert_eq!(avc_configuration(&clip), configuration);
        let picture = [0x17, 1, 0, 0, 0, 0, 0, 0, 2, 0x65, 7, 0, 0, 0, 2, 0x0C, 0xFF];
        assert_eq!(avc_picture(clip.picture(5)), picture);
    }
}
