//! Ogg Opus (RFC 6716, RFC 7845) of a constant bit rate, whose spans are encoded in any order.
//!
//! Every packet has the same number of bytes, and every page has the same number of packets. So the position of each byte follows from
//! the length of the stream.
//!
//! A stream is divided into spans of ten seconds. Each span has an encoder of its own, which first encodes the second before the span.
//! No packet next to a seam between two spans is predicted from another packet, so at a seam the decoder has the state that the new
//! encoder assumes. Therefore the bytes of a span do not depend on what was encoded before, and seams are not audible.

mod ogg;
mod packet_encoder;
mod span_encoder;
mod span_resampler;

use std::ops::Range;

pub use packet_encoder::PacketEncoder;
pub use span_encoder::SpanEncoder;

use self::ogg::Page;
use self::span_resampler::SpanResampler;
use super::tags::{check_tags, comments};
use crate::audio::check_rate;
use crate::error::Subject;
use crate::resample::output_frames;
use crate::{Error, ErrorKind, Tags};

/// The sample rate of decoded Opus.
pub const RATE: u32 = 48_000;

/// The lowest bit rate, in bit/s. A lower one is not enough for music in stereo.
pub const MIN_BIT_RATE: u32 = 48_000;
/// The highest bit rate, in bit/s: that of the longest packets.
pub const MAX_BIT_RATE: u32 = 510_000;
/// Bit rates are multiples of this number of bit/s, so that packets have whole bytes.
pub const BIT_RATE_STEP: u32 = 400;

/// The number of frames in a packet. They last 20 ms.
const PACKET: u64 = 960;
/// The number of packets in a page. They last half a second. The last page may have fewer.
const PAGE: u64 = 25;
/// The number of packets in a span. The last span may have fewer.
const SPAN: u64 = 500;
/// The number of packets that the encoder of a span makes and discards before the span. They are enough for the longest memory of the
/// encoder, which is that of a high-pass at 3 Hz.
const RUN_IN: u64 = 50;
/// The number of frames that are decoded before the first frame of the track: the delay of the codec without speech modes.
const PRE_SKIP: u64 = 120;

/// A stereo stream of a known length: its header, its spans, and their encoders.
#[derive(Clone, Debug)]
pub struct Stream {
    rate: u32,
    /// The number of frames of the track, at the track's rate.
    frames: u64,
    /// The number of decoded frames, at [`RATE`].
    decoded: u64,
    packet_bytes: usize,
    serial: u32,
    header: Vec<u8>,
    /// The number of pages of the header.
    header_pages: u32,
}

/// Ten seconds of a stream, or less at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span {
    /// The index of the span, from 0 on.
    pub index: u64,
    /// The frames of the track that the span's encoder needs, at the track's rate.
    pub frames: Range<u64>,
    /// The bytes of the span in the stream.
    pub bytes: Range<u64>,
}

impl Stream {
    /// A stream of `bit_rate` bit/s for a track of `frames` stereo frames at `rate` Hz, with `tags` as Vorbis comments. `serial`
    /// distinguishes the stream from others in the same Ogg file.
    ///
    /// # Errors
    /// [`ErrorKind::SampleRate`] for an impossible rate, [`ErrorKind::FormatLimit`] for an impossible bit rate or length or a tag over
    /// 64 KiB, [`ErrorKind::Empty`] for no frames.
    pub fn new(rate: u32, frames: u64, bit_rate: u32, serial: u32, tags: &Tags) -> Result<Self, Error> {
        check_rate(rate)?;
        check_tags(tags)?;
        check_bit_rate(bit_rate)?;
        let decoded = output_frames(frames as usize, rate, RATE) as u64;
        if decoded == 0 {
            return Err(Error::new(ErrorKind::Empty).about(Subject::Stream("the Opus stream")));
        }
        // This limit is more than two years. It follows from the numbers of pages, which have 32 bits.
        if decoded > u64::from(u32::MAX) * PACKET {
            let (value, advice) = (format!("{frames} frames"), "check how it was counted");
            return Err(Error::refusal(ErrorKind::FormatLimit, "the length of an Opus stream", value, advice));
        }
        let packet_bytes = (bit_rate / BIT_RATE_STEP) as usize;
        let (header, header_pages) = ogg::header(&head(rate), &comment_packet(tags), serial);
        Ok(Self { rate, frames, decoded, packet_bytes, serial, header, header_pages })
    }

    /// The bytes before the first span.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// Bytes of the whole stream.
    pub fn bytes(&self) -> u64 {
        self.header.len() as u64 + self.bytes_before(self.packets())
    }

    /// Frames that will be decoded, at [`RATE`].
    pub fn decoded_frames(&self) -> u64 {
        self.decoded
    }

    /// The number of spans; at least one.
    pub fn span_count(&self) -> u64 {
        self.packets().div_ceil(SPAN)
    }

