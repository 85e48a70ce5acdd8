//! Codec frames as one media segment.

use super::box_writer::{put, put64, write_box, write_full_box};
use super::initialization_segment::TRACK;
use crate::error::Error;

/// Bytes of the size and the type of a box.
const BOX_HEADER: u32 = 8;

/// One frame of FLAC or AAC, or one packet of Opus, which is one sample of the MP4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaSample {
    /// The number of bytes of the codec frame.
    pub bytes: u32,
    /// The number of audio frames in the codec frame.
    pub duration: u32,
}

/// Consecutive codec frames of a track.
#[derive(Clone, Copy, Debug)]
pub struct MediaSegment<'a> {
    /// The number of the segment in the track, from 0 on.
    pub number: u32,
    /// The number of audio frames of the track before the segment.
    pub start: u64,
    /// The size and duration of each codec frame.
    pub samples: &'a [MediaSample],
    /// The bytes of all codec frames, one after the other.
    pub data: &'a [u8],
}

impl MediaSegment<'_> {
    /// The segment: one movie fragment with its data (ISO/IEC 14496-12, clauses 8.8.4 and 8.1.1).
    ///
    /// # Errors
    /// [`Error::SampleBytes`] when the sum of the sample sizes is not the length of the data, [`Error::TooLarge`] from 4 GiB on.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        let (samples, data) = (self.samples.iter().map(|sample| u64::from(sample.bytes)).sum(), self.data.len() as u64);
        if samples != data {
            return Err(Error::SampleBytes { samples, data });
        }
        if data >= u64::from(u32::MAX - BOX_HEADER) {
            return Err(Error::TooLarge { bytes: data });
        }
        let mut out = Vec::with_capacity(self.data.len() + 8 * self.samples.len() + 128);
        // Clause 8.16.2.
        write_box(&mut out, b"styp", |out| {
            out.extend(b"msdh");
            put(out, 0);
            out.extend(b"msdhiso6");
        });
        let moof = out.len();
        let mut data_offset = 0;
        write_box(&mut out, b"moof", |out| {
            // Clause 8.8.5: numbers begin at 1.
            write_full_box(out, b"mfhd", 0, 0, |out| put(out, self.number.saturating_add(1)));
            // Clause 8.8.6.
            write_box(out, b"traf", |out| {
                let duration = self.common_duration();
                self.fragment_header(out, duration);
                // Clause 8.8.12.
                write_full_box(out, b"tfdt", 1, 0, |out| put64(out, self.start));
                data_offset = self.run(out, duration.is_none());
            });
        });
        // The bytes from the first byte of the movie fragment to the first byte of the data.
        let distance = u32::try_from(out.len() - moof).unwrap_or(u32::MAX).saturating_add(BOX_HEADER);
        if let Some(field) = out.get_mut(data_offset..data_offset + 4) {
            field.copy_from_slice(&distance.to_be_bytes());
        }
        write_box(&mut out, b"mdat", |out| out.extend(self.data));
        Ok(out)
    }

    /// The duration of every sample; `None` if durations differ.
    fn common_duration(&self) -> Option<u32> {
        let first = self.samples.first()?.duration;
        self.samples.iter().all(|sample| sample.duration == first).then_some(first)
    }

    /// Writes the track fragment header (clause 8.8.7). Offsets count from the movie fragment (default-base-is-moof). The duration is
    /// written here if it is the same for all samples.
    fn fragment_header(&self, out: &mut Vec<u8>, duration: Option<u32>) {
        let flags = 0x2_0000 | if duration.is_some() { 8 } else { 0 };
        write_full_box(out, b"tfhd", 0, flags, |out| {
            put(out, TRACK);
            if let Some(duration) = duration {
                put(out, duration);
            }
        });
    }

    /// Writes the track run (clause 8.8.8). Returns the position in `out` at which the offset of the data has to be written.
    fn run(&self, out: &mut Vec<u8>, durations: bool) -> usize {
        let mut data_offset = 0;
        let flags = 0x201 | if durations { 0x100 } else { 0 };
        write_full_box(out, b"trun", 0, flags, |out| {
            put(out, u32::try_from(self.samples.len()).unwrap_or(u32::MAX));
            data_offset = out.len();
            put(out, 0);
            for sample in self.samples {
                if durations {
                    put(out, sample.duration);
                }
                put(out, sample.bytes);
            }
        });
        data_offset
    }
}

#[cfg(test)]
mod tests {
    use super::super::box_writer::parse;
    use super::*;

    #[test]
    fn the_data_is_at_the_offset_in_the_run_and_times_count_frames() {
        let samples = [(3, 4_096), (2, 4_096), (4, 17)].map(|(bytes, duration)| MediaSample { bytes, duration });
        for count in [2, 3] {
            let data = &b"abcdefghi"[..if count == 2 { 5 } else { 9 }];
            let segment = MediaSegment { number: 6, start: 1 << 33, samples: &samples[..count], data }.bytes().unwrap();
            let boxes = parse(&segment);
            let names: Vec<&str> = boxes.iter().map(|(path, _)| path.rsplit('/').next().unwrap()).collect();
            assert_eq!(names, ["styp", "moof", "mfhd", "traf", "tfhd", "tfdt", "trun", "mdat"]);
            let content = |name: &str| boxes.iter().find(|(path, _)| path.ends_with(name)).unwrap().1;
            assert_eq!(content("mfhd")[4..], [0, 0, 0, 7]);
            assert_eq!(content("tfdt"), [1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
            let run = content("trun");
            let moof = segment.windows(4).position(|name| name == b"moof").unwrap() - 4;
            let offset = u32::from_be_bytes(run[8..12].try_into().unwrap()) as usize;
            assert_eq!(&segment[moof + offset..], data);
            if count == 2 {
                // All samples have the same duration, so the run has only their sizes.
                assert_eq!(content("tfhd")[4..], [0, 0, 0, 1, 0, 0, 0x10, 0]);
                assert_eq!(run[12..], [0, 0, 0, 3, 0, 0, 0, 2]);
            } else {
                assert_eq!(content("tfhd")[4..], [0, 0, 0, 1]);
                assert_eq!(run[28..], [0, 0, 0, 17, 0, 0, 0, 4]);
            }
        }
    }

    #[test]
    fn samples_that_do_not_describe_the_data_are_refused() {
        let samples = [MediaSample { bytes: 3, duration: 4_096 }];
        let segment = MediaSegment { number: 0, start: 0, samples: &samples, data: b"ab" };
        assert_eq!(segment.bytes(), Err(Error::SampleBytes { samples: 3, data: 2 }));
    }
}
