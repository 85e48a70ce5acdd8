//! Reads a Matroska file block by block and counts frames.

use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::errors::Result as SymphoniaResult;

use super::ebml::{self, Element, id};
use crate::decode::opus;

/// The largest block that is read, bytes: a hundred times the largest block of Opus.
const LONGEST: u64 = 16 << 20;
/// The number of frames in the shortest packet. Every position is a multiple of it.
const SHORTEST: u64 = 120;
/// Bytes of the smallest block, and frames that a block usually holds.
const BLOCK: u64 = 7;
const PACKET: u64 = 960;

/// A packet of Opus and its position.
#[derive(Clone, Debug, PartialEq)]
pub struct OpusPacket {
    /// Its first frame, and the frames that it decodes to, at 48 kHz.
    pub frame: u64,
    pub frames: u64,
    /// The number of those that are dropped at its end.
    pub trim: u64,
    pub data: Vec<u8>,
}

/// An element that [`BlockScanner::next`] returns.
pub enum ScannedElement {
    /// The byte at which a block begins, and its packets.
    Block(u64, Vec<OpusPacket>),
    /// The body of an element that describes the file.
    Description(u32, Vec<u8>),
    /// The end of the file.
    End,
}

/// Reads elements of a file in order.
pub struct BlockScanner<R> {
    pub file: R,
    len: u64,
    /// The number of the track that is read.
    pub stream: u64,
    /// The byte that is read next, and the frame of the next packet.
    pub at: u64,
    pub frame: u64,
    /// Nanoseconds in a unit of time stamps.
    pub scale: u64,
    /// The time stamp of the current cluster, and of the first block.
    cluster: u64,
    first: Option<u64>,
    /// Damaged bytes since the last block: the next time stamp then gives the position.
    lost: u64,
    /// Whether the file ends inside an element.
    pub is_cut: bool,
}

impl<R: Read + Seek> BlockScanner<R> {
    /// Begins at the first byte of `file`.
    pub fn new(mut file: R) -> io::Result<Self> {
        let len = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        let (cluster, first, lost, is_cut) = (0, None, 0, false);
        Ok(Self { file, len, stream: 0, at: 0, frame: 0, scale: 1_000_000, cluster, first, lost, is_cut })
    }

    /// Goes to the block at byte `at`, whose first frame is `frame`.
    pub fn jump(&mut self, at: u64, frame: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        (self.at, self.frame, self.lost) = (at, frame, 0);
        Ok(())
    }

    /// The next block of the track, or the next element that describes the file.
    pub fn next(&mut self) -> SymphoniaResult<ScannedElement> {
        loop {
            let start = self.at;
            if start >= self.len {
                return Ok(ScannedElement::End);
            }
            let Some(Element { id, size, head }) = ebml::element(&mut self.file)? else {
                if !self.resume(start)? {
                    return Ok(ScannedElement::End);
                }
                continue;
            };
            self.at += head;
            if matches!(id, id::SEGMENT | id::CLUSTER) {
                self.is_cut |= size.is_some_and(|size| self.at.saturating_add(size) > self.len);
                continue;
            }
            // All other elements have a size.
            let Some(size) = size.filter(|&size| self.at.saturating_add(size) <= self.len) else {
                if !self.resume(start)? {
                    return Ok(ScannedElement::End);
                }
                continue;
            };
            match id {
                id::TIMESTAMP if size <= 8 => {
                    self.cluster = ebml::unsigned(&self.body(size)?);
                }
                id::SIMPLE_BLOCK | id::BLOCK_GROUP if size <= LONGEST => {
                    let body = self.body(size)?;
                    let packets = if id == id::SIMPLE_BLOCK { self.block(&body, 0) } else { self.group(&body) };
                    if !packets.is_empty() {
                        return Ok(ScannedElement::Block(start, packets));
                    }
                }
                id::INFO | id::TRACKS | id::TAGS if size <= super::tracks::LONGEST => {
                    return Ok(ScannedElement::Description(id, self.body(size)?));
                }
                _ => {
                    self.at += size;
                    self.file.seek(SeekFrom::Start(self.at))?;
                }
            }
        }
    }

