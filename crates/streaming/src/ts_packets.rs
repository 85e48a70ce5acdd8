//! Packets of MPEG transport streams (ISO/IEC 13818-1), for segments of sound and of sound with video.

use mpeg2ts::es::StreamId;
use mpeg2ts::pes::PesHeader;
use mpeg2ts::time::{ClockReference, Timestamp};
use mpeg2ts::ts::payload::{Bytes, Pat, Pes};
use mpeg2ts::ts::{
    AdaptationField, ContinuityCounter, Pid, ProgramAssociation, TransportScramblingControl, TsHeader, TsPacket,
    TsPacketWriter, TsPayload, VersionNumber, WriteTsPacket,
};

use crate::aac::{AacFrame, AacRate, write_adts};

pub(crate) const PROGRAM: u16 = 1;
pub(crate) const PMT_PID: u16 = 0x1000;
pub(crate) const AUDIO_PID: u16 = 0x100;
/// AAC frames in a PES packet. They last 64 to 96 ms, which is the longest distance of two clock references.
pub(crate) const FRAMES_IN_PES: usize = 3;
/// Bytes of a PES header with a presentation time stamp.
pub(crate) const PES_HEADER: usize = 14;
/// Bytes of an adaptation field with a clock reference.
const CLOCK_FIELD: usize = 8;
/// A continuity counter has 4 bits.
pub(crate) const COUNTER_PERIOD: usize = 16;
/// Bytes in the first packet of a PES packet, at most.
pub(crate) const FIRST: usize = Bytes::MAX_SIZE - CLOCK_FIELD - PES_HEADER;

/// The frames with their headers, for a PES packet.
pub(crate) fn adts(rate: AacRate, frames: &[AacFrame]) -> Vec<u8> {
    let mut out = Vec::new();
    frames.iter().for_each(|frame| write_adts(rate, frame, &mut out));
    out
}

/// The number of packets by which those of PES packets with these numbers of bytes have to be increased to a multiple of 16.
pub(crate) fn missing_packets(bytes: impl Iterator<Item = usize>) -> usize {
    let packets = bytes.map(packets_of).sum::<usize>();
    packets.next_multiple_of(COUNTER_PERIOD) - packets
}

/// The least number of packets for a PES packet with this number of bytes.
fn packets_of(bytes: usize) -> usize {
    1 + bytes.saturating_sub(FIRST).div_ceil(Bytes::MAX_SIZE)
}

/// Splits a number of bytes over packets. As many packets of `missing` are added as there are bytes for, by packets with one byte each.
pub(crate) fn split(bytes: usize, missing: &mut usize) -> Vec<usize> {
    let least = packets_of(bytes);
    let added = (*missing).min(bytes.saturating_sub(FIRST + 1));
    // Without the bytes of the added packets, the others may be fewer.
    let added = if added + packets_of(bytes - added) < least + added { added + 1 } else { added };
    *missing -= added + packets_of(bytes - added) - least;
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

pub(crate) fn association(pmt: Pid) -> Pat {
    let table = vec![ProgramAssociation { program_num: PROGRAM, program_map_pid: pmt }];
    Pat { transport_stream_id: 1, version_number: VersionNumber::new(), table }
}

/// The first packet of a PES packet with `whole` as its bytes, of which `now` are in it.
pub(crate) fn pes_start(stream: u8, time: u64, whole: &[u8], now: &[u8]) -> Result<TsPayload, mpeg2ts::Error> {
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

/// A PES packet.
pub(crate) struct PesPacket<'a> {
    pub pid: u16,
    /// The identifier of the kind of stream (ISO/IEC 13818-1, table 2-22).
    pub stream: u8,
    /// The presentation time stamp.
    pub time: u64,
    /// How far the clock reference in it is before the presentation time stamp, in its ticks; `None` for no clock reference.
    pub clock_delay: Option<u64>,
    /// Whether decoding can begin with it.
    pub is_random_access: bool,
    pub bytes: &'a [u8],
}

/// The packets of a segment.
pub(crate) struct Packets {
    out: TsPacketWriter<Vec<u8>>,
}

impl Packets {
    pub(crate) fn new() -> Self {
        Self { out: TsPacketWriter::new(Vec::new()) }
    }

    /// The bytes of the packets.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.out.into_stream()
    }

    pub(crate) fn put(
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

    /// Writes a PES packet, split into packets with these numbers of bytes.
    pub(crate) fn pes(
        &mut self,
        counter: &mut u8,
        pes: &PesPacket<'_>,
        lengths: &[usize],
    ) -> Result<(), mpeg2ts::Error> {
        // A clock reference counts 300 times as fast.
        let clock = |delay| ClockReference::new((pes.time.wrapping_sub(delay) & Timestamp::MAX) * 300);
        let pid = Pid::new(pes.pid)?;
        let is_marked = pes.is_random_access || pes.clock_delay.is_some();
        let mut field = is_marked.then_some(AdaptationField {
            discontinuity_indicator: false,
            random_access_indicator: pes.is_random_access,
            es_priority_indicator: false,
            pcr: pes.clock_delay.map(clock).transpose()?,
            opcr: None,
            splice_countdown: None,
            transport_private_data: Vec::new(),
            extension: None,
        });
        let (mut is_first, mut rest) = (true, pes.bytes);
        for &bytes in lengths {
            let (now, later) = rest.split_at(bytes.min(rest.len()));
            let payload = if std::mem::take(&mut is_first) {
                pes_start(pes.stream, pes.time, pes.bytes, now)?
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
    use super::*;

    #[test]
    fn packets_are_added_for_all_lengths() {
        for bytes in 1..3_000 {
            for wanted in 0..COUNTER_PERIOD {
                let mut missing = wanted;
                let lengths = split(bytes, &mut missing);
                assert_eq!(lengths.iter().sum::<usize>(), bytes);
                assert_eq!(lengths.len(), packets_of(bytes) + wanted - missing, "{bytes} {wanted}");
                assert!(lengths.iter().all(|length| (1..=Bytes::MAX_SIZE).contains(length)) && lengths[0] <= FIRST);
                assert!(missing == 0 || bytes < FIRST + 2 + wanted, "{bytes} {wanted} {missing}");
            }
        }
    }
}
