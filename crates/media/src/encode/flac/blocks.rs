//! FLAC streams whose blocks are encoded in any order.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, Write};
use std::num::{NonZeroU8, NonZeroU64};

use crc::{CRC_16_UMTS, Crc, Table};
use flac_codec::encode::{FlacStreamWriter, Options};
use flac_codec::metadata::{Block, Streaminfo, write_blocks};
use flac_codec::stream::{FrameHeader, FrameNumber};

use super::{STREAM, check, comment_block, options, refused};
use crate::encode::pcm;
use crate::{AudioSpec, Error, ErrorKind, SampleFormat, Tags};

/// Frames of every block but the last.
pub const BLOCK: u64 = super::BLOCK as u64;

/// The checksum at the end of each block (RFC 9639, section 9.3).
const SUM: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_UMTS);

/// These blocks are encoded while a listener waits: four coefficients fewer than in a file take a tenth less time and about 0.3 % more
/// bytes.
const MAX_LPC_ORDER: u8 = 8;

/// The rate that is given to [`FlacStreamWriter`] instead of the real one, because it accepts only rates that a block's header can state.
/// The header is rewritten afterwards.
const ANY_RATE: u32 = 44_100;

/// The most frames of a stream without a known length. The number of a block has 31 bits (RFC 9639, section 9.1.5).
const LIVE_FRAMES: u64 = BLOCK << 31;

/// Encodes a stream block by block, in any order: a block's bytes depend on its samples and its number
/// alone.
///
/// The stream consists of [`header`](Self::header) and then all blocks in order. It has no MD5 sum, which would have to be known before
/// the first byte is sent, and no seek table.
#[derive(Clone)]
pub struct BlockEncoder {
    spec: AudioSpec,
    frames: u64,
    info: Streaminfo,
    options: Options,
    header: Vec<u8>,
}

impl fmt::Debug for BlockEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockEncoder").field("spec", &self.spec).field("frames", &self.frames).finish_non_exhaustive()
    }
}

impl BlockEncoder {
    /// An encoder of a stream of `frames` frames, with `tags` as [`Writer::new`](super::Writer::new) writes them.
    ///
    /// # Errors
    /// As [`Writer::new`](super::Writer::new); [`ErrorKind::Empty`] for no frames, because readers treat such a stream as damaged;
    /// [`ErrorKind::FormatLimit`] for more frames than the header can count.
    pub fn new(spec: AudioSpec, frames: u64, tags: &Tags) -> Result<Self, Error> {
        let Some(total) = NonZeroU64::new(frames) else { return Err(Error::new(ErrorKind::Empty).about(STREAM)) };
        if total > Streaminfo::MAX_TOTAL_SAMPLES {
            let (value, advice) = (format!("{frames} frames"), "choose 68719476735 frames or fewer, or write a WAV");
            return Err(Error::refusal(ErrorKind::FormatLimit, "the length of a FLAC stream", value, advice));
        }
        Self::with_total(spec, Some(total), frames, tags)
    }

    /// An encoder of a live stream, whose header states no length, with at most 2^43 frames: 5.8 years at 48 kHz.
    ///
    /// # Errors
    /// As [`Writer::new`](super::Writer::new).
    pub fn live(spec: AudioSpec, tags: &Tags) -> Result<Self, Error> {
        Self::with_total(spec, None, LIVE_FRAMES, tags)
    }

    fn with_total(spec: AudioSpec, total: Option<NonZeroU64>, frames: u64, tags: &Tags) -> Result<Self, Error> {
        check(spec, tags)?;
        let info = Streaminfo {
            minimum_block_size: super::BLOCK as u16,
            maximum_block_size: super::BLOCK as u16,
            minimum_frame_size: None,
            maximum_frame_size: None,
            sample_rate: spec.sample_rate,
            channels: NonZeroU8::new(spec.channels as u8).unwrap_or(NonZeroU8::MIN),
            bits_per_sample: spec
                .sample_format
                .bits()
                .try_into()
                .map_err(|_| refused(&STREAM, flac_codec::Error::NonSubsetBitsPerSample))?,
            total_samples: total,
            md5: None,
        };
        let mut blocks = vec![Block::Streaminfo(info.clone())];
        blocks.extend(comment_block(spec, tags).map(Block::VorbisComment));
        let mut header = Vec::new();
        write_blocks(&mut header, blocks).map_err(|e| refused(&STREAM, e))?;
        Ok(Self { spec, frames, info, options: options(MAX_LPC_ORDER)?, header })
    }

