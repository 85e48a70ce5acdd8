//! The sound in a segment of an MPEG transport stream.

use mpeg2ts::pes::{PesPacketReader, ReadPesPacket};
use mpeg2ts::ts::TsPacketReader;

use crate::error::Error;

/// The data of all PES packets of sound in a segment, one after the other: ADTS frames, if it is AAC as [`TsSegment`](crate::TsSegment)
/// writes it.
///
/// # Errors
/// When the bytes are no MPEG transport stream.
pub fn transport_stream_sound(segment: &[u8]) -> Result<Vec<u8>, Error> {
    let mut reader = PesPacketReader::new(TsPacketReader::new(segment));
    let mut sound = Vec::new();
    while let Some(packet) = reader.read_pes_packet()? {
        if packet.header.stream_id.is_audio() {
            sound.extend_from_slice(&packet.data);
        }
    }
    Ok(sound)
}
