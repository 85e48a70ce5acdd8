//! AAC in MPEG transport stream segments (ISO/IEC 13818-1).

use mpeg2ts::es::{StreamId, StreamType};
use mpeg2ts::pes::PesHeader;
use mpeg2ts::time::{ClockReference, Timestamp};
use mpeg2ts::ts::payload::{Bytes, Pat, Pes, Pmt};
use mpeg2ts::ts::{
    AdaptationField, ContinuityCounter, Descriptor, EsInfo, Pid, ProgramAssociation, TransportScramblingControl,
    TsHeader, TsPacket, TsPacketWriter, TsPayload, VersionNumber, WriteTsPacket,
};

use crate::aac::{ADTS_HEADER, AacFrame, AacRate, AacSettings, write_adts};
use crate::error::Error;
use crate::id3::id3_tag;
use crate::media_time::presentation_time_stamp;

const PROGRAM: u16 = 1;
const PMT_PID: u16 = 0x1000;
const AUDIO_PID: u16 = 0x100;
const TITLE_PID: u16 = 0x101;
/// The longest title, in bytes. With it the tag, its PES header and its ID3 headers fill one packet.
const MAX_TITLE: usize = Bytes::MAX_SIZE - PES_HEADER - 10 - 10 - 1;
/// The descriptors of timed ID3 tags: the identifier of the format twice, then the service (Apple, "Timed Metadata for HTTP Live
/// Streaming", section 2.3; ISO/IEC 13818-1, clauses 2.6.58 and 2.6.60).
const METADATA: &[u8] = b"\xFF\xFFID3 \xFFID3 \0";
/// The tags of these descriptors, and what follows in each of them: flags, and in the first one the program.
const METADATA_POINTER: (u8, &[u8]) = (0x25, &[0x1F, 0, PROGRAM as u8]);
const METADATA_STREAM: (u8, &[u8]) = (0x26, &[0x0F]);
/// AAC frames in a PES packet. They last 64 to 96 ms, which is the longest distance of two clock references.
const FRAMES_IN_PES: usize = 3;
/// Bytes of a PES header with a presentation time stamp.
const PES_HEADER: usize = 14;
/// Bytes of an adaptation field with a clock reference.
const CLOCK_FIELD: usize = 8;
/// The clock is this number of ticks of the presentation time stamp, 100 ms, behind the sound.
const CLOCK_DELAY: u64 = 9_000;
/// A continuity counter has 4 bits.
const COUNTER_PERIOD: usize = 16;

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
        let mut packets = Packets { out: TsPacketWriter::new(Vec::new()) };
        let pes_packets: Vec<Vec<u8>> = self.frames.chunks(FRAMES_IN_PES).map(|frames| self.adts(frames)).collect();
        let (audio, titles, pmt) = (Pid::new(AUDIO_PID)?, Pid::new(TITLE_PID)?, Pid::new(PMT_PID)?);
        let tables = (self.number % COUNTER_PERIOD as u64) as u8;
        packets.put(Pid::new(Pid::PAT)?, tables, None, TsPayload::Pat(association(pmt)))?;
        packets.put(pmt, tables, None, TsPayload::Pmt(program_map(audio, titles)))?;
        let tag = id3_tag(None, Some(self.title), MAX_TITLE);
        let time = presentation_time_stamp(self.first_frame.saturating_mul(AacFrame::LENGTH), self.rate);
        let title = pes_start(StreamId::PRIVATE_STREAM_1, time, &tag, &tag)?;
        packets.put(titles, tables, None, title)?;
        let mut missing =
            COUNTER_PERIOD - pes_packets.iter().map(|pes| packets_of(pes.len())).sum::<usize>() % COUNTER_PERIOD;
        if missing == COUNTER_PERIOD {
            missing = 0;
        }
        let mut counter = 0;
        for (pes, first) in pes_packets.iter().zip((self.first_frame..).step_by(FRAMES_IN_PES)) {
            let time = presentation_time_stamp(first.saturating_mul(AacFrame::LENGTH), self.rate);
            let lengths = split(pes.len(), &mut missing);
            packets.pes(audio, &mut counter, time, pes, &lengths)?;
        }
        Ok(packets.out.into_stream())
    }

    fn adts(&self, frames: &[AacFrame]) -> Vec<u8> {
        let mut out = Vec::new();
        frames.iter().for_each(|frame| write_adts(self.rate, frame, &mut out));
        out
    }
}

