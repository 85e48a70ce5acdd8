//! Opus packets of the program.

use std::ops::Range;

use crowd_media::opus::PacketEncoder;

use super::program_sound::ProgramSound;
use crate::error::Error;

/// The number of packets that an encoder makes and discards before those that are asked for. They last half a second. The longest memory of
/// the encoder is that of a high-pass at 3 Hz, which has then decayed to less than 0.01 %.
const PRE_ROLL: u64 = 25;

/// The Opus packets of a range of the program. Packet `n` decodes to the frames from 960 `n` on. They depend on the range and the program
/// alone, because each range has an encoder of its own. The first packet and the last one are not predicted from others, so the packets of
/// consecutive ranges are one stream.
///
/// # Errors
/// Those of decoding and encoding.
pub fn opus_packets(sound: &mut ProgramSound, bit_rate: u32, range: Range<u64>) -> Result<Vec<Vec<u8>>, Error> {
    let mut encoder = PacketEncoder::new(bit_rate)?;
    let mut packets = Vec::new();
    for packet in range.start.saturating_sub(PRE_ROLL)..range.end {
        // Decoded sound is later by the delay, so encoded sound is taken earlier.
        let first = packet * PacketEncoder::FRAMES + PacketEncoder::DELAY;
        let samples = sound.read(first..first + PacketEncoder::FRAMES)?;
        let mut bytes = Vec::new();
        let independent = packet == range.start || packet + 1 == range.end;
        encoder.encode(samples.as_flattened(), independent, &mut bytes)?;
        if packet >= range.start {
            packets.push(bytes);
        }
    }
    Ok(packets)
}
