//! The description of a codec in an MP4.

use super::box_writer::{put, put16, write_box, write_full_box};
use crate::aac::{AacFrame, AacSettings};
use crate::opus;

/// The codec of a track, and what its decoder has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SampleEntry {
    /// FLAC.
    Flac {
        /// The number of channels.
        channels: u16,
        /// Bits of a sample.
        bits: u16,
        /// The metadata blocks of the header.
        metadata: Vec<u8>,
    },
    /// Stereo Opus.
    Opus,
    /// Stereo AAC-LC.
    Aac(AacSettings),
}

impl SampleEntry {
    /// Writes the sample entry with the box of the codec (AudioSampleEntry in ISO/IEC 14496-12, clause 12.2.3).
    pub fn write(&self, rate: u32, out: &mut Vec<u8>) {
        let (name, channels, bits) = match self {
            Self::Flac { channels, bits, .. } => (b"fLaC", *channels, *bits),
            Self::Opus => (b"Opus", opus::CHANNELS.into(), 16),
            Self::Aac(_) => (b"mp4a", 2, 16),
        };
        write_box(out, name, |out| {
            out.extend([0; 6]);
            // The index of the only data reference.
            put16(out, 1);
            out.extend([0; 8]);
            put16(out, channels);
            put16(out, bits);
            put(out, 0);
            put(out, u32::from(entry_rate(rate)) << 16);
            match self {
                // "Encapsulation of FLAC", section 3.3.2.
                Self::Flac { metadata, .. } => write_full_box(out, b"dfLa", 0, 0, |out| out.extend(metadata)),
                Self::Opus => write_box(out, b"dOps", opus_specific),
                Self::Aac(settings) => write_full_box(out, b"esds", 0, 0, |out| elementary_stream(*settings, out)),
            }
        });
    }
}

/// The rate in the sample entry, which has only 16 bits for it. It is the sample rate, halved until it fits, or the largest number if it
/// cannot be halved that far. Readers of FLAC take the rate from STREAMINFO; the other codecs have no such rates.
fn entry_rate(mut rate: u32) -> u16 {
    while rate > u32::from(u16::MAX) && rate.is_multiple_of(2) {
        rate /= 2;
    }
    u16::try_from(rate).unwrap_or(u16::MAX)
}

/// Writes OpusSpecificBox ("Encapsulation of Opus", section 4.3.2): version 0, channels, frames to discard, rate of the source, no gain,
/// channel mapping family 0.
fn opus_specific(out: &mut Vec<u8>) {
    out.extend([0, opus::CHANNELS]);
    put16(out, opus::PRE_SKIP);
    put(out, opus::RATE);
    put16(out, 0);
    out.push(0);
}

/// Writes the descriptors of an elementary stream (ISO/IEC 14496-1, clause 7.2.6.5). Each begins with its tag and its length.
fn elementary_stream(AacSettings { rate, bit_rate }: AacSettings, out: &mut Vec<u8>) {
    // ES_Descriptor, with stream ID 0 and no flags.
    out.extend([3, 25, 0, 0, 0]);
    // DecoderConfigDescriptor: MPEG-4 audio, an audio stream, the size of the largest frame, the largest and the mean bit rate.
    out.extend([4, 17, 0x40, 5 << 2 | 1]);
    out.extend((AacFrame::MAX_BYTES as u32).to_be_bytes().into_iter().skip(1));
    put(out, bit_rate);
    put(out, bit_rate);
    // DecoderSpecificInfo.
    out.extend([5, 2]);
    out.extend(rate.specific_config());
    // SLConfigDescriptor, as MP4 requires it.
    out.extend([6, 1, 2]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aac::AacRate;

    #[test]
    fn a_rate_over_16_bits_is_divided() {
        let rates = [44_100, 96_000, 192_000, 65_537, 352_800];
        assert_eq!(rates.map(entry_rate), [44_100, 48_000, 48_000, 65_535, 44_100]);
    }

    #[test]
    fn the_opus_box_has_the_fields_of_its_specification() {
        let mut out = Vec::new();
        opus_specific(&mut out);
        assert_eq!(out, [0, 2, 0, 0, 0, 0, 0xBB, 0x80, 0, 0, 0]);
    }

    #[test]
    fn the_descriptors_of_aac_have_the_lengths_that_they_state() {
        for (rate, config) in [(AacRate::Hz48000, [0x11, 0x90]), (AacRate::Hz44100, [0x12, 0x10])] {
            let mut out = Vec::new();
            elementary_stream(AacSettings { rate, bit_rate: 128_000 }, &mut out);
            assert_eq!(out.len(), 2 + usize::from(out[1]));
            let expected = [4, 17, 0x40, 0x15, 0, 6, 0, 0, 1, 0xF4, 0, 0, 1, 0xF4, 0, 5, 2];
            assert_eq!(out[5..22], expected);
            assert_eq!(out[22..], [config[0], config[1], 6, 1, 2]);
        }
    }
}