    /// The index of the span that contains byte `byte` of the stream. `None` for a byte of the header, and from the end on.
    pub fn span_at(&self, byte: u64) -> Option<u64> {
        let at = byte.checked_sub(self.header.len() as u64)?;
        (byte < self.bytes()).then(|| at / self.bytes_before(SPAN))
    }

    /// The frames and bytes of a span. `None` if there is no such span.
    pub fn span(&self, index: u64) -> Option<Span> {
        if index >= self.span_count() {
            return None;
        }
        let packets = self.packets_of(index);
        let header = self.header.len() as u64;
        let needs = SpanResampler::needs(self.rate, RATE, self.encoded_frames(index));
        Some(Span {
            index,
            frames: needs.start.min(self.frames)..needs.end.min(self.frames),
            bytes: header + self.bytes_before(packets.start)..header + self.bytes_before(packets.end),
        })
    }

    /// An encoder for one span, which takes the frames that [`Span::frames`] states.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidCall`] when there is no such span, [`ErrorKind::Library`] when libopus reports an error.
    pub fn encoder(&self, index: u64) -> Result<SpanEncoder, Error> {
        let span = self.span(index).ok_or_else(|| {
            let (what, advice) = ("the span of an Opus stream", "choose one before the stream's end");
            Error::refusal(ErrorKind::InvalidCall, what, index.to_string(), advice)
        })?;
        SpanEncoder::new(self, &span)
    }

    fn packets(&self) -> u64 {
        (self.decoded + PRE_SKIP).div_ceil(PACKET)
    }

    /// The packets of a span.
    fn packets_of(&self, index: u64) -> Range<u64> {
        let first = index * SPAN;
        first..(first + SPAN).min(self.packets())
    }

    /// The frames that the encoder of a span encodes, at [`RATE`]: those before the span, whose packets are discarded, and those of the
    /// span. None of them is outside the track.
    fn encoded_frames(&self, index: u64) -> Range<u64> {
        let packets = self.packets_of(index);
        let first = packets.start.saturating_sub(RUN_IN) * PACKET;
        first.min(self.decoded)..(packets.end * PACKET).min(self.decoded)
    }

    /// Bytes of all pages before the packet `packet`, with which a page begins or the stream ends.
    fn bytes_before(&self, packet: u64) -> u64 {
        let (pages, rest) = (packet / PAGE, packet % PAGE);
        let page = |packets: u64| Page::bytes(packets as usize, self.packet_bytes) as u64;
        pages * page(PAGE) + if rest > 0 { page(rest) } else { 0 }
    }

    /// The page that begins with packet `first` and holds `packets` of them.
    fn page(&self, first: u64, packets: u64) -> Page {
        let end = first + packets;
        let last = end == self.packets();
        Page {
            serial: self.serial,
            number: self.header_pages + (first / PAGE) as u32,
            // The last page states fewer frames than its packets have, so that the decoder drops the rest.
            granule: if last { PRE_SKIP + self.decoded } else { end * PACKET },
            first: false,
            last,
        }
    }
}

fn check_bit_rate(bit_rate: u32) -> Result<(), Error> {
    if !(MIN_BIT_RATE..=MAX_BIT_RATE).contains(&bit_rate) || !bit_rate.is_multiple_of(BIT_RATE_STEP) {
        let (value, advice) = (format!("{bit_rate} bit/s"), "choose a multiple of 400 in 48000..=510000");
        return Err(Error::refusal(ErrorKind::FormatLimit, "the bit rate of an Opus stream", value, advice));
    }
    Ok(())
}

/// Whether a packet is next to a seam and must not be predicted from another packet.
fn beside_a_seam(packet: u64) -> bool {
    matches!(packet % SPAN, 0) || packet % SPAN == SPAN - 1
}

/// The identification header (RFC 7845, section 5.1).
fn head(rate: u32) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x02".to_vec();
    head.extend((PRE_SKIP as u16).to_le_bytes());
    head.extend(rate.to_le_bytes());
    head.extend([0; 3]);
    head
}

/// The comment header (RFC 7845, section 5.2).
fn comment_packet(tags: &Tags) -> Vec<u8> {
    let text = |packet: &mut Vec<u8>, text: &str| {
        packet.extend((text.len() as u32).to_le_bytes());
        packet.extend(text.as_bytes());
    };
    let mut packet = b"OpusTags".to_vec();
    text(&mut packet, "crowd-media");
    let fields = comments(tags);
    packet.extend((fields.len() as u32).to_le_bytes());
    for (field, value) in fields {
        text(&mut packet, &format!("{field}={value}"));
    }
    packet
}

fn refused(error: ::opus::Error) -> Error {
    Error::library("the error of the Opus encoder", "write it as FLAC", error)
}
