//! Opus packets of the program.

use std::ops::Range;

use crowd_media::opus::{BIT_RATE_STEP, MAX_BIT_RATE, PacketEncoder};

use super::program_sound::ProgramSound;
use crate::error::Error;

/// The number of packets that an encoder makes and discards before those that are asked for. They last half a second. The longest memory of
/// the encoder is that of a high-pass at 3 Hz, which has then decayed to less than 0.01 %.
const PRE_ROLL: u64 = 25;
/// The number of packets after the first one in which prediction is still worse than in the middle of a stream.
const ADAPTING: u64 = 2;

/// Makes the Opus packets of a range of the program, as far as they are asked for. Packet `n` decodes to the frames from 960 `n` on. They
/// depend on the range and the program alone, because each range has an encoder of its own.
///
/// The packets of consecutive ranges are one stream. For this the first packet and the last one are not predicted from others, and neither
/// is the last one that is discarded: its end overlaps the first one. Where there is no prediction, or little, the packets have more
/// bits, so that their sound is as good as that of the others (measured: without these bits it has 2 to 4 dB more noise).
#[derive(Debug)]
pub struct OpusRange {
    encoder: PacketEncoder,
    bit_rate: u32,
    range: Range<u64>,
    /// The next packet that is encoded.
    next: u64,
}

impl OpusRange {
    /// The packets of a range.
    ///
    /// # Errors
    /// Those of the encoder.
    pub fn new(bit_rate: u32, range: Range<u64>) -> Result<Self, Error> {
        let next = range.start.saturating_sub(PRE_ROLL);
        Ok(Self { encoder: PacketEncoder::new(bit_rate)?, bit_rate, range, next })
    }

    /// Appends to `packets` those before packet `until` that were not made before. `sound` has all sound before packet `until` + 1.
    ///
    /// # Errors
    /// Those of decoding and encoding.
    pub fn encode(&mut self, until: u64, sound: &mut ProgramSound, packets: &mut Vec<Vec<u8>>) -> Result<(), Error> {
        let range = &self.range;
        while self.next < until.min(range.end) {
            let packet = self.next;
            // Decoded sound is later by the delay, so the encoder takes sound from a later place.
            let first = packet * PacketEncoder::FRAMES + PacketEncoder::DELAY;
            let samples = sound.read(first..first + PacketEncoder::FRAMES)?;
            let independent = packet == range.start || packet + 1 == range.start || packet + 1 == range.end;
            let adapting = (range.start..=range.start + ADAPTING).contains(&packet);
            self.encoder.set_bit_rate(match (independent, adapting) {
                (true, _) => at_most(2 * self.bit_rate),
                (false, true) => at_most(self.bit_rate + self.bit_rate / 2),
                (false, false) => self.bit_rate,
            })?;
            let mut bytes = Vec::new();
            self.encoder.encode(samples.as_flattened(), independent, &mut bytes)?;
            if packet >= range.start {
                packets.push(bytes);
            }
            self.next += 1;
        }
        Ok(())
    }
}

/// The next lower bit rate that Opus has.
fn at_most(bit_rate: u32) -> u32 {
    bit_rate.min(MAX_BIT_RATE) / BIT_RATE_STEP * BIT_RATE_STEP
}
