//! The thread that sends a sound server the sound that the server requests.

use std::fmt;
use std::io::{BufReader, Error, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use pulseaudio::protocol::{
    self, Command, CreatePlaybackStreamReply, DESCRIPTOR_SIZE, Descriptor, DescriptorFlags, PulseError,
};

use super::driver::Driver;
use crate::output::health::HealthCounters;
use crate::types::cast::low_half;

/// The number of bytes in a frame of two floats.
pub(crate) const FRAME_BYTES: usize = 8;

/// Longer messages are skipped, because none of the messages that are needed here is longer.
const LONGEST: usize = 4_096;

/// The reason why a stream has ended.
#[derive(Debug)]
pub(crate) enum StreamEnd {
    WriteFailed(Error),
    ReadFailed(Error),
    Disconnected,
    StreamKilled,
    Refused(PulseError),
}

impl fmt::Display for StreamEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WriteFailed(error) => write!(f, "the sound server cannot be written to: {error}"),
            Self::ReadFailed(error) => write!(f, "the sound server cannot be read from: {error}"),
            Self::Disconnected => f.write_str("the sound server is gone"),
            Self::StreamKilled => f.write_str("the sound server removed the device"),
            Self::Refused(error) => write!(f, "the sound server refused the stream: {error:?}"),
        }
    }
}

/// The state of the thread. All memory is allocated before the thread starts.
pub(crate) struct PulsePlayback {
    socket: BufReader<UnixStream>,
    version: u16,
    channel: u32,
    /// The number of bytes that the server has requested and that were not sent yet.
    wanted: usize,
    driver: Driver,
    meter: Arc<HealthCounters>,
    message: Box<[u8]>,
    sound: Box<[f32]>,
    packet: Box<[u8]>,
}

impl PulsePlayback {
    pub fn new(
        socket: BufReader<UnixStream>,
        version: u16,
        stream: &CreatePlaybackStreamReply,
        driver: Driver,
        meter: Arc<HealthCounters>,
        block: usize,
    ) -> Self {
        Self {
            socket,
            version,
            channel: stream.channel,
            wanted: stream.requested_bytes as usize,
            driver,
            meter,
            message: vec![0; LONGEST].into(),
            sound: vec![0.0; 2 * block].into(),
            packet: vec![0; DESCRIPTOR_SIZE + block * FRAME_BYTES].into(),
        }
    }

    /// Plays until the stream ends, and returns why it did.
    pub fn run(mut self) -> StreamEnd {
        loop {
            if let Err(error) = self.send_requested() {
                return StreamEnd::WriteFailed(error);
            }
            match self.receive() {
                Ok(None) => {}
                Ok(Some(why)) => return why,
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return StreamEnd::Disconnected,
                Err(error) => return StreamEnd::ReadFailed(error),
            }
        }
    }

    /// Renders and sends the requested frames, a block at a time.
    pub fn send_requested(&mut self) -> std::io::Result<()> {
        while self.wanted >= FRAME_BYTES {
            let bytes = (self.wanted - self.wanted % FRAME_BYTES).min(self.packet.len() - DESCRIPTOR_SIZE);
            self.wanted -= bytes;
            let sound = self.sound.get_mut(..bytes / 4).unwrap_or_default();
            if !self.driver.block(bytes / FRAME_BYTES, |made| made.fill(sound)) {
                sound.fill(0.0);
            }
            let packet = self.packet.get_mut(..DESCRIPTOR_SIZE + bytes).unwrap_or_default();
            let Some((head, data)) = packet.split_first_chunk_mut::<DESCRIPTOR_SIZE>() else { return Ok(()) };
            let (length, flags) = (low_half(bytes as u64), DescriptorFlags::empty());
            protocol::encode_descriptor(head, &Descriptor { length, channel: self.channel, offset: 0, flags });
            for (bytes, sample) in data.as_chunks_mut::<4>().0.iter_mut().zip(sound) {
                *bytes = sample.to_le_bytes();
            }
            self.socket.get_mut().write_all(packet)?;
        }
        Ok(())
    }

    /// Reads the server's next message; returns a reason when it ends the stream.
    pub fn receive(&mut self) -> std::io::Result<Option<StreamEnd>> {
        let mut head = [0; DESCRIPTOR_SIZE];
        self.socket.read_exact(&mut head)?;
        let [a, b, c, d, ..] = head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let Some(message) = self.message.get_mut(..length) else {
            std::io::copy(&mut (&mut self.socket).take(length as u64), &mut std::io::sink())?;
            return Ok(None);
        };
        self.socket.read_exact(message)?;
        // Unknown messages are irrelevant here.
        let Ok((_, command)) = Command::read_tag_prefixed(&mut &*message, self.version) else { return Ok(None) };
        match command {
            Command::Request(request) if request.channel == self.channel => self.wanted += request.length as usize,
            // The stream continues with the next block.
            Command::Underflow(underflow) if underflow.channel == self.channel => self.meter.xrun(),
            Command::PlaybackStreamKilled(channel) if channel == self.channel => {
                return Ok(Some(StreamEnd::StreamKilled));
            }
            Command::Error(error) if error != PulseError::NoData => {
                return Ok(Some(StreamEnd::Refused(error)));
            }
            _ => {}
        }
        Ok(None)
    }
}
