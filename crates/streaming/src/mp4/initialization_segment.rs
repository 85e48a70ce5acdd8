//! A FLAC stream as the one track of an MP4, and its initialization segment.

use crate::box_writer::{put, put16, put64, write_box, write_full_box};
use crate::error::Error;

/// The ID of the only track.
pub const TRACK: u32 = 1;
/// Bytes of the header of a metadata block (RFC 9639, section 8.1).
const BLOCK_HEADER: usize = 4;
/// Bytes of the STREAMINFO block (RFC 9639, section 8.2).
const STREAMINFO: usize = 34;
/// The transformation matrix that changes nothing (ISO/IEC 14496-12, clause 8.2.2).
const IDENTITY: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// The properties of a FLAC stream according to its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlacTrack {
    sample_rate: u32,
    channels: u16,
    bits: u16,
    frames: u64,
    /// The number of audio frames in a FLAC frame.
    block: u32,
    /// The metadata blocks of the header.
    metadata: Vec<u8>,
}

impl FlacTrack {
    /// Reads the header of a FLAC stream: the marker `fLaC` and the metadata blocks, up to the first frame.
    ///
    /// # Errors
    /// [`Error::FlacHeader`] when it does not begin with the marker and a STREAMINFO block.
    pub fn from_header(header: &[u8]) -> Result<Self, Error> {
        let metadata = header.strip_prefix(b"fLaC").ok_or(Error::FlacHeader("it does not begin with fLaC"))?;
        let info: &[u8; STREAMINFO] = metadata
            .get(BLOCK_HEADER..)
            .filter(|_| metadata.first().is_some_and(|kind| kind & 0x7F == 0))
            .and_then(<[u8]>::first_chunk)
            .ok_or(Error::FlacHeader("STREAMINFO is not its first block"))?;
        let [_, _, high, low, ..] = *info;
        // 20 bits of rate, 3 of channels less one, 5 of bits less one, 36 of frames.
        let packed = info.get(10..18).and_then(|eight| eight.try_into().ok()).map_or(0, u64::from_be_bytes);
        Ok(Self {
            sample_rate: (packed >> 44) as u32,
            channels: (packed >> 41 & 7) as u16 + 1,
            bits: (packed >> 36 & 31) as u16 + 1,
            frames: packed & 0xF_FFFF_FFFF,
            block: u32::from(u16::from_be_bytes([high, low])),
            metadata: metadata.to_vec(),
        })
    }

    /// Frames per second. This is also the time scale of the track, so all its times count frames.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// The number of frames of the stream; `None` if the header does not state it.
    pub fn frames(&self) -> Option<u64> {
        (self.frames > 0).then_some(self.frames)
    }

    /// The initialization segment (ISO/IEC 14496-12, clause 3.1.22). A decoder needs it before any media segment. It has no edit list. FLAC
    /// has no encoder delay, so playback begins with the first sample of the track.
    pub fn initialization_segment(&self) -> Vec<u8> {
        let mut out = Vec::new();
        // Clause 4.3. iso6 has default-base-is-moof and 64-bit times in tfdt; FLAC requires isom.
        write_box(&mut out, b"ftyp", |out| {
            out.extend(b"iso6");
            put(out, 0);
            out.extend(b"iso6isom");
        });
        // Clause 8.2.1.
        write_box(&mut out, b"moov", |out| {
            self.movie_header(out);
            self.track(out);
            self.movie_extends(out);
        });
        out
    }

    /// Writes the movie header (clause 8.2.2). The duration is 0, because no samples are described here.
    fn movie_header(&self, out: &mut Vec<u8>) {
        write_full_box(out, b"mvhd", 0, 0, |out| {
            // No time of creation or modification, so that the bytes are always the same.
            for field in [0, 0, self.sample_rate, 0, 0x1_0000] {
                put(out, field);
            }
            put16(out, 0x0100);
            out.extend([0; 10]);
            IDENTITY.into_iter().for_each(|field| put(out, field));
            out.extend([0; 24]);
            put(out, TRACK + 1);
        });
    }

    /// Writes the track (clause 8.3.1).
    fn track(&self, out: &mut Vec<u8>) {
        write_box(out, b"trak", |out| {
            // Clause 8.3.2: enabled, in the movie.
            write_full_box(out, b"tkhd", 0, 3, |out| {
                for field in [0, 0, TRACK, 0, 0, 0, 0] {
                    put(out, field);
                }
                // Layer and alternate group, volume 1.
                put(out, 0);
                put16(out, 0x0100);
                put16(out, 0);
                IDENTITY.into_iter().for_each(|field| put(out, field));
                // Width and height.
                out.extend([0; 8]);
            });
            // Clause 8.4.1.
            write_box(out, b"mdia", |out| {
                // Clause 8.4.2: the language is undetermined.
                write_full_box(out, b"mdhd", 0, 0, |out| {
                    for field in [0, 0, self.sample_rate, 0, 0x55C4_0000] {
                        put(out, field);
                    }
                });
                // Clause 8.4.3.
                write_full_box(out, b"hdlr", 0, 0, |out| {
                    put(out, 0);
                    out.extend(b"soun");
                    out.extend([0; 12]);
                    out.extend(b"sound\0");
                });
                self.media_information(out);
            });
        });
    }

