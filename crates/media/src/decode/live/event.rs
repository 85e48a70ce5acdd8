//! What a stream is made of.

use std::io;

use symphonia::core::codecs::audio::AudioCodecParameters;

use super::stream_bytes::StreamBytes;

/// The next part of a stream.
pub(super) enum StreamEvent {
    /// Another stream begins, for which a decoder is made. This number of frames at its start is dropped.
    Start(Box<AudioCodecParameters>, u64),
    /// A stream begins that is in no codec of sound that is known. This is its name.
    Unsupported(String),
    /// A packet, of which at most this number of frames is wanted.
    Packet(Vec<u8>, Option<u64>),
    /// The title of what follows.
    Title(Option<String>),
    /// Bytes that were skipped, because they are damaged.
    Damage,
    /// Bytes that are not needed.
    Nothing,
}

/// Splits a stream into its parts.
pub(super) trait StreamSplitter: Send {
    /// The next part; `None` at the end of the stream.
    ///
    /// # Errors
    /// That of the source of the bytes.
    fn next(&mut self, bytes: &mut StreamBytes) -> io::Result<Option<StreamEvent>>;

    /// Takes the number of frames that the packet before was decoded to. The frames of a page are counted together.
    fn decoded(&mut self, _frames: u64) {}
}
