//! AAC in MPEG transport stream segments (ISO/IEC 13818-1).

use mpeg2ts::es::{StreamId, StreamType};
use mpeg2ts::ts::payload::{Bytes, Pmt};
use mpeg2ts::ts::{Descriptor, EsInfo, Pid, TsPacket, TsPayload, VersionNumber};

use crate::aac::{ADTS_HEADER, AacFrame, AacRate, AacSettings};
use crate::error::Error;
use crate::id3::id3_tag;
use crate::media_time::presentation_time_stamp;
use crate::ts_packets::{
    AUDIO_PID, COUNTER_PERIOD, FIRST, FRAMES_IN_PES, PES_HEADER, PMT_PID, PROGRAM, Packets, PesPacket, adts,
    association, missing_packets, pes_start, split,
};

const TITLE_PID: u16 = 0x101;
/// The longest title, in bytes. With it the tag, its PES header and its ID3 headers fill one packet.
const MAX_TITLE: usize = Bytes::MAX_SIZE - PES_HEADER - 10 - 10 - 1;
/// The descriptors of timed ID3 tags: the identifier of the format twice, then the service (Apple, "Timed Metadata for HTTP Live
/// Streaming", section 2.3; ISO/IEC 13818-1, clauses 2.6.58 and 2.6.60).
const METADATA: &[u8] = b"\xFF\xFFID3 \xFFID3 \0";
/// The tags of these descriptors, and what follows in each of them: flags, and in the first one the program.
const METADATA_POINTER: (u8, &[u8]) = (0x25, &[0x1F, 0, PROGRAM as u8]);
const METADATA_STREAM: (u8, &[u8]) = (0x26, &[0x0F]);
/// The clock is this number of ticks of the presentation time stamp, 100 ms, behind the sound.
const CLOCK_DELAY: u64 = 9_000;

/// Consecutive AAC frames of a stream.
#[derive(Clone, Copy, Debug)]
pub struct TsSegment<'a> {
    /// The number of the segment in the stream.
    pub number: u64,
    /// The number of the first AAC frame in the stream.
    pub first_frame: u64,
    /// The sample rate.
    pub rate: AacRate,
    /// The title that plays at the beginning of the segment. It is cut off after about 150 bytes.
    pub title: &'a str,
    /// The frames.
    pub frames: &'a [AacFrame],
}

impl TsSegment<'_> {
    /// The segment: a PAT, a PMT, the title as a timed ID3 tag, and the frames in PES packets.
    ///
    /// The bytes depend on nothing but the fields. Continuity counters nevertheless continue from segment to segment: there is one packet
    /// of the PAT, the PMT and the title for each segment, and the number of packets with sound is a multiple of 16.
    ///
    /// # Errors
    /// [`Error::NoFrames`] for no frames.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        if self.frames.is_empty() {
            return Err(Error::NoFrames);
        }
        Ok(self.written()?)
    }

    /// The most bytes of a segment with this number of frames.
    pub fn max_bytes(settings: AacSettings, frames: u64) -> u64 {
        let pes_packets = frames.div_ceil(FRAMES_IN_PES as u64);
        let sound = settings.max_bytes(frames) + frames * ADTS_HEADER as u64;
        let rest = sound.saturating_sub(pes_packets * FIRST as u64);
        // Each PES packet has a first packet, and a last one that is not full. There are two tables and a title, and up to 15 packets are added.
        let packets = 3 + 2 * pes_packets + rest / Bytes::MAX_SIZE as u64 + COUNTER_PERIOD as u64 - 1;
        packets * TsPacket::SIZE as u64
    }

    fn written(&self) -> Result<Vec<u8>, mpeg2ts::Error> {
        let mut packets = Packets::new();
        let pes_packets: Vec<Vec<u8>> =
            self.frames.chunks(FRAMES_IN_PES).map(|frames| adts(self.rate, frames)).collect();
        let (audio, titles, pmt) = (Pid::new(AUDIO_PID)?, Pid::new(TITLE_PID)?, Pid::new(PMT_PID)?);
        let tables = (self.number % COUNTER_PERIOD as u64) as u8;
        packets.put(Pid::new(Pid::PAT)?, tables, None, TsPayload::Pat(association(pmt)))?;
        packets.put(pmt, tables, None, TsPayload::Pmt(program_map(audio, titles)))?;
        let tag = id3_tag(None, Some(self.title), MAX_TITLE);
        let time = presentation_time_stamp(self.first_frame.saturating_mul(AacFrame::LENGTH), self.rate);
        let title = pes_start(StreamId::PRIVATE_STREAM_1, time, &tag, &tag)?;
        packets.put(titles, tables, None, title)?;
        let mut missing = missing_packets(pes_packets.iter().map(Vec::len));
        let mut counter = 0;
        for (pes, first) in pes_packets.iter().zip((self.first_frame..).step_by(FRAMES_IN_PES)) {
            let time = presentation_time_stamp(first.saturating_mul(AacFrame::LENGTH), self.rate);
            let lengths = split(pes.len(), &mut missing);
            let (stream, clock_delay) = (StreamId::AUDIO_MIN, Some(CLOCK_DELAY));
            let pes = PesPacket { pid: AUDIO_PID, stream, time, clock_delay, is_random_access: true, bytes: pes };
            packets.pes(&mut counter, &pes, &lengths)?;
        }
        Ok(packets.into_bytes())
    }
}

