//! The pages and packets of an Ogg stream (RFC 3533) with Vorbis, Opus (RFC 7845) or FLAC. At each title a source may begin a new chain,
//! of another rate, other channels or another codec.

use std::collections::VecDeque;
use std::io;

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_OPUS, CODEC_ID_VORBIS};

use super::event::{StreamEvent, StreamSplitter};
use super::stream_bytes::StreamBytes;
use super::{comments, flac};
use crate::ogg_checksum::OGG;

/// Bytes of a page header before its segment table.
const HEADER: usize = 27;
/// The most bytes of a packet. Comments can include pictures.
const MAX_PACKET: usize = 8 << 20;
/// A granule position that no packet ends at.
const NO_POSITION: u64 = u64::MAX;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Codec {
    Vorbis,
    Opus,
    Flac,
}

/// The stream that is read. Others that are multiplexed with it are skipped.
struct Chain {
    serial: u32,
    codec: Codec,
    sequence: u32,
    /// The start of a packet that continues on the next page.
    partial: Vec<u8>,
    /// Whether `partial` has to be left out, because its start is missing.
    incomplete: bool,
    /// The first Vorbis header, until the decoder's parameters are complete.
    head: Vec<u8>,
    /// The granule position at the end of the page before.
    position: u64,
    /// The frames that the packets of the last page may still have.
    left: Option<u64>,
}

#[derive(Default)]
pub(super) struct OggSplitter {
    chain: Option<Chain>,
    /// Whether the page before was the first of a stream.
    among_first: bool,
    /// The name of a codec that is not known, until a stream of the same chain is known.
    unknown: Option<String>,
    events: VecDeque<StreamEvent>,
    lost: bool,
}

struct Page {
    flags: u8,
    position: u64,
    serial: u32,
    sequence: u32,
    segments: Vec<u8>,
    body: Vec<u8>,
}

/// The intact page that begins at the next byte, or `None`; an error at the end of the stream.
fn page(bytes: &mut StreamBytes) -> io::Result<Option<Page>> {
    let held = |bytes: &mut StreamBytes, count| match bytes.fill(count) {
        Ok(true) => Ok(()),
        Ok(false) => Err(io::ErrorKind::UnexpectedEof.into()),
        Err(error) => Err(error),
    };
    held(bytes, HEADER)?;
    let Some(&[b'O', b'g', b'g', b'S', 0, flags, ..]) = bytes.get().first_chunk::<HEADER>() else { return Ok(None) };
    let count = usize::from(bytes.get().get(HEADER - 1).copied().unwrap_or_default());
    held(bytes, HEADER + count)?;
    let segments = bytes.get().get(HEADER..HEADER + count).unwrap_or_default().to_vec();
    let length = HEADER + count + segments.iter().map(|&length| usize::from(length)).sum::<usize>();
    held(bytes, length)?;
    let whole = bytes.get().get(..length).unwrap_or_default();
    let field = |at: usize| whole.get(at..).and_then(|rest| rest.first_chunk::<4>()).copied().unwrap_or_default();
    let mut digest = OGG.digest();
    digest.update(whole.get(..22).unwrap_or_default());
    digest.update(&[0; 4]);
    digest.update(whole.get(26..).unwrap_or_default());
    if digest.finalize().to_le_bytes() != field(22) {
        return Ok(None);
    }
    let position = u64::from(u32::from_le_bytes(field(6))) | u64::from(u32::from_le_bytes(field(10))) << 32;
    let (serial, sequence) = (u32::from_le_bytes(field(14)), u32::from_le_bytes(field(18)));
    let body = whole.get(HEADER + count..).unwrap_or_default().to_vec();
    bytes.consume(length);
    Ok(Some(Page { flags, position, serial, sequence, segments, body }))
}

/// The name of a codec by the first packet of its stream.
fn name(packet: &[u8]) -> String {
    const KNOWN: [(&[u8], &str); 5] = [
        (b"Speex   ", "Speex"),
        (b"\x80theora", "Theora"),
        (b"\x01video", "video"),
        (b"CELT    ", "CELT"),
        (b"OpusHead", "Opus of an unknown channel layout"),
    ];
    let known = KNOWN.iter().find(|(magic, _)| packet.starts_with(magic));
    known.map_or_else(|| "an unknown codec in Ogg".to_owned(), |(_, name)| format!("{name} in Ogg"))
}

