//! The track of an MP4.

use super::sample_entry::SampleEntry;
use crate::aac::{AacFrame, AacSettings};
use crate::error::Error;
use crate::opus;

/// Bytes of the header of a metadata block (RFC 9639, section 8.1).
const BLOCK_HEADER: usize = 4;
/// Bytes of the STREAMINFO block (RFC 9639, section 8.2).
const STREAMINFO: usize = 34;

/// A stream as the one track of an MP4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mp4Track {
    pub(super) sample_rate: u32,
    /// The number of audio frames of the stream; 0 if it is not known.
    pub(super) frames: u64,
    /// The number of audio frames in a codec frame.
    pub(super) codec_frame: u32,
    pub(super) entry: SampleEntry,
}

impl Mp4Track {
    /// The track of a FLAC stream with this header: the marker `fLaC` and the metadata blocks, up to the first frame.
    ///
    /// # Errors
    /// [`Error::FlacHeader`] when it does not begin with the marker and a STREAMINFO block.
    pub fn flac(header: &[u8]) -> Result<Self, Error> {
        let metadata = header.strip_prefix(b"fLaC").ok_or(Error::FlacHeader("it does not begin with fLaC"))?;
        let info: &[u8; STREAMINFO] = metadata
            .get(BLOCK_HEADER..)
            .filter(|_| metadata.first().is_some_and(|kind| kind & 0x7F == 0))
            .and_then(<[u8]>::first_chunk)
            .ok_or(Error::FlacHeader("STREAMINFO is not its first block"))?;
        let [_, _, high, low, ..] = *info;
        // 20 bits of rate, 3 of channels less one, 5 of bits less one, 36 of frames.
        let packed = info.get(10..18).and_then(|eight| eight.try_into().ok()).map_or(0, u64::from_be_bytes);
        let (channels, bits) = ((packed >> 41 & 7) as u16 + 1, (packed >> 36 & 31) as u16 + 1);
        Ok(Self {
            sample_rate: (packed >> 44) as u32,
            frames: packed & 0xF_FFFF_FFFF,
            codec_frame: u32::from(u16::from_be_bytes([high, low])),
            entry: SampleEntry::Flac { channels, bits, metadata: metadata.to_vec() },
        })
    }

    /// The track of a live stream of stereo Opus, in packets of [`opus::PACKET`] frames. A decoder discards no frames at its beginning.
    pub fn opus() -> Self {
        Self { sample_rate: opus::RATE, frames: 0, codec_frame: opus::PACKET, entry: SampleEntry::Opus }
    }

    /// The track of a live stream of stereo AAC-LC.
    pub fn aac(settings: AacSettings) -> Self {
        let (sample_rate, codec_frame) = (settings.rate.hertz(), AacFrame::LENGTH as u32);
        Self { sample_rate, frames: 0, codec_frame, entry: SampleEntry::Aac(settings) }
    }

    /// Frames per second. This is also the time scale of the track, so all its times count frames.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// The number of frames of the stream; `None` if it is not known.
    pub fn frames(&self) -> Option<u64> {
        (self.frames > 0).then_some(self.frames)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header of a stereo stream of 24 bits in blocks of 4,096 frames.
    fn header(rate: u32, frames: u64) -> Vec<u8> {
        let mut header = b"fLaC\x80\x00\x00\x22\x10\x00\x10\x00\0\0\0\0\0\0".to_vec();
        header.extend((u64::from(rate) << 44 | 1 << 41 | 23 << 36 | frames).to_be_bytes());
        header.extend([0; 16]);
        header
    }

    #[test]
    fn the_properties_of_a_flac_stream_are_those_of_its_header() {
        let track = Mp4Track::flac(&header(44_100, 1_000_000)).unwrap();
        assert_eq!((track.sample_rate(), track.frames(), track.codec_frame), (44_100, Some(1_000_000), 4_096));
        let metadata = header(44_100, 1_000_000)[4..].to_vec();
        assert_eq!(track.entry, SampleEntry::Flac { channels: 2, bits: 24, metadata });
        assert_eq!(Mp4Track::flac(&header(96_000, 0)).unwrap().frames(), None);
    }

    #[test]
    fn an_invalid_flac_header_is_refused() {
        let whole = header(44_100, 1);
        for (bytes, problem) in [
            (&b"RIFF"[..], "it does not begin with fLaC"),
            (&whole[..20], "STREAMINFO is not its first block"),
            (b"fLaC\x04\0\0\x22 and more and more and more and more.", "STREAMINFO is not its first block"),
        ] {
            assert_eq!(Mp4Track::flac(bytes), Err(Error::FlacHeader(problem)));
        }
    }
}