/// Bytes of sound in the first packet of a PES packet, at most.
const FIRST: usize = Bytes::MAX_SIZE - CLOCK_FIELD - PES_HEADER;

/// The least number of packets for a PES packet with this number of bytes of sound.
fn packets_of(bytes: usize) -> usize {
    1 + bytes.saturating_sub(FIRST).div_ceil(Bytes::MAX_SIZE)
}

/// Splits a number of bytes over packets. As many packets of `missing` are added as there are bytes for, with one byte each.
fn split(bytes: usize, missing: &mut usize) -> Vec<usize> {
    let added = (*missing).min(bytes.saturating_sub(FIRST + 1));
    *missing -= added;
    let (mut rest, mut lengths) = (bytes - added, vec![1; added]);
    let first = rest.min(FIRST);
    rest -= first;
    lengths.insert(0, first);
    while rest > 0 {
        let now = rest.min(Bytes::MAX_SIZE);
        lengths.push(now);
        rest -= now;
    }
    lengths
}

fn association(pmt: Pid) -> Pat {
    let table = vec![ProgramAssociation { program_num: PROGRAM, program_map_pid: pmt }];
    Pat { transport_stream_id: 1, version_number: VersionNumber::new(), table }
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

/// The first packet of a PES packet with `whole` as its bytes, of which `now` are in it.
fn pes_start(stream: u8, time: u64, whole: &[u8], now: &[u8]) -> Result<TsPayload, mpeg2ts::Error> {
    let header = PesHeader {
        stream_id: StreamId::new(stream),
        priority: false,
        data_alignment_indicator: true,
        copyright: false,
        original_or_copy: false,
        pts: Some(Timestamp::new(time)?),
        dts: None,
        escr: None,
    };
    // The length counts the bytes after it: 8 of the header, and the contents.
    let pes_packet_len = u16::try_from(whole.len() + PES_HEADER - 6).unwrap_or(0);
    Ok(TsPayload::PesStart(Pes { header, pes_packet_len, data: Bytes::new(now)? }))
}

struct Packets {
    out: TsPacketWriter<Vec<u8>>,
}

impl Packets {
    fn put(
        &mut self,
        pid: Pid,
        counter: u8,
        field: Option<AdaptationField>,
        payload: TsPayload,
    ) -> Result<(), mpeg2ts::Error> {
        let header = TsHeader {
            transport_error_indicator: false,
            transport_priority: false,
            pid,
            transport_scrambling_control: TransportScramblingControl::NotScrambled,
            continuity_counter: ContinuityCounter::from_u8(counter)?,
        };
        self.out.write_ts_packet(&TsPacket { header, adaptation_field: field, payload: Some(payload) })
    }

    /// Writes a PES packet, split into packets with these numbers of bytes of sound.
    fn pes(
        &mut self,
        pid: Pid,
        counter: &mut u8,
        time: u64,
        sound: &[u8],
        lengths: &[usize],
    ) -> Result<(), mpeg2ts::Error> {
        let clock = time.wrapping_sub(CLOCK_DELAY) & Timestamp::MAX;
        let mut field = Some(AdaptationField {
            discontinuity_indicator: false,
            random_access_indicator: true,
            es_priority_indicator: false,
            // A clock reference counts 300 times as fast.
            pcr: Some(ClockReference::new(clock * 300)?),
            opcr: None,
            splice_countdown: None,
            transport_private_data: Vec::new(),
            extension: None,
        });
        let (mut is_first, mut rest) = (true, sound);
        for &bytes in lengths {
            let (now, later) = rest.split_at(bytes.min(rest.len()));
            let payload = if std::mem::take(&mut is_first) {
                pes_start(StreamId::AUDIO_MIN, time, sound, now)?
            } else {
                TsPayload::PesContinuation(Bytes::new(now)?)
            };
            self.put(pid, *counter, field.take(), payload)?;
            *counter = (*counter + 1) % COUNTER_PERIOD as u8;
            rest = later;
        }
        Ok(())
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
