//! The initialization segment of a track.

use super::box_writer::{put, put16, put64, write_box, write_full_box};
use super::track::Mp4Track;

/// The ID of the only track.
pub const TRACK: u32 = 1;
/// The transformation matrix that changes nothing (ISO/IEC 14496-12, clause 8.2.2).
const IDENTITY: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

impl Mp4Track {
    /// The initialization segment (ISO/IEC 14496-12, clause 3.1.22). A decoder needs it before any media segment. It has no edit list:
    /// playback begins with the first sample of the track.
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
            movie_header(self, out);
            track_box(self, out);
            movie_extends(self, out);
        });
        out
    }
}

/// Writes the movie header (clause 8.2.2). The duration is 0, because no samples are described here.
fn movie_header(track: &Mp4Track, out: &mut Vec<u8>) {
    write_full_box(out, b"mvhd", 0, 0, |out| {
        // No time of creation or modification, so that the bytes are always the same.
        for field in [0, 0, track.sample_rate, 0, 0x1_0000] {
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
fn track_box(track: &Mp4Track, out: &mut Vec<u8>) {
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
                for field in [0, 0, track.sample_rate, 0, 0x55C4_0000] {
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
            media_information(track, out);
        });
    });
}

/// Writes the media information (clause 8.4.4).
fn media_information(track: &Mp4Track, out: &mut Vec<u8>) {
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
                track.entry.write(track.sample_rate, out);
            });
            // Clauses 8.6.1.2, 8.7.4, 8.7.3.2 and 8.7.5: empty, because the media segments describe the samples.
            write_full_box(out, b"stts", 0, 0, |out| put(out, 0));
            write_full_box(out, b"stsc", 0, 0, |out| put(out, 0));
            write_full_box(out, b"stsz", 0, 0, |out| put64(out, 0));
            write_full_box(out, b"stco", 0, 0, |out| put(out, 0));
        });
    });
}

/// Writes the defaults of movie fragments (clause 8.8.1).
fn movie_extends(track: &Mp4Track, out: &mut Vec<u8>) {
    write_box(out, b"mvex", |out| {
        // Clause 8.8.2.
        if track.frames > 0 {
            write_full_box(out, b"mehd", 1, 0, |out| put64(out, track.frames));
        }
        // Clause 8.8.3: the only sample entry; a duration of one block; each sample is a sync sample and needs no other.
        write_full_box(out, b"trex", 0, 0, |out| {
            for field in [TRACK, 1, track.codec_frame, 0, 0x0200_0000] {
                put(out, field);
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::super::box_writer::parse;
    use super::super::sample_entry::SampleEntry;
    use super::*;
    use crate::aac::{AacRate, AacSettings};

    fn names(segment: &[u8]) -> Vec<String> {
        parse(segment).iter().map(|(path, _)| path.rsplit('/').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_initialization_segment_describes_one_flac_track_and_no_sample() {
        let entry = SampleEntry::Flac { channels: 2, bits: 24, metadata: b"metadata".to_vec() };
        let track = Mp4Track { sample_rate: 44_100, frames: 1_000_000, codec_frame: 4_096, entry };
        let segment = track.initialization_segment();
        assert_eq!(
            names(&segment),
            [
                "ftyp", "moov", "mvhd", "trak", "tkhd", "mdia", "mdhd", "hdlr", "minf", "smhd", "dinf", "dref", "url ",
                "stbl", "stsd", "fLaC", "dfLa", "stts", "stsc", "stsz", "stco", "mvex", "mehd", "trex"
            ]
        );
        let boxes = parse(&segment);
        let content = |name: &str| boxes.iter().find(|(path, _)| path.ends_with(name)).unwrap().1;
        assert_eq!(content("dfLa"), b"\0\0\0\0metadata");
        assert_eq!(content("mdhd")[12..16], 44_100_u32.to_be_bytes());
        assert_eq!(content("mehd")[4..], 1_000_000_u64.to_be_bytes());
        assert_eq!(content("fLaC")[16..28], [0, 2, 0, 24, 0, 0, 0, 0, 0xAC, 0x44, 0, 0]);
        // The sizes of these boxes are those that the standard gives.
        for (name, size) in [("mvhd", 100), ("tkhd", 84), ("mdhd", 24), ("smhd", 8), ("stsz", 12), ("trex", 24)] {
            assert_eq!(content(name).len(), size, "{name}");
        }
    }

    #[test]
    fn a_live_track_has_the_box_of_its_codec_and_no_duration() {
        let aac = AacSettings { rate: AacRate::Hz48000, bit_rate: 128_000 };
        for (track, entry, box_name, codec_frame) in
            [(Mp4Track::opus(), "Opus", "dOps", 960_u32), (Mp4Track::aac(aac), "mp4a", "esds", 1_024)]
        {
            let segment = track.initialization_segment();
            let names = names(&segment);
            assert_eq!(names[14..17], ["stsd", entry, box_name]);
            assert_eq!(names[21..], ["mvex", "trex"]);
            let boxes = parse(&segment);
            assert_eq!(boxes.last().unwrap().1[12..16], codec_frame.to_be_bytes());
        }
    }
}
