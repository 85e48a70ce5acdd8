//! Native FLAC (RFC 9639). A frame does not state its length. It ends where its checksum is right and the next frame begins.

use std::io;

use crc::{CRC_16_UMTS, Crc, Table};
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;

use super::comments;
use super::event::{StreamEvent, StreamSplitter};
use super::stream_bytes::StreamBytes;

/// Over a frame with its checksum, the result is 0.
static FRAME: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_UMTS);
/// Bytes of the block STREAMINFO.
pub(super) const STREAM_INFO: usize = 34;
/// Bytes by which the start of a frame or of another stream is recognised.
const NEXT: usize = 4;
/// The longest block of comments that is read. Blocks with pictures are skipped.
const MAX_COMMENTS: usize = 1 << 20;

pub(super) struct FlacSplitter {
    state: State,
    /// The most bytes of a frame: those of its samples without compression, and of its headers.
    most: usize,
    lost: bool,
}

enum State {
    Start,
    Metadata,
    Frames,
}

impl Default for FlacSplitter {
    fn default() -> Self {
        Self { state: State::Start, most: 1 << 20, lost: false }
    }
}

/// The decoder's parameters for a STREAMINFO block, and the most bytes of a frame.
pub(super) fn parameters(info: &[u8]) -> Option<(AudioCodecParameters, usize)> {
    let &[_, _, high, low] = info.first_chunk::<4>()?;
    let &[_, _, third, fourth] = info.get(10..14)?.first_chunk::<4>()?;
    let channels = usize::from(third >> 1 & 7) + 1;
    let bits = (usize::from(third & 1) << 4 | usize::from(fourth >> 4)) + 1;
    let most = usize::from(u16::from_be_bytes([high, low])) * channels * bits.div_ceil(8) + 1024;
    let mut params = AudioCodecParameters::new();
    params.for_codec(CODEC_ID_FLAC).with_extra_data(info.get(..STREAM_INFO)?.into());
    Some((params, most))
}

fn is_sync(bytes: &[u8]) -> bool {
    matches!(bytes, [0xFF, 0xF8 | 0xF9, ..])
}

impl FlacSplitter {
    /// The next block of metadata.
    fn metadata(&mut self, bytes: &mut StreamBytes) -> io::Result<Option<StreamEvent>> {
        if !bytes.fill(4)? {
            return Ok(None);
        }
        let &[kind, a, b, c, ..] = bytes.get() else { return Ok(None) };
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        bytes.consume(4);
        if kind & 0x80 != 0 {
            self.state = State::Frames;
        }
        match kind & 0x7F {
            0 if length == STREAM_INFO && bytes.fill(length)? => {
                let info = bytes.take(length);
                Ok(Some(match parameters(&info) {
                    Some((params, most)) => {
                        self.most = most;
                        StreamEvent::Start(Box::new(params), 0)
                    }
                    None => StreamEvent::Damage,
                }))
            }
            4 if length <= MAX_COMMENTS && bytes.fill(length)? => {
                Ok(Some(StreamEvent::Title(comments::title(&bytes.take(length)))))
            }
            _ => Ok(bytes.skip(length as u64)?.then_some(StreamEvent::Nothing)),
        }
    }

    fn frame(&mut self, bytes: &mut StreamBytes) -> io::Result<Option<StreamEvent>> {
        loop {
            if !bytes.fill(4)? {
                return Ok(None);
            }
            if bytes.get().starts_with(b"fLaC") {
                self.state = State::Metadata;
                bytes.consume(4);
                return self.metadata(bytes);
            }
            if is_sync(bytes.get())
                && let Some(length) = self.length(bytes)?
            {
                self.lost = false;
                return Ok(Some(StreamEvent::Packet(bytes.take(length), None)));
            }
            bytes.consume(1);
            if !std::mem::replace(&mut self.lost, true) {
                return Ok(Some(StreamEvent::Damage));
            }
        }
    }

    /// The length of the frame that begins at the next byte; `None` if no such frame ends where it should.
    fn length(&self, bytes: &mut StreamBytes) -> io::Result<Option<usize>> {
        let mut digest = FRAME.digest();
        let mut at = 0;
        while at <= self.most {
            let more = bytes.fill(at + NEXT + 1)?;
            let held = bytes.get();
            let ends = |at: usize| match held.get(at..) {
                Some([]) => !more,
                Some(rest) => is_sync(rest) || rest.starts_with(b"fLaC"),
                None => false,
            };
            // Whether something begins at one of the last bytes can only be said when the next ones are there.
            let last = if more { held.len() - NEXT } else { held.len() };
            while at < last {
                digest.update(held.get(at..=at).unwrap_or_default());
                at += 1;
                if at > 5 && ends(at) && digest.clone().finalize() == 0 {
                    return Ok(Some(at));
                }
            }
            if !more {
                break;
            }
        }
        Ok(None)
    }
}

impl StreamSplitter for FlacSplitter {
    fn next(&mut self, bytes: &mut StreamBytes) -> io::Result<Option<StreamEvent>> {
        match self.state {
            State::Start => {
                self.state = State::Metadata;
                bytes.consume(4);
                self.metadata(bytes)
            }
            State::Metadata => self.metadata(bytes),
            State::Frames => self.frame(bytes),
        }
    }
}