    fn body(&mut self, size: u64) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        (&mut self.file).take(size).read_to_end(&mut body)?;
        self.at += size;
        Ok(body)
    }

    /// Searches for the next cluster after bytes that are not an element; false if there is none.
    fn resume(&mut self, from: u64) -> SymphoniaResult<bool> {
        self.file.seek(SeekFrom::Start(from + 1))?;
        let (mut window, mut at, mut packet) = (0_u32, from + 1, [0; 4096]);
        loop {
            let got = self.file.read(&mut packet)?;
            if got == 0 {
                self.is_cut = true;
                self.at = self.len;
                return Ok(false);
            }
            for byte in packet.iter().take(got) {
                window = window << 8 | u32::from(*byte);
                at += 1;
                if window == id::CLUSTER && at >= from + 5 {
                    self.at = at - 4;
                    self.lost += self.at - from;
                    self.file.seek(SeekFrom::Start(self.at))?;
                    return Ok(true);
                }
            }
        }
    }

    fn group(&mut self, body: &[u8]) -> Vec<OpusPacket> {
        let find = |wanted| ebml::children(body).find(|(id, _)| *id == wanted).map(|(_, body)| body);
        // Nanoseconds; a negative padding would be at the beginning.
        let padding = find(id::DISCARD_PADDING).map_or(0, |body| u64::try_from(ebml::signed(body)).unwrap_or(0));
        let trim = (u128::from(padding) * 48_000 + 500_000_000) / 1_000_000_000;
        find(id::BLOCK).map_or_else(Vec::new, |block| self.block(block, trim as u64))
    }

    /// The packets of a block; none if the block is another track's.
    fn block(&mut self, body: &[u8], trim: u64) -> Vec<OpusPacket> {
        let Some((stream, rest)) = ebml::vint(body) else { return Vec::new() };
        let [high, low, flags, data @ ..] = rest else { return Vec::new() };
        if stream != self.stream {
            return Vec::new();
        }
        let stamp = self.cluster.saturating_add_signed(i64::from(i16::from_be_bytes([*high, *low])));
        let first = *self.first.get_or_insert(stamp);
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            let nanoseconds = u128::from(stamp.saturating_sub(first)) * u128::from(self.scale);
            let stamped = u64::try_from(nanoseconds * 48_000 / 1_000_000_000).unwrap_or(u64::MAX / 2);
            // The time stamp may be damaged too.
            let most = self.frame.saturating_add(lost / BLOCK * PACKET);
            self.frame = self.frame.max(most.min((stamped + SHORTEST / 2) / SHORTEST * SHORTEST));
        }
        let Some(laced) = unlace(flags >> 1 & 3, data) else {
            // The next time stamp gives the position.
            self.lost += body.len() as u64;
            return Vec::new();
        };
        let mut packets: Vec<OpusPacket> = Vec::new();
        for data in laced {
            let frames = opus::frames(data);
            packets.push(OpusPacket { frame: self.frame, frames, trim: 0, data: data.to_vec() });
            self.frame += frames;
        }
        if let Some(last) = packets.last_mut() {
            last.trim = trim.min(last.frames);
            self.frame -= last.trim;
        }
        packets
    }
}

/// The packets that share a block (RFC 9559, section 10.3): 1 Xiph's lacing, 2 equal sizes, 3 EBML's.
fn unlace(lacing: u8, data: &[u8]) -> Option<Vec<&[u8]>> {
    if lacing == 0 {
        return Some(vec![data]);
    }
    let (&more, mut rest) = data.split_first()?;
    let count = usize::from(more) + 1;
    let mut sizes = Vec::with_capacity(count);
    match lacing {
        1 => {
            while sizes.len() + 1 < count {
                let full = rest.iter().take_while(|&&byte| byte == 255).count();
                let (&last, after) = rest.get(full..)?.split_first()?;
                sizes.push(full * 255 + usize::from(last));
                rest = after;
            }
        }
        3 => {
            let (first, after) = ebml::vint(rest)?;
            let mut size = i64::try_from(first).ok()?;
            rest = after;
            while sizes.len() + 1 < count {
                sizes.push(usize::try_from(size).ok()?);
                if sizes.len() + 1 < count {
                    let (difference, after) = ebml::signed_vint(rest)?;
                    size = size.checked_add(difference)?;
                    rest = after;
                }
            }
        }
        _ => sizes = vec![rest.len() / count; more.into()],
    }
    let mut packets = Vec::with_capacity(count);
    for size in sizes {
        let (packet, after) = rest.split_at_checked(size)?;
        packets.push(packet);
        rest = after;
    }
    packets.push(rest);
    Some(packets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_that_share_a_block_are_separated() {
        assert_eq!(unlace(0, &[1, 2, 3]).unwrap(), [&[1, 2, 3]]);
        assert_eq!(unlace(1, &[2, 1, 2, 7, 8, 8, 9]).unwrap(), [&[7][..], &[8, 8], &[9]]);
        assert_eq!(unlace(2, &[1, 7, 7, 8, 8]).unwrap(), [&[7, 7], &[8, 8]]);
        // Sizes 1, 1 + 1 and the rest.
        assert_eq!(unlace(3, &[2, 0x81, 0xC0, 7, 8, 8, 9]).unwrap(), [&[7][..], &[8, 8], &[9]]);
        let long = [&[1, 255, 1][..], &[5; 256], &[6; 3]].concat();
        assert_eq!(unlace(1, &long).unwrap().iter().map(|packet| packet.len()).collect::<Vec<_>>(), [256, 3]);
        for (lacing, broken) in [(1, &[][..]), (1, &[1, 9, 1]), (1, &[1, 255]), (3, &[1]), (3, &[2, 0x81, 0x80, 7])] {
            assert_eq!(unlace(lacing, broken), None, "{lacing} {broken:?}");
        }
    }
}
