//! Finds the samples of a WAV, RF64, BW64 or AIFF file even if other chunks or sizes are wrong.
//!
//! A recorder that lost power leaves sizes of 0 or 0xFFFFFFFF. Some programs leave out pad bytes, or damage metadata chunks. So a new
//! header is made of the intact chunks. The demuxer reads this header, and then the samples.

use std::io;
use std::ops::Range;

use super::input::Input;
use crate::mpeg_frames::ReadAt;

/// The largest number of chunks that are read.
const MAX_CHUNKS: usize = 10_000;
/// The largest metadata chunk that is kept, bytes.
const MAX_KEPT: u64 = 16 << 20;
/// After a damaged chunk, the samples are searched for in this number of bytes.
const MAX_SEARCH: u64 = 64 << 20;
/// A size of this or more means that the size was not known. Recorders write 2 GiB less a header, or more.
const UNKNOWN: u64 = 0x7FFF_0000;

/// The layout of a WAV or AIFF file.
pub(super) struct RiffLayout {
    /// A header of the known chunks, up to the samples.
    pub head: Vec<u8>,
    /// The same without metadata.
    pub bare: Vec<u8>,
    /// The bytes of the samples.
    pub body: Range<u64>,
    /// The number of bytes of samples that are included in the header's size and missing in the file.
    pub missing: u64,
    /// A sentence about other damage of the file.
    pub note: Option<String>,
}

/// The two families of files: RIFF has little-endian sizes, AIFF big-endian ones.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Riff,
    Aiff,
}

impl Family {
    fn size(self, bytes: [u8; 4]) -> u64 {
        u64::from(if self == Self::Riff { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn size_bytes(self, size: u64) -> [u8; 4] {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        if self == Self::Riff { size.to_le_bytes() } else { size.to_be_bytes() }
    }

    fn sound(self) -> &'static [u8; 4] {
        if self == Self::Riff { b"data" } else { b"SSND" }
    }

    /// Whether a chunk becomes part of the new header. These are the chunks of the format, and with `metadata` also those of tags.
    fn keeps(self, id: &[u8; 4], metadata: bool) -> bool {
        match self {
            Self::Riff => matches!(id, b"fmt " | b"fact") || metadata && matches!(id, b"LIST" | b"id3 " | b"ID3 "),
            Self::Aiff => {
                matches!(id, b"COMM" | b"FVER") || metadata && matches!(id, b"NAME" | b"AUTH" | b"ANNO" | b"ID3 ")
            }
        }
    }
}

/// Reads the chunks; `None` if there is no chunk of samples.
pub(super) fn find(input: &Input) -> io::Result<Option<RiffLayout>> {
    let Some(head) = input.array::<12>(0)? else { return Ok(None) };
    let family = if head.starts_with(b"FORM") { Family::Aiff } else { Family::Riff };
    Chunks { input, family, ds64: None, kept: Vec::new(), note: None, sound: None }.find(&head)
}

struct Chunks<'a> {
    input: &'a Input,
    family: Family,
    /// The size of the data chunk of an RF64.
    ds64: Option<u64>,
    kept: Vec<([u8; 4], Vec<u8>)>,
    note: Option<String>,
    sound: Option<(Range<u64>, u64)>,
}

impl Chunks<'_> {
    fn find(mut self, first: &[u8; 12]) -> io::Result<Option<RiffLayout>> {
        let len = self.input.len;
        let mut at = 12;
        for _ in 0..MAX_CHUNKS {
            let Some((id, size)) = self.header(at)? else { break };
            if id == *self.family.sound() && self.sound.is_none() {
                let size = if size == u64::from(u32::MAX) { self.ds64.unwrap_or(size) } else { size };
                let after = self.sound_at(at + 8, size)?;
                at = after;
                continue;
            }
            let end = at + 8 + size;
            match self.next(end, size)? {
                Some(next) => {
                    self.keep(id, at + 8..end)?;
                    at = next;
                }
                None if self.sound.is_some() => break,
                // The chunk of samples can only be found by its name.
                None => {
                    let name = String::from_utf8_lossy(&id).into_owned();
                    self.note = Some(format!("the chunk \"{name}\" at byte {at} is damaged and was left out"));
                    let Some(found) = self.search(at + 4)? else { break };
                    at = found;
                }
            }
        }
        let Some((body, missing)) = self.sound.take() else { return Ok(None) };
        let body = body.start.min(len)..body.end.min(len);
        let bytes = body.end - body.start;
        Ok(Some(RiffLayout {
            head: self.header_for(first, bytes, true),
            bare: self.header_for(first, bytes, false),
            body,
            missing,
            note: self.note,
        }))
    }

    fn header(&self, at: u64) -> io::Result<Option<([u8; 4], u64)>> {
        let Some(bytes) = self.input.array::<8>(at)? else { return Ok(None) };
        let [a, b, c, d, size @ ..] = bytes;
        Ok(Some(([a, b, c, d], self.family.size(size))))
    }