    /// The bytes before the first block.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// The number of frames; the most that there can be in a live stream.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Appends to `stream` the blocks of the frames from `first` on, which are packed as by [`pcm::pack`](crate::pcm::pack): whole
    /// blocks, or up to the end of the stream. Each call has a small fixed cost, which is negligible from 16 blocks per call on.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidCall`] when the frames do not begin and end at block boundaries, [`ErrorKind::FrameShape`] when the last frame
    /// is not whole.
    pub fn encode(&self, first: u64, packed: &[u8], stream: &mut Vec<u8>) -> Result<(), Error> {
        self.encode_each(first, packed, stream, |_, _| ())
    }

    /// The same, and calls `each` after each block with its bytes and its frames, for containers that describe every block.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_each(
        &self,
        first: u64,
        packed: &[u8],
        stream: &mut Vec<u8>,
        mut each: impl FnMut(u64, u64),
    ) -> Result<(), Error> {
        let frame_bytes = self.spec.frame_bytes();
        let frames = packed.len() as u64 / frame_bytes;
        if !(packed.len() as u64).is_multiple_of(frame_bytes) {
            let samples = packed.len() / usize::from(self.spec.sample_format.bytes());
            return Err(Error::new(ErrorKind::FrameShape { samples, channels: self.spec.channels }));
        }
        let end = first.saturating_add(frames);
        if !first.is_multiple_of(BLOCK) || end > self.frames || !(end.is_multiple_of(BLOCK) || end == self.frames) {
            let value = format!("frames {first} to {end} of {}", self.frames);
            let advice = "begin at a multiple of 4096 and end at another, or with the stream";
            return Err(Error::refusal(ErrorKind::InvalidCall, "the span of FLAC blocks", value, advice));
        }
        let encoded = RefCell::new(Vec::new());
        let mut encoder = FlacStreamWriter::new(Sink(&encoded), self.options.clone());
        let mut samples = Vec::new();
        for (block, number) in packed.chunks(super::BLOCK * frame_bytes as usize).zip(first / BLOCK..) {
            samples.clear();
            match self.spec.sample_format {
                SampleFormat::I16 => {
                    samples.extend(block.as_chunks().0.iter().map(|&s| i32::from(i16::from_le_bytes(s))))
                }
                _ => samples.extend(block.as_chunks().0.iter().map(|&s| pcm::integer24(s))),
            }
            encoder
                .write(ANY_RATE, self.spec.channels as u8, self.spec.sample_format.bits(), &samples)
                .map_err(|e| refused(&STREAM, e))?;
            let before = stream.len();
            self.number(number, &encoded.take(), stream).map_err(|e| refused(&STREAM, e))?;
            each((stream.len() - before) as u64, block.len() as u64 / frame_bytes);
        }
        Ok(())
    }

    /// Appends an encoded block with its number and its rate.
    fn number(&self, number: u64, mut block: &[u8], stream: &mut Vec<u8>) -> Result<(), flac_codec::Error> {
        let from = stream.len();
        let mut header = FrameHeader::read_subset(&mut block)?;
        header.frame_number = FrameNumber(number);
        header.sample_rate = self.spec.sample_rate.try_into()?;
        header.write(stream, &self.info)?;
        stream.extend(block.split_last_chunk::<2>().map_or(block, |(body, _)| body));
        let sum = SUM.checksum(stream.get(from..).unwrap_or_default());
        stream.extend(sum.to_be_bytes());
        Ok(())
    }
}

/// A sink whose bytes can be read while the encoder holds it, because the encoder never returns it.
struct Sink<'a>(&'a RefCell<Vec<u8>>);

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
