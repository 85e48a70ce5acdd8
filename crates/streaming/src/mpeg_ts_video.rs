//! AAC and H.264 in MPEG transport stream segments (ISO/IEC 13818-1).

use mpeg2ts::es::{StreamId, StreamType};
use mpeg2ts::ts::payload::Pmt;
use mpeg2ts::ts::{EsInfo, Pid, TsPayload, VersionNumber};

use crate::aac::{AacFrame, AacRate};
use crate::error::Error;
use crate::h264::H264Clip;
use crate::media_time::{PICTURE_RATE, picture_time_stamp, presentation_time_stamp};
use crate::ts_packets::{
    AUDIO_PID, COUNTER_PERIOD, FRAMES_IN_PES, PMT_PID, PROGRAM, Packets, PesPacket, adts, association, missing_packets,
    split,
};

const VIDEO_PID: u16 = 0x102;
/// The clock is this number of ticks of the presentation time stamp, 700 ms, behind the pictures. Key pictures are larger than others, and
/// are received for longer.
const CLOCK_DELAY: u64 = 63_000;

/// Consecutive AAC frames of a stream with the pictures of the same time, from a clip that is repeated.
#[derive(Clone, Copy, Debug)]
pub struct TsVideoSegment<'a> {
    /// The number of the segment in the stream.
    pub number: u64,
    /// The number of the first AAC frame in the stream.
    pub first_frame: u64,
    /// The sample rate.
    pub rate: AacRate,
    /// The frames.
    pub frames: &'a [AacFrame],
    /// The clip.
    pub clip: &'a H264Clip,
    /// The number of pictures in each segment, a multiple of those in a group of the clip. 30 pictures are shown in a second.
    pub pictures: u64,
}

impl TsVideoSegment<'_> {
    /// The segment: a PAT, a PMT, and the frames and pictures in PES packets, in the order of their times. It begins with a key picture.
    ///
    /// The bytes depend on nothing but the fields. Continuity counters continue from segment to segment, as those of
    /// [`TsSegment`](crate::TsSegment) do. The pictures need a few bytes more than fit into one packet for this.
    ///
    /// # Errors
    /// [`Error::NoFrames`] for no frames or pictures; [`Error::H264`] when a segment would not begin with a key picture.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        if self.frames.is_empty() || self.pictures == 0 {
            return Err(Error::NoFrames);
        }
        if !self.pictures.is_multiple_of(self.clip.group()) {
            let (pictures, group) = (self.pictures, self.clip.group());
            return Err(Error::H264(format!(
                "segments of {pictures} pictures have no whole groups of {group} pictures"
            )));
        }
        Ok(self.written()?)
    }

    fn written(&self) -> Result<Vec<u8>, mpeg2ts::Error> {
        let mut packets = Packets::new();
        let (video, audio, pmt) = (Pid::new(VIDEO_PID)?, Pid::new(AUDIO_PID)?, Pid::new(PMT_PID)?);
        let tables = (self.number % COUNTER_PERIOD as u64) as u8;
        packets.put(Pid::new(Pid::PAT)?, tables, None, TsPayload::Pat(association(pmt)))?;
        packets.put(pmt, tables, None, TsPayload::Pmt(program_map(video, audio)))?;
        let sound: Vec<Vec<u8>> = self.frames.chunks(FRAMES_IN_PES).map(|frames| adts(self.rate, frames)).collect();
        let first_picture = self.number.saturating_mul(self.pictures);
        let pictures = || (first_picture..).take(self.pictures as usize).map(|n| (n, self.clip.picture(n)));
        let mut missing_sound = missing_packets(sound.iter().map(Vec::len));
        let mut missing_pictures = missing_packets(pictures().map(|(_, picture)| picture.bytes.len()));
        let (mut sound_counter, mut picture_counter) = (0, 0);
        let mut sound = (self.first_frame..).step_by(FRAMES_IN_PES).zip(&sound).peekable();
        let rate = u128::from(self.rate.hertz());
        for (number, picture) in pictures() {
            // Sound that begins before the next picture follows this one. Time stamps wrap, so counts are compared.
            let end = (u128::from(number) + 1) * rate;
            let is_due = |frame: u64| u128::from(frame) * u128::from(AacFrame::LENGTH * PICTURE_RATE) < end;
            let pes = PesPacket {
                pid: VIDEO_PID,
                stream: StreamId::VIDEO_MIN,
                time: picture_time_stamp(number),
                clock_delay: Some(CLOCK_DELAY),
                is_random_access: picture.is_key,
                bytes: picture.bytes,
            };
            packets.pes(&mut picture_counter, &pes, &split(picture.bytes.len(), &mut missing_pictures))?;
            let is_last = number + 1 == first_picture + self.pictures;
            while let Some((frame, bytes)) = sound.next_if(|(frame, _)| is_last || is_due(*frame)) {
                let pes = PesPacket {
                    pid: AUDIO_PID,
                    stream: StreamId::AUDIO_MIN,
                    time: presentation_time_stamp(frame.saturating_mul(AacFrame::LENGTH), self.rate),
                    clock_delay: None,
                    is_random_access: true,
                    bytes,
                };
                packets.pes(&mut sound_counter, &pes, &split(bytes.len(), &mut missing_sound))?;
            }
        }
        Ok(packets.into_bytes())
    }
}