impl OggSplitter {
    fn page(&mut self, page: &Page) {
        let first = page.flags & 2 != 0;
        if first && !self.among_first {
            (self.chain, self.unknown) = (None, None);
        }
        self.among_first = first;
        if first {
            if self.chain.is_none() {
                self.begin(page);
            }
            return;
        }
        let Some(chain) = &mut self.chain else {
            self.events.extend(self.unknown.take().map(StreamEvent::Unsupported));
            return;
        };
        if chain.serial != page.serial {
            return;
        }
        if page.sequence != chain.sequence.wrapping_add(1) {
            chain.partial.clear();
            self.events.push_back(StreamEvent::Damage);
            // What continues from a missing page is left out.
            chain.incomplete = page.flags & 1 != 0;
        }
        chain.sequence = page.sequence;
        let mut at = 0;
        let mut packets = Vec::new();
        for &length in &page.segments {
            let end = at + usize::from(length);
            chain.partial.extend(page.body.get(at..end).unwrap_or_default());
            at = end;
            if chain.partial.len() > MAX_PACKET {
                chain.partial.clear();
                chain.incomplete = true;
            }
            if length < 255 {
                let packet = std::mem::take(&mut chain.partial);
                if !std::mem::take(&mut chain.incomplete) {
                    packets.push(packet);
                }
            }
        }
        // The last page states where its last packet ends.
        let last = page.flags & 4 != 0 && page.position != NO_POSITION;
        chain.left = last.then(|| page.position.checked_sub(chain.position)).flatten();
        if page.position != NO_POSITION {
            chain.position = page.position;
        }
        for packet in packets {
            let event = match chain.codec {
                Codec::Vorbis => vorbis(chain, packet),
                Codec::Opus if packet.starts_with(b"OpusTags") => {
                    Some(StreamEvent::Title(packet.get(8..).and_then(comments::title)))
                }
                // Blocks of metadata come before the frames, which begin with a sync code.
                Codec::Flac if !packet.starts_with(&[0xFF]) => {
                    let comments = packet.strip_prefix(&[4]).or_else(|| packet.strip_prefix(&[0x84]));
                    comments.map(|block| StreamEvent::Title(block.get(3..).and_then(comments::title)))
                }
                Codec::Opus | Codec::Flac => Some(StreamEvent::Packet(packet, None)),
            };
            self.events.extend(event);
        }
    }

    /// The first page of a stream.
    fn begin(&mut self, page: &Page) {
        let (codec, skip, params) = if page.body.starts_with(b"\x01vorbis") {
            (Codec::Vorbis, 0, None)
        } else if let Some((params, skip)) = opus(&page.body) {
            (Codec::Opus, skip, Some(params))
        } else if page.body.starts_with(b"\x7fFLAC")
            && let Some((params, _)) = page.body.get(17..).and_then(flac::parameters)
        {
            (Codec::Flac, 0, Some(params))
        } else {
            self.unknown = Some(name(&page.body));
            return;
        };
        let head = if codec == Codec::Vorbis { page.body.clone() } else { Vec::new() };
        let (serial, sequence) = (page.serial, page.sequence);
        self.chain = Some(Chain {
            serial,
            codec,
            sequence,
            partial: Vec::new(),
            incomplete: false,
            head,
            position: 0,
            left: None,
        });
        self.events.extend(params.map(|params| StreamEvent::Start(Box::new(params), skip)));
    }
}

/// The decoder's parameters for the header of an Opus stream, and the frames to be dropped.
fn opus(head: &[u8]) -> Option<(AudioCodecParameters, u64)> {
    #[cfg(feature = "opus")]
    let skip = u64::from(crate::decode::opus::OpusHead::read(head)?.pre_skip);
    #[cfg(not(feature = "opus"))]
    let skip = u64::from(head.starts_with(b"OpusHead").then_some(0_u16)?);
    let mut params = AudioCodecParameters::new();
    params.for_codec(CODEC_ID_OPUS).with_extra_data(head.into());
    Some((params, skip))
}

/// The part of the stream that a Vorbis packet is.
fn vorbis(chain: &mut Chain, packet: Vec<u8>) -> Option<StreamEvent> {
    match packet.first() {
        Some(3) if packet.get(1..7) == Some(b"vorbis") => {
            Some(StreamEvent::Title(packet.get(7..).and_then(comments::title)))
        }
        // The decoder needs the first and the third header.
        Some(5) if !chain.head.is_empty() => {
            let mut head = std::mem::take(&mut chain.head);
            head.extend(packet);
            let mut params = AudioCodecParameters::new();
            params.for_codec(CODEC_ID_VORBIS).with_extra_data(head.into());
            Some(StreamEvent::Start(Box::new(params), 0))
        }
        Some(kind) if kind & 1 == 0 => Some(StreamEvent::Packet(packet, None)),
        _ => None,
    }
}

impl StreamSplitter for OggSplitter {
    fn next(&mut self, bytes: &mut StreamBytes) -> io::Result<Option<StreamEvent>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                let left = self.chain.as_ref().and_then(|chain| chain.left);
                return Ok(Some(match event {
                    StreamEvent::Packet(packet, _) => StreamEvent::Packet(packet, left),
                    event => event,
                }));
            }
            match page(bytes) {
                Ok(Some(page)) => {
                    self.lost = false;
                    self.page(&page);
                }
                Ok(None) => {
                    bytes.consume(1);
                    // A page begins with these letters, so other bytes need not be looked at one by one.
                    let next = bytes.get().iter().position(|byte| *byte == b'O').unwrap_or(bytes.get().len());
                    bytes.consume(next);
                    if !std::mem::replace(&mut self.lost, true) {
                        return Ok(Some(StreamEvent::Damage));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    fn decoded(&mut self, frames: u64) {
        if let Some(left) = self.chain.as_mut().and_then(|chain| chain.left.as_mut()) {
            *left = left.saturating_sub(frames);
        }
    }
}
