//! The layout of a FLAC file (RFC 9639). It is checked whether the file is as long as its header states. Also makes headers without a
//! length.

use std::io;

use crc::{CRC_8_SMBUS, CRC_16_UMTS, Crc};

use super::input::Input;
use crate::mpeg_frames::ReadAt;

const CRC_8: Crc<u8> = Crc::<u8>::new(&CRC_8_SMBUS);
const CRC_16: Crc<u16> = Crc::<u16>::new(&CRC_16_UMTS);
/// The number of bytes of the marker and the STREAMINFO block with its header.
const HEAD: usize = 4 + 4 + 34;
/// The last frame is searched for in this number of bytes at the end.
const MAX_FRAME: u64 = 1 << 20;
/// After damaged metadata, the first frame is searched for in this number of bytes.
const MAX_SEARCH: u64 = 32 << 20;

/// The header of a FLAC file and the positions of its metadata and frames.
pub(super) struct FlacLayout {
    /// The number of frames that STREAMINFO states.
    pub promised: Option<u64>,
    /// Whether the last FLAC frame of the file ends at this number of frames.
    pub is_whole: bool,
    /// The header without a length.
    pub open_ended: Vec<u8>,
    /// The header without a length, for a stream without other metadata.
    pub bare: Vec<u8>,
    /// The byte at which the metadata after STREAMINFO begins.
    pub rest: u64,
    /// The byte at which the first FLAC frame begins.
    pub first: u64,
}

/// Reads the start and the end of a file whose marker `fLaC` is at byte `start`.
pub(super) fn find(input: &Input, start: u64) -> io::Result<Option<FlacLayout>> {
    let mut bare = input.bytes(start..start + HEAD as u64)?;
    let Some(&[_, _, _, _, block, _, _, 34, ref info @ ..]) = bare.get(..HEAD) else { return Ok(None) };
    if block & 0x7F != 0 {
        return Ok(None);
    }
    let &[_, _, _, _, _, _, _, f0, f1, f2, _, _, _, high, t0, t1, t2, t3, ..] = info else { return Ok(None) };
    let total = u64::from(high & 15) << 32 | u64::from(u32::from_be_bytes([t0, t1, t2, t3]));
    let largest = u64::from(u32::from_be_bytes([0, f0, f1, f2]));
    let block_size = info.first_chunk().map_or(0, |size| u64::from(u16::from_be_bytes(*size)));
    let promised = Some(total).filter(|&total| total > 0);
    let tail = if largest == 0 { 1 << 16 } else { largest.min(MAX_FRAME) };
    let is_whole = match promised {
        Some(total) => ends_at(&input.bytes(input.len.saturating_sub(tail)..input.len)?, total, block_size),
        None => false,
    };
    if let Some(total) = bare.get_mut(8 + 13..8 + 18) {
        for (byte, keep) in total.iter_mut().zip([0xF0, 0, 0, 0, 0]) {
            *byte &= keep;
        }
    }
    let open_ended = bare.clone();
    if let Some(block) = bare.get_mut(4) {
        *block = 0x80;
    }
    let rest = start + HEAD as u64;
    Ok(Some(FlacLayout { promised, is_whole, open_ended, bare, rest, first: first_frame(input, start)? }))
}

/// Whether these bytes end with a complete frame whose last sample is the last of `total`.
fn ends_at(tail: &[u8], total: u64, block_size: u64) -> bool {
    let starts = tail.windows(2).enumerate().rev().filter(|(_, two)| matches!(two, [0xFF, 0xF8 | 0xF9]));
    for (at, _) in starts {
        let frame = tail.get(at..).unwrap_or_default();
        if let Some((number, length)) = frame_header(frame)
            && CRC_16.checksum(frame) == 0
        {
            let start = if frame.get(1) == Some(&0xF8) { number * block_size } else { number };
            return start + length == total;
        }
    }
    false
}

/// The number in a frame header (of the frame, or of its first sample) and its length in samples.
fn frame_header(frame: &[u8]) -> Option<(u64, u64)> {
    let &[0xFF, 0xF8 | 0xF9, sizes, _, lead, ..] = frame else { return None };
    // The number is coded as UTF-8 codes characters, in up to seven bytes.
    let more = (lead.leading_ones() as usize).saturating_sub(1);
    if lead.leading_ones() == 1 || lead.leading_ones() > 7 {
        return None;
    }
    let mut number = u64::from(lead) & (0x7F >> lead.leading_ones());
    for &byte in frame.get(5..5 + more)? {
        number = number << 6 | u64::from(byte & 0x3F);
    }
    let mut at = 5 + more;
    let length = match sizes >> 4 {
        0 => return None,
        1 => 192,
        code @ 2..=5 => 144 << code,
        6 => {
            at += 1;
            u64::from(*frame.get(at - 1)?) + 1
        }
        7 => {
            at += 2;
            u64::from(u16::from_be_bytes(frame.get(at - 2..at)?.try_into().ok()?)) + 1
        }
        code => 256 << (code - 8),
    };
    at += match sizes & 15 {
        12 => 1,
        13 | 14 => 2,
        _ => 0,
    };
    (CRC_8.checksum(frame.get(..at)?) == *frame.get(at)?).then_some((number, length))
}

/// The byte at which the first frame begins. It is after the metadata. If the metadata is damaged, it is where a frame header is found.
fn first_frame(input: &Input, start: u64) -> io::Result<u64> {
    let mut at = start + 4;
    while let Some([kind, a, b, c]) = input.array::<4>(at)? {
        at += 4 + u64::from(u32::from_be_bytes([0, a, b, c]));
        if kind & 0x80 != 0 {
            break;
        }
    }
    if frame_header(&input.bytes(at..at + 16)?).is_some() {
        return Ok(at);
    }
    let from = start + HEAD as u64;
    let bytes = input.bytes(from..from + MAX_SEARCH)?;
    let found = bytes.windows(16).position(|frame| frame_header(frame).is_some_and(|(number, _)| number == 0));
    Ok(found.map_or(at, |found| from + found as u64))
}