fn program_map(video: Pid, audio: Pid) -> Pmt {
    let stream = |stream_type, elementary_pid| EsInfo { stream_type, elementary_pid, descriptors: Vec::new() };
    Pmt {
        program_num: PROGRAM,
        pcr_pid: Some(video),
        version_number: VersionNumber::new(),
        program_info: Vec::new(),
        es_info: vec![stream(StreamType::H264, video), stream(StreamType::AdtsAac, audio)],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use mpeg2ts::pes::{PesPacketReader, ReadPesPacket};
    use mpeg2ts::ts::{ReadTsPacket, TsPacketReader};

    use super::*;
    use crate::aac::adts_frames;

    /// A clip of two groups of `group` pictures, of different sizes.
    fn clip(group: usize) -> H264Clip {
        let mut bytes = Vec::new();
        for number in 0..2 * group {
            bytes.extend([0, 0, 0, 1, 9, 0xF0]);
            if number % group == 0 {
                bytes.extend([0, 0, 0, 1, 0x67, 0x64, 0, 0x1F, 7, 0, 0, 0, 1, 0x68, 8]);
            }
            bytes.extend([0, 0, 1, if number % group == 0 { 0x65 } else { 0x41 }]);
            bytes.extend(vec![number as u8 + 1; 500 + number * 37 % 300]);
        }
        H264Clip::parse(bytes, group).unwrap()
    }

    fn frames(count: u64) -> Vec<AacFrame> {
        (0..count).map(|n| AacFrame::new(vec![n as u8; 330 + n as usize % 90]).unwrap()).collect()
    }

    /// A segment of the number, of a second.
    fn segment(number: u64, clip: &H264Clip) -> (Vec<u8>, u64, Vec<AacFrame>) {
        let rate = AacRate::Hz48000;
        let frame = |number: u64| (number * 48_000 + 512) / 1_024;
        let (first_frame, frames) = (frame(number), frames(frame(number + 1) - frame(number)));
        let segment = TsVideoSegment { number, first_frame, rate, frames: &frames, clip, pictures: 30 };
        (segment.bytes().unwrap(), first_frame, frames)
    }

    #[test]
    fn a_reader_finds_the_frames_the_pictures_and_their_times() {
        let clip = clip(15);
        // Time stamps wrap after 95,443.7 s.
        for number in [0, 7, 95_442, 95_443, 95_444, 1_000_000_000] {
            let (bytes, first_frame, frames) = segment(number, &clip);
            let mut reader = PesPacketReader::new(TsPacketReader::new(&bytes[..]));
            let (mut sound, mut pictures, mut order) = (Vec::new(), 0, Vec::new());
            while let Some(pes) = reader.read_pes_packet().unwrap() {
                let time = pes.header.pts.unwrap().as_u64();
                order.push(time);
                if pes.header.stream_id.is_audio() {
                    let frame = first_frame + adts_frames(&sound).map_or(0, |(_, frames)| frames.len() as u64);
                    assert_eq!(time, presentation_time_stamp(frame * 1_024, AacRate::Hz48000));
                    sound.extend(pes.data);
                } else {
                    assert_eq!(time, u64::try_from(u128::from(number * 30 + pictures) * 3_000 % (1 << 33)).unwrap());
                    assert_eq!(pes.data, clip.picture(number * 30 + pictures).bytes);
                    pictures += 1;
                }
            }
            assert_eq!((pictures, adts_frames(&sound).unwrap().1), (30, frames));
            // Sound and pictures are at most a few pictures apart, so that players need little memory.
            assert!(
                order.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]).wrapping_add(9_000) % (1 << 33) < 18_000),
                "{order:?}"
            );
        }
    }

    #[test]
    fn counters_continue_and_the_clock_grows_from_segment_to_segment() {
        let (clip, mut last, mut clock) = (clip(30), BTreeMap::new(), None);
        for number in 15..60 {
            let (bytes, _, _) = segment(number, &clip);
            let mut reader = TsPacketReader::new(&bytes[..]);
            while let Some(packet) = reader.read_ts_packet().unwrap() {
                let counter = packet.header.continuity_counter.as_u8();
                if let Some(last) = last.insert(packet.header.pid, counter) {
                    assert_eq!(counter, (last + 1) % 16, "segment {number}, {:?}", packet.header.pid);
                }
                if let Some(now) = packet.adaptation_field.and_then(|field| field.pcr).map(|pcr| pcr.as_u64()) {
                    assert!(clock.is_none_or(|before| now == before + 900_000), "{clock:?} {now}");
                    clock = Some(now);
                }
            }
        }
        assert_eq!(last.len(), 4);
    }

    #[test]
    fn a_segment_that_would_not_begin_with_a_key_picture_is_refused() {
        let (clip, frames) = (clip(30), frames(40));
        let segment = |pictures, frames| {
            let rate = AacRate::Hz48000;
            TsVideoSegment { number: 1, first_frame: 47, rate, frames, clip: &clip, pictures }.bytes()
        };
        assert!(matches!(segment(45, &frames[..]), Err(Error::H264(_))));
        assert_eq!(segment(30, &[]), Err(Error::NoFrames));
        assert_eq!(segment(0, &frames[..]), Err(Error::NoFrames));
    }
}
