//! The streams of a file of MPEG audio or ADTS frames: their boundaries in joined files, and the number of frames of each.

use std::io;
use std::ops::Range;

use super::input::Input;
use crate::mp3_tag::{self, TagClass};
use crate::mpeg_frames::{self, FrameHeader, FrameKind, ReadAt};

/// Bytes of a frame that are read: its header, its side information and a tag.
const FRAME_START: usize = 200;
/// Samples per channel by which a layer III decoder delays the sound. Tags count the encoder's delay without it.
const DECODER_DELAY: u32 = 529;

/// The tag in the first frame of an MP3. That frame has no sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct GaplessTag {
    /// Frames after the tag, and bytes including it.
    pub frames: Option<u32>,
    pub bytes: Option<u32>,
    /// Samples per channel to be dropped at the start and at the end.
    pub delay: u32,
    pub padding: u32,
}

impl GaplessTag {
    /// Reads the tag of a frame whose header is `header`.
    fn parse(frame: &[u8], header: &FrameHeader) -> Option<Self> {
        let word = |at: usize| frame.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
        if header.kind.layer != 3 {
            return None;
        }
        if frame.get(36..40) == Some(b"VBRI") {
            return Some(Self { bytes: word(46), frames: word(50), ..Self::default() });
        }
        let tag = mp3_tag::parse(frame);
        let (frames, bytes) = (tag.frames, tag.bytes);
        Some(Self {
            frames,
            bytes,
            delay: tag.delay.map_or(0, |delay| delay + DECODER_DELAY),
            padding: tag.padding.map_or(0, |padding| padding.saturating_sub(DECODER_DELAY)),
        })
        .filter(|_| tag.class != TagClass::Absent)
    }
}

/// One stream of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MpegStream {
    /// Its bytes, with the tags before it.
    pub bytes: Range<u64>,
    /// The byte at which its first frame begins.
    pub first: u64,
    pub kind: FrameKind,
    pub tag: Option<GaplessTag>,
    /// Frames of sound; `None` if bytes between them belong to no frame.
    pub frames: Option<u64>,
    /// Whether its last frame is cut off.
    pub is_cut: bool,
    /// The number of bytes between its frames that belong to no frame, and the first of them.
    pub junk: (u64, u64),
}

/// Finds the streams of a file, in order. There are none if there is no frame near the start.
///
/// If the number of bytes in the first tag is exactly that of the file, the tag is trusted. Otherwise all frame headers are read.
pub(super) fn find(input: &Input) -> io::Result<Vec<MpegStream>> {
    let Some((at, header, led)) = mpeg_frames::first(input)? else { return Ok(Vec::new()) };
    let mut scanner = FrameScanner { input, at, streams: Vec::new() };
    scanner.start(if led { 0 } else { at }, header)?;
    if !scanner.trusts_tag()? {
        scanner.scan_all()?;
    }
    Ok(scanner.streams)
}

struct FrameScanner<'a> {
    input: &'a Input,
    at: u64,
    streams: Vec<MpegStream>,
}

impl FrameScanner<'_> {
    fn start(&mut self, from: u64, header: FrameHeader) -> io::Result<()> {
        let mut frame = [0; FRAME_START];
        let got = self.input.read_at(self.at, &mut frame)?;
        let tag = GaplessTag::parse(frame.get(..got).unwrap_or_default(), &header);
        self.streams.push(MpegStream {
            bytes: from..self.at,
            first: self.at,
            kind: header.kind,
            tag,
            frames: Some(0),
            is_cut: false,
            junk: (0, 0),
        });
        Ok(())
    }

    /// Whether the first tag counts the bytes that are there, and a number of frames that fits them.
    fn trusts_tag(&mut self) -> io::Result<bool> {
        let len = self.input.len;
        let Some(stream) = self.streams.last() else { return Ok(false) };
        let Some(GaplessTag { frames: Some(frames), bytes: Some(bytes), .. }) = stream.tag else { return Ok(false) };
        let (first, end, kind) = (stream.first, stream.first + u64::from(bytes), stream.kind);
        let seconds = f64::from(frames) * f64::from(kind.length) / f64::from(kind.sample_rate);
        let bits = 8.0 * f64::from(bytes) / seconds;
        let mut after_tags = end;
        while let Some(bytes) = mpeg_frames::tag_bytes(self.input, after_tags)? {
            after_tags += bytes;
        }
        if after_tags != len || end <= first || !(6_000.0..=700_000.0).contains(&bits) {
            return Ok(false);
        }
        if let Some(stream) = self.streams.last_mut() {
            (stream.bytes.end, stream.frames) = (end, Some(u64::from(frames)));
        }
        Ok(true)
    }

    /// Reads the headers of all frames.
    fn scan_all(&mut self) -> io::Result<()> {
        // The first byte that belongs to no frame, and the first tag among those.
        let (mut lost, mut between) = (None, None);
        let mut is_first = true;
        while self.at < self.input.len {
            let current = self.streams.last().map(|stream| stream.kind);
            let mut frame = [0; FRAME_START];
            let got = self.input.read_at(self.at, &mut frame)?;
            let frame = frame.get(..got).unwrap_or_default();
            let header = match FrameHeader::parse(frame) {
                Some(header) if lost.is_none() && Some(header.kind) == current => Some(header),
                Some(_) => mpeg_frames::confirmed_header(self.input, self.at)?,
                None => None,
            };
            let Some(header) = header else {
                match mpeg_frames::tag_bytes(self.input, self.at)? {
                    Some(bytes) => {
                        between.get_or_insert(self.at);
                        self.at += bytes;
                    }
                    None => {
                        lost.get_or_insert(self.at);
                        self.at = mpeg_frames::next_candidate(self.input, self.at + 1)?;
                    }
                }
                continue;
            };
            let is_tag = !is_first && GaplessTag::parse(frame, &header).is_some();
            if is_tag || between.is_some() || Some(header.kind) != current {
                self.start(between.or(lost).unwrap_or(self.at), header)?;
            } else if let (Some(stream), Some(from)) = (self.streams.last_mut(), lost) {
                stream.junk.0 += self.at - from;
                stream.junk.1 = if stream.junk.1 == 0 { from } else { stream.junk.1 };
                stream.frames = None;
            }
            (lost, between, is_first) = (None, None, false);
            let end = self.at + header.bytes;
            let Some(stream) = self.streams.last_mut() else { break };
            // The tag's own frame has no sound, and a truncated frame cannot be decoded.
            let sound = !(stream.tag.is_some() && self.at == stream.first) && end <= self.input.len;
            stream.frames = stream.frames.map(|frames| frames + u64::from(sound));
            stream.is_cut = end > self.input.len;
            stream.bytes.end = end.min(self.input.len);
            self.at = end;
        }
        self.streams.retain(|stream| stream.frames != Some(0));
        Ok(())
    }
}
