//! A connection of a publisher to an RTMP server.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rml_rtmp::sessions::{ClientSession, ClientSessionError, ClientSessionResult, StreamMetadata};
use rml_rtmp::time::RtmpTimestamp;

use super::negotiation::{answer, described, negotiate};
use super::target::{RtmpMetadata, RtmpTarget};
use super::transport::Transport;

/// The codecs in `onMetaData`: AVC and AAC.
const AVC: u32 = 7;
const AAC: u32 = 10;

/// A connection over which a server has accepted a stream. No call waits for longer than some seconds, apart from the name service.
pub struct RtmpConnection {
    transport: Transport,
    session: ClientSession,
    target: RtmpTarget,
    /// What is sent next.
    waiting: Vec<u8>,
}

impl std::fmt::Debug for RtmpConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RtmpConnection").field("target", &self.target).finish_non_exhaustive()
    }
}

impl RtmpConnection {
    /// Connects, and tells the server about the stream. It takes 15 s at most.
    ///
    /// # Errors
    /// A text for the user, without the key, when there is no connection or the server refuses the stream.
    pub fn open(target: &RtmpTarget, metadata: &RtmpMetadata) -> Result<Self, String> {
        let mut transport = Transport::open(target)?;
        let mut session = negotiate(&mut transport, target, metadata)?;
        let mut told = StreamMetadata::new();
        told.video_width = Some(metadata.width);
        told.video_height = Some(metadata.height);
        told.video_codec_id = Some(AVC);
        told.video_frame_rate = Some(crate::PICTURE_RATE as f32);
        told.video_bitrate_kbps = Some(metadata.video_bit_rate / 1_000);
        told.audio_codec_id = Some(AAC);
        told.audio_bitrate_kbps = Some(metadata.audio_bit_rate / 1_000);
        told.audio_sample_rate = Some(metadata.sample_rate);
        told.audio_channels = Some(2);
        told.audio_is_stereo = Some(true);
        told.encoder = Some(metadata.encoder.clone());
        let result = session.publish_metadata(&told);
        let mut connection = Self { transport, session, target: target.clone(), waiting: Vec::new() };
        connection.push(result)?;
        Ok(connection)
    }

    /// Adds an audio tag (see [`flv`](crate::flv)) to what is sent next. Its time is in milliseconds; after 2^32 of them, 49.7 days, it
    /// begins again with 0, as the specification says.
    ///
    /// # Errors
    /// A text for the user, when the stream has ended.
    pub fn audio(&mut self, milliseconds: u64, tag: Vec<u8>) -> Result<(), String> {
        let result = self.session.publish_audio_data(Bytes::from(tag), time(milliseconds), false);
        self.push(result)
    }

    /// Adds a video tag, as [`audio`](Self::audio).
    ///
    /// # Errors
    /// As [`audio`](Self::audio).
    pub fn video(&mut self, milliseconds: u64, tag: Vec<u8>) -> Result<(), String> {
        let result = self.session.publish_video_data(Bytes::from(tag), time(milliseconds), false);
        self.push(result)
    }

    fn push(&mut self, result: Result<ClientSessionResult, ClientSessionError>) -> Result<(), String> {
        match result {
            Ok(ClientSessionResult::OutboundResponse(packet)) => self.waiting.extend(packet.bytes),
            Ok(_) => {}
            Err(error) => return Err(described(&error)),
        }
        Ok(())
    }

    /// Sends what was added.
    ///
    /// # Errors
    /// A text for the user, when the connection is lost, or the server takes nothing for 5 s.
    pub fn send(&mut self) -> Result<(), String> {
        let bytes = std::mem::take(&mut self.waiting);
        self.transport.send(&bytes)
    }

    /// Receives messages of the server for this time, and replies to them.
    ///
    /// # Errors
    /// A text for the user, when the server has ended the stream or the connection is lost.
    pub fn poll(&mut self, time: Duration) -> Result<(), String> {
        let (mut buffer, end) = ([0; 4_096], Instant::now() + time);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let received = self.transport.receive(&mut buffer, left)?;
            let bytes = buffer.get(..received).unwrap_or_default();
            for result in self.session.handle_input(bytes).map_err(|error| described(&error))? {
                match result {
                    ClientSessionResult::OutboundResponse(packet) => self.waiting.extend(packet.bytes),
                    ClientSessionResult::RaisedEvent(event) => {
                        answer(event, &self.target)?;
                    }
                    ClientSessionResult::UnhandleableMessageReceived(_) => {}
                }
            }
        }
    }
}

/// A time, of which the lowest 32 bits are sent.
fn time(milliseconds: u64) -> RtmpTimestamp {
    RtmpTimestamp::new(milliseconds as u32)
}
