//! Frame headers of MPEG audio and ADTS, and the tags between frames.
//!
//! Sources: ISO/IEC 11172-3 2.4.2.3 and 13818-3 (MPEG audio), ISO/IEC 13818-7 6.2 (ADTS), id3.org and the APEv2 description
//! (tags).

use std::io;

/// Bytes at the start of a file in which the first frame must begin.
const MAX_LEAD: u64 = 1 << 20;

/// Bytes that can be read at any position.
pub(crate) trait ReadAt {
    /// Fills `out` from byte `at` on and returns how many bytes were read; fewer only at the end.
    fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize>;

    /// The number of bytes.
    fn len(&self) -> u64;

    /// The `N` bytes at `at`, if there are that many.
    fn array<const N: usize>(&self, at: u64) -> io::Result<Option<[u8; N]>> {
        let mut bytes = [0; N];
        Ok((self.read_at(at, &mut bytes)? == N).then_some(bytes))
    }
}

/// The fields of a header that are the same in all frames of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameKind {
    /// 0 for ADTS.
    pub layer: u8,
    pub sample_rate: u32,
    pub channels: u8,
    /// Samples per channel in each frame.
    pub length: u32,
}

/// A frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub kind: FrameKind,
    /// Bytes of the frame.
    pub bytes: u64,
    /// The byte of the frame at which a Xing tag would begin.
    pub tag: usize,
}

impl FrameHeader {
    /// Reads the header at the start of `bytes`.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
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
        Some(Self { kind: FrameKind { layer, sample_rate, channels, length }, bytes, tag: 4 + side })
    }

    fn adts(bytes: &[u8]) -> Option<Self> {
        const RATES: [u32; 13] =
            [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
        let &[_, second, third, fourth, fifth, sixth, ..] = bytes else { return None };
        let sample_rate = *RATES.get(usize::from(third >> 2 & 15))?;
        let channels = (third & 1) << 2 | fourth >> 6;
        let bytes = u64::from(fourth & 3) << 11 | u64::from(fifth) << 3 | u64::from(sixth >> 5);
        let least = if second & 1 == 0 { 9 } else { 7 };
        (bytes >= least).then_some(Self {
            kind: FrameKind { layer: 0, sample_rate, channels, length: 1024 },
            bytes,
            tag: 0,
        })
    }
}

/// The header at byte `at`, if there is one.
pub(crate) fn header(input: &impl ReadAt, at: u64) -> io::Result<Option<FrameHeader>> {
    let mut bytes = [0; 8];
    let got = input.read_at(at, &mut bytes)?;
    Ok(FrameHeader::parse(bytes.get(..got).unwrap_or_default()))
}

/// The header at byte `at`, if a header of the same kind, a tag or the end of the file follows its frame.
pub(crate) fn confirmed_header(input: &impl ReadAt, at: u64) -> io::Result<Option<FrameHeader>> {
    let Some(found) = header(input, at)? else { return Ok(None) };
    let end = at + found.bytes;
    let follows = end >= input.len() || tag_bytes(input, end)?.is_some();
    Ok((follows || header(input, end)?.is_some_and(|next| next.kind == found.kind)).then_some(found))
}

/// The bytes of the tag that begins at `at`, if one does.
pub(crate) fn tag_bytes(input: &impl ReadAt, at: u64) -> io::Result<Option<u64>> {
    let mut bytes = [0; 32];
    let got = input.read_at(at, &mut bytes)?;
    Ok(match bytes.get(..got).unwrap_or_default() {
        [b'I', b'D', b'3', 2..=4, _, flags, a, b, c, d, ..] if (a | b | c | d) < 0x80 => {
            let size = [a, b, c, d].into_iter().fold(0, |size, byte| size << 7 | u64::from(*byte));
            Some(10 + size + u64::from(flags >> 4 & 1) * 10)
        }
        [b'T', b'A', b'G', ..] if at + 128 <= input.len() => Some(128),
        tag if tag.starts_with(b"APETAGEX") => {
            let &[.., a, b, c, d, _, _, _, _, _, _, _, flags, _, _, _, _, _, _, _, _] = tag else { return Ok(None) };
            // The header counts the items and the footer; a footer alone ends them.
            let size = u64::from(u32::from_le_bytes([a, b, c, d]));
            Some(if flags & 0x20 != 0 { 32 + size } else { 32 })
        }
        [b'L', b'Y', b'R', b'I', b'C', b'S', ..] => Some((input.len() - at).min(5100)),
        _ => None,
    })
}

