//! An encoder of packets.

use std::fmt;

use opus::{Application, Bandwidth, Bitrate, Channels, Encoder};

use super::{BIT_RATE_STEP, PACKET, PRE_SKIP, RATE, check_bit_rate, refused};
use crate::Error;
use crate::audio::check_shape;

/// Encodes stereo packets of 20 ms. All packets of a bit rate have the same number of bytes.
pub struct PacketEncoder {
    encoder: Encoder,
    packet_bytes: usize,
}

impl fmt::Debug for PacketEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacketEncoder").field("packet_bytes", &self.packet_bytes).finish_non_exhaustive()
    }
}

impl PacketEncoder {
    /// The number of frames by which decoded sound is later than the sound that was encoded.
    pub const DELAY: u64 = PRE_SKIP;
    /// The number of frames in a packet.
    pub const FRAMES: u64 = PACKET;

    /// An encoder of `bit_rate` bit/s.
    ///
    /// # Errors
    /// [`ErrorKind::FormatLimit`](crate::ErrorKind::FormatLimit) for an impossible bit rate,
    /// [`ErrorKind::Library`](crate::ErrorKind::Library) when libopus reports an error.
    pub fn new(bit_rate: u32) -> Result<Self, Error> {
        // Music only: one codec, which never switches, and a constant delay.
        let mut encoder = Encoder::new(RATE, Channels::Stereo, Application::LowDelay).map_err(refused)?;
        encoder.set_vbr(false).map_err(refused)?;
        encoder.set_force_channels(Some(Channels::Stereo)).map_err(refused)?;
        encoder.set_bandwidth(Bandwidth::Fullband).map_err(refused)?;
        let mut encoder = Self { encoder, packet_bytes: 0 };
        encoder.set_bit_rate(bit_rate)?;
        Ok(encoder)
    }

    /// Sets the bit rate of the packets from the next one on.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn set_bit_rate(&mut self, bit_rate: u32) -> Result<(), Error> {
        check_bit_rate(bit_rate)?;
        self.encoder.set_bitrate(Bitrate::Bits(bit_rate as i32)).map_err(refused)?;
        self.packet_bytes = (bit_rate / BIT_RATE_STEP) as usize;
        Ok(())
    }

    /// Encodes [`FRAMES`](Self::FRAMES) interleaved frames at [`RATE`] and appends the packet. A packet that is `independent` is not
    /// predicted from other packets. Where the packets of one encoder follow those of another, the last packet and the first one have to
    /// be independent, so that the decoder has the state that the second encoder assumes. The second encoder must have encoded the sound
    /// before its first packet too.
    ///
    /// # Errors
    /// [`ErrorKind::FrameShape`](crate::ErrorKind::FrameShape) when the last frame is not whole,
    /// [`ErrorKind::Library`](crate::ErrorKind::Library) when libopus reports an error, for example for another number of frames.
    pub fn encode(&mut self, samples: &[f32], independent: bool, out: &mut Vec<u8>) -> Result<(), Error> {
        check_shape(samples.len(), 2)?;
        self.encoder.set_prediction_disabled(independent).map_err(refused)?;
        let from = out.len();
        out.resize(from + self.packet_bytes, 0);
        let made = self.encoder.encode_float(samples, out.get_mut(from..).unwrap_or_default()).map_err(refused)?;
        if made == self.packet_bytes {
            return Ok(());
        }
        let wrong = format!("a packet of {made} bytes instead of {}", self.packet_bytes);
        Err(Error::library("the output of the Opus encoder", "write it as FLAC", wrong))
    }
}
