//! Streams of MPEG audio or ADTS frames.

use std::io;

use symphonia::core::audio::{Channels, Position};
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3};

use super::event::{StreamEvent, StreamSplitter};
use super::stream_bytes::StreamBytes;
use crate::mp3_tag::{self, TagClass};
use crate::mpeg_frames::{FrameHeader, FrameKind};

/// Bytes of a header.
const HEADER: usize = 8;
/// Frames of the same kind that have to follow a header after other bytes. Fewer would often be found in bytes that are no frames.
const CONFIRMED_BY: usize = 2;

/// What begins at a byte.
pub(super) enum Found {
    Frame(FrameHeader),
    /// A tag of this number of bytes.
    Tag(u64),
    Nothing,
    End,
}

#[derive(Default)]
pub(super) struct MpegSplitter {
    kind: Option<FrameKind>,
    /// Whether the bytes before are no frame.
    lost: bool,
    /// Whether the next frame may be one that has only a tag.
    maybe_tag: bool,
}

/// The bytes of the ID3v2 tag that begins here.
pub(super) fn id3_bytes(bytes: &[u8]) -> Option<u64> {
    let &[b'I', b'D', b'3', 2..=4, _, flags, a, b, c, d, ..] = bytes else { return None };
    let size = [a, b, c, d].into_iter().fold(0, |size, byte| size << 7 | u64::from(byte));
    ((a | b | c | d) < 0x80).then_some(10 + size + u64::from(flags >> 4 & 1) * 10)
}

/// What begins at the next byte. `known` is the kind of the frames before it, if there are any.
pub(super) fn find(bytes: &mut StreamBytes, known: Option<FrameKind>) -> io::Result<Found> {
    if !bytes.fill(HEADER)? {
        return Ok(Found::End);
    }
    if bytes.get().starts_with(b"ID3") && bytes.fill(10)? {
        return Ok(id3_bytes(bytes.get()).map_or(Found::Nothing, Found::Tag));
    }
    if bytes.get().starts_with(b"TAG") {
        return Ok(Found::Tag(128));
    }
    let Some(first) = FrameHeader::parse(bytes.get()) else { return Ok(Found::Nothing) };
    if Some(first.kind) == known {
        return Ok(Found::Frame(first));
    }
    let mut at = 0;
    let mut header = first;
    for _ in 0..CONFIRMED_BY {
        at += usize::try_from(header.bytes).unwrap_or(0);
        if !bytes.fill(at + HEADER)? {
            // The stream may end with the frame.
            return Ok(if bytes.get().len() == at { Found::Frame(first) } else { Found::Nothing });
        }
        match bytes.get().get(at..).and_then(FrameHeader::parse) {
            Some(next) if next.kind == first.kind && next.bytes > 0 => header = next,
            _ => return Ok(Found::Nothing),
        }
    }
    Ok(Found::Frame(first))
}

impl StreamSplitter for MpegSplitter {
    fn next(&mut self, bytes: &mut StreamBytes) -> io::Result<Option<StreamEvent>> {
        loop {
            // After other bytes, a header of the known kind is confirmed too.
            let known = self.kind.filter(|_| !self.lost);
            let header = match find(bytes, known)? {
                Found::End => return Ok(None),
                Found::Tag(count) => {
                    self.maybe_tag = true;
                    if !bytes.skip(count)? {
                        return Ok(None);
                    }
                    continue;
                }
                Found::Nothing => {
                    bytes.consume(1);
                    if !self.lost {
                        self.lost = true;
                        return Ok(Some(StreamEvent::Damage));
                    }
                    continue;
                }
                Found::Frame(header) => header,
            };
            self.lost = false;
            if self.kind != Some(header.kind) {
                self.maybe_tag = true;
                self.kind = Some(header.kind);
                return Ok(Some(start(&header, bytes.get())));
            }
            let length = usize::try_from(header.bytes).unwrap_or(0);
            if !bytes.fill(length)? {
                return Ok(None);
            }
            let mut frame = bytes.take(length);
            if header.kind.layer == 0 {
                let head = if frame.get(1).is_some_and(|byte| byte & 1 == 0) { 9 } else { 7 };
                frame.drain(..head.min(frame.len()));
            } else if std::mem::take(&mut self.maybe_tag)
                && header.kind.layer == 3
                && mp3_tag::parse(&frame).class != TagClass::Absent
            {
                continue;
            }
            return Ok(Some(StreamEvent::Packet(frame, None)));
        }
    }
}

fn start(header: &FrameHeader, bytes: &[u8]) -> StreamEvent {
    let FrameKind { layer, sample_rate, channels, .. } = header.kind;
    let mut params = AudioCodecParameters::new();
    let codec = match layer {
        0 => CODEC_ID_AAC,
        1 => CODEC_ID_MP1,
        2 => CODEC_ID_MP2,
        _ => CODEC_ID_MP3,
    };
    params.for_codec(codec).with_sample_rate(sample_rate);
    if layer == 0 {
        let positions = match channels {
            1 => Position::FRONT_CENTER,
            2 => Position::FRONT_LEFT | Position::FRONT_RIGHT,
            _ => return StreamEvent::Unsupported(format!("AAC of the channel configuration {channels}")),
        };
        // The profile of LC is 1.
        let profile = bytes.get(2).copied().unwrap_or_default() >> 6;
        if profile != 1 {
            return StreamEvent::Unsupported(format!("AAC of the profile {profile} (not LC)"));
        }
        params.with_channels(Channels::Positioned(positions));
    }
    StreamEvent::Start(Box::new(params), 0)
}