/// The first byte after the ID3v2 tags at the start.
pub(crate) fn after_id3(input: &impl ReadAt) -> io::Result<u64> {
    let mut at = 0;
    while input.array::<3>(at)? == Some(*b"ID3")
        && let Some(bytes) = tag_bytes(input, at)?
    {
        at += bytes;
    }
    Ok(at)
}

/// The byte of the first frame, its header, and whether it follows the tags directly (after a tag of a wrong size it does not).
pub(crate) fn first(input: &impl ReadAt) -> io::Result<Option<(u64, FrameHeader, bool)>> {
    let mut at = 0;
    while let Some(bytes) = tag_bytes(input, at)? {
        at += bytes;
    }
    let lead = at + MAX_LEAD;
    while at < lead && input.array::<1>(at)? == Some([0]) {
        at += 1;
    }
    if let Some(header) = confirmed_header(input, at)? {
        return Ok(Some((at, header, true)));
    }
    // Bytes of a picture may look like a frame, so several have to follow each other.
    let mut at = 0;
    while at < MAX_LEAD.min(input.len()) {
        if let Some(header) = in_a_row(input, at, 4)? {
            return Ok(Some((at, header, false)));
        }
        at = next_candidate(input, at + 1)?;
    }
    Ok(None)
}

/// The first byte from `at` on with which a header or a tag may begin; the end if there is none.
pub(crate) fn next_candidate(input: &impl ReadAt, mut at: u64) -> io::Result<u64> {
    let mut bytes = [0; 4096];
    loop {
        let got = input.read_at(at, &mut bytes)?;
        let found = bytes
            .get(..got)
            .and_then(|bytes| bytes.iter().position(|byte| matches!(byte, 0xFF | b'I' | b'T' | b'A' | b'L')));
        match found {
            Some(found) => return Ok(at + found as u64),
            None if got < bytes.len() => return Ok(input.len()),
            None => at += got as u64,
        }
    }
}

/// The header at byte `at`, if at least `count` frames of its kind follow, or fewer up to the end of the file.
fn in_a_row(input: &impl ReadAt, at: u64, count: usize) -> io::Result<Option<FrameHeader>> {
    let Some(first) = header(input, at)? else { return Ok(None) };
    let mut next = at + first.bytes;
    for _ in 0..count {
        if next >= input.len() {
            break;
        }
        match header(input, next)? {
            Some(header) if header.kind == first.kind => next += header.bytes,
            _ => return Ok(None),
        }
    }
    Ok(Some(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_give_length_and_kind() {
        // MPEG-1 layer III, 128 kbit/s, 44.1 kHz, stereo, unpadded: 417 bytes for 1152 samples per channel.
        let header = FrameHeader::parse(&[0xFF, 0xFB, 0x90, 0x00]).unwrap();
        assert_eq!(header.kind, FrameKind { layer: 3, sample_rate: 44_100, channels: 2, length: 1152 });
        assert_eq!((header.bytes, header.tag), (417, 36));
        // MPEG-2 layer III, 64 kbit/s, 22.05 kHz, mono.
        let header = FrameHeader::parse(&[0xFF, 0xF3, 0x80, 0xC0]).unwrap();
        assert_eq!((header.kind.sample_rate, header.kind.length, header.bytes, header.tag), (22_050, 576, 208, 13));
        // ADTS, 44.1 kHz, stereo, 371 bytes.
        let header = FrameHeader::parse(&[0xFF, 0xF1, 0x50, 0x80, 0x2E, 0x7F, 0xFC]).unwrap();
        assert_eq!((header.kind.layer, header.kind.channels, header.bytes), (0, 2, 371));
        for wrong in
            [[0xFF, 0xFB, 0xF0, 0x00], [0xFF, 0xFB, 0x9C, 0x00], [0xFF, 0xEB, 0x90, 0x00], [0xFE, 0xFB, 0x90, 0]]
        {
            assert_eq!(FrameHeader::parse(&wrong), None, "{wrong:x?}");
        }
    }
}
