//! MPEG audio and ADTS files frame by frame, by their headers alone: where streams that were joined meet, and how many frames
//! there are.
//!
//! Sources: ISO/IEC 11172-3 2.4.2.3 and 13818-3 (MPEG audio), ISO/IEC 13818-7 6.2 (ADTS), the Xing, LAME and VBRI tags as
//! their encoders write them.

use std::io;
use std::ops::Range;

use super::source::Input;

/// Bytes of a frame that are looked at: its header, its side information and a tag's beginning.
const LOOK: usize = 200;
/// Bytes at the start of a file in which the first frame has to lie.
const MAX_LEAD: u64 = 1 << 20;
/// Audio frames by which a decoder of MPEG audio layer III is late (Xing tags count the encoder's delay without it).
const DECODER_DELAY: u32 = 529;

/// What stays the same from frame to frame of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// 0 for ADTS.
    pub layer: u8,
    pub sample_rate: u32,
    pub channels: u8,
    /// Samples per channel in each frame.
    pub length: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    kind: Kind,
    bytes: u64,
    /// Where a Xing tag would stand.
    tag: usize,
}

impl Header {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let &[0xFF, second, ..] = bytes else { return None };
        if second & 0xF6 == 0xF0 { Self::adts(bytes) } else { Self::mpeg(bytes) }
    }

    fn mpeg(bytes: &[u8]) -> Option<Self> {
        /// Kilobits per second by index, of layers I, II and III of MPEG-1, then of layer I and layers II and III of MPEG-2.
        const BIT_RATES: [[u64; 14]; 5] = [
            [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
            [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
            [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
            [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
            [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        ];
        let &[0xFF, second, third, fourth, ..] = bytes else { return None };
        if second & 0xE0 != 0xE0 {
            return None;
        }
        let (divisor, is_first) = match second >> 3 & 3 {
            0 => (4, false),
            2 => (2, false),
            3 => (1, true),
            _ => return None,
        };
        let layer = 4 - (second >> 1 & 3);
        let table = match (is_first, layer) {
            (_, 4) => return None,
            (true, layer) => layer - 1,
            (false, 1) => 3,
            (false, _) => 4,
        };
        let bit_rate = BIT_RATES.get(usize::from(table))?.get(usize::from(third >> 4).checked_sub(1)?)? * 1000;
        let sample_rate = [44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))? / divisor;
        let padding = u64::from(third >> 1 & 1);
        let (length, bytes) = match layer {
            1 => (384, (12 * bit_rate / u64::from(sample_rate) + padding) * 4),
            2 => (1152, 144 * bit_rate / u64::from(sample_rate) + padding),
            _ if is_first => (1152, 144 * bit_rate / u64::from(sample_rate) + padding),
            _ => (576, 72 * bit_rate / u64::from(sample_rate) + padding),
        };
        let channels = if fourth >> 6 == 3 { 1 } else { 2 };
        let side = match (is_first, channels) {
            (true, 2) => 32,
            (true, _) | (false, 2) => 17,
            (false, _) => 9,
        };
        Some(Self { kind: Kind { layer, sample_rate, channels, length }, bytes, tag: 4 + side })
    }

    fn adts(bytes: &[u8]) -> Option<Self> {
        const RATES: [u32; 13] =
            [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
        let &[_, second, third, fourth, fifth, sixth, ..] = bytes else { return None };
        let sample_rate = *RATES.get(usize::from(third >> 2 & 15))?;
        let channels = (third & 1) << 2 | fourth >> 6;
        let bytes = u64::from(fourth & 3) << 11 | u64::from(fifth) << 3 | u64::from(sixth >> 5);
        let least = if second & 1 == 0 { 9 } else { 7 };
        (bytes >= least).then_some(Self { kind: Kind { layer: 0, sample_rate, channels, length: 1024 }, bytes, tag: 0 })
    }
}

/// The tag in the first frame of an MP3, which holds no sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tag {
    /// Frames behind the tag, and bytes with it.
    pub frames: Option<u32>,
    pub bytes: Option<u32>,
    /// Samples per channel that are not heard at the start and at the end.
    pub delay: u32,
    pub padding: u32,
}

impl Tag {
    /// Reads the tag of a frame whose header is `header`.
    fn parse(frame: &[u8], header: &Header) -> Option<Self> {
        let word = |at: usize| frame.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
        if header.kind.layer != 3 {
            return None;
        }
        if frame.get(36..40) == Some(b"VBRI") {
            return Some(Self { bytes: word(46), frames: word(50), ..Self::default() });
        }
        let at = header.tag;
        if !matches!(frame.get(at..at + 4)?, b"Xing" | b"Info") {
            return None;
        }
        let flags = word(at + 4)?;
        let mut next = at + 8;
        let mut field = |flag: u32, bytes: usize| {
            let here = (flags & flag != 0).then_some(next);
            next += here.map_or(0, |_| bytes);
            here
        };
        let (frames, bytes) = (field(1, 4).and_then(word), field(2, 4).and_then(word));
        let _ = (field(4, 100), field(8, 4));
        let mut tag = Self { frames, bytes, ..Self::default() };
        if let Some(b"LAME" | b"Lavf" | b"Lavc") = frame.get(next..next + 4)
            && let Some(&[a, b, c]) = frame.get(next + 21..next + 24)
        {
            let both = u32::from_be_bytes([0, a, b, c]);
            tag.delay = (both >> 12) + DECODER_DELAY;
            tag.padding = (both & 0xFFF).saturating_sub(DECODER_DELAY);
        }
        Some(tag)
    }
}

/// One stream of a file, as an encoder wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stream {
    /// Its bytes, tags in front of it included.
    pub bytes: Range<u64>,
    /// Where its first frame stands.
    pub first: u64,
    pub kind: Kind,
    pub tag: Option<Tag>,
    /// Frames of sound, where they were counted without a gap.
    pub frames: Option<u64>,
    /// Bytes between its frames that belong to none, and where the first of them stand.
    pub junk: (u64, u64),
}

/// The streams of a file, one behind the other; none when no frame is found near the start.
///
/// Where the first tag names the very bytes that are there, it is believed; else all headers are read.
pub(super) fn find(input: &Input) -> io::Result<Vec<Stream>> {
    let mut walk = Walk { input, at: 0, streams: Vec::new() };
    if !walk.first()? {
        return Ok(Vec::new());
    }
    if !walk.believes_tag()? {
        walk.all()?;
    }
    Ok(walk.streams)
}

/// The first byte behind the ID3v2 tags at the start of a file.
pub(super) fn behind_id3(input: &Input) -> io::Result<u64> {
    let walk = Walk { input, at: 0, streams: Vec::new() };
    let mut at = 0;
    while input.array::<3>(at)? == Some(*b"ID3")
        && let Some(bytes) = walk.tag_bytes(at)?
    {
        at += bytes;
    }
    Ok(at)
}

struct Walk<'a> {
    input: &'a Input,
    at: u64,
    streams: Vec<Stream>,
}

impl Walk<'_> {
    fn header(&self, at: u64) -> io::Result<Option<Header>> {
        let mut bytes = [0; 8];
        let got = self.input.read_at(at, &mut bytes)?;
        Ok(Header::parse(bytes.get(..got).unwrap_or_default()))
    }

    /// A header that another of its kind follows, or the end of the file.
    fn sure(&self, at: u64) -> io::Result<Option<Header>> {
        let Some(header) = self.header(at)? else { return Ok(None) };
        let end = at + header.bytes;
        let follows = end >= self.input.len || self.tag_bytes(end)?.is_some();
        Ok((follows || self.header(end)?.is_some_and(|next| next.kind == header.kind)).then_some(header))
    }

    /// Bytes of a tag that is no sound, where one stands at `at`.
    fn tag_bytes(&self, at: u64) -> io::Result<Option<u64>> {
        let mut bytes = [0; 32];
        let got = self.input.read_at(at, &mut bytes)?;
        Ok(match bytes.get(..got).unwrap_or_default() {
            [b'I', b'D', b'3', 2..=4, _, flags, a, b, c, d, ..] if (a | b | c | d) < 0x80 => {
                let size = [a, b, c, d].into_iter().fold(0, |size, byte| size << 7 | u64::from(*byte));
                Some(10 + size + u64::from(flags >> 4 & 1) * 10)
            }
            [b'T', b'A', b'G', ..] if at + 128 <= self.input.len => Some(128),
            [
                b'A',
                b'P',
                b'E',
                b'T',
                b'A',
                b'G',
                b'E',
                b'X',
                _,
                _,
                _,
                _,
                a,
                b,
                c,
                d,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                flags,
                ..,
            ] => {
                // The header counts the items and the footer; a footer alone ends them.
                let size = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
                Some(if flags & 0x20 != 0 { 32 + size } else { 32 })
            }
            [b'L', b'Y', b'R', b'I', b'C', b'S', ..] => Some((self.input.len - at).min(5100)),
            _ => None,
        })
    }

    /// Goes to the first frame and starts a stream there.
    fn first(&mut self) -> io::Result<bool> {
        while let Some(bytes) = self.tag_bytes(self.at)? {
            self.at += bytes;
        }
        while self.at < self.input.len && self.input.array::<1>(self.at)? == Some([0]) {
            self.at += 1;
        }
        if let Some(header) = self.sure(self.at)? {
            self.start(0, header)?;
            return Ok(true);
        }
        // Behind a tag of a wrong size the first frame lies elsewhere; in a picture, bytes may look like one.
        for at in 0..self.input.len.min(MAX_LEAD) {
            if let Some(header) = self.in_a_row(at, 4)? {
                self.at = at;
                self.start(at, header)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A header that at least `count` others of its kind follow, or all there are.
    fn in_a_row(&self, at: u64, count: usize) -> io::Result<Option<Header>> {
        let Some(first) = self.header(at)? else { return Ok(None) };
        let mut next = at + first.bytes;
        for _ in 0..count {
            if next >= self.input.len {
                break;
            }
            match self.header(next)? {
                Some(header) if header.kind == first.kind => next += header.bytes,
                _ => return Ok(None),
            }
        }
        Ok(Some(first))
    }

    fn start(&mut self, from: u64, header: Header) -> io::Result<()> {
        let mut frame = [0; LOOK];
        let got = self.input.read_at(self.at, &mut frame)?;
        let tag = Tag::parse(frame.get(..got).unwrap_or_default(), &header);
        self.streams.push(Stream {
            bytes: from..self.at,
            first: self.at,
            kind: header.kind,
            tag,
            frames: Some(0),
            junk: (0, 0),
        });
        Ok(())
    }

    /// Whether the first tag counts the bytes that are there, and as many frames as so many bytes may hold.
    fn believes_tag(&mut self) -> io::Result<bool> {
        let len = self.input.len;
        let Some(stream) = self.streams.last() else { return Ok(false) };
        let Some(Tag { frames: Some(frames), bytes: Some(bytes), .. }) = stream.tag else { return Ok(false) };
        let (first, end, kind) = (stream.first, stream.first + u64::from(bytes), stream.kind);
        let seconds = f64::from(frames) * f64::from(kind.length) / f64::from(kind.sample_rate);
        let bits = 8.0 * f64::from(bytes) / seconds;
        let mut behind = end;
        while let Some(bytes) = self.tag_bytes(behind)? {
            behind += bytes;
        }
        if behind != len || end <= first || !(6_000.0..=700_000.0).contains(&bits) {
            return Ok(false);
        }
        if let Some(stream) = self.streams.last_mut() {
            (stream.bytes.end, stream.frames) = (end, Some(u64::from(frames)));
        }
        Ok(true)
    }

    /// Goes through all frames.
    fn all(&mut self) -> io::Result<()> {
        // Where the bytes that belong to no frame begin, and tags among them.
        let (mut lost, mut between) = (None, None);
        let mut is_first = true;
        while self.at < self.input.len {
            let current = self.streams.last().map(|stream| stream.kind);
            let mut frame = [0; LOOK];
            let got = self.input.read_at(self.at, &mut frame)?;
            let frame = frame.get(..got).unwrap_or_default();
            let header = match Header::parse(frame) {
                Some(header) if lost.is_none() && Some(header.kind) == current => Some(header),
                Some(_) => self.sure(self.at)?,
                None => None,
            };
            let Some(header) = header else {
                match self.tag_bytes(self.at)? {
                    Some(bytes) => {
                        between.get_or_insert(self.at);
                        self.at += bytes;
                    }
                    None => {
                        lost.get_or_insert(self.at);
                        self.at += 1;
                    }
                }
                continue;
            };
            let is_tag = !is_first && Tag::parse(frame, &header).is_some();
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
            // The tag's own frame is no sound, and a frame that is cut off cannot be decoded.
            let sound = !(stream.tag.is_some() && self.at == stream.first) && end <= self.input.len;
            stream.frames = stream.frames.map(|frames| frames + u64::from(sound));
            stream.bytes.end = end.min(self.input.len);
            self.at = end;
        }
        self.streams.retain(|stream| stream.frames != Some(0));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_tell_length_and_kind() {
        // MPEG-1 layer III, 128 kbit/s, 44.1 kHz, stereo, unpadded: 417 bytes of 1152 frames.
        let header = Header::parse(&[0xFF, 0xFB, 0x90, 0x00]).unwrap();
        assert_eq!(header.kind, Kind { layer: 3, sample_rate: 44_100, channels: 2, length: 1152 });
        assert_eq!((header.bytes, header.tag), (417, 36));
        // MPEG-2 layer III, 64 kbit/s, 22.05 kHz, mono.
        let header = Header::parse(&[0xFF, 0xF3, 0x80, 0xC0]).unwrap();
        assert_eq!((header.kind.sample_rate, header.kind.length, header.bytes, header.tag), (22_050, 576, 208, 13));
        // ADTS, 44.1 kHz, stereo, 371 bytes.
        let header = Header::parse(&[0xFF, 0xF1, 0x50, 0x80, 0x2E, 0x7F, 0xFC]).unwrap();
        assert_eq!((header.kind.layer, header.kind.channels, header.bytes), (0, 2, 371));
        for wrong in
            [[0xFF, 0xFB, 0xF0, 0x00], [0xFF, 0xFB, 0x9C, 0x00], [0xFF, 0xEB, 0x90, 0x00], [0xFE, 0xFB, 0x90, 0]]
        {
            assert_eq!(Header::parse(&wrong), None, "{wrong:x?}");
        }
    }
}