    /// Writes the media information (clause 8.4.4).
    fn media_information(&self, out: &mut Vec<u8>) {
        write_box(out, b"minf", |out| {
            // Clause 12.2.2.
            write_full_box(out, b"smhd", 0, 0, |out| put(out, 0));
            // Clause 8.7.1: the samples are in the same file.
            write_box(out, b"dinf", |out| {
                write_full_box(out, b"dref", 0, 0, |out| {
                    put(out, 1);
                    write_full_box(out, b"url ", 0, 1, |_| ());
                });
            });
            // Clause 8.5.1.
            write_box(out, b"stbl", |out| {
                // Clause 8.5.2.
                write_full_box(out, b"stsd", 0, 0, |out| {
                    put(out, 1);
                    self.sample_entry(out);
                });
                // Clauses 8.6.1.2, 8.7.4, 8.7.3.2 and 8.7.5: empty, because the media segments describe the samples.
                write_full_box(out, b"stts", 0, 0, |out| put(out, 0));
                write_full_box(out, b"stsc", 0, 0, |out| put(out, 0));
                write_full_box(out, b"stsz", 0, 0, |out| put64(out, 0));
                write_full_box(out, b"stco", 0, 0, |out| put(out, 0));
            });
        });
    }

    /// Writes FLACSampleEntry and FLACSpecificBox ("Encapsulation of FLAC", sections 3.3.1 and 3.3.2; AudioSampleEntry in clause 12.2.3).
    fn sample_entry(&self, out: &mut Vec<u8>) {
        write_box(out, b"fLaC", |out| {
            out.extend([0; 6]);
            // The index of the data reference above.
            put16(out, 1);
            out.extend([0; 8]);
            put16(out, self.channels);
            put16(out, self.bits);
            put(out, 0);
            put(out, u32::from(self.entry_rate()) << 16);
            write_full_box(out, b"dfLa", 0, 0, |out| out.extend(&self.metadata));
        });
    }

    /// The rate in the sample entry, which has only 16 bits for it. It is the sample rate, halved until it fits, or the largest number if
    /// it cannot be halved that far. Readers take the rate from STREAMINFO.
    fn entry_rate(&self) -> u16 {
        let mut rate = self.sample_rate;
        while rate > u32::from(u16::MAX) && rate.is_multiple_of(2) {
            rate /= 2;
        }
        u16::try_from(rate).unwrap_or(u16::MAX)
    }

    /// Writes the defaults of movie fragments (clause 8.8.1).
    fn movie_extends(&self, out: &mut Vec<u8>) {
        write_box(out, b"mvex", |out| {
            // Clause 8.8.2.
            if self.frames > 0 {
                write_full_box(out, b"mehd", 1, 0, |out| put64(out, self.frames));
            }
            // Clause 8.8.3: the only sample entry; a duration of one block; each sample is a sync sample and needs no other.
            write_full_box(out, b"trex", 0, 0, |out| {
                for field in [TRACK, 1, self.block, 0, 0x0200_0000] {
                    put(out, field);
                }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::box_writer::parse;

    /// The header of a stereo stream of 24 bits in blocks of 4,096 frames.
    fn header(rate: u32, frames: u64) -> Vec<u8> {
        let mut header = b"fLaC\x80\x00\x00\x22\x10\x00\x10\x00\0\0\0\0\0\0".to_vec();
        header.extend((u64::from(rate) << 44 | 1 << 41 | 23 << 36 | frames).to_be_bytes());
        header.extend([0; 16]);
        header
    }

    #[test]
    fn the_initialization_segment_describes_one_flac_track_and_no_sample() {
        let track = FlacTrack::from_header(&header(44_100, 1_000_000)).unwrap();
        assert_eq!((track.sample_rate(), track.frames(), track.channels, track.bits), (44_100, Some(1_000_000), 2, 24));
        let segment = track.initialization_segment();
        let boxes = parse(&segment);
        let names: Vec<&str> = boxes.iter().map(|(path, _)| path.rsplit('/').next().unwrap()).collect();
        assert_eq!(
            names,
            [
                "ftyp", "moov", "mvhd", "trak", "tkhd", "mdia", "mdhd", "hdlr", "minf", "smhd", "dinf", "dref", "url ",
                "stbl", "stsd", "fLaC", "dfLa", "stts", "stsc", "stsz", "stco", "mvex", "mehd", "trex"
            ]
        );
        let content = |name: &str| boxes.iter().find(|(path, _)| path.ends_with(name)).unwrap().1;
        assert_eq!(content("dfLa")[..4], [0; 4]);
        assert_eq!(content("dfLa")[4..], header(44_100, 1_000_000)[4..]);
        assert_eq!(content("mdhd")[12..16], 44_100_u32.to_be_bytes());
        assert_eq!(content("mehd")[4..], 1_000_000_u64.to_be_bytes());
        assert_eq!(content("fLaC")[16..28], [0, 2, 0, 24, 0, 0, 0, 0, 0xAC, 0x44, 0, 0]);
        // The sizes of these boxes are those that the standard gives.
        for (name, size) in [("mvhd", 100), ("tkhd", 84), ("mdhd", 24), ("smhd", 8), ("stsz", 12), ("trex", 24)] {
            assert_eq!(content(name).len(), size, "{name}");
        }
    }

    #[test]
    fn a_rate_over_16_bits_is_divided_in_the_sample_entry_only() {
        for (rate, entry) in
            [(44_100, 44_100), (96_000, 48_000), (192_000, 48_000), (65_537, 65_535), (352_800, 44_100)]
        {
            let track = FlacTrack::from_header(&header(rate, 0)).unwrap();
            assert_eq!((track.entry_rate(), track.sample_rate(), track.frames()), (entry, rate, None), "{rate}");
        }
    }

    #[test]
    fn an_invalid_flac_header_is_refused() {
        let whole = header(44_100, 1);
        for (bytes, problem) in [
            (&b"RIFF"[..], "it does not begin with fLaC"),
            (&whole[..20], "STREAMINFO is not its first block"),
            (b"fLaC\x04\0\0\x22 and more and more and more and more.", "STREAMINFO is not its first block"),
        ] {
            assert_eq!(FlacTrack::from_header(bytes), Err(Error::FlacHeader(problem)));
        }
    }
}