    /// Records that the samples begin at `start`, and returns the byte at which the next chunk begins.
    fn sound_at(&mut self, start: u64, size: u64) -> io::Result<u64> {
        let left = self.input.len.saturating_sub(start);
        // An SSND chunk begins with an offset and a block size.
        let (start, size, left) = match self.family {
            Family::Riff => (start, size, left),
            Family::Aiff => {
                let offset = self.input.array::<4>(start)?.map_or(0, |bytes| u64::from(u32::from_be_bytes(bytes)));
                let skip = 8 + if offset < left { offset } else { 0 };
                (start + skip, size.saturating_sub(skip), left.saturating_sub(skip))
            }
        };
        let end = start + size;
        let (bytes, missing) = if size <= left && size > 0 && !(size >= UNKNOWN && self.next(end, size)?.is_none()) {
            (size, 0)
        } else if size == 0 && (left == 0 || self.is_chunk(start)?) {
            (0, 0)
        } else if size == 0 || size >= UNKNOWN && self.ds64 != Some(size) {
            let note =
                format!("the size of its sound was never written ({size}); all {left} bytes to the end are read");
            // Programs that write to a pipe use 0xFFFFFFFF on purpose, so this is no warning.
            self.note = Some(note).filter(|_| size < u64::from(u32::MAX) - 0xFFFF).or(self.note.take());
            (left, 0)
        } else {
            (left, size - left)
        };
        self.sound = Some((start..start + bytes, missing));
        let end = start + bytes;
        Ok(self.next(end, bytes)?.unwrap_or(end))
    }

    /// The byte at which the next chunk begins, after a chunk that ends at `end`. There is a pad byte in between, which some programs leave
    /// out.
    fn next(&self, end: u64, size: u64) -> io::Result<Option<u64>> {
        let padded = end + size % 2;
        for next in [padded, end] {
            if next >= self.input.len && end <= self.input.len + 1 || self.is_chunk(next)? {
                return Ok(Some(next));
            }
        }
        Ok(None)
    }

    /// Whether a chunk may begin at `at`: four printable characters.
    fn is_chunk(&self, at: u64) -> io::Result<bool> {
        let printable =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'-' | b'(' | b')' | 0xA9);
        Ok(self.header(at)?.is_some_and(|(id, _)| id.into_iter().all(printable)))
    }

    /// The next byte at which the chunk of samples may begin.
    fn search(&self, from: u64) -> io::Result<Option<u64>> {
        let bytes = self.input.bytes(from..from.saturating_add(MAX_SEARCH))?;
        Ok(bytes.windows(4).position(|four| four == self.family.sound()).map(|found| from + found as u64))
    }

    fn keep(&mut self, id: [u8; 4], payload: Range<u64>) -> io::Result<()> {
        if &id == b"ds64" {
            self.ds64 = self.input.array::<16>(payload.start)?.map(|bytes| {
                let [.., a, b, c, d, e, f, g, h] = bytes;
                u64::from_le_bytes([a, b, c, d, e, f, g, h])
            });
        }
        let is_new = !self.kept.iter().any(|(kept, _)| *kept == id && &id != b"LIST");
        if self.family.keeps(&id, true) && is_new && payload.end - payload.start <= MAX_KEPT {
            let bytes = self.input.bytes(payload)?;
            self.kept.push((id, bytes));
        }
        Ok(())
    }

    fn header_for(&self, first: &[u8; 12], bytes: u64, metadata: bool) -> Vec<u8> {
        let mut head = Vec::new();
        match self.family {
            Family::Riff => head.extend_from_slice(b"RIFF\xff\xff\xff\xffWAVE"),
            Family::Aiff => {
                head.extend_from_slice(b"FORM\0\0\0\0");
                head.extend_from_slice(first.get(8..).unwrap_or_default());
            }
        }
        // The format comes first: the demuxer needs it before the samples.
        let format = |id: &[u8; 4]| self.family.keeps(id, false);
        for wanted in [true, false] {
            for (id, payload) in self.kept.iter().filter(|(id, _)| format(id) == wanted && (wanted || metadata)) {
                head.extend_from_slice(id);
                head.extend(self.family.size_bytes(payload.len() as u64));
                head.extend_from_slice(payload);
                head.resize(head.len().next_multiple_of(2), 0);
            }
        }
        let (extra, skip): (u64, &[u8]) = if self.family == Family::Aiff { (8, &[0; 8]) } else { (0, &[]) };
        head.extend_from_slice(self.family.sound());
        head.extend(self.family.size_bytes(bytes.saturating_add(extra)));
        head.extend_from_slice(skip);
        if let (Family::Aiff, Some(size)) = (self.family, head.len().checked_sub(8))
            && let Some(slot) = head.get_mut(4..8)
        {
            slot.copy_from_slice(&self.family.size_bytes(size as u64 + bytes));
        }
        head
    }
}