fn program_map(audio: Pid, titles: Pid) -> Pmt {
    let descriptor = |(tag, rest): (u8, &[u8])| Descriptor { tag, data: [METADATA, rest].concat() };
    let sound = EsInfo { stream_type: StreamType::AdtsAac, elementary_pid: audio, descriptors: Vec::new() };
    let titles = EsInfo {
        stream_type: StreamType::PacketizedMetadata,
        elementary_pid: titles,
        descriptors: vec![descriptor(METADATA_STREAM)],
    };
    Pmt {
        program_num: PROGRAM,
        pcr_pid: Some(audio),
        version_number: VersionNumber::new(),
        program_info: vec![descriptor(METADATA_POINTER)],
        es_info: vec![sound, titles],
    }
}

#[cfg(test)]
mod tests {
    use mpeg2ts::pes::{PesPacketReader, ReadPesPacket};
    use mpeg2ts::ts::{ReadTsPacket, TsPacketReader};

    use super::*;
    use crate::aac::adts_frames;

    const TITLE: &str = "Title";

    fn frames(count: usize, bytes: usize) -> Vec<AacFrame> {
        (0..count).map(|n| AacFrame::new((0..bytes + n % 90).map(|b| (b * n) as u8).collect()).unwrap()).collect()
    }

    #[test]
    fn a_reader_finds_the_frames_and_their_times() {
        let frames = frames(281, 330);
        let segment =
            TsSegment { number: 7, first_frame: 1_000_000, rate: AacRate::Hz48000, title: TITLE, frames: &frames };
        let bytes = segment.bytes().unwrap();
        let mut reader = PesPacketReader::new(TsPacketReader::new(&bytes[..]));
        let (mut sound, mut times) = (Vec::new(), Vec::new());
        while let Some(pes) = reader.read_pes_packet().unwrap() {
            if !pes.header.stream_id.is_audio() {
                assert_eq!(pes.header.pts.unwrap().as_u64(), 1_920_000_000);
                let tag = [&b"ID3\x04\0\0\0\0\0\x10TIT2\0\0\0\x06\0\0\x03"[..], TITLE.as_bytes()].concat();
                assert_eq!(pes.data, tag);
                continue;
            }
            times.push(pes.header.pts.unwrap().as_u64());
            sound.extend(pes.data);
        }
        assert_eq!(adts_frames(&sound).unwrap(), (AacRate::Hz48000, frames));
        let expected: Vec<u64> = (0..94).map(|pes| (1_000_000 + 3 * pes) * 1_920 % (1 << 33)).collect();
        assert_eq!(times, expected);
    }

    #[test]
    fn counters_continue_from_segment_to_segment() {
        let mut last = std::collections::BTreeMap::new();
        for (number, count) in [(15, 281), (16, 1), (17, 282), (18, 43)] {
            let frames = frames(count, 330);
            let segment = TsSegment {
                number,
                first_frame: 0,
                rate: AacRate::Hz44100,
                title: &TITLE.repeat(number as usize),
                frames: &frames,
            };
            let bytes = segment.bytes().unwrap();
            assert_eq!(bytes.len() % TsPacket::SIZE, 0);
            let mut reader = TsPacketReader::new(&bytes[..]);
            while let Some(packet) = reader.read_ts_packet().unwrap() {
                let counter = packet.header.continuity_counter.as_u8();
                if let Some(last) = last.insert(packet.header.pid, counter) {
                    assert_eq!(counter, (last + 1) % 16, "segment {number}, {:?}", packet.header.pid);
                }
            }
        }
        assert_eq!(last.len(), 4);
    }

    #[test]
    fn a_segment_of_no_frames_is_refused() {
        let segment = TsSegment { number: 0, first_frame: 0, rate: AacRate::Hz48000, title: "", frames: &[] };
        assert_eq!(segment.bytes(), Err(Error::NoFrames));
    }
}
